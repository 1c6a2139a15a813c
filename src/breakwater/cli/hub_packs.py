"""`breakwater hub pack` and `unpack`: signed files to and from members that no network reaches.

In: age keys, a member's pack. Out: a sealed file, and where the next one begins; or what came of
theirs. A secret identity is read here and goes no further. Part of `cli.hub`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.hub_opening import member_id, opened
from breakwater.cli.terminal import GOOD, Json, Terminal

Name = Annotated[str, typer.Argument(help="Of the member.")]


def pack(
    name: Name,
    *,
    to: Annotated[Path, typer.Option(help="File to write; it must not be there yet.")],
    key: Annotated[list[str], typer.Option(help="Public age key of the member; repeat.")],
    after: Annotated[
        int, typer.Option(help="Where its last pack ended; 0: everything.", min=0)
    ] = 0,
    purpose: Annotated[str, typer.Option(help="What for; empty: what the member asks for.")] = "",
    as_json: Json = False,
) -> None:
    """Write what changed for a member as one file, signed, and sealed to its keys.

    Withdrawals are in it too. The last line says how the next one begins.
    """
    from breakwater.cli.writing import must_have_folder, written
    from breakwater.errors import Conflict

    if to.exists():
        raise Conflict(f"{to} is there already.")
    must_have_folder(to)
    with opened(as_json) as desk:
        asked = {"keys": key, "after": after, "purpose": purpose}
        data, facts = desk.hub_pack(member_id(desk, name), asked)
    written([data], to)
    Terminal(as_json=as_json).result(
        {"file": str(to), "after": after, **facts},
        f"{GOOD} {facts['rows']:,} rows for {name} are in {to}.\n"
        f"  The next one: breakwater hub pack '{name}' --after {facts['upto']}\n"
        f"  The member's feed of kind pack says once: --option member={facts['member']} "
        f"--option key={facts['key']}",
    )


def unpack(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The member's pack.")],
    *,
    key: Annotated[str, typer.Option(help="The member's signing key, in base64.")],
    identity: Annotated[
        Path | None, typer.Option(help="File of the age identity that it is sealed to.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a member's pack: what it says of entries, and entries it gives. Each pack counts once."""
    from breakwater.errors import NotFound
    from breakwater.model.hub_pack import unsealed

    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    data = file.read_bytes()
    if identity is not None:
        data = unsealed(data, identity_in(identity))
    with opened(as_json) as desk:
        taken = desk.hub_unpack(member_id(desk, name), data, key)
    Terminal(as_json=as_json).result(
        taken,
        f"{GOOD} Pack {taken['upto']} of {name}: {taken['feedback']:,} words on entries, "
        f"{taken['counted']:,} entries counted, {taken['given']:,} new entries.",
    )


def identity_in(file: Path) -> str:
    """The identity in a file as age-keygen writes it: its comments are passed over."""
    from breakwater.errors import BadInput

    for line in file.read_text("utf-8").splitlines():
        if line.strip().upper().startswith("AGE-SECRET-KEY-"):
            return line.strip()
    raise BadInput(f"{file} holds no age identity: AGE-SECRET-KEY-1…")
