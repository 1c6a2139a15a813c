"""Retroactive match: what passed before an entry was known is found when it becomes known.

Subscribed to `entry.added`, `entry.released` and `import.finished`, through a job with
progress. A few new entries are compared with every kept hash in a linear scan; an import
streams the kept hashes through a ring index over the *new* entries (10 B kept hashes against
10 k new ones: 56 core-hours; decoding the media again: 69,000; reliability reference). Exact
kinds are looked up in SQL. Each find is an `upload.matched` event; `intake` judges it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from breakwater.banks.retroactive_reels import RetroactiveReels
from breakwater.kernel import Ring, scan_many
from breakwater.model.bank import EntryChange, EntryStatus
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.signal import PDQ, Measure, Signal, kind_named
from breakwater.observe import logger
from breakwater.records import entries, jobs, uploads
from breakwater.records.database import Database
from breakwater.records.ingest import IngestLog

RETRO_JOB: Final = "banks.retroactive"
"""Kind of the job; its payload is a range of change numbers."""

FEW: Final = 64
"""New entries up to which a linear scan is quicker than building a ring over them."""

BATCH: Final = 100_000
"""Values of one ring: what passed is read once for each."""

READ: Final = 10_000
"""New entries read at once: as rows they take ten times what their values take, and what a server
once used for rows it does not give back."""

_log = logger("banks")


class Retroactive:
    """Matches new entries with the hashes of what passed."""

    def __init__(self, *, db: Database, ingest: IngestLog) -> None:
        self._db = db
        self._ingest = ingest
        self.reels = RetroactiveReels(db)

    def on_entries(self, event: Event) -> None:
        """Queue the comparison of the entries that one event is about."""
        payload: dict[str, Any] = {"numbers": list(event.body.get("numbers", ()))}
        if "import_number" in event.body:
            payload = {"import_number": event.body["import_number"]}
        with self._db.transaction() as tx:
            jobs.enqueue(tx, RETRO_JOB, payload, dedup_key=f"retro:{event.id}")

    def run(self, payload: Mapping[str, Any], beat: Callable[[float], None]) -> int:
        """Compare, and tell of each upload that matches now.

        Args:
            payload: of the job.
            beat: called with the share done; keeps the job's lease.

        Returns:
            How many uploads matched.
        """
        found: dict[Id, set[str]] = defaultdict(set)
        done = 0
        near = bytearray()
        for batch in self._new(payload):
            self._exact(batch, found)
            near += b"".join(
                row.value for row in batch if row.kind == PDQ.name and not row.negative
            )
            done += len(batch)
            if len(near) >= BATCH * PDQ.size:
                self._near(bytes(near), found, beat)
                near.clear()
        self._near(bytes(near), found, beat)
        with self._db.transaction() as tx:
            for upload, signals in found.items():
                tx.emit(EventType.UPLOAD_MATCHED, upload, signals=sorted(signals)[:200])
        _log.info("retroactive", entries=done, uploads=len(found))
        return len(found)

    def _new(self, payload: Mapping[str, Any]) -> Iterator[list[EntryChange]]:
        """The new entries in batches: named singly, or a whole import."""
        with self._db.read() as tx:
            if "import_number" in payload:
                yield from entries.of_import(tx, int(payload["import_number"]), READ)
                return
            many = entries.many(tx, [int(number) for number in payload.get("numbers", ())])
        yield [
            EntryChange(e.change, e.number, e.kind, e.value, True, e.negative)
            for e in many.values()
            if e.status is EntryStatus.ACTIVE
        ]

    def _exact(self, batch: Sequence[EntryChange], found: dict[Id, set[str]]) -> None:
        by_kind: dict[str, list[bytes]] = defaultdict(list)
        for row in batch:
            if kind_named(row.kind).measure is Measure.EXACT and not row.negative:
                by_kind[row.kind].append(row.value)
        with self._db.read() as tx:
            for kind, values in by_kind.items():
                for upload, value in uploads.with_hashes(tx, kind, values):
                    found[upload].add(str(Signal(kind, value)))

    def _near(
        self,
        values: bytes,
        found: dict[Id, set[str]],
        beat: Callable[[float], None],
    ) -> None:
        days = self._ingest.days()
        if not values or not days:
            return
        new = np.frombuffer(values, np.uint8).reshape(-1, PDQ.size)
        search = searcher(new)
        for at, day in enumerate(days):
            for codes, references in self._ingest.blocks(day):
                for row in search(codes).tolist():
                    upload = Id(str(UUID(bytes=references[row].tobytes())))
                    found[upload].add(str(Signal(PDQ.name, codes[row].tobytes())))
            beat((at + 1) / len(days))


def searcher(new: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], NDArray[np.int64]]:
    """What finds the rows of a block that are within the limit of any new value.

    Args:
        new: (n, 32) values.

    Returns:
        From a block (m, 32) to the sorted, distinct rows that match.
    """
    if len(new) <= FEW:

        def linear(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
            _, rows, _ = scan_many(np.ascontiguousarray(codes), new, PDQ.limit)
            return np.unique(rows).astype(np.int64)

        return linear
    ring = Ring.build(new, width=PDQ.bits)

    def ringed(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        queries, _, _ = ring.search_batch(np.ascontiguousarray(codes), PDQ.limit)
        return np.unique(queries).astype(np.int64)

    return ringed
