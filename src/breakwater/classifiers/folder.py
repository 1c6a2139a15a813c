"""A classifier as a folder: `model.onnx` and `card.toml`, and nothing that could be meant by them.

Weights in other files, pickles and scripts are refused by being there. What is named README or
LICENSE is for people and left alone. Read by `cli.classifier`; tests:
`tests/unit/test_classifier_folder.py`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from breakwater.errors import BadInput
from breakwater.model.model_card import MAX_CARD

MODEL: Final = "model.onnx"
CARD: Final = "card.toml"
FOR_PEOPLE: Final = ("readme", "license", "licence", "notice")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on disk."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def reader(self) -> AbstractContextManager[BinaryIO]:
        """From its start."""
        return self.path.open("rb")


def read_folder(folder: Path) -> tuple[str, ModelFile]:
    """The card's text and the model.

    Raises:
        BadInput: one of the two is missing or no plain file, or something else lies there.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder.")
    for one in (MODEL, CARD):
        path = folder / one
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"The folder has no plain file {one}.")
    others = sorted(
        one.name
        for one in folder.iterdir()
        if one.name not in {MODEL, CARD} and not one.name.lower().startswith(FOR_PEOPLE)
    )
    if others:
        raise BadInput(f"The folder holds more than a card and a model: {', '.join(others[:5])}.")
    if (folder / CARD).stat().st_size > MAX_CARD:
        raise BadInput(f"The card has more than {MAX_CARD >> 10} KiB.")
    try:
        return (folder / CARD).read_text("utf-8"), ModelFile(folder / MODEL)
    except UnicodeDecodeError:
        raise BadInput("The card is not text.") from None
