"""`breakwater comments encoder`: an operator's ONNX model made ready for what stands out.

In: a folder with `model.onnx` and `card.toml`, labelled rows that neither model learned from, the
linear model's package. Out: an encoder's package. The model runs in the jail. Also runs encoders
for the commands of `cli.comments_measure`. Registered by `cli.comments`. How:
docs/howto/weigh-comments.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

if TYPE_CHECKING:
    from breakwater.comments.engine import Reader
    from breakwater.comments.model import Package
    from breakwater.model.classifier import Card

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789 "
EncoderAt = Annotated[
    Path | None, typer.Option("--encoder", help="An encoder's folder; without: none.")
]


def encoder(
    rows: Annotated[Path, typer.Argument(help="Labelled rows neither model learned from.")],
    *,
    model: Annotated[Path, typer.Option(help="A folder with model.onnx and card.toml.")],
    out: Annotated[Path, typer.Option(help="A new folder for the encoder's package.")],
    package: Annotated[
        Path | None, typer.Option(help="The linear model's folder; without: the one that ships.")
    ] = None,
    alphabet: Annotated[str, typer.Option(help="Characters with a row of their own.")] = LETTERS,
    share: Annotated[
        float, typer.Option(help="Of ordinary messages, those the encoder is asked about.")
    ] = 0.03,
    as_json: Json = False,
) -> None:
    """Count how an ONNX encoder's values fall among messages that stand out, and pack it."""
    from breakwater.comments.encoder import counted, fit, save
    from breakwater.comments.measure import refuse_learned
    from breakwater.comments.model import SHIPPED, load
    from breakwater.comments.rows import read_rows
    from breakwater.model.clock import SystemClock
    from breakwater.recognition.encoding import EncoderRun

    terminal = Terminal(as_json=as_json)
    linear = load(package or SHIPPED)
    held = read_rows(rows)
    refuse_learned(held, linear, None)
    card_text, body = _folder(model)
    bare = fit(card_text, alphabet)
    with EncoderRun(bare, body, clock=SystemClock(), jurisdiction=_anywhere(bare.card)) as run:
        found = counted(
            bare, [(row.text, row.label, row.lang) for row in held], linear, run.weigh, share
        )
    save(found, linear, body, out)
    languages = sorted(found.languages)
    words = [f"{GOOD} {out}: {found.id}, counted for {', '.join(languages)}."]
    missing = sorted(set(linear.positives) - set(languages))
    if missing:
        words.append(
            f"{WARN} Too few rows that stand out in {', '.join(missing)}: it abstains there."
        )
    terminal.result({"encoder": str(out), "id": found.id, "languages": languages}, "\n".join(words))


@contextmanager
def with_encoder(folder: Path | None, package: Package) -> Iterator[Reader | None]:
    """A reader that asks an encoder; None without one."""
    if folder is None:
        yield None
        return
    from breakwater.comments.encoder import MODEL, EncodedReader, load
    from breakwater.comments.traffic import Remembering
    from breakwater.model.clock import SystemClock
    from breakwater.recognition.encoding import EncoderRun

    held = load(folder, package)
    body = (folder / MODEL).read_bytes()
    place = _anywhere(held.card)
    with EncoderRun(held, body, clock=SystemClock(), jurisdiction=place) as run:
        yield EncodedReader(Remembering(package), held, run.weigh)


def _anywhere(card: Card) -> str:
    """At the command line nobody is watched: any place that the card names will do."""
    return "" if "*" in card.jurisdictions else card.jurisdictions[0]


def _folder(model: Path) -> tuple[str, bytes]:
    from breakwater.classifiers.folder import read_folder

    text, file = read_folder(model)
    with file.reader() as held:
        return text, held.read()
