"""An operator's own model of local features as data: its card, and what it saw in a medium.

breakwater ships no such model. A folder holds `model.onnx` and `features.toml`; a card that leaves
anything open is refused. Its points stand beside RootSIFT, are compared with those of the same file
alone, and what they find alone is a lead. `FeatureCard.parse` is the one reader of cards. Source:
reference linking, "Place"; decision 0046. Tests: `tests/unit/test_feature_card.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model import model_card
from breakwater.model.model_card import InputForm
from breakwater.model.scene import Keypoints

MOST_DIM: Final = 512
MOST_POINTS: Final = 1000
LEAST_POINTS: Final = 60
"""Fewer of a frame are compared by nothing (`scenes.place_check`)."""

MOST_FRAMES: Final = 12
"""Frames of a medium that a model looks at, spread evenly: as many as geometry compares."""

METHOD: Final = "learned "
"""How the method of an edge begins that a model of an operator found."""

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
        model_card.must_be_named(self.name, self.version)
        model_card.must_be_whole(self.sha256, self.licence)
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
        return model_card.read(text, model_card.names_of(cls), cls._of)

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Self:
        text = partial(model_card.text_of, said)
        return cls(
            text("name"), text("version"), text("sha256"), text("licence"), int(said["dim"]),
            _input(said["input"]), _output(said["output"]), int(said.get("most", MOST_POINTS)),
            float(said.get("least", 0.005)),
        )  # fmt: skip


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
        if not model_card.is_sum(self.model):
            raise BadInput("What a model saw names the file of the model.")


def method_of(sha256: str) -> str:
    """What edges of the model with this file name as their method."""
    return f"{METHOD}{sha256[:16]}"


def whole_bytes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """(n, dim) vectors of unit length as int8, 127 = 1."""
    return np.clip(np.rint(vectors * 127), -127, 127).astype(np.int8)


def _input(said: Mapping[str, Any]) -> InputForm:
    model_card.only(said, model_card.names_of(InputForm) - {"fit"}, "input")
    return model_card.input_form(said)


def _output(said: Mapping[str, Any]) -> FeatureOutput:
    model_card.only(said, model_card.names_of(FeatureOutput), "output")
    cells = said.get("cells", False)
    if not isinstance(cells, bool):
        raise TypeError("cells is true or false")
    return FeatureOutput(
        model_card.text_of(said, "scores"), model_card.text_of(said, "descriptors"), cells
    )
