"""How long flags waited for a person, by hour of the day: median and 95th percentile.

A flag is a case that no person opened; a lead of links is none, for it says only where to look. A
person had it with the first line of its history that one of `people` wrote. Both percentiles are the
nearest rank (no value is made up), found by window functions in the database. Read by `transparency.gathering`; contract:
`tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from breakwater.model.case import CaseKind
from breakwater.model.transparency import Period, Wait
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import case_history, cases
from breakwater.records.tables.nouns_people import people

_c, _h = cases.c, case_history.c


def waits(tx: Tx, period: Period) -> list[Wait]:
    """All day first, then each of the 24 hours in UTC in which a case was opened."""
    flags = _flags(tx, period)
    every = _of(tx, flags, sa.literal_column("-1"))
    hours = _of(tx, flags, flags.c.hour)
    nothing = (0, 0, None, None)
    return [
        Wait(None, *every.get(-1, nothing)),
        *(Wait(hour, *hours.get(hour, nothing)) for hour in range(24)),
    ]


def _flags(tx: Tx, period: Period) -> sa.CTE:
    """Each flag: the hour it came in, and seconds until a person had it, if one has."""
    by_people = _h.by.in_(sa.select(sa.cast(people.c.id, sa.Text)))
    first = (
        sa.select(sa.func.min(_h.at))
        .where(_h.case_id == _c.id, _h.what != "opened", by_people)
        .scalar_subquery()
    )
    by_hand = sa.select(_h.change).where(_h.case_id == _c.id, _h.what == "opened", by_people)
    seen = (
        sa.select(_c.opened_at, first.label("first_at"))
        .where(
            _c.opened_at >= period.start,
            _c.opened_at < period.end,
            ~by_hand.exists(),
            _c.kind != CaseKind.LEAD.value,
        )
        .cte("seen")
    )
    s = seen.c
    if tx.dialect == "sqlite":
        hour: Any = sa.cast(sa.func.strftime("%H", s.opened_at), sa.Integer)
        seconds: Any = (sa.func.julianday(s.first_at) - sa.func.julianday(s.opened_at)) * 86400.0
    else:
        hour = sa.cast(sa.extract("hour", sa.func.timezone("UTC", s.opened_at)), sa.Integer)
        seconds = sa.cast(sa.extract("epoch", s.first_at - s.opened_at), sa.Float)
    return sa.select(hour.label("hour"), seconds.label("seconds")).cte("flags")


def _of(
    tx: Tx, flags: sa.CTE, part: sa.ColumnElement[Any]
) -> dict[int, tuple[int, int, float | None, float | None]]:
    """Flags, those without a person, median and 95th percentile, by part of the day."""
    f = flags.c
    n = sa.func.count(f.seconds).over(partition_by=part)
    ranked = sa.select(
        part.label("part"), f.seconds, n.label("n"),
        sa.func.row_number().over(partition_by=part, order_by=[f.seconds.is_(None), f.seconds])
        .label("rank"),
    ).cte("ranked")  # fmt: skip
    r = ranked.c
    middle, late = (r.n + 1) // 2, (r.n * 95 + 99) // 100
    wanted = sa.select(
        r.part, sa.func.count().label("flags"), sa.func.count(r.seconds).label("had"),
        sa.func.max(sa.case((r.rank == middle, r.seconds))).label("median"),
        sa.func.max(sa.case((r.rank == late, r.seconds))).label("p95"),
    ).group_by(r.part)  # fmt: skip
    return {
        int(row.part): (int(row.flags), int(row.flags) - int(row.had), row.median, row.p95)
        for row in tx.execute(wanted)
    }
