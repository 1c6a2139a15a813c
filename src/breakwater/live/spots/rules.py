"""What spot checks are drawn by: strata, weights, how many, where they are allowed. Pure.

In: what an operator set. Out: the stratum of a broadcast, whether it may be drawn at all, and
how many are drawn in each ten minutes. Only public broadcasts of named jurisdictions are drawn;
what a service says is private never is (reference law, "surface"). Tests:
`tests/unit/test_spot_rules.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from breakwater.errors import BadSettings
from breakwater.model.spot import Candidate, Runs
from breakwater.model.upload import Surface

PUBLIC: Final = frozenset({Surface.PUBLIC.value, Surface.LIVE.value})
EVERYWHERE: Final = "*"
COUNTRY: Final = re.compile("[A-Z]{2}")
SLOT: Final = timedelta(minutes=10)
"""There is one round in each; its moment within is random, so that nobody can wait for it."""

ROUNDS: Final = 6
"""In an hour."""

KEPT: Final = timedelta(hours=72)
"""Longest that a strip is kept, and with it any link to the broadcast (issue "Live")."""

STILLS: Final = 6
EVERY_S: Final = 2.0
"""Six stills two seconds apart span ten seconds."""

MOST_PARTS: Final = 3
"""Strips of one draw: the one that was drawn, and two closer looks."""

VIEWERS: Final[Mapping[int, int]] = {0: 1, 10: 2, 100: 4, 1000: 8}
NEW: Final = 3
"""Weights where an operator sets none: about the square root of the audience, so that a sample
serves both prevalences, of streams and of views; ours, until outcomes say better."""

MOST_WEIGHT: Final = 1_000


@dataclass(frozen=True, slots=True)
class SpotRules:
    """How it is drawn here.

    Attributes:
        on: the switch.
        per_hour: strips.
        jurisdictions: where public broadcasts may be drawn; `*`: everywhere, also where nobody
            said which law applies.
        viewers: weight by the least number of viewers of a band; the first band begins at 0.
        new: how many times as often an account is drawn that nobody has seen before.
        kept: until a strip is purged.
        prevalence: lawful basis of telling prevalence from the draws too; empty: they are for
            looking alone. It stands in the design, and so with every draw.
    """

    on: bool = False
    per_hour: int = 12
    jurisdictions: tuple[str, ...] = ()
    viewers: Mapping[int, int] = field(default_factory=lambda: VIEWERS)
    new: int = NEW
    kept: timedelta = KEPT
    prevalence: str = ""

    def __post_init__(self) -> None:
        """Refuse weights that leave somebody out, and what would be kept for too long."""
        weights = [*self.viewers.values(), self.new]
        if 0 not in self.viewers or any(band < 0 for band in self.viewers):
            raise BadSettings("spot_checks_weights.viewers names bands from 0 viewers on.")
        if any(not 1 <= one <= MOST_WEIGHT for one in weights):
            raise BadSettings(f"A weight of spot checks is a whole number, 1 to {MOST_WEIGHT}.")
        if not timedelta() < self.kept <= KEPT:
            raise BadSettings("Strips are kept for 72 hours at most.")

    @classmethod
    def read(
        cls, *, on: bool, per_hour: int, jurisdictions: tuple[str, ...],
        weights: Mapping[str, Any], hours: int, prevalence: str = "",
    ) -> Self:  # fmt: skip
        """Read what an operator set.

        Raises:
            BadSettings: an unknown word, a weight or a country that is none.
        """
        if unknown := sorted(set(weights) - {"viewers", "new"}):
            raise BadSettings(f"spot_checks_weights has no {', '.join(unknown)}.")
        try:
            bands = {_whole(least): _whole(one) for least, one in
                     weights.get("viewers", VIEWERS).items()}  # fmt: skip
            new = _whole(weights.get("new", NEW))
        except (AttributeError, TypeError, ValueError):
            raise BadSettings("spot_checks_weights holds whole numbers.") from None
        where = tuple(one.upper() for one in jurisdictions)
        if strange := [one for one in where if one != EVERYWHERE and not COUNTRY.fullmatch(one)]:
            raise BadSettings(
                "BREAKWATER_SPOT_CHECKS_JURISDICTIONS takes countries by their two letters "
                f"(ISO 3166, such as GB,DE), or * for everywhere, but not {', '.join(strange)}."
            )
        return cls(
            on, per_hour, where, dict(sorted(bands.items())), new, timedelta(hours=hours),
            prevalence.strip(),
        )  # fmt: skip

    @property
    def plain(self) -> dict[str, Any]:
        """What the draws depend on: the design, as it is kept with them and stated."""
        purpose = {"prevalence": self.prevalence} if self.prevalence else {}
        return purpose | {
            "method": "systematic with probability proportional to weight, random order in strata",
            "per_hour": self.per_hour,
            "slot_s": int(SLOT.total_seconds()),
            "viewers": {str(least): weight for least, weight in self.viewers.items()},
            "new": self.new,
            "jurisdictions": list(self.jurisdictions),
            "surfaces": sorted(PUBLIC),
            "stills": STILLS,
            "every_s": EVERY_S,
        }

    def stratum(self, one: Candidate) -> tuple[str, int]:
        """The stratum of a broadcast, and its weight."""
        band = max(least for least in self.viewers if least <= max(0, one.viewers))
        weight = self.viewers[band] * (self.new if one.new else 1)
        return f"v{band}-{'new' if one.new else 'known'}", weight

    def left_out(self, one: Runs) -> str:
        """Why a broadcast is not drawn from; empty when it may be drawn."""
        if one.surface not in PUBLIC:
            return "private"
        if one.stopped:
            return "stopped"
        return "" if self.allows(one.jurisdiction) else "jurisdiction"

    def allows(self, jurisdiction: str) -> bool:
        """Whether public broadcasts of a jurisdiction are drawn; a part follows its whole."""
        country = jurisdiction.partition("-")[0]
        return any(one in {EVERYWHERE, jurisdiction, country} for one in self.jurisdictions if one)


def slot_of(now: datetime) -> int:
    """The number of the ten minutes that a moment lies in."""
    return int(now.timestamp()) // int(SLOT.total_seconds())


def begins(slot: int) -> datetime:
    """When a slot begins."""
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)


def wanted(per_hour: int, slot: int) -> int:
    """How many are drawn in a slot, so that each hour has exactly `per_hour`.

    >>> [wanted(8, slot) for slot in range(6)]
    [1, 1, 2, 1, 1, 2]
    """
    place = slot % ROUNDS
    return (place + 1) * per_hour // ROUNDS - place * per_hour // ROUNDS


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != float(value):
        raise ValueError
    return int(value)
