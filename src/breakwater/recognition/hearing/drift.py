"""Ordinary traffic of all processes together, and an alarm when some of it changes.

In come the counts that each process keeps as rows; out go the counts as one, which the settings of
comments show too, and for each service, language and speed whose scores lie otherwise lately than
before: a line in the log, an alarm, and a number on `/metrics`, once until it is over. Limits follow
changed traffic by themselves; that it changed is for a person to look at. Tests:
`tests/contract/test_comments_drift.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from breakwater.comments.calibrate import FORM, HALF_LIFE_S, RECENT_S, Calibration
from breakwater.comments.peaks import joined
from breakwater.observe import Metrics, logger
from breakwater.records import chat_sums
from breakwater.records.database import Database, Tx

EVERY_S: Final = 600.0
"""As often as a chat's peaks are counted."""

_log = logger("comments")


class Drift:
    """Tells what changed, once."""

    def __init__(self, *, db: Database, lanes: int, metrics: Metrics) -> None:
        """Take what it stands on; `lanes` is how many processes keep counts."""
        self._db, self._lanes, self._metrics = db, lanes, metrics
        self._told: set[tuple[str, str, str]] = set()

    def turn(self) -> None:
        """Look at all that was counted, and tell what was not told yet."""
        with self._db.read() as tx:
            found = counted(tx, self._lanes).drifted()
        now = {(service, lang, band.value): by for service, lang, band, by in found}
        for key in now.keys() - self._told:
            service, lang, band = key
            self._metrics.alarms.labels("comments_drift").inc()
            _log.warning(
                "comments_drifted", service=service, lang=lang, band=band, index=round(now[key], 2)
            )
        self._told = set(now)
        self._metrics.comments_drifted.set(len(now))


def counted(tx: Tx, lanes: int) -> Calibration:
    """The counts of all processes together."""
    cells: dict[tuple[str, str, str], dict[str, Any]] = {}
    for lane in range(lanes):
        for one in chat_sums.cells(tx, lane):
            key = (one["service"], one["lang"], one["band"])
            cells[key] = _joined(cells[key], one) if key in cells else one
    return Calibration.restored({}, {"form": FORM, "cells": list(cells.values())})


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    at = max(one["at"], other["at"])
    one, other = _faded(one, at), _faded(other, at)
    added = {name: one[name] + other[name] for name in ("blocks", "messages")}
    arrays = {name: _sum(one[name], other[name]) for name in ("seen", "lately")}
    peaks = {name: joined(held, other["peaks"][name]) for name, held in one["peaks"].items()}
    return {**one, **added, **arrays, "peaks": peaks}


def _faded(one: Mapping[str, Any], at: float) -> Mapping[str, Any]:
    """A process's counts as they are at a later moment: each fades by its own messages."""
    seen = 0.5 ** ((at - one["at"]) / HALF_LIFE_S)
    lately = math.exp((one["at"] - at) / RECENT_S)
    return {
        **one, "at": at, "messages": one["messages"] * seen,
        "seen": [each * seen for each in one["seen"]],
        "lately": [each * lately for each in one["lately"]],
    }  # fmt: skip


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [float(each) for each in np.add(one, other)]
