"""Ids: UUID version 7 (RFC 9562), so that ids sort by the time they were made.

Rows are named by these everywhere outside the database; entries and members carry an
integer `number` besides, because the index and older dialects need small integers.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from typing import NewType

Id = NewType("Id", str)
"""A UUIDv7 in its canonical 36-character form."""

_lock = threading.Lock()
_last = 0


def new_id() -> Id:
    """Make a new id; ids of one process never go backwards, even when the clock does.

    48 bits of milliseconds, 12 bits that count within one millisecond (RFC 9562 §6.2,
    method 3), 62 random bits.
    """
    global _last  # noqa: PLW0603 - the last value is what makes ids of one process monotonic
    with _lock:
        stamp = (time.time_ns() // 1_000_000 << 12) | ((time.time_ns() // 244) & 0xFFF)
        _last = stamp = max(stamp, _last + 1)
    rand = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | rand
    return Id(str(uuid.UUID(int=value)))


def parse_id(text: str) -> Id | None:
    """Read an id as a person typed it; None when it is not a UUID."""
    try:
        return Id(str(uuid.UUID(text)))
    except ValueError:
        return None
