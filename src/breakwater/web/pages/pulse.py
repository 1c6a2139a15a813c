"""Uploads a second over the last 15 minutes: kept counts for the past, live counts for now.

Minutes come from the ledger in SQL (`records.tallies`), so a plot is full right after a
restart; the last stretch comes from this process's own counters, each time somebody looks.
Read by `reader.Reader`; pure but for the counters it is given.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from breakwater.model.match import Action
from breakwater.observe import Metrics
from breakwater.web.pages.models import Series

SPAN_S: Final = 900
STEP_S: Final = 2.0
"""Samples nearer than this are one."""
GAP_S: Final = 30.0
"""A longer pause between samples means that nobody looked: the ledger fills it."""

Rates = tuple[float, float, float]


class Pulse:
    """Samples of the verdict counters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._samples: deque[tuple[float, Rates]] = deque(maxlen=int(SPAN_S / STEP_S) + 2)

    def sample(self, at: float) -> None:
        """Read the counters at a moment, in seconds of the epoch."""
        with self._lock:
            last = self._samples[-1][0] if self._samples else None
            if last is not None and at - last > GAP_S:
                self._samples.clear()
            if last is None or not self._samples or at - last >= STEP_S * 0.9:
                self._samples.append((at, counted(self._metrics)))

    def rate(self) -> float:
        """Uploads a second over the newest samples; 0 before there are two."""
        with self._lock:
            recent = list(self._samples)[-4:]
        if len(recent) < 2:
            return 0.0
        (began, before), (ended, after) = recent[0], recent[-1]
        return max(0.0, (sum(after) - sum(before)) / (ended - began))

    def series(self, now: float, minutes: Mapping[int, Mapping[str, int]]) -> Series:
        """Rates by action, the ledger's minutes first, then the live samples."""
        with self._lock:
            samples = list(self._samples)
        live = [
            (at, _per_second(before, after, at - was))
            for (was, before), (at, after) in pairwise(samples)
        ]
        first = samples[0][0] if live else now
        last = int(first) // 60
        points: list[tuple[float, Rates]] = []
        for minute in range(int(now - SPAN_S) // 60 + 1, last + 1):
            counts = _of(minutes.get(minute, {}))
            seconds = 60.0 if minute < last else max(1.0, first - minute * 60.0)
            before = _within(samples, minute) if minute == last else (0.0, 0.0, 0.0)
            points.append((minute * 60.0 + seconds / 2, _per_second(before, counts, seconds)))
        points += live
        return Series(
            at=tuple(int(at) for at, _ in points),
            allow=tuple(round(rates[0], 2) for _, rates in points),
            hold=tuple(round(rates[1], 2) for _, rates in points),
            block=tuple(round(rates[2], 2) for _, rates in points),
        )


def counted(metrics: Metrics) -> Rates:
    """Verdicts since this process started, by action."""
    totals = {action.value: 0.0 for action in Action}
    for family in metrics.uploads.collect():
        for one in family.samples:
            action = one.labels.get("action", "")
            if one.name.endswith("_total") and action in totals:
                totals[action] += one.value
    return totals["allow"], totals["hold"], totals["block"]


def median_s(metrics: Metrics) -> float | None:
    """The bucket within which half of the answers came; None before there is one."""
    buckets = [
        (float(one.labels["le"]), one.value)
        for family in metrics.upload_seconds.collect()
        for one in family.samples
        if one.name.endswith("_bucket")
    ]
    total = max((n for _, n in buckets), default=0.0)
    if not total:
        return None
    return next(limit for limit, n in sorted(buckets) if n >= total / 2)


def _of(counts: Mapping[str, int]) -> Rates:
    allow, hold, block = (float(counts.get(action.value, 0)) for action in Action)
    return allow, hold, block


def _within(samples: list[tuple[float, Rates]], minute: int) -> Rates:
    """What the samples themselves saw in their first minute, which the ledger counts too."""
    seen = [counts for at, counts in samples if int(at) // 60 == minute]
    if len(seen) < 2:
        return 0.0, 0.0, 0.0
    a, h, b = (after - before for before, after in zip(seen[0], seen[-1], strict=True))
    return a, h, b


def _per_second(before: Rates, after: Rates, seconds: float) -> Rates:
    a, h, b = (max(0.0, (y - x) / seconds) for x, y in zip(before, after, strict=True))
    return a, h, b
