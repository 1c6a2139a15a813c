"""How long a person may look at pictures: a pure function of the looks they had.

Law and wellbeing (reference: law, "Reviewer wellbeing"): a daily cap of 4 to 5 hours, a break
each hour, enforced. The day is the last 16 hours, so that a night shift does not begin anew at
midnight. Small grey stills (S1, S2) are written down and do not count. Tested in
`tests/unit/test_review_policy.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.viewing import Viewing

DAY: Final = timedelta(hours=16)
DAILY_CAP: Final = timedelta(hours=4)
STRETCH: Final = timedelta(minutes=60)
"""Work with pictures without a break."""
BREAK: Final = timedelta(minutes=10)
"""A pause this long ends a stretch."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where a person stands.

    Attributes:
        used: time with pictures on screen in the last 16 hours.
        break_at: when a break is due if looking goes on; None while no stretch runs.
        until: no pictures before this; None when they are open.
        cause: `cap` or `break` while closed.
    """

    used: timedelta
    break_at: datetime | None = None
    until: datetime | None = None
    cause: str = ""


def exposure(looks: Iterable[Viewing], now: datetime) -> Exposure:
    """Add up the looks of the last 16 hours, in any order."""
    counted = sorted((v for v in looks if v.level.watermarked and v.at > now - DAY), key=_at)
    used = sum((timedelta(milliseconds=v.charged_ms) for v in counted), timedelta())
    if used >= DAILY_CAP:
        return Exposure(used, until=counted[0].at + DAY, cause="cap")
    began = ended = None
    for look in counted:
        end = look.at + timedelta(milliseconds=look.charged_ms)
        if began is None or ended is None or look.at - ended >= BREAK:
            began = look.at
        ended = end
    if began is None or ended is None or now - ended >= BREAK:
        return Exposure(used)
    if now - began >= STRETCH:
        return Exposure(used, until=ended + BREAK, cause="break")
    return Exposure(used, break_at=began + STRETCH)


def _at(look: Viewing) -> datetime:
    return look.at
