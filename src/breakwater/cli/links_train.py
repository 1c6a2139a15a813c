"""`breakwater links train-vocabulary`: words of places learnt from an operator's own pictures.

In: files and folders of ordinary pictures and videos. Out: one file of words with its checksum.
Decoding is jailed. Nobody needs it: a vocabulary is shipped, and one learnt on other pictures does as
well (reference linking). An index made with another vocabulary is built again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakwater.cli.terminal import Json, Terminal

if TYPE_CHECKING:
    from breakwater.model.scene import Keypoints


def train_vocabulary(
    paths: Annotated[list[Path], typer.Argument(help="Pictures and videos, or folders of them.")],
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    words: Annotated[int, typer.Option(min=64, max=65_536, help="How many words.")] = 1024,
    as_json: Json = False,
) -> None:
    """Learn the words by which places are found from ordinary pictures."""
    from breakwater.cli.files import found
    from breakwater.cli.writing import must_have_folder, written
    from breakwater.scenes.vocabulary import Vocabulary

    terminal = Terminal(as_json=as_json)
    must_have_folder(out)
    frames, unread = _frames(found(paths), terminal)
    learnt = Vocabulary.learn(frames, words=words)
    written([learnt.pack()], out)
    said = {"file": str(out), "sha256": learnt.sha256, "words": words, "frames": len(frames), "unread": unread}  # fmt: skip
    line = f"{words} words of {len(frames)} frames in {out}, {unread} files could not be read"
    terminal.result(said, line)


def _frames(files: list[Path], terminal: Terminal) -> tuple[list[Keypoints], int]:
    """Key points of every file, and how many files could not be read."""
    from breakwater import settings
    from breakwater.app.mapping import limits_of
    from breakwater.media.sandbox import JailPool
    from breakwater.model.media import Undecodable

    limits = limits_of(settings.load()).video
    frames: list[Keypoints] = []
    unread = 0
    with JailPool() as pool, terminal.progress("looking", len(files)) as bar:
        for path in files:
            with path.open("rb") as source:
                seen = pool.links(source, declared="", limits=limits)
            if isinstance(seen, Undecodable):
                unread += 1
            else:
                frames += seen.frames
            bar.step()
    return frames, unread
