"""`breakwater own-picture`: for the person in the picture, without a browser.

In: files on this device. Out: their hashes (`hash`, which reaches nothing), or a code from a
service that takes them (`send`); with the code, how it stands, and the way back. Only hashes
leave, the same as the page `/own-picture` makes; decoding is jailed here too. Talks to the public
`/v1/own-pictures` of the service that is named, never to a database.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from breakwater.model.signal import Fingerprints

app = typer.Typer(
    help="Look for pictures of oneself by their hashes, without a name.",
    no_args_is_help=True,
    add_completion=False,
)

Files = Annotated[list[Path], typer.Argument(help="Pictures or videos of yourself.")]
Site = Annotated[str, typer.Option("--at", help="The service, such as https://photos.example.")]
CodeText = Annotated[str, typer.Argument(help="The code that `send` printed.")]

WAIT_S: Final = 30.0
STATES: Final = {
    "received": "It waits until somebody there has looked: very many came just now.",
    "looking": "They are looking for it. So far it was not found.",
    "found": "It was found and stopped for now. A person there looks at it next.",
    "confirmed": "A person there has looked. The picture stays away.",
    "refused": "A person there has looked. It is not a picture that they may stop.",
    "withdrawn": "It is not looked for any more.",
}


@app.callback()
def group() -> None:
    """For the person in the picture."""


@app.command("hash")
def hash_(files: Files, *, as_json: Json = False) -> None:
    """Print the hashes of files. Nothing is sent."""
    terminal = Terminal(as_json=as_json)
    rows = _hashes(terminal, files)
    if as_json:
        terminal.result(rows)
        return
    for row in rows:
        terminal.out.print(f"sha256:{row['sha256']}  {row['file']}", markup=False)
        if row["pdq"]:
            quality = f"quality {row['quality']}"
            terminal.out.print(f"pdq:{row['pdq']}  {quality}  {row['file']}", markup=False)


@app.command()
def send(files: Files, at: Site, *, as_json: Json = False) -> None:
    """Send the hashes of files to a service; prints the code, which nobody can tell you again."""
    from breakwater.model.own_picture import worked

    terminal = Terminal(as_json=as_json)
    rows = _hashes(terminal, files)
    work = _call(at, "GET", "/work")
    terminal.say(f"Working out what the service asks ({work['bits']} bits) …")
    tries = (str(n) for n in itertools.count())
    nonce = next(n for n in tries if worked(work["challenge"], n, work["bits"]))
    pictures = [{name: row[name] for name in ("sha256", "pdq", "quality")} for row in rows]
    made = _call(at, "POST", "", work | {"nonce": nonce, "pictures": pictures})
    words = (
        f"{GOOD} Your code: [bold]{made['code']}[/]\nWrite it down. Nobody can tell it you again."
    )
    terminal.result(made, words)


@app.command()
def status(code: CodeText, at: Site, *, as_json: Json = False) -> None:
    """How it stands."""
    _tell(Terminal(as_json=as_json), _call(at, "POST", "/status", {"code": code}))


@app.command()
def withdraw(code: CodeText, at: Site, *, as_json: Json = False) -> None:
    """Have them look for it no more; uploads that only it held are released."""
    _tell(Terminal(as_json=as_json), _call(at, "POST", "/withdraw", {"code": code}))


def _tell(terminal: Terminal, told: dict[str, Any]) -> None:
    terminal.result(told, STATES.get(told["state"], told["state"]))


def _hashes(terminal: Terminal, paths: list[Path]) -> list[dict[str, Any]]:
    """One row a file, as the service takes it.

    Raises:
        BadInput: none of the files could be read at all.
    """
    from breakwater import settings
    from breakwater.app.mapping import limits_of
    from breakwater.cli.files import fingerprinted, found
    from breakwater.errors import BadInput
    from breakwater.media.sandbox import JailPool
    from breakwater.model.media import Undecodable

    files, rows = found(paths), []
    with JailPool() as pool, terminal.progress("hashing", len(files)) as bar:
        for path, outcome in fingerprinted(files, pool, limits_of(settings.load())):
            row = {"file": str(path), "sha256": _sha256(path), "pdq": "", "quality": 0}
            if isinstance(outcome, Undecodable):
                terminal.say(f"{WARN} {path.name}: only the very same file is found.")
            else:
                row |= _look(outcome)
            rows.append(row)
            bar.step()
    if not rows:
        raise BadInput("No file to hash.")
    return rows


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _look(outcome: Fingerprints) -> dict[str, Any]:
    """The hash of a still as seen; a video has none yet."""
    from breakwater.model.signal import PDQ, View

    if outcome.duration_s > 0 or not outcome.type.startswith("image/"):
        return {}
    for item in outcome.items:
        if item.signal.kind == PDQ.name and item.view is View.ORIGINAL and not item.compatible:
            return {"pdq": item.signal.value.hex(), "quality": item.quality}
    return {}


def _call(site: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the service.

    Raises:
        NotFound, BadInput, TooManyRequests: as it says.
        Unavailable: it cannot be reached, or takes no such hashes.
    """
    import httpx

    from breakwater.errors import BadInput, NotFound, TooManyRequests, Unavailable

    try:
        with httpx.Client(base_url=site, timeout=WAIT_S) as client:
            answer = client.request(method, f"/v1/own-pictures{path}", json=body)
            said: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise Unavailable("The service does not answer, or takes no hashes of own pictures.") from None  # fmt: skip
    if answer.is_success:
        return said
    kinds = {404: NotFound, 422: BadInput, 429: TooManyRequests}
    raise kinds.get(answer.status_code, Unavailable)(str(said.get("detail", "")))
