"""How a broadcast went, as rows: its risk and what changed it, its viewers, what was not seen.

Changes only, each a row that is never changed, and bounded: the longer a series is, the further
its rows stand apart, so that a day of chatter is some thousand rows and not a million. A row that
is left out costs nothing but its moment: the next one says what is true then. Forgotten with a
broadcast that led to nothing. Fed by `records.streams`; drawn on the case page. Contract:
`tests/contract/test_records_stream_course.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from breakwater.model.broadcast import Course, CourseKind
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_course import stream_course

SPACING: Final = ((200, 0.0), (1_000, 5.0), (4_000, 60.0))
"""Below so many rows of a series, the seconds that the next one stands apart at least; a series
ends at the last number: four days at a row a minute."""

LEAST: Final[Mapping[CourseKind, float]] = {
    CourseKind.RISK: 0.01,
    CourseKind.VIEWERS: 1.0,
    CourseKind.SIGHT: 1.0,
}
"""What counts as a change: less is not drawn on 96 pixels."""

_c = stream_course.c
_LAST: Final = (
    sa.select(_c.n, _c.at, _c.value)
    .where(_c.stream_id == sa.bindparam("stream"), _c.kind == sa.bindparam("series"))
    .order_by(_c.n.desc())
    .limit(1)
)


def note(tx: Tx, stream: Id, kind: CourseKind, value: float, why: str = "") -> bool:
    """Keep a change; False where it is none, or comes too soon after the one before.

    Args:
        tx: a transaction that holds the counter of changes, so that two never take one number.
        stream: whose.
        kind: which series.
        value: risk 0 to 1, viewers as a number, sight 1 or 0.
        why: what changed it, in one word.
    """
    last = tx.execute(_LAST, {"stream": stream, "series": kind.value}).one_or_none()
    n = 0 if last is None else int(last.n) + 1
    if last is not None and abs(last.value - value) < LEAST[kind]:
        return False
    apart = next((seconds for below, seconds in SPACING if n < below), None)
    if apart is None or (last is not None and (tx.now - last.at).total_seconds() < apart):
        return False
    tx.execute(
        sa.insert(stream_course),
        {
            "stream_id": stream, "kind": kind.value, "n": n, "at": tx.now, "value": value,
            "why": why[:16],
        },
    )  # fmt: skip
    return True


def latest(tx: Tx, wanted: Iterable[Id], kind: CourseKind) -> dict[Id, float]:
    """What held last of each broadcast that has such a series."""
    mine = (_c.stream_id.in_(list(wanted)), _c.kind == kind.value)
    newest = sa.select(_c.stream_id, sa.func.max(_c.n).label("n")).where(*mine)
    last = newest.group_by(_c.stream_id).subquery()
    joined = sa.and_(_c.stream_id == last.c.stream_id, _c.n == last.c.n, _c.kind == kind.value)
    rows = tx.execute(sa.select(_c.stream_id, _c.value).join(last, joined))
    return {Id(row.stream_id): row.value for row in rows}


def of_stream(tx: Tx, stream: Id, kind: CourseKind) -> list[Course]:
    """One series, the first first."""
    mine = sa.select(stream_course).where(_c.stream_id == stream, _c.kind == kind.value)
    return [
        Course(CourseKind(row.kind), row.at, row.value, row.why)
        for row in tx.execute(mine.order_by(_c.n))
    ]


def forget(tx: Tx, gone: Iterable[Id]) -> None:
    """Forget how these broadcasts went."""
    tx.execute(sa.delete(stream_course).where(_c.stream_id.in_(list(gone))))
