"""Nouns of broadcasts, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from breakwater.model.case import Priority
from breakwater.model.ids import new_id
from breakwater.model.stream import Control, Stream, StreamState

START = datetime(2026, 1, 1, tzinfo=UTC)


def stream(**facts: Any) -> Stream:
    known: dict[str, Any] = {
        "id": new_id(), "label": "stream-001", "server": "edge", "name": "live/1",
        "service": "live", "account": "", "state": StreamState.LIVE, "control": Control.OPEN,
        "risk": 0.0, "priority": Priority.LOW, "viewers": 0, "started_at": START, "change": 1,
    }  # fmt: skip
    return Stream(**known | facts)
