"""`breakwater comments`: train a message model, measure it, show its card, check a list of terms.

In: labelled messages as CSV or JSONL, model packages, lists of mode 0600. Out: a package; a
card; findings by entry id. Needs no database. What a file holds is never printed. How:
docs/howto/weigh-comments.md.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakwater.cli import comments_encoder, comments_labels, comments_measure
from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal
from breakwater.errors import BadInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakwater.comments.rows import Row

app = typer.Typer(
    help="Weigh what people write: models and lists.", no_args_is_help=True, add_completion=False
)
for _command in (
    comments_measure.calibrate, comments_measure.evaluate, comments_measure.replay,
    comments_measure.compare, comments_encoder.encoder, comments_labels.labels,
):  # fmt: skip
    app.command()(_command)


@app.command()
def train(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV or JSONL: text,label,group and perhaps ts,lang,stream,author."),
    ],
    *,
    out: Annotated[Path, typer.Option(help="A new folder for the package.")],
    name: Annotated[str, typer.Option(help="Id of the model, with its version.")],
    licence: Annotated[str, typer.Option(help="Of the data; stands in the card.")],
    about: Annotated[str, typer.Option(help="What it tells from what; stands in the card.")],
    test: Annotated[
        Path | None, typer.Option(help="Rows to measure on, instead of a share of the groups.")
    ] = None,
    surrogate: Annotated[
        bool, typer.Option("--surrogate", help="It stands in for something else; the card says so.")
    ] = False,
    augment: Annotated[
        bool, typer.Option("--augment", help="Learn each text also in three disguises.")
    ] = False,
    failure: Annotated[
        list[str] | None, typer.Option(help="A known failure, for the card; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Learn from labelled messages and write a model package; groups that overlap are refused."""
    from breakwater.comments.rows import read_rows
    from breakwater.comments.train import About, split
    from breakwater.comments.train import train as learn

    terminal = Terminal(as_json=as_json)
    rows = [row for path in files for row in read_rows(path)]
    parts: dict[str, Sequence[Row]] = {**split(rows)}
    if test is not None:
        parts = _with_test(parts, read_rows(test))
    said = About(name, name, about, licence, surrogate=surrogate, failures=tuple(failure or ()))
    sources = {path.name: _digest(path) for path in (*files, *([test] if test else []))}
    terminal.say(f"Learning from {len(rows):,} messages …")
    trained = learn(parts, said, sources=sources, augment=augment)
    trained.save(out)
    card = trained.package.card
    terminal.result({"package": str(out), "card": card}, _trained(out, card))


def _with_test(parts: Mapping[str, Sequence[Row]], rows: Sequence[Row]) -> dict[str, Sequence[Row]]:
    """The test's share goes to learning; the test is its own file."""
    return {
        "train": [*parts["train"], *parts["test"]], "calibrate": parts["calibrate"], "test": rows,
    }  # fmt: skip


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _trained(out: Path, card: Mapping[str, Any]) -> str:
    metrics = card["metrics"]
    texts = metrics["texts"]
    lines = [
        f"{GOOD} {out}: {card['id']}, calibrated for {', '.join(card['languages']) or 'no language'}."
    ]
    lines += [
        f"  {words}: {metrics[key]['value']:.3f} "
        f"(95 %: {metrics[key]['interval_95'][0]:.3f} to {metrics[key]['interval_95'][1]:.3f})"
        for words, key in (
            ("average precision", "average_precision"),
            ("recall at 1 % false", "recall_at_fpr_1pct"),
        )
    ]
    lines.append(
        f"  on {texts['positive']:,} and {texts['negative']:,} texts of {metrics['groups']} groups, "
        "none of which it learned from"
    )
    for words, count in card["splits"]["shared"].items():
        if count:
            lines.append(f"{WARN} {count:,} {words} stand in more than one part.")
    if card["surrogate"]:
        lines.append(f"{WARN} A surrogate: no figure of it is a claim about what it stands for.")
    return "\n".join(lines)


@app.command()
def card(
    package: Annotated[
        Path | None, typer.Argument(help="A package's folder; without: the one that ships.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Check a model package and show its card."""
    import yaml
    from rich.markup import escape

    from breakwater.comments.model import SHIPPED, load

    terminal = Terminal(as_json=as_json)
    held = load(package or SHIPPED).card
    text = yaml.safe_dump(dict(held), sort_keys=False, allow_unicode=True, width=96)
    terminal.result(dict(held), escape(text.rstrip()))


@app.command("lexicon-check")
def lexicon_check(
    file: Annotated[Path, typer.Argument(help="A list of mode 0600.")],
    *,
    key: Annotated[
        Path | None, typer.Option(help="File of mode 0600 with the key of its sealed entries.")
    ] = None,
    ordinary: Annotated[
        Path | None, typer.Option(help="Ordinary messages, one a line; may be gzipped.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a list of terms and say by entry id what is wrong with it; never a term."""
    from breakwater.comments.lexicon import load, private_bytes
    from breakwater.comments.lexicon_check import check
    from breakwater.model.clock import SystemClock

    terminal = Terminal(as_json=as_json)
    today = SystemClock().now().date()
    lexicon = load(file, today=today, key=private_bytes(key).strip() if key else b"")
    found = check(lexicon, today=today, ordinary=_lines(ordinary) if ordinary else ())
    value = {
        "id": lexicon.id, "entries": lexicon.entries,
        "findings": [{"entry": one.entry, "what": one.what} for one in found],
    }  # fmt: skip
    words = [f"{WARN if found else GOOD} {lexicon.id}: {lexicon.entries:,} entries can be used."]
    words += [f"{BAD} {one.entry or 'the list'} {one.what}" for one in found]
    terminal.result(value, "\n".join(words))
    if found:
        raise typer.Exit(BadInput.exit_code)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    try:
        held = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError):
        raise BadInput(f"{path} is not gzip.") from None
    return [one for one in held.decode("utf-8", "replace").splitlines() if one[:1] != "#"]
