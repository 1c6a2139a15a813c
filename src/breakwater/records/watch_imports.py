"""Access logs that are read, as rows: how far, and what became of their lines.

A log is known by its opening, so a second run of the same file goes on where the first stopped.
Fed by `viewers.importing`; contract: `tests/contract/test_watchers.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.watch import SAME_VISIT_S, Span
from breakwater.records import streams
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import streams as stream_rows
from breakwater.records.tables.nouns_watcher import viewer_imports

_i, _s = viewer_imports.c, stream_rows.c
_GAP = timedelta(seconds=SAME_VISIT_S)


@dataclass(frozen=True, slots=True)
class WatchImport:
    """One log.

    Attributes:
        service: whose log it is; empty: the installation's.
        offset: bytes of it that are done.
        counts: lines by what became of them, and sessions.
    """

    id: Id
    service: str
    name: str
    form: str
    offset: int
    began_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    finished_at: datetime | None = None


def begin(tx: Tx, *, mark: bytes, name: str, form: str, by: str, service: str = "") -> WatchImport:
    """Begin a log, or go on with the one that has the same mark."""
    tx.lock_changes()
    known = tx.execute(sa.select(viewer_imports).where(_i.mark == mark)).one_or_none()
    if known is not None:
        return _noun(known)
    made = new_id()
    tx.execute(
        sa.insert(viewer_imports),
        {
            "id": made, "mark": mark, "service": service, "name": name, "form": form, "offset": 0, "counts": {},
            "by": by, "began_at": tx.now, "changed_at": tx.now, "finished_at": None,
        },
    )  # fmt: skip
    return get(tx, made)


def advance(
    tx: Tx, wanted: Id, *, before: int, to: int, counts: Mapping[str, int], finished: bool
) -> WatchImport:
    """Keep that a stretch of the log is done.

    Raises:
        NotFound: no such import.
        Conflict: somebody else read on meanwhile.
    """
    tx.lock_changes()
    stands = get(tx, wanted)
    if stands.offset != before or to < before:
        raise Conflict("Another command reads this log; ask how far it is and go on from there.")
    summed = Counter(dict(stands.counts)) + Counter(dict(counts))
    tx.execute(
        sa.update(viewer_imports)
        .where(_i.id == wanted)
        .values(
            offset=to, counts=dict(summed), changed_at=tx.now,
            finished_at=tx.now if finished else None,
        )
    )  # fmt: skip
    return get(tx, wanted)


def get(tx: Tx, wanted: Id) -> WatchImport:
    """One import by id.

    Raises:
        NotFound: no such import.
    """
    row = tx.execute(sa.select(viewer_imports).where(_i.id == wanted)).one_or_none()
    if row is None:
        raise NotFound(f"import {wanted}")
    return _noun(row)


def broadcasts(tx: Tx, server: str, name: str, seen: Span) -> list[Id]:
    """Broadcasts of a name that ran in a stretch of time and led to a case or an order."""
    wanted = sa.select(_s.id).where(
        _s.name_key == streams.name_key(tx, server, name), _s.started_at <= seen.end + _GAP,
        sa.or_(_s.ended_at.is_(None), _s.ended_at >= seen.start - _GAP),
        sa.or_(_s.case_id.is_not(None), _s.order_id.is_not(None)),
    )  # fmt: skip
    return [Id(found) for found in tx.execute(wanted.order_by(_s.started_at)).scalars()]


def of_case(tx: Tx, case: Id) -> list[Id]:
    """Broadcasts of a case, the first first."""
    wanted = sa.select(_s.id).where(_s.case_id == case).order_by(_s.started_at, _s.id)
    return [Id(found) for found in tx.execute(wanted).scalars()]


def every(tx: Tx, service: str = "", limit: int = 100) -> list[WatchImport]:
    """Imports, of one service or of all, the newest first."""
    wanted = sa.select(viewer_imports).order_by(_i.began_at.desc(), _i.id.desc()).limit(limit)
    if service:
        wanted = wanted.where(_i.service == service)
    return [_noun(row) for row in tx.execute(wanted)]


def _noun(row: sa.Row[Any]) -> WatchImport:
    return WatchImport(
        Id(row.id),
        row.service,
        row.name,
        row.form,
        row.offset,
        row.began_at,
        row.counts,
        row.finished_at,
    )
