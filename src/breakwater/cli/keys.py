"""`breakwater keys`: the root key's recovery copy, written and used.

In: a passphrase (asked for, or from BREAKWATER_PASSPHRASE for scripts) or an age recipient.
Out: an `age` file that anybody's `age -d` opens, or a root key put back from one. Nothing here
prints a key.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal

app = typer.Typer(help="The root key's recovery copy.", no_args_is_help=True, add_completion=False)

PASSPHRASE = "BREAKWATER_PASSPHRASE"  # noqa: S105 - the name of a variable


def _passphrase(words: str, *, confirm: bool) -> str:
    given = os.environ.get(PASSPHRASE, "")
    if given:
        return given
    asked: str = typer.prompt(words, hide_input=True, confirmation_prompt=confirm, err=True)
    return asked


@app.command()
def recovery(
    file: Annotated[Path, typer.Argument(help="Where to; a medium that you carry away.")],
    *,
    recipient: Annotated[str, typer.Option(help="An age public key instead of a passphrase.")] = "",
    as_json: Json = False,
) -> None:
    """Write a recovery copy of the root key."""
    from breakwater import settings
    from breakwater.app import root_key

    root = root_key(settings.load())
    passphrase = "" if recipient else _passphrase("Passphrase, 12 characters or more", confirm=True)
    root.write_recovery(file, passphrase=passphrase, recipient=recipient)
    said = {"file": str(file), "root_key": root.fingerprint}
    words = f"{GOOD} Recovery copy of root key {root.fingerprint} in {file}. Keep it elsewhere."
    Terminal(as_json=as_json).result(said, words)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The recovery copy.")],
    *,
    identity: Annotated[
        Path | None, typer.Option(help="File of the age identity, instead of a passphrase.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a lost root key back from its recovery copy; never overwrites one."""
    from breakwater import settings
    from breakwater.records.rootkey import RootKey

    target = settings.load().root_key
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = identity.read_text("utf-8") if identity else ""
    passphrase = "" if identity else _passphrase("Passphrase of the copy", confirm=False)
    root = RootKey.restore_recovery(file, target, passphrase=passphrase, identity=secret)
    said = {"file": str(target), "root_key": root.fingerprint}
    words = f"{GOOD} Root key {root.fingerprint} is back in {target}."
    Terminal(as_json=as_json).result(said, words)
