"""From scores to likelihood ratios, and from a budget of people's time to thresholds.

A score means something only beside the traffic it stands in: each service, language and speed of
chat has its own null, learned from its unlabelled traffic and forgotten slowly. Thresholds are
solved from how often benign chats reach a level in ten minutes, as alarms per stream-hour, so that
all streams of a service together ring no oftener than people on shift can answer. Until enough was
seen a cell abstains and says so; when its traffic changes it says that too. What is kept are
counts, and keyed hashes of what gave the highest peaks; never text. Source: reference chat, "Honesty" and "The budget is people's".
Tests: tests/unit/test_comments_calibrate.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.comments.peaks import Peaks, Solved, shape
from breakwater.errors import BadInput
from breakwater.model.comment import Level

Counts = NDArray[np.float64]

LOW, HIGH, STEP = -16.0, 16.0, 0.25
BINS: Final = int((HIGH - LOW) / STEP)
LEAST_MESSAGES: Final = 2_000
"""With fewer messages of a cell its null is not known."""

HALF_LIFE_S: Final = 7 * 86_400.0
RECENT_S: Final = 6 * 3_600.0
DRIFTED: Final = 0.25
"""Population stability index from which traffic counts as changed (the usual bound)."""

SHARES: Final[Mapping[Level, float]] = {
    Level.MESSAGE: 0.15, Level.AUTHOR: 0.25, Level.STREAM: 0.45, Level.ACROSS: 0.15,
}  # fmt: skip
"""Of the budget of alarms, by level."""

FORM: Final = 1


class Band(StrEnum):
    """How fast a chat is, in messages a minute."""

    SLOW = "1-10"
    BUSY = "10-100"
    FAST = "100-1000"

    @classmethod
    def of(cls, per_minute: float) -> Self:
        """The band of a speed."""
        if per_minute < 10:
            return cls("1-10")
        return cls("10-100" if per_minute < 100 else "100-1000")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many alarms people can answer.

    Attributes:
        pages: that one moderator answers in an hour.
        people: on shift.
        streams: that run at once, of the whole service.
    """

    pages: float
    people: float
    streams: float

    def __post_init__(self) -> None:
        """Refuse what is no budget."""
        if min(self.pages, self.people, self.streams) <= 0:
            raise BadInput("A budget needs pages, people and streams above zero.")

    @property
    def per_stream_hour(self) -> float:
        """Alarms that one stream may give in an hour."""
        return self.pages * self.people / self.streams

    def of(self, level: Level) -> float:
        """The part of one level."""
        return self.per_stream_hour * SHARES[level]


class Null:
    """What scores ordinary traffic has, fading, and lately beside it; `messages`: how many."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.seen: Counts = np.zeros(BINS)
        self.lately: Counts = np.zeros(BINS)
        self.messages = 0.0
        self.at = 0.0

    def add(self, raw: float, at: float) -> None:
        """Count one score of unlabelled traffic."""
        self._fade(at)
        where = _bin(raw)
        self.seen[where] += 1.0
        self.lately[where] += 1.0
        self.messages += 1.0

    @property
    def known(self) -> bool:
        """Enough was seen."""
        return self.messages >= LEAST_MESSAGES

    @property
    def drift(self) -> float:
        """Population stability index of the last hours against the last weeks."""
        if not self.known or self.lately.sum() < LEAST_MESSAGES / 4:
            return 0.0
        old, new = _coarse(self.seen), _coarse(self.lately)
        return float(np.sum((new - old) * np.log(new / old)))

    def ratios(self, positive: Counts) -> Counts:
        """Log-likelihood ratio by bin, non-decreasing.

        Args:
            positive: (BINS,) counts of scores of what is looked for.
        """
        for_, against = _smooth(positive), _smooth(self.seen)
        raw = np.log((for_ + 1e-6) / (against + 1e-6))
        return _rising(raw, for_ + against)

    def _fade(self, at: float) -> None:
        passed = at - self.at
        if passed >= 60.0:
            self.seen *= 0.5 ** (passed / HALF_LIFE_S)
            self.messages = float(self.seen.sum())
            self.lately *= math.exp(-passed / RECENT_S)
            self.at = at


@dataclass(slots=True)
class Cell:
    """One service, language and band; `blocks`: ten minutes that were counted."""

    blocks: int = 0
    null: Null = field(default_factory=Null)
    peaks: dict[Level, Peaks] = field(default_factory=lambda: {one: Peaks() for one in Level})


class Calibration:
    """Every cell of an installation. Not for several threads at once."""

    def __init__(self, positives: Mapping[str, Counts]) -> None:
        """Begin with what the model's package knows.

        Args:
            positives: by language, (BINS,) counts of the model's scores of what is looked for.

        Raises:
            BadInput: counts of another shape.
        """
        if any(counts.shape != (BINS,) for counts in positives.values()):
            raise BadInput(f"Counts of scores have {BINS} bins.")
        self._positives = dict(positives)
        self._cells: dict[tuple[str, str, Band], Cell] = {}
        self._ratios: dict[tuple[str, str, Band], tuple[float, list[float]]] = {}

    def cell(self, service: str, lang: str, band: Band) -> Cell:
        """One cell, begun when it is first asked for."""
        found = self._cells.get((service, lang, band))
        if found is None:
            found = self._cells[service, lang, band] = Cell()
        return found

    def nats(self, service: str, lang: str, band: Band, raw: float) -> float | None:
        """The log-likelihood ratio of a score; None: abstain, this cell is not calibrated."""
        key = (service, lang, band)
        cell, positive = self._cells.get(key), self._positives.get(lang)
        if cell is None or positive is None or not cell.null.known:
            return None
        when, ratios = self._ratios.get(key, _NEVER)
        if cell.null.messages > 1.1 * when or cell.null.messages < 0.9 * when:
            ratios = cell.null.ratios(positive).tolist()
            self._ratios[key] = (cell.null.messages, ratios)
        return ratios[_bin(raw)]

    def observe(self, service: str, lang: str, band: Band, raw: float, at: float) -> None:
        """Count a score of unlabelled traffic."""
        self.cell(service, lang, band).null.add(raw, at)

    def block(
        self, service: str, lang: str, band: Band, peaks: Mapping[Level, float],
        sources: Mapping[Level, int] | None = None,
    ) -> None:  # fmt: skip
        """Count ten minutes of a stream that nobody found anything in.

        Args:
            service: whose.
            lang: most of its messages.
            band: its speed.
            peaks: the highest value of each level.
            sources: keyed hash of the text or account that gave it; none: something new.
        """
        cell = self.cell(service, lang, band)
        cell.blocks += 1
        for level, peak in peaks.items():
            cell.peaks[level].add(peak, (sources or {}).get(level))

    def solve(self, service: str, lang: str, band: Band, budget: Budget) -> dict[Level, Solved]:
        """Thresholds of all levels for what people can answer.

        How fast the highest fall off is taken from another speed while this one has seen too few.
        """
        cell = self._cells.get((service, lang, band)) or Cell()
        alike = [one for key, one in self._cells.items() if key[:2] == (service, lang)]
        found = {}
        for level in Level:
            like = shape([one.peaks[level].tail() for one in alike])
            found[level] = cell.peaks[level].solve(budget.of(level), like)
        return found

    def drifted(self) -> list[tuple[str, str, Band, float]]:
        """Cells whose traffic changed, with by how much."""
        found = [(*key, cell.null.drift) for key, cell in self._cells.items()]
        return [one for one in found if one[3] > DRIFTED]

    def snapshot(self, *, nameless: bool = False) -> dict[str, Any]:
        """All counts as plain numbers, for JSON.

        Args:
            nameless: for a file that leaves the installation: no keyed hashes.
        """
        return {
            "form": FORM,
            "cells": [
                {
                    "service": service, "lang": lang, "band": band.value,
                    "seen": cell.null.seen.tolist(), "lately": cell.null.lately.tolist(),
                    "at": cell.null.at, "blocks": cell.blocks, "messages": cell.null.messages,
                    "peaks": {one.value: cell.peaks[one].snapshot(nameless=nameless) for one in Level},
                }
                for (service, lang, band), cell in self._cells.items()
            ],
        }  # fmt: skip

    @classmethod
    def restored(cls, positives: Mapping[str, Counts], kept: Mapping[str, Any]) -> Self:
        """The counts as they were.

        Raises:
            BadInput: not a snapshot of this form.
        """
        made = cls(positives)
        try:
            if kept["form"] != FORM:
                raise BadInput(f"These counts are of form {kept['form']}; this reads {FORM}.")
            for one in kept["cells"]:
                cell = made.cell(str(one["service"]), str(one["lang"]), Band(one["band"]))
                cell.blocks = int(one["blocks"])
                cell.null.seen = _counts(one["seen"], BINS)
                cell.null.lately = _counts(one["lately"], BINS)
                cell.null.messages = float(one["messages"])
                cell.null.at = float(one["at"])
                for level in Level:
                    cell.peaks[level].join(one["peaks"][level.value])
        except (KeyError, TypeError, ValueError):
            raise BadInput("These are not the counts of a calibration.") from None
        return made


_NEVER: Final[tuple[float, list[float]]] = (-math.inf, [])


def histogram(raws: Any) -> Counts:
    """(BINS,) counts of scores, as a model's package keeps them."""
    found = np.zeros(BINS)
    for raw in raws:
        found[_bin(float(raw))] += 1.0
    return found


def _bin(raw: float) -> int:
    return min(BINS - 1, max(0, int((raw - LOW) / STEP)))


def _counts(kept: Any, size: int) -> Counts:
    found = np.asarray(kept, dtype=np.float64)
    if found.shape != (size,) or not np.isfinite(found).all():
        raise ValueError(size)
    return found


def _smooth(counts: Counts) -> Counts:
    """Shares by bin, spread a little, so that no bin is empty by chance."""
    reach = np.arange(-12, 13)
    kernel = np.exp(-0.5 * (reach * STEP / 0.4) ** 2)
    spread = np.convolve(counts + 0.5 / BINS, kernel / kernel.sum(), mode="same")
    return np.asarray(spread / spread.sum())


def _coarse(counts: Counts) -> Counts:
    """Shares in 32 bins, none empty."""
    joined = counts.reshape(32, -1).sum(axis=1) + 0.5
    return np.asarray(joined / joined.sum())


def _rising(values: Counts, weights: Counts) -> Counts:
    """The nearest non-decreasing values: pool adjacent violators."""
    means: list[float] = []
    sums: list[float] = []
    spans: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means.append(value)
        sums.append(weight)
        spans.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            both = sums[-2] + sums[-1]
            means[-2] = (means[-2] * sums[-2] + means[-1] * sums[-1]) / both
            sums[-2], spans[-2] = both, spans[-2] + spans[-1]
            del means[-1], sums[-1], spans[-1]
    return np.repeat(means, spans)
