"""An operator's classifier as data: its card, the steps of its life, what it said of a subject.

breakwater ships none. An administrator brings `model.onnx` and `card.toml`; the card says what
the model is for, who answers for it, how a picture goes in and how one number comes out.
Scores raise priority and sampling and never act alone (issue "Live"). `Card.parse` is the one
reader of cards; `recognition.scoring` runs models, `records.classifiers` keeps rows. Tests:
`tests/unit/test_classifier_card.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model import model_card
from breakwater.model.ids import Id
from breakwater.model.model_card import InputForm

EVERYWHERE: Final = "*"
_PLACE: Final = re.compile(r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Activation(StrEnum):
    """What makes a probability of what comes out."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True)
class OutputForm:
    """Which number comes out: of the output `name`, the one at `index`."""

    name: str
    index: int = 0
    activation: Activation = Activation.NONE

    def __post_init__(self) -> None:
        """Refuse what names nothing."""
        if not 1 <= len(self.name) <= 200 or not 0 <= self.index < 100_000:
            raise BadInput("output.name is a name, output.index a number from 0.")


@dataclass(frozen=True, slots=True)
class Card:
    """What an administrator says of a model.

    Attributes:
        id: short, the same over all versions.
        name: in words, for the people who see its scores.
        purpose: what it is for and what it is not for.
        owner: who answers for it.
        sha256: of `model.onnx`, in hexadecimal.
        threshold: a score from here on raises risk.
        weight: 0 to 1: how much of a score's worth by policy it is given.
        jurisdictions: ISO 3166 codes where it may be used; `*` is everywhere.
        expires: the first day on which it is not used any more.
    """

    id: str
    version: str
    name: str
    purpose: str
    owner: str
    licence: str
    sha256: str
    threshold: float
    input: InputForm
    output: OutputForm
    jurisdictions: tuple[str, ...]
    expires: date
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a card that leaves something open."""
        model_card.must_be_named(self.id, self.version, what="id")
        if not all(map(model_card.filled_in, (self.name, self.purpose, self.owner, self.licence))):
            raise BadInput("name, purpose, owner and licence are filled in, on one line each.")
        if not model_card.is_sum(self.sha256):
            raise BadInput("sha256 is 64 hexadecimal digits.")
        if not 0 < self.threshold <= 1 or not 0 < self.weight <= 1:
            raise BadInput("threshold and weight are over 0, and 1 at most.")
        if not self.jurisdictions or not all(_PLACE.fullmatch(one) for one in self.jurisdictions):
            raise BadInput('jurisdictions names where it may be used, such as ["US"], or ["*"].')

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `card.toml`.

        Raises:
            BadInput: not TOML, a key that is unknown or missing, or a value that cannot be.
        """
        return model_card.read(text, model_card.names_of(cls), cls._of)

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Self:
        known = {
            **said,
            "input": _input(said["input"]),
            "output": _output(said["output"]),
            "jurisdictions": tuple(said["jurisdictions"]),
            "threshold": float(said["threshold"]),
            "weight": float(said.get("weight", 1.0)),
        }
        if not isinstance(known["expires"], date) or isinstance(known["expires"], datetime):
            raise BadInput("expires is a day, such as 2027-01-31.")
        return cls(**known)

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return now >= datetime.combine(self.expires, time(), UTC)

    def allowed(self, jurisdiction: str) -> bool:
        """Whether it may be used there; a place that nobody named is allowed by `*` alone."""
        place = jurisdiction.upper()
        return any(
            one == EVERYWHERE or (place and (place == one or place.startswith(f"{one}-")))
            for one in self.jurisdictions
        )


class Trouble(StrEnum):
    """Why a classifier gives no score."""

    BAD_SUM = "bad_sum"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_MUCH_MEMORY = "too_much_memory"
    CRASHED = "crashed"
    NO_NUMBER = "no_number"
    WRONG_SHAPE = "wrong_shape"
    EXPIRED = "expired"
    NOT_HERE = "not_here"
    NO_JAIL = "no_jail"

    @property
    def words(self) -> str:
        """One sentence for people."""
        return TROUBLES[self]


TROUBLES: Final[Mapping[Trouble, str]] = {
    Trouble.BAD_SUM: "The kept model is not the one its card names.",
    Trouble.UNREADABLE: "The model cannot be read here.",
    Trouble.TOO_LARGE: "The model is larger than may be.",
    Trouble.TOO_SLOW: "It did not answer in time.",
    Trouble.TOO_MUCH_MEMORY: "It wants more memory than it may have.",
    Trouble.CRASHED: "Its process died.",
    Trouble.NO_NUMBER: "What it answered is no number from 0 to 1.",
    Trouble.WRONG_SHAPE: "What it answered has another shape than its card says.",
    Trouble.EXPIRED: "Its card has expired.",
    Trouble.NOT_HERE: "Its card does not allow it in this jurisdiction.",
    Trouble.NO_JAIL: "The jail it runs in cannot be built.",
}


class Step(StrEnum):
    """What happened to a classifier; only ever added."""

    ADDED = "added"
    CONFIRMED = "confirmed"
    ON = "on"
    OFF = "off"
    FAILED = "failed"
    WORKS = "works"
    REMOVED = "removed"


class ClassifierState(StrEnum):
    """Where a classifier stands, by its newest steps."""

    WAITING = "waiting"
    """For a second person."""
    ON = "on"
    OFF = "off"
    FAILED = "failed"
    """On, and it gives no scores: it is tried again, and shown until it works."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Classifier:
    """One version of one classifier.

    Attributes:
        id: of this version.
        blob: the model in the vault.
        by: id of the person or key that added it.
        person: the person behind that; None for a command on the host.
        people: how many it takes to switch it on.
        since: when it came to its state.
        trouble: why it fails, while it does.
    """

    id: Id
    card: Card
    card_text: str
    size: int
    blob: Id
    by: Id
    person: Id | None
    people: int
    added_at: datetime
    state: ClassifierState
    since: datetime
    trouble: str = ""

    @property
    def wanted(self) -> bool:
        """It shall give scores."""
        return self.state in {ClassifierState.ON, ClassifierState.FAILED}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is scored: RGB pixels (h, w, 3), and when in the subject they were."""

    pixels: NDArray[np.uint8] = field(repr=False)
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """What one classifier said of one picture.

    Attributes:
        value: 0 to 1; meaningless when `trouble` is set.
        trouble: why there is none; its absence is shown and clears nothing.
        ms: it took.
    """

    classifier: Id
    card: Card
    time_s: float
    value: float = 0.0
    trouble: Trouble | None = None
    ms: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it reaches the card's threshold."""
        return self.trouble is None and self.value >= self.card.threshold

    @property
    def words(self) -> str:
        """For people."""
        return (
            f"A classifier of yours, {self.card.name}, version {self.card.version}, gave "
            f"{self.value:.2f} (threshold {self.card.threshold:.2f}); scores alone decide nothing."
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What one classifier said of one subject so far.

    Attributes:
        subject: id of a broadcast or an upload.
        frames: scored.
        over: of these, at the threshold or above.
        best: the highest score; `best_s` is when in the subject.
        trouble: why the last picture has no score; empty when it has one.
    """

    classifier: Id
    subject: Id
    frames: int = 0
    over: int = 0
    best: float = 0.0
    best_s: float = 0.0
    last_at: datetime | None = None
    trouble: str = ""

    def with_score(self, score: Score, at: datetime) -> Tally:
        """The sum with one more score."""
        if score.trouble is not None:
            return Tally(
                self.classifier, self.subject, self.frames, self.over, self.best, self.best_s,
                at, score.trouble.value,
            )  # fmt: skip
        better = score.value > self.best or not self.frames
        return Tally(
            self.classifier, self.subject, self.frames + 1, self.over + int(score.over),
            score.value if better else self.best, score.time_s if better else self.best_s, at, "",
        )  # fmt: skip


def _input(said: Mapping[str, Any]) -> InputForm:
    model_card.only(said, model_card.names_of(InputForm), "input")
    return model_card.input_form(said)


def _output(said: Mapping[str, Any]) -> OutputForm:
    model_card.only(said, model_card.names_of(OutputForm), "output")
    return OutputForm(
        str(said["name"]),
        int(said.get("index", 0)),
        Activation(said.get("activation", Activation.NONE)),
    )
