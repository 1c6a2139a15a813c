"""`breakwater export`: an evidence package of a case, sealed to named recipients, as one file.

In: a case, names of keys that were entered, and who signs. Out: the sealed file, once a second
person has agreed in the console. A command cannot tell two people apart, so it never agrees for
one. The work is done by the owner of the installation (`cli.opening`), or here where none runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from breakwater.cli.desk import Desk, Row

app = typer.Typer(help="Hand evidence over: a package sealed to named keys.", add_completion=False)
Option = typer.Option


@app.command()
def export(
    case: Annotated[str, typer.Argument(help="Number or id of the case.")],
    *,
    to: Annotated[list[str], Option(help="Recipient, by name, id or fingerprint; repeat.")],
    out: Annotated[Path, Option(help="Where the sealed file is written.")],
    signed_by: Annotated[str, Option(help="Who asks for it, by name.")],
    reason: Annotated[str, Option(help="Why; needed when it is proposed.")] = "",
    reference: Annotated[str, Option(help="The recipient's own, such as of a warrant.")] = "",
    danger: Annotated[bool, Option("--danger", help="Somebody's life is in danger.")] = False,
    no_media: Annotated[
        bool, Option("--no-media", help="Hashes and facts only, no picture of any size.")
    ] = False,
    new: Annotated[bool, Option("--new", help="Propose one even if one is sealed.")] = False,
    as_json: Json = False,
) -> None:
    """Propose a package of a case; when a second person has agreed, write the sealed file.

    Run it once to propose. Another person agrees on the page of the case, under Package, within
    24 hours. Run it again to take the file.
    """
    from breakwater import settings
    from breakwater.cli import opening, owner
    from breakwater.errors import NeedsSecondPerson, Unavailable
    from breakwater.media.sandbox import JailPool

    terminal = Terminal(as_json=as_json)
    configured = settings.load()
    with ExitStack() as stack:
        pool = None
        if owner.find(configured.owner_token) is None:
            pool = stack.enter_context(JailPool(size=1, directory=configured.spool_dir))
        desk = stack.enter_context(opening.at(configured, terminal, pool))
        keys = _chosen(desk, to, signed_by)
        stands = desk.packages(case, signed_by)
        package = None if new else _of(stands["packages"], keys)
        if package is None:
            if stands["waiting"] is None:
                fields = {
                    "keys": keys, "reason": reason, "reference": reference, "danger": danger,
                    "media": not no_media,
                }  # fmt: skip
                stands["waiting"] = desk.propose_package(case, fields, signed_by)
            terminal.result(stands["waiting"], _waits(case, stands["waiting"]))
            raise NeedsSecondPerson("Another person agrees on the page of the case.")
        made = desk.make_package(package["id"], signed_by)
        if made["state"] != "sealed":
            raise Unavailable(f"The package could not be made: {made['fault']}.")
        taken = desk.take_package(made["id"], signed_by, out)
    if taken["sha256"] != made["sha256"]:
        out.unlink(missing_ok=True)
        raise Unavailable("The file did not come whole. Run the command again.")
    words = (
        f"{GOOD} {out}: {taken['size']:,} bytes, SHA-256 {taken['sha256']}\n  package {made['id']}"
    )
    terminal.result(made | {"file": str(out)}, words)


def _chosen(desk: Desk, named: Sequence[str], signer: str) -> list[str]:
    """Ids of keys by name, id or fingerprint.

    Raises:
        NotFound: nobody is called that, or their key was withdrawn.
        BadInput: several are.
    """
    from breakwater.errors import BadInput, NotFound

    known = [one for one in desk.package_keys(signer) if not one["withdrawn_at"]]
    found = []
    for name in named:
        wanted = name.strip().replace(" ", "").lower()
        mine = [
            one for one in known
            if name.strip() in {one["name"], one["id"]} or wanted == one["fingerprint"]
        ]  # fmt: skip
        if len(mine) > 1:
            raise BadInput(f"Several keys are called {name}: name one by its fingerprint.")
        if not mine:
            raise NotFound(
                f"No recipient's key is called {name}. Enter it on a case's Package page."
            )
        found.append(str(mine[0]["id"]))
    return found


def _of(packages: Sequence[Row], keys: Sequence[str]) -> Row | None:
    """The newest package for exactly these keys that is not failed."""
    for one in packages:
        if set(one["keys"]) == set(keys) and one["state"] != "failed":
            return one
    return None


def _waits(case: str, waiting: Row) -> str:
    return (
        f"{WARN} Case {case}: a package waits for a second person until {waiting['lapses_at']}. "
        f"They agree on the page /cases/{case}/package; then run this again."
    )
