"""What the page of spot checks shows, as frozen values; see `models` for the rule they keep."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Number, When


@dataclass(frozen=True, slots=True)
class SpotFrame:
    """One still of a strip, and its seconds from the first one."""

    frame: int
    at: str


@dataclass(frozen=True, slots=True)
class SpotChoice:
    """One answer, the key that chooses it, and what follows from it."""

    value: str
    word: str
    key: str
    follows: str


@dataclass(frozen=True, slots=True)
class SpotStrip:
    """The strip that is looked at.

    Attributes:
        closer: it is one that was taken because somebody wanted to look closer.
    """

    draw: str
    label: str
    level: str
    frames: tuple[SpotFrame, ...]
    facts: tuple[tuple[str, str], ...]
    purged: When
    choices: tuple[SpotChoice, ...]
    closer: bool = False


@dataclass(frozen=True, slots=True)
class SpotsView:
    """The page.

    Attributes:
        title: how many wait.
        none: why there may be nothing to look at.
    """

    title: str
    none: str
    numbers: tuple[Number, ...]
    strip: SpotStrip | None = None
