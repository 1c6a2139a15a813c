"""An operator's classifier as data: its card, the steps of its life, what it said of a subject.

breakwater ships none. An administrator brings `model.onnx` and `card.toml`; the card says what
the model is for, who answers for it, how a picture goes in and how one number comes out.
Scores raise priority and sampling and never act alone (issue "Live"). `Card.parse` is the one
reader of cards; `recognition.scoring` runs models, `records.classifiers` keeps rows. Tests:
`tests/unit/test_classifier_card.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput
from breakwater.model.ids import Id

MAX_CARD: Final = 16 << 10
MAX_SIDE: Final = 1024
"""Of what goes in: a megapixel in three colours is what one message may carry."""
EVERYWHERE: Final = "*"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PLACE: Final = re.compile(r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Colour(StrEnum):
    """Order of the channels that go in."""

    RGB = "rgb"
    BGR = "bgr"
    GREY = "grey"


class Layout(StrEnum):
    """Order of the axes that go in."""

    NCHW = "nchw"
    NHWC = "nhwc"


class Fit(StrEnum):
    """How a picture of another shape is made to fit."""

    STRETCH = "stretch"
    CROP = "crop"
    """The middle, as large as fits."""


class Activation(StrEnum):
    """What makes a probability of what comes out."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True)
class InputForm:
    """How a picture goes in: value = (pixel * scale - mean) / std, for each channel."""

    width: int
    height: int
    colour: Colour = Colour.RGB
    layout: Layout = Layout.NCHW
    fit: Fit = Fit.STRETCH
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)

    @property
    def channels(self) -> int:
        """How many colours go in."""
        return 1 if self.colour is Colour.GREY else 3

    def __post_init__(self) -> None:
        """Refuse sizes and numbers that no picture can be made of."""
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise BadInput(f"input.width and input.height are 1 to {MAX_SIDE}.")
        if {len(self.mean), len(self.std)} != {self.channels}:
            raise BadInput(f"input.mean and input.std have {self.channels} numbers.")
        if not all(0 < abs(one) < 1e6 for one in (self.scale, *self.std)):
            raise BadInput("input.scale and input.std are not 0.")


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
        if not _ID.fullmatch(self.id) or not re.fullmatch(r"[\w.+-]{1,40}", self.version):
            raise BadInput("id is lower-case letters, digits and -; version has no spaces.")
        for word in (self.name, self.purpose, self.owner, self.licence):
            if not 1 <= len(word.strip()) <= 500 or not word.isprintable():
                raise BadInput("name, purpose, owner and licence are filled in, on one line each.")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
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
        if len(text.encode()) > MAX_CARD:
            raise BadInput(f"The card has more than {MAX_CARD >> 10} KiB.")
        try:
            said = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            raise BadInput("The card is not TOML.") from None
        _only(said, {one.name for one in fields(cls)}, "The card")
        try:
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
        except KeyError as error:
            raise BadInput(f"The card lacks {error.args[0]}.") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"The card has a value of a wrong kind: {error}.") from None

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


def _only(said: Mapping[str, Any], known: set[str], whose: str) -> None:
    if unknown := sorted(set(said) - known):
        raise BadInput(f"{whose} has no {', '.join(unknown)}.")


def _input(said: Mapping[str, Any]) -> InputForm:
    _only(said, {one.name for one in fields(InputForm)}, "input")
    colour = Colour(said.get("colour", Colour.RGB))
    count = 1 if colour is Colour.GREY else 3
    return InputForm(
        width=int(said["width"]),
        height=int(said["height"]),
        colour=colour,
        layout=Layout(said.get("layout", Layout.NCHW)),
        fit=Fit(said.get("fit", Fit.STRETCH)),
        scale=float(said.get("scale", 1 / 255)),
        mean=tuple(float(one) for one in said.get("mean", [0.0] * count)),
        std=tuple(float(one) for one in said.get("std", [1.0] * count)),
    )


def _output(said: Mapping[str, Any]) -> OutputForm:
    _only(said, {one.name for one in fields(OutputForm)}, "output")
    return OutputForm(
        str(said["name"]),
        int(said.get("index", 0)),
        Activation(said.get("activation", Activation.NONE)),
    )
