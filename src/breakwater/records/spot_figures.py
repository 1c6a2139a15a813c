"""What the spot checks say for good: rounds, strata, draws with what was found, and how they stand.

Read from rows that name no broadcast, so that prevalence of streams and of views can be told
long after the pictures are gone (stratified sample, chances known). Fed by `records.spots`; read
by `web.api.spots`, the console and the metrics. Contract: `tests/contract/test_records_spots.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id
from breakwater.model.spot import (
    Draw,
    Round,
    SpotAnswer,
    SpotFigures,
    SpotRecord,
    Stratum,
    StripState,
)
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_spot import (
    spot_answers,
    spot_draws,
    spot_findings,
    spot_purges,
    spot_rounds,
    spot_strata,
    spot_strips,
    spot_takings,
)

_d, _r, _a = spot_draws.c, spot_rounds.c, spot_answers.c
_t, _f, _g, _s = spot_takings.c, spot_findings.c, spot_purges.c, spot_strips.c
MOST: Final = 1_000


def records(
    tx: Tx, *, since: datetime | None = None, before: Id | None = None, limit: int = 50
) -> list[SpotRecord]:
    """Draws with all that is kept of them, the newest first.

    Args:
        tx: a snapshot.
        since: drawn from this moment on.
        before: older than this one.
        limit: at most so many.
    """
    wanted = sa.select(spot_draws, _r.design).join_from(spot_draws, spot_rounds)
    if since is not None:
        wanted = wanted.where(_d.at >= since)
    if before is not None:
        wanted = wanted.where(_d.id < before)
    return [_record(tx, row) for row in tx.execute(wanted.order_by(_d.id.desc()).limit(limit))]


def record(tx: Tx, draw: Id) -> SpotRecord:
    """One draw.

    Raises:
        NotFound: no such draw.
    """
    wanted = sa.select(spot_draws, _r.design).join_from(spot_draws, spot_rounds)
    row = tx.execute(wanted.where(_d.id == draw)).one_or_none()
    if row is None:
        raise NotFound("There is no spot check of this id.")
    return _record(tx, row)


def rounds(tx: Tx, *, since: datetime, until: datetime) -> list[Round]:
    """Rounds between two moments with their strata: the frames that a sample is weighted back to."""
    found = tx.execute(
        sa.select(spot_rounds).where(_r.at >= since, _r.at < until).order_by(_r.slot)
    ).all()
    return [
        Round(row.slot, row.design, row.seed, row.at, row.wanted, _strata(tx, row.slot),
              dict(row.left_out))
        for row in found
    ]  # fmt: skip


def figures(tx: Tx, *, since: datetime | None = None) -> SpotFigures:
    """How they stand; those of draws since a moment, those of strips now."""
    mine = sa.select(_d.id).where(_d.at >= since) if since else sa.select(_d.id)
    first = _t.part == 1
    waits = _s.state == StripState.WAITING.value
    oldest = tx.execute(sa.select(sa.func.min(_s.taken_at)).where(waits)).scalar()
    answered = sa.select(sa.func.count(sa.distinct(_a.draw_id))).where(_a.draw_id.in_(mine))
    return SpotFigures(
        rounds=_count(tx, spot_rounds, _r.at >= since if since else sa.true()),
        drawn=_count(tx, spot_draws, _d.at >= since if since else sa.true()),
        taken=_count(tx, spot_takings, _t.draw_id.in_(mine), first, _t.stills > 0),
        missed=_count(tx, spot_takings, _t.draw_id.in_(mine), first, _t.stills == 0),
        looked=int(tx.execute(answered).scalar() or 0),
        cases=_count(tx, spot_answers, _a.draw_id.in_(mine), _a.answer == SpotAnswer.CASE.value),
        waiting=_count(tx, spot_strips, waits),
        purged=_count(tx, spot_purges, _g.draw_id.in_(mine)),
        overdue=_count(tx, spot_strips, _s.expires_at < tx.now),
        oldest_at=oldest,
    )


def _count(tx: Tx, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return int(tx.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())


def _strata(tx: Tx, slot: int) -> tuple[Stratum, ...]:
    c = spot_strata.c
    rows = tx.execute(sa.select(spot_strata).where(c.slot == slot).order_by(c.name))
    return tuple(
        Stratum(row.name, row.streams, row.viewers, row.weight, row.inclusion, row.drawn)
        for row in rows
    )


def _record(tx: Tx, row: sa.Row[Any]) -> SpotRecord:
    draw = Draw(Id(row.id), row.slot, row.stratum, row.inclusion, row.viewers, row.at)
    said = tx.execute(
        sa.select(spot_answers).where(_a.draw_id == draw.id).order_by(_a.change.desc()).limit(1)
    ).one_or_none()
    found = sa.select(_f.kind).where(_f.draw_id == draw.id).order_by(_f.change.desc()).limit(1)
    took = _count(tx, spot_takings, _t.draw_id == draw.id, _t.part == 1, _t.stills > 0)
    left = _count(tx, spot_strips, _s.draw_id == draw.id)
    gone = tx.execute(sa.select(sa.func.max(_g.at)).where(_g.draw_id == draw.id)).scalar()
    return SpotRecord(
        draw=draw,
        design=row.design,
        taken=took > 0,
        answer=None if said is None else SpotAnswer(said.answer),
        frames=0 if said is None else said.frames,
        found=tx.execute(found).scalar() or "",
        answered_at=None if said is None else said.at,
        purged_at=None if left else gone,
    )
