"""An operator's own model of local features as data: its card, and what it saw in a medium.

breakwater ships no such model. A folder holds `model.onnx` and `features.toml`; a card that leaves
anything open is refused. Its points stand beside RootSIFT, are compared with those of the same file
alone, and what they find alone is a lead. `FeatureCard.parse` is the one reader of cards. Source:
reference linking, "Place"; decision 0046. Tests: `tests/unit/test_feature_card.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model.classifier import MAX_CARD, Colour, Fit, InputForm, Layout
from breakwater.model.scene import Keypoints

MOST_DIM: Final = 512
MOST_POINTS: Final = 1000
LEAST_POINTS: Final = 60
"""Fewer of a frame are compared by nothing (`scenes.place_check`)."""

MOST_FRAMES: Final = 12
"""Frames of a medium that a model looks at, spread evenly: as many as geometry compares."""

METHOD: Final = "learned "
"""How the method of an edge begins that a model of an operator found."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SHA: Final = re.compile(r"[0-9a-f]{64}")
_VERSION_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class FeatureOutput:
    """Which outputs tell what.

    Attributes:
        scores: name of the one that says where points are.
        descriptors: name of the one that says what is there, (1, dim, h, w).
        cells: `scores` is (1, 65, h, w): 8 x 8 pixels of each cell, and "none of them" last, as
            SuperPoint has it; otherwise it is a map, (1, 1, h, w).
    """

    scores: str
    descriptors: str
    cells: bool = False

    def __post_init__(self) -> None:
        """Refuse names that are none."""
        if not all(1 <= len(one) <= 200 for one in (self.scores, self.descriptors)):
            raise BadInput("output.scores and output.descriptors are names.")
        if self.scores == self.descriptors:
            raise BadInput("output.scores and output.descriptors are two outputs.")


@dataclass(frozen=True, slots=True)
class FeatureCard:
    """What an operator says of a model of local features.

    Attributes:
        name: short, the same over all versions.
        sha256: of `model.onnx`; points of another one are never compared with its.
        dim: numbers of a descriptor.
        most: points of a frame that are kept, the strongest.
        least: score below which there is no point.
        input: how a picture goes in, stretched.
        output: what comes out.
    """

    name: str
    version: str
    sha256: str
    licence: str
    dim: int
    input: InputForm
    output: FeatureOutput
    most: int = MOST_POINTS
    least: float = 0.005

    def __post_init__(self) -> None:
        """Refuse a card that leaves something open."""
        if not _NAME.fullmatch(self.name) or not re.fullmatch(r"[\w.+-]{1,40}", self.version):
            raise BadInput("name is lower-case letters, digits and -; version has no spaces.")
        said = 1 <= len(self.licence.strip()) <= 500 and self.licence.isprintable()
        if not _SHA.fullmatch(self.sha256) or not said:
            raise BadInput("sha256 is 64 hexadecimal digits, and licence is filled in.")
        if not 8 <= self.dim <= MOST_DIM or not LEAST_POINTS <= self.most <= MOST_POINTS:
            raise BadInput(f"dim is 8 to {MOST_DIM}, most is {LEAST_POINTS} to {MOST_POINTS}.")
        if not 0 <= self.least < 1e6:
            raise BadInput("least is no score.")
        if self.input.width % 8 or self.input.height % 8:
            raise BadInput("input.width and input.height are multiples of 8.")

    @property
    def method(self) -> str:
        """What its edges name as their method: another model's are another method."""
        return method_of(self.sha256)

    def version_of(self, look: int) -> int:
        """The version of a look that asks this model: another file is another version."""
        return look << _VERSION_BITS | int(self.sha256[:6], 16)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `features.toml`.

        Raises:
            BadInput: not TOML, a key that is unknown or missing, or a value that cannot be.
        """
        if len(text.encode()) > MAX_CARD:
            raise BadInput(f"The card has more than {MAX_CARD >> 10} KiB.")
        try:
            said = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            raise BadInput("The card is not TOML.") from None
        _only(said, {one.name for one in fields(cls)}, "The card")
        try:
            return cls(
                _text(said, "name"), _text(said, "version"), _text(said, "sha256"),
                _text(said, "licence"), int(said["dim"]), _input(said["input"]),
                _output(said["output"]), int(said.get("most", MOST_POINTS)),
                float(said.get("least", 0.005)),
            )  # fmt: skip
        except KeyError as error:
            raise BadInput(f"The card lacks {error.args[0]}.") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"The card has a value of a wrong kind: {error}.") from None


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What a model saw of one medium.

    Attributes:
        model: sha256 of its file, hexadecimal.
        frames: points of a few frames; descriptors are (n, dim) int8 of unit length, 127 = 1.
    """

    model: str
    frames: tuple[Keypoints, ...]

    def __post_init__(self) -> None:
        """Refuse what names no model."""
        if not _SHA.fullmatch(self.model):
            raise BadInput("What a model saw names the file of the model.")


def method_of(sha256: str) -> str:
    """What edges of the model with this file name as their method."""
    return f"{METHOD}{sha256[:16]}"


def whole_bytes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """(n, dim) vectors of unit length as int8, 127 = 1."""
    return np.clip(np.rint(vectors * 127), -127, 127).astype(np.int8)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is text")
    return value


def _only(said: Mapping[str, Any], known: set[str], whose: str) -> None:
    if unknown := sorted(set(said) - known):
        raise BadInput(f"{whose} has no {', '.join(unknown)}.")


def _input(said: Mapping[str, Any]) -> InputForm:
    _only(said, {one.name for one in fields(InputForm)} - {"fit"}, "input")
    colour = Colour(said.get("colour", Colour.RGB))
    count = 1 if colour is Colour.GREY else 3
    return InputForm(
        int(said["width"]), int(said["height"]), colour, Layout(said.get("layout", Layout.NCHW)),
        Fit.STRETCH, float(said.get("scale", 1 / 255)),
        tuple(float(one) for one in said.get("mean", [0.0] * count)),
        tuple(float(one) for one in said.get("std", [1.0] * count)),
    )  # fmt: skip


def _output(said: Mapping[str, Any]) -> FeatureOutput:
    _only(said, {one.name for one in fields(FeatureOutput)}, "output")
    cells = said.get("cells", False)
    if not isinstance(cells, bool):
        raise TypeError("cells is true or false")
    return FeatureOutput(_text(said, "scores"), _text(said, "descriptors"), cells)
