"""`breakwater receipt`: what a receiving officer signs, and what is kept of it here.

`key` and `sign` are for whoever receives a package, on their own machine: they need no
installation. `check` is for either side; `record` keeps a receipt with its package. A receipt is
a signed note of four lines (docs/howto/evidence-package.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakwater.cli.terminal import GOOD, Json, Terminal

app = typer.Typer(
    help="Receipts for evidence packages.", no_args_is_help=True, add_completion=False
)
Option = typer.Option


@app.callback()
def group() -> None:
    """Receipts for evidence packages."""


@app.command()
def key(
    name: Annotated[str, Option(help="Of the agency, without spaces, such as police.example.")],
    out: Annotated[Path, Option(help="Where the secret half is written.")],
) -> None:
    """Make a key for receipts; the public half is printed, for whoever sends packages."""
    from breakwater.cli.writing import written
    from breakwater.errors import BadInput
    from breakwater.reporting.packages import notes

    if not notes.NAME.fullmatch(name):
        raise BadInput("A key's name has no spaces and no plus sign.")
    if out.exists():
        raise BadInput(f"{out} is there already.")
    pem, public = notes.new_key()
    written([pem], out)
    typer.echo(notes.vkey(name, public))


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="The sealed file, as it came.")],
    *,
    package: Annotated[str, Option(help="Id of the package, as on its cover.")],
    officer: Annotated[str, Option(help="Who received it: rank, name, agency.")],
    key: Annotated[Path, Option(help="The secret key that `receipt key` wrote.")],
    name: Annotated[str, Option(help="The key's name.")],
    out: Annotated[Path, Option(help="Where the receipt is written.")],
) -> None:
    """Sign that a package was received."""
    from breakwater.cli.writing import written
    from breakwater.errors import NotFound
    from breakwater.model.clock import SystemClock
    from breakwater.reporting.packages import notes, verify

    for path in (file, key):
        if not path.is_file():
            raise NotFound(f"{path} is not there.")
    _, digests = verify.digests_of(file, ("sha256",))
    said = notes.ReceiptText(package, digests["sha256"], SystemClock().now(), officer)
    text = notes.sign_receipt(said, pem=key.read_bytes(), name=name)
    written([text.encode()], out)
    typer.echo(f"Send {out} to whoever sent you the package.")


@app.command()
def check(
    receipt: Annotated[Path, typer.Argument(help="The receipt.")],
    *,
    by: Annotated[str, Option(help="The officer's public key, name+hash+base64.")],
    of: Annotated[Path | None, Option(help="The sealed file it should be for.")] = None,
    as_json: Json = False,
) -> None:
    """Check a receipt's signature, and that it is for a file."""
    from breakwater.errors import BadInput
    from breakwater.model.clock import iso
    from breakwater.reporting.packages import verify
    from breakwater.reporting.packages.notes import ReceiptText

    said = ReceiptText.parse(_text(receipt), by)
    if of is not None and verify.digests_of(of, ("sha256",))[1]["sha256"] != said.sha256:
        raise BadInput("This receipt is for a file with another SHA-256.")
    row = {
        "package": said.package, "sha256": said.sha256, "officer": said.officer,
        "received_at": iso(said.received_at),
    }  # fmt: skip
    words = f"{GOOD} {said.officer} received package {said.package} on {row['received_at']}"
    Terminal(as_json=as_json).result(row, words)


@app.command()
def record(
    receipt: Annotated[Path, typer.Argument(help="The receipt, as the officer sent it.")],
    *,
    signed_by: Annotated[str, Option(help="Who records it, by name.")],
    as_json: Json = False,
) -> None:
    """Keep a receipt with its package; its signature is checked first."""
    from breakwater import settings
    from breakwater.cli import opening

    terminal = Terminal(as_json=as_json)
    text = _text(receipt)
    with opening.at(settings.load(), terminal) as desk:
        kept = desk.record_receipt(text, signed_by)
    terminal.result(kept, f"{GOOD} {kept['officer']} received package {kept['package']}.")


def _text(path: Path) -> str:
    from breakwater.errors import BadInput, NotFound

    if not path.is_file():
        raise NotFound(f"{path} is not there.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no receipt.") from None
