"""An operator's likeness model as data: its card, the legal gate before it, what it saw.

breakwater ships no such model. A folder holds `model.onnx`, `detector.onnx` and `provider.toml`;
a card that leaves anything open is refused, and a model without an open gate makes no vector.
A likeness is a lead for a person and never joins a series. `ProviderCard.parse` is the one reader
of cards. Source: reference linking, "Person"; decision 0047. Tests:
`tests/unit/test_likeness_card.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model import model_card
from breakwater.model.access import Role
from breakwater.model.approval import LAPSE
from breakwater.model.ids import Id
from breakwater.model.model_card import InputForm

MOST_DIM: Final = 4096
PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
"""ISO 3166: where a gate is open. There is none that is open everywhere."""

METHOD: Final = "likeness "
"""How the method of an edge begins that a model found; a person's own word has another."""

Box = tuple[float, float, float, float]
"""x, y, width, height; 0 to 1 of the picture's sides."""


class Metric(StrEnum):
    """How two vectors are compared; both are made unit length first."""

    COSINE = "cosine"
    """Alike is near 1: `threshold_lead` is below `threshold_strong`."""
    L2 = "l2"
    """Alike is near 0: `threshold_lead` is above `threshold_strong`."""

    def score(self, value: float) -> float:
        """A value of it as 0 to 1, alike near 1: one order for both."""
        return max(0.0, min(1.0, value if self is Metric.COSINE else 1.0 - value / 2))


class Recogniser(StrEnum):
    """How a face becomes a vector."""

    SFACE = "sface"
    """As OpenCV's `FaceRecognizerSF`: five points align it to 112 x 112."""
    EMBEDDING = "embedding"
    """Any ONNX model: the box with a margin, as `preprocess` says."""


@dataclass(frozen=True, slots=True)
class DetectorForm:
    """A detector in YuNet's format (`cv2.FaceDetectorYN`).

    Attributes:
        score: from here on a box counts.
        nms: boxes that overlap by more are one.
        smallest: pixels of a box's shorter side in the picture that is looked at.
    """

    sha256: str
    licence: str
    score: float = 0.9
    nms: float = 0.3
    smallest: int = 24

    def __post_init__(self) -> None:
        """Refuse a detector that leaves something open."""
        if not model_card.is_sum(self.sha256) or not model_card.filled_in(self.licence):
            raise BadInput(
                "detector.sha256 is 64 hexadecimal digits, detector.licence is filled in."
            )
        if not (0 < self.score < 1 and 0 < self.nms < 1 and 8 <= self.smallest <= 512):
            raise BadInput("detector.score and .nms lie between 0 and 1, .smallest from 8 to 512.")


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a box goes into a model of the kind `embedding`, and which output is the vector."""

    form: InputForm
    output: str
    margin: float = 0.2


@dataclass(frozen=True, slots=True)
class ProviderCard:
    """What an operator says of a likeness model.

    Attributes:
        name: short, the same over all versions.
        sha256: of `model.onnx`; vectors of another one are never compared with its.
        modality: what it sees; faces alone today.
        dim: numbers of a vector.
        threshold_lead: in the metric's own units: from here on a person is shown a lead.
        threshold_strong: from here on the lead is called strong; it joins nothing either.
        preprocess: of an `embedding`; None: the recogniser prepares by itself.
    """

    name: str
    version: str
    sha256: str
    licence: str
    modality: str
    dim: int
    metric: Metric
    threshold_lead: float
    threshold_strong: float
    recogniser: Recogniser
    detector: DetectorForm
    preprocess: Embedding | None = None

    def __post_init__(self) -> None:
        """Refuse a card that leaves something open."""
        model_card.must_be_named(self.name, self.version)
        model_card.must_be_whole(self.sha256, self.licence)
        if self.modality != "face":
            raise BadInput('modality is "face".')
        if not 2 <= self.dim <= MOST_DIM:
            raise BadInput(f"dim is 2 to {MOST_DIM}.")
        if not 0 < self.lead <= self.strong <= 1:
            raise BadInput("threshold_strong asks for no less likeness than threshold_lead.")
        if (self.recogniser is Recogniser.EMBEDDING) is (self.preprocess is None):
            raise BadInput("preprocess is there for an embedding, and for nothing else.")

    @property
    def lead(self) -> float:
        """`threshold_lead` as a score of 0 to 1."""
        return self.metric.score(self.threshold_lead)

    @property
    def strong(self) -> float:
        """`threshold_strong` as a score of 0 to 1."""
        return self.metric.score(self.threshold_strong)

    @property
    def method(self) -> str:
        """What its edges name as their method: another model's are another method."""
        return f"{METHOD}{self.sha256[:16]}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `provider.toml`.

        Raises:
            BadInput: not TOML, a key that is unknown or missing, or a value that cannot be.
        """
        return model_card.read(text, model_card.names_of(cls), cls._of)

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Self:
        text = partial(model_card.text_of, said)
        return cls(
            name=text("name"), version=text("version"), sha256=text("sha256"),
            licence=text("licence"), modality=text("modality"), dim=int(said["dim"]),
            metric=Metric(said["metric"]), threshold_lead=float(said["threshold_lead"]),
            threshold_strong=float(said["threshold_strong"]),
            recogniser=Recogniser(said["recogniser"]), detector=_detector(said["detector"]),
            preprocess=_embedding(said["preprocess"]) if "preprocess" in said else None,
        )  # fmt: skip


class GateState(StrEnum):
    """Whether a model may be used by a role in a jurisdiction."""

    WAITING = "waiting"
    """For the second person."""
    LAPSED = "lapsed"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Gate:
    """One permission: this model, for this role, there, on this legal basis.

    Attributes:
        name, sha256: of the model, as its card says; another file is another gate.
        by, second_by: the two people who opened it.
        ended_at: when somebody closed it; one person is enough.
    """

    id: Id
    name: str
    sha256: str
    role: Role
    jurisdiction: str
    legal_basis: str
    by: Id
    at: datetime
    second_by: Id | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None

    def state(self, now: datetime) -> GateState:
        """Where it stands."""
        if self.ended_at is not None:
            return GateState.CLOSED
        if self.opened_at is not None:
            return GateState.OPEN
        return GateState.WAITING if now < self.at + LAPSE else GateState.LAPSED


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face of one frame.

    Attributes:
        vector: (dim,) float32 of unit length; never printed.
    """

    time_s: float
    box: Box
    score: float
    vector: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person within one shot: faces that must belong together.

    Attributes:
        number: within its medium.
        time_s, box: of its clearest face.
        vector: (dim,) float32, unit length: the mean of its faces.
        apart: numbers of tracks that were in one frame with it, so are somebody else.
    """

    number: int
    time_s: float
    box: Box
    vector: NDArray[np.float32] = field(repr=False)
    apart: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two tracks that look alike: a lead.

    Attributes:
        score: 0 to 1, by the card's metric.
        strong: whether it reaches `threshold_strong`.
    """

    a_s: float
    a_box: Box
    b_s: float
    b_box: Box
    score: float
    strong: bool

    def plain(self) -> dict[str, Any]:
        """As the evidence of an edge has it."""
        return {
            "a_s": self.a_s, "b_s": self.b_s, "a_box": list(self.a_box),
            "b_box": list(self.b_box), "score": self.score, "strong": self.strong,
        }  # fmt: skip


def _detector(said: Mapping[str, Any]) -> DetectorForm:
    model_card.only(said, model_card.names_of(DetectorForm), "detector")
    text = partial(model_card.text_of, said)
    return DetectorForm(
        text("sha256"), text("licence"), float(said.get("score", 0.9)),
        float(said.get("nms", 0.3)), int(said.get("smallest", 24)),
    )  # fmt: skip


def _embedding(said: Mapping[str, Any]) -> Embedding:
    known = model_card.names_of(InputForm) - {"fit"}
    model_card.only(said, known | {"output", "margin"}, "preprocess")
    form, output = model_card.input_form(said), model_card.text_of(said, "output")
    margin = float(said.get("margin", 0.2))
    if not 0 <= margin <= 1 or not 1 <= len(output) <= 200:
        raise BadInput("preprocess.margin is 0 to 1, preprocess.output a name.")
    return Embedding(form, output, margin)
