"""Stills of a broadcast's frame pairs: sealed in the vault, named by rows of what is preserved.

Written by `live.watching.looking` once an alert opened a case; shown by `review.looking`. A
still is known by its milliseconds in the broadcast. When its bytes were destroyed the row stays
and says so. Contract: `tests/contract/test_live_closer.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records import stream_orders
from breakwater.records.database import Tx
from breakwater.records.tables import core
from breakwater.records.tables.nouns_stream import stream_preserved

WHAT: Final = "still"
TYPE: Final = "image/jpeg"
_r: Final = stream_preserved.c


@dataclass(frozen=True, slots=True)
class StreamStill:
    """One frame of a broadcast.

    Attributes:
        ms: in the broadcast; its number among the stills of the broadcast.
        blob: its bytes; None when they were destroyed.
    """

    ms: int
    blob: Id | None

    @property
    def time_s(self) -> float:
        """Seconds in the broadcast."""
        return self.ms / 1000


def keep(tx: Tx, stream: Id, *, ms: int, blob: Id) -> None:
    """Name the bytes of a still."""
    stream_orders.keep(tx, stream, WHAT, blob=blob, detail=str(ms))


def of_stream(tx: Tx, stream: Id) -> list[StreamStill]:
    """Every still there is or was, in the order of time."""
    there = sa.select(core.blob_keys.c.blob).where(core.blob_keys.c.blob == _r.blob).exists()
    rows = tx.execute(
        sa.select(_r.blob, _r.detail, there.label("there")).where(
            _r.stream_id == stream, _r.what == WHAT
        )
    )
    found = {
        int(row.detail): StreamStill(int(row.detail), Id(row.blob) if row.there else None)
        for row in rows
    }
    return [found[ms] for ms in sorted(found)]


def find(tx: Tx, stream: Id, ms: int) -> StreamStill | None:
    """One still by its number; None when there never was one."""
    return next((one for one in of_stream(tx, stream) if one.ms == ms), None)
