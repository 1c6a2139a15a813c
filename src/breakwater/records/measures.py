"""Measures as rows: when each went on or off, and the counts that prove that it is on.

States are only ever added, with what was counted when they changed; so what stood at any moment can
be shown. Counts are of the last 28 days by an index on their time. Fed and read by
`transparency.measures`; contract: `tests/contract/test_measures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.case import CaseKind
from breakwater.model.compliance import Turned
from breakwater.records import duty
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_appeal import appeal_answers, appeals, user_reports
from breakwater.records.tables.nouns_bank import banks, entry_totals
from breakwater.records.tables.nouns_decision import decisions
from breakwater.records.tables.nouns_filing import filings
from breakwater.records.tables.nouns_intake import cases
from breakwater.records.tables.nouns_stream import stream_alerts
from breakwater.records.tables.nouns_tally import measure_states

ACTIVE: Final = 0
"""Code of `EntryStatus.ACTIVE` in `entry_totals.status`."""

MOST_SHIFTS: Final = 5_000

_m = measure_states.c


@dataclass(frozen=True, slots=True)
class Cover:
    """How much of a stretch of time somebody was on duty.

    Attributes:
        share: 0 to 1.
        gap_s: the longest time without anybody.
    """

    share: float
    gap_s: float


def newest(tx: Tx) -> dict[str, Turned]:
    """How each measure stands by its last row."""
    last = sa.select(sa.func.max(_m.change)).group_by(_m.measure)
    rows = tx.execute(sa.select(measure_states).where(_m.change.in_(last)))
    return {row.measure: Turned(row.measure, row.on, row.at) for row in rows}


def history(tx: Tx, measure: str, limit: int = 20) -> list[Turned]:
    """When it went on or off, the newest first."""
    wanted = sa.select(measure_states).where(_m.measure == measure)
    rows = tx.execute(wanted.order_by(_m.change.desc()).limit(limit))
    return [Turned(row.measure, row.on, row.at) for row in rows]


def turn(tx: Tx, measure: str, *, on: bool, facts: Mapping[str, Any]) -> None:
    """Write down that it is on, or off, from now on."""
    tx.lock_changes()
    row = {"change": tx.change(), "measure": measure, "on": on, "facts": facts, "at": tx.now}
    tx.execute(sa.insert(measure_states), row)


def listed(tx: Tx) -> dict[str, int]:
    """Active entries by kind, of banks that match and are not archived."""
    b, t = banks.c, entry_totals.c
    wanted: Any = (
        sa.select(t.kind, sa.func.sum(t.n))
        .join_from(entry_totals, banks, b.number == t.bank_number)
        .where(t.status == ACTIVE, b.archived.is_(False), b.enabled_share > 0)
        .group_by(t.kind)
        .order_by(t.kind)
    )
    rows: list[Any] = list(tx.execute(wanted))
    return {kind: int(n) for kind, n in rows if n}


def counted(tx: Tx, since: datetime) -> dict[str, int]:
    """What was done since a moment, by name; leads of links are no cases of anybody here."""
    r, d, c, f = user_reports.c, decisions.c, cases.c, filings.c
    flag = c.kind != CaseKind.LEAD.value
    return {
        "reports": _n(tx, user_reports, r.at >= since),
        "danger": _n(tx, user_reports, r.at >= since, r.danger),
        "alerts": _n(
            tx, stream_alerts, stream_alerts.c.at >= since,
            stream_alerts.c.kind.in_(["match", "copy", "stopped"]),
        ),
        "decided": _n(tx, decisions, d.at >= since, d.undoes.is_(None)),
        "cases": _n(tx, cases, flag, c.opened_at >= since),
        "in_time": _n(
            tx, cases, flag, c.opened_at >= since, c.closed_at.is_not(None),
            c.closed_at <= c.due_at,
        ),
        "closed": _n(tx, cases, flag, c.opened_at >= since, c.closed_at.is_not(None)),
        "appeals": _n(tx, appeals, appeals.c.due_at >= since),
        "appeals_answered": _n(tx, appeal_answers, appeal_answers.c.at >= since),
        "filed": _n(tx, filings, f.created_at >= since, f.state == "finished"),
    }  # fmt: skip


def cover(tx: Tx, since: datetime, until: datetime) -> Cover:
    """Whether somebody was on duty, by the rota, from one moment to another."""
    covered, gap, reached = timedelta(), timedelta(), since
    for shift in duty.shifts(tx, since, until, MOST_SHIFTS):
        start, end = max(shift.starts_at, reached), min(shift.ends_at, until)
        if shift.starts_at > reached:
            gap = max(gap, min(shift.starts_at, until) - reached)
        if end > start:
            covered += end - start
        reached = max(reached, end)
    gap = max(gap, until - reached)
    whole = until - since
    return Cover(covered / whole if whole else 0.0, gap.total_seconds())


def _n(tx: Tx, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return int(tx.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())
