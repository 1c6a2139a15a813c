"""Time as a value: one Protocol, the system's clock, and nothing else that reads the time.

Every stored time is UTC and aware. Verbs take a `Clock`, so that a test can move it; the
house rules forbid `datetime.now()` anywhere else.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time: wall clock in UTC, and seconds that never run backwards."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that only goes forward; its zero means nothing."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()


def iso(moment: datetime) -> str:
    """Print a moment as RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
