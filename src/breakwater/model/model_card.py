"""What the cards of all models of an operator have in common: their reader, how a picture goes in.

In: the text of `card.toml`, `features.toml` or `provider.toml`. Out: what it says, made into a card
by the card's own class (`model.classifier`, `model.local_features`, `model.likeness`); a card that
leaves anything open, or says what nobody asks for, is `BadInput` with the reason. Source: model
cards, Mitchell et al., FAT* 2019. Tests: `tests/unit/test_classifier_card.py`,
`tests/unit/test_feature_card.py`, `tests/unit/test_likeness_card.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from breakwater.errors import BadInput

MAX_CARD: Final = 16 << 10
MAX_SIDE: Final = 1024
"""Of what goes in: a megapixel in three colours is what one message may carry."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VERSION: Final = re.compile(r"[\w.+-]{1,40}")
_SUM: Final = re.compile(r"[0-9a-f]{64}")
Made = TypeVar("Made")


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


def read(text: str, known: Set[str], made: Callable[[Mapping[str, Any]], Made]) -> Made:
    """Read a card.

    Args:
        text: TOML.
        known: every key that it may have.
        made: makes the card of what the text says.

    Raises:
        BadInput: not TOML, a key that is unknown or missing, or a value that cannot be.
    """
    if len(text.encode()) > MAX_CARD:
        raise BadInput(f"The card has more than {MAX_CARD >> 10} KiB.")
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise BadInput("The card is not TOML.") from None
    only(said, known, "The card")
    try:
        return made(said)
    except KeyError as error:
        raise BadInput(f"The card lacks {error.args[0]}.") from None
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise BadInput(f"The card has a value of a wrong kind: {error}.") from None


def names_of(form: type[Any]) -> frozenset[str]:
    """Every key of a table that becomes this dataclass."""
    return frozenset(one.name for one in fields(form))


def only(said: Mapping[str, Any], known: Set[str], whose: str) -> None:
    """Refuse keys that nobody asks for.

    Raises:
        BadInput: there is one.
    """
    if unknown := sorted(set(said) - known):
        raise BadInput(f"{whose} has no {', '.join(unknown)}.")


def text_of(said: Mapping[str, Any], name: str) -> str:
    """The text with this name.

    Raises:
        KeyError: there is none.
        TypeError: it is something else.
    """
    value = said[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is text")
    return value


def input_form(said: Mapping[str, Any]) -> InputForm:
    """How a picture goes in, what is left open being usual."""
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


def must_be_named(name: str, version: str, *, what: str = "name") -> None:
    """Refuse a name or a version that is none.

    Raises:
        BadInput: one of them is not.
    """
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise BadInput(f"{what} is lower-case letters, digits and -; version has no spaces.")


def must_be_whole(sha256: str, licence: str) -> None:
    """Refuse a model without the sum of its file or without a licence.

    Raises:
        BadInput: one of them is missing.
    """
    if not is_sum(sha256) or not filled_in(licence):
        raise BadInput("sha256 is 64 hexadecimal digits, and licence is filled in.")


def is_sum(text: str) -> bool:
    """Whether it is a SHA-256 in hexadecimal."""
    return _SUM.fullmatch(text) is not None


def filled_in(text: str) -> bool:
    """Whether it is a line of words, 500 characters at most."""
    return 1 <= len(text.strip()) <= 500 and text.isprintable()
