"""Token buckets: how many requests a second one key or one address may make.

In comes a name and a rate, out go the seconds to wait (0: go on). In memory and per process:
a limit protects this process, it is not a record. Used by `web.gate`; tested in
`tests/unit/test_access_limits.py`.
"""

from __future__ import annotations

import threading
from typing import Final

from breakwater.model.clock import Clock

MOST: Final = 50_000
"""Buckets kept; beyond it the oldest half is forgotten (memory before fairness)."""


class Buckets:
    """One bucket a name, refilled by the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, *, per_second: float, burst: float, cost: float = 1.0) -> float:
        """Take from a bucket.

        Args:
            name: whose bucket.
            per_second: the rate it refills at; 0 or less is no limit.
            burst: what it holds at most, in requests.
            cost: what this request takes.

        Returns:
            0.0 when taken, else the seconds until it would be.
        """
        if per_second <= 0:
            return 0.0
        now = self._clock.monotonic()
        with self._lock:
            level, then = self._levels.get(name, (burst, now))
            level = min(burst, level + (now - then) * per_second)
            if level + 1e-9 < cost:
                self._levels[name] = (level, now)
                return (cost - level) / per_second
            self._levels[name] = (level - cost, now)
            if len(self._levels) > MOST:
                self._forget()
        return 0.0

    def give(self, name: str, cost: float) -> None:
        """Put back what was taken to try."""
        with self._lock:
            if name in self._levels:
                level, then = self._levels[name]
                self._levels[name] = (level + cost, then)

    def _forget(self) -> None:
        oldest = sorted(self._levels, key=lambda name: self._levels[name][1])
        for name in oldest[: MOST // 2]:
            del self._levels[name]
