"""What may stand on a rota: pure rules of shifts, fed by `review.duty.duty`.

On call is not the same as work with pictures: the exposure clock limits that. A shift of more
than a week is a mistake of a date more often than a wish. Tests: `tests/unit/test_rota.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.duty import Shift
from breakwater.model.ids import Id

LONGEST: Final = timedelta(days=7)
FARTHEST: Final = timedelta(days=366)
RANKS: Final = 9


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift that is to be put on the rota.

    Attributes:
        rank: 1 is called first.
    """

    person: Id
    starts_at: datetime
    ends_at: datetime
    rank: int = 1


def check(wanted: Planned, now: datetime) -> None:
    """Refuse a shift that cannot be meant.

    Raises:
        BadInput: it ends before it begins, is over, too long, or too far ahead.
    """
    if wanted.ends_at <= wanted.starts_at:
        raise BadInput("A shift ends after it begins.")
    if wanted.ends_at <= now:
        raise BadInput("This shift would be over already.")
    if wanted.ends_at - wanted.starts_at > LONGEST:
        raise BadInput("A shift is seven days long at most.")
    if wanted.starts_at - now > FARTHEST:
        raise BadInput("A shift begins within a year.")
    if not 1 <= wanted.rank <= RANKS:
        raise BadInput("The order is 1 to 9; 1 is called first.")


def gaps(
    taken: Iterable[Shift], starts_at: datetime, ends_at: datetime
) -> list[tuple[datetime, datetime]]:
    """The parts of a stretch of time that shifts leave open, in their order."""
    found = []
    for shift in sorted(taken, key=lambda one: one.starts_at):
        if starts_at < min(shift.starts_at, ends_at):
            found.append((starts_at, min(shift.starts_at, ends_at)))
        starts_at = max(starts_at, shift.ends_at)
    if starts_at < ends_at:
        found.append((starts_at, ends_at))
    return found
