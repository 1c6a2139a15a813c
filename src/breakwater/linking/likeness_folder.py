"""Likeness models in the operator's folder: each one whole, or off with the reason.

In: `likeness_dir`, in it a folder for each model with `provider.toml`, `model.onnx` and
`detector.onnx`. Out: `Provider`s that may be tried, and `Broken` ones that `doctor` names. Both
files are summed each time they are read: a file that was changed under its card is off. Read by
`linking.likeness` and doctor. Tests: `tests/unit/test_likeness_card.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.likeness import ProviderCard
from breakwater.model.model_card import MAX_CARD

CARD: Final = "provider.toml"
MODEL: Final = "model.onnx"
DETECTOR: Final = "detector.onnx"
MOST: Final = 8
MOST_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Provider:
    """A model whose card is whole and whose files are those that it names."""

    card: ProviderCard
    folder: Path

    def read(self) -> tuple[bytes, bytes]:
        """Detector and model, summed anew.

        Raises:
            BadInput: a file is gone or is not the one its card names.
        """
        return (
            _file(self.folder / DETECTOR, self.card.detector.sha256),
            _file(self.folder / MODEL, self.card.sha256),
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """A folder that is off, and why."""

    name: str
    why: str


def providers(folder: Path | None) -> tuple[tuple[Provider, ...], tuple[Broken, ...]]:
    """Every model of the folder; those of one name or one file twice are all off."""
    if folder is None or not folder.is_dir():
        missing = () if folder is None else (Broken("likeness_dir", "There is no such folder."),)
        return (), missing
    good: list[Provider] = []
    bad: list[Broken] = []
    inside = sorted(one for one in folder.iterdir() if one.is_dir())
    for one in inside[:MOST]:
        try:
            made = Provider(ProviderCard.parse(_card(one / CARD)), one)
            made.read()
            good.append(made)
        except (BadInput, OSError) as error:
            bad.append(Broken(one.name, str(error)))
    bad += [Broken(one.name, f"At most {MOST} models.") for one in inside[MOST:]]
    names = [one.card.name for one in good] + [one.card.sha256 for one in good]
    twice = [one for one in good if names.count(one.card.name) + names.count(one.card.sha256) > 2]
    bad += [Broken(one.folder.name, "Its name or its model is there twice.") for one in twice]
    return tuple(one for one in good if one not in twice), tuple(bad)


def _card(path: Path) -> str:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_CARD:
        raise BadInput(f"It has no plain file {CARD}.")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadInput("The card is not text.") from None


def _file(path: Path, sha256: str) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise BadInput(f"It has no plain file {path.name}.")
    if path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path.name} is larger than {MOST_BYTES >> 20} MiB.")
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise BadInput(f"{path.name} is not the file that its card names.")
    return body
