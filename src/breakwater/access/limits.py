"""Token buckets: how many requests a second one key or one address may make.

In comes a name and a rate, out go the seconds to wait (0: go on). `Buckets` is in memory, where
one process serves; `SharedBuckets` stands in the database, where several do, and takes from
there a tenth of a second's worth at once, so that a busy key costs ten writes a second and not a
thousand. Used by `web.gate`; tested in `tests/unit/test_access_limits.py`.
"""

from __future__ import annotations

import threading
from typing import Final, Protocol

from breakwater.model.clock import Clock
from breakwater.records import buckets
from breakwater.records.database import Database
from breakwater.records.keys import Keyring

MOST: Final = 50_000
"""Buckets kept; beyond it the oldest half is forgotten (memory before fairness)."""

LEASE_S: Final = 0.1
"""Seconds of a rate that a process takes from the database at once."""
LEASE_LIFE_S: Final = 1.0
"""What a process took and did not use by then is lost to it."""

PURPOSE: Final = "sessions"
_ENOUGH: Final = 1e-9


class Limits(Protocol):
    """What the gate asks of buckets.

    Attributes:
        waits: taking may wait for the database, so it does not belong into the event loop.
    """

    waits: bool

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
        ...

    def wait(self, name: str, *, per_second: float, burst: float) -> float:
        """The seconds until one could be taken, without taking it."""
        ...


class Buckets:
    """One bucket a name, refilled by the clock."""

    waits = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, *, per_second: float, burst: float, cost: float = 1.0) -> float:
        """Take from a bucket; see `Limits`."""
        if per_second <= 0:
            return 0.0
        now = self._clock.monotonic()
        with self._lock:
            level = self._level(name, per_second, burst, now)
            if level + _ENOUGH < cost:
                self._levels[name] = (level, now)
                return (cost - level) / per_second
            self._levels[name] = (level - cost, now)
            if len(self._levels) > MOST:
                self._forget()
        return 0.0

    def wait(self, name: str, *, per_second: float, burst: float) -> float:
        """The seconds until one could be taken; see `Limits`."""
        if per_second <= 0:
            return 0.0
        with self._lock:
            level = self._level(name, per_second, burst, self._clock.monotonic())
        return 0.0 if level + _ENOUGH >= 1.0 else (1.0 - level) / per_second

    def _level(self, name: str, per_second: float, burst: float, now: float) -> float:
        level, then = self._levels.get(name, (burst, now))
        return min(burst, level + (now - then) * per_second)

    def _forget(self) -> None:
        oldest = sorted(self._levels, key=lambda name: self._levels[name][1])
        for name in oldest[: MOST // 2]:
            del self._levels[name]


class SharedBuckets:
    """One bucket a name for every process of an installation."""

    waits = True

    def __init__(self, *, db: Database, keyring: Keyring, clock: Clock) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._lock = threading.Lock()
        self._leased: dict[str, tuple[float, float]] = {}

    def take(self, name: str, *, per_second: float, burst: float, cost: float = 1.0) -> float:
        """Take from a bucket; see `Limits`."""
        if per_second <= 0 or self._spend(name, cost):
            return 0.0
        mac = self._mac(name)
        share = min(burst, max(cost, per_second * LEASE_S))
        with self._db.transaction() as tx:
            wait = buckets.take(tx, mac, per_second=per_second, burst=burst, cost=share)
            if wait and share > cost:
                share = cost
                wait = buckets.take(tx, mac, per_second=per_second, burst=burst, cost=share)
        if wait == 0.0 and share > cost:
            self._keep(name, share - cost)
        return wait

    def wait(self, name: str, *, per_second: float, burst: float) -> float:
        """The seconds until one could be taken; see `Limits`."""
        if per_second <= 0:
            return 0.0
        with self._db.read() as tx:
            level = buckets.level(tx, self._mac(name), per_second=per_second, burst=burst)
        return 0.0 if level + _ENOUGH >= 1.0 else (1.0 - level) / per_second

    def _spend(self, name: str, cost: float) -> bool:
        """Take from what this process took before."""
        now = self._clock.monotonic()
        with self._lock:
            left, until = self._leased.get(name, (0.0, 0.0))
            if until <= now or left + _ENOUGH < cost:
                return False
            self._leased[name] = (left - cost, until)
            return True

    def _keep(self, name: str, left: float) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if len(self._leased) >= MOST:
                self._leased.clear()
            self._leased[name] = (left, now + LEASE_LIFE_S)

    def _mac(self, name: str) -> bytes:
        return self._keyring.mac(PURPOSE, b"bucket\0" + name.encode("utf-8", "replace"))
