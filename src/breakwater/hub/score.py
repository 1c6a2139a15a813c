"""How far an entry can be trusted: a sum of terms from 0 to 1, each of them shown.

Facts in, a score with its terms out; no other number goes in. The formula and why each weight is
what it is stand in `docs/explanation/hub-quality.md`; the weights are chosen, not learned. More
contributors, more trust and more confirmation never lower it, more doubt never raises it:
`tests/property/test_hub_score.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from breakwater.model.hub import Score

BASE: Final = 0.30
"""An entry of one member that nobody vouches for and nobody has spoken of."""
GIVERS: Final = 0.20
TRUST: Final = 0.20
AFFIRMED: Final = 0.15
REVIEWED: Final = 0.10
AGREED: Final = 0.05
DENIED: Final = 0.50
WRONG: Final = 0.50

HALF_LIFE_DAYS: Final = 365.0
"""A review counts half after a year: what is illegal, and what a hash matches, changes."""

WRONG_PRIOR: Final = 10
"""Matches added to those that were met: one wrong match of one is no share yet."""

UNTRUSTED: Final = 0.5
"""Weight of a member that is not trusted; a trusted one weighs 1, one that left or is suspended 0."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entry.

    Attributes:
        givers: members that give it now.
        trusted: whether one of them is trusted.
        affirmed, denied: summed weights of members whose last word it is.
        matches, wrong: what members met, and of that said to be wrong.
        reviewed_days: since a curator kept it or graders graded it; None: never.
        graded: contributors who say a category.
        agree: whether these say the same.
    """

    givers: int = 1
    trusted: bool = False
    affirmed: float = 0.0
    denied: float = 0.0
    matches: int = 0
    wrong: int = 0
    reviewed_days: float | None = None
    graded: int = 0
    agree: bool = True


def score(entry: int, known: Known) -> Score:
    """The score of an entry, with its terms in the order they are shown.

    Returns:
        `value` is the sum of `terms`, held within 0 and 1.
    """
    reviewed = known.reviewed_days
    terms = {
        "base": BASE,
        "givers": GIVERS * _towards_one(max(0, known.givers - 1)),
        "trust": TRUST if known.trusted else 0.0,
        "affirmed": AFFIRMED * _towards_one(known.affirmed),
        "reviewed": 0.0 if reviewed is None else REVIEWED * 0.5 ** (max(0.0, reviewed) / HALF_LIFE_DAYS),
        "agreed": _agreed(known),
        "denied": -DENIED * _towards_one(known.denied),
        "wrong": -WRONG * known.wrong / (known.matches + WRONG_PRIOR) if known.matches else 0.0,
    }  # fmt: skip
    shown = {name: round(term, 4) for name, term in terms.items()}
    value = round(min(1.0, max(0.0, sum(shown.values()))), 4)
    return Score(entry, value, MappingProxyType(shown))


def baseline(*, trusted: bool) -> float:
    """What an entry has that came with an import and of which nobody said anything more."""
    return score(0, Known(trusted=trusted)).value


def _agreed(known: Known) -> float:
    """Two who grade alike speak for an entry; two who do not speak against its grade."""
    if not known.agree:
        return -AGREED
    return AGREED if known.graded > 1 else 0.0


def _towards_one(weight: float) -> float:
    """0 for nothing, half for one, three quarters for two, never 1."""
    return 1.0 - float(0.5**weight)
