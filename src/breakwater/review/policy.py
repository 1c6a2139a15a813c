"""How long a person may look at pictures: a pure function of the looks they had.

Law and wellbeing (reference: law, "Reviewer wellbeing"): a daily cap of 4 to 5 hours, a break
each hour, enforced. The day is the last 16 hours, so that a night shift does not begin anew at
midnight. Small grey stills (S1, S2) are written down and do not count. Tests:
`tests/unit/test_review_policy.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.media import Level
from breakwater.model.viewing import Viewing

DAY: Final = timedelta(hours=16)
DAILY_CAP: Final = timedelta(hours=4)
STRETCH: Final = timedelta(minutes=60)
"""Work with pictures without a break."""
BREAK: Final = timedelta(minutes=10)
"""A pause this long ends a stretch."""


COUNTED: Final = (Level.S3, Level.S4)
"""Levels that show what is in a picture; the small grey stills do not."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where a person stands.

    Attributes:
        used: time with pictures on screen in the last 16 hours.
        break_at: when a break is due if looking goes on; None while no stretch runs.
        closed: `cap` or `break` while no picture may be shown, else empty.
        until: when a break is over.
    """

    used: timedelta
    break_at: datetime | None = None
    closed: str = ""
    until: datetime | None = None


def exposure(used: timedelta, recent: Iterable[Viewing], now: datetime) -> Exposure:
    """Judge the looks a person had.

    Args:
        used: time with pictures in the last `DAY`.
        recent: looks of at least the last `STRETCH + BREAK`, in any order.
        now: the present moment.
    """
    if used >= DAILY_CAP:
        return Exposure(used, closed="cap")
    began = ended = None
    for look in sorted((v for v in recent if v.level in COUNTED), key=_at):
        if began is None or ended is None or look.at - ended >= BREAK:
            began = look.at
        ended = look.at + timedelta(milliseconds=look.charged_ms)
    if began is None or ended is None or now - ended >= BREAK:
        return Exposure(used)
    if now - began >= STRETCH:
        return Exposure(used, closed="break", until=ended + BREAK)
    return Exposure(used, break_at=began + STRETCH)


def _at(look: Viewing) -> datetime:
    return look.at
