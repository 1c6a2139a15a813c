"""What spot checks sum up to by stratum: all that prevalence is told from.

Only rounds whose design says that they were drawn to tell prevalence too; what was drawn for
looking alone is never counted. Sums are made by the database; what comes back is one row a
stratum. Read by `transparency.gathering`; contract: `tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.decision import DecisionKind
from breakwater.model.spot import SpotAnswer
from breakwater.model.transparency import Period, StratumSums
from breakwater.records import spots
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_spot import (
    spot_answers,
    spot_draws,
    spot_findings,
    spot_rounds,
    spot_strata,
)

PREVALENCE: Final = "prevalence"
"""The member of a design that holds the lawful basis of telling prevalence from its draws."""

SLOT_S: Final = 600
AT_ONCE: Final = 5_000
FOUND: Final = (*(kind.value for kind in DecisionKind if kind.keeps), DecisionKind.DANGER_NOW.value)
CLEARED: Final = tuple(kind.value for kind in DecisionKind if kind.releases)

_d, _r, _t = spot_draws.c, spot_rounds.c, spot_strata.c
_a, _f = spot_answers.c, spot_findings.c


def bases(tx: Tx) -> dict[int, str]:
    """Designs that were drawn to tell prevalence, with the lawful basis they state."""
    return {
        number: str(rules[PREVALENCE])
        for number, rules in spots.designs(tx).items()
        if rules.get(PREVALENCE)
    }


def rounds(tx: Tx, period: Period, designs: Sequence[int]) -> tuple[int, dict[str, int]]:
    """How many rounds, and broadcasts that were outside of their frames, by the reason."""
    left: Counter[str] = Counter()
    count, after = 0, _slot(period.start) - 1
    while True:
        wanted = (
            sa.select(_r.slot, _r.left_out)
            .where(_r.slot > after, _r.slot < _slot(period.end), _r.design.in_(designs))
            .order_by(_r.slot)
            .limit(AT_ONCE)
        )
        page = tx.execute(wanted).all()
        for row in page:
            left.update({why: int(n) for why, n in row.left_out.items()})
        count += len(page)
        if len(page) < AT_ONCE:
            return count, dict(sorted(left.items()))
        after = page[-1].slot


def strata(tx: Tx, period: Period, designs: Sequence[int]) -> list[StratumSums]:
    """Each stratum's frame and what was found in its sample."""
    frames: Any = (
        sa.select(_t.name, sa.func.sum(_t.streams), sa.func.sum(_t.viewers))
        .join_from(spot_strata, spot_rounds, _r.slot == _t.slot)
        .where(_in(_t.slot, period), _r.design.in_(designs))
        .group_by(_t.name)
        .order_by(_t.name)
    )
    found: list[Any] = list(tx.execute(frames))
    made = {row[0]: StratumSums(row[0], int(row[1]), int(row[2])) for row in found}
    for row in tx.execute(_sums(period, designs)):
        said = row._mapping  # noqa: SLF001 - SQLAlchemy's public name of a row's mapping
        facts: Any = {
            name: (int if name in WHOLE else float)(said[name] or 0)
            for name in said
            if name != "stratum"
        }
        made[row.stratum] = replace(made[row.stratum], **facts)
    return list(made.values())


WHOLE: Final = frozenset({"drawn", "looked", "n_found", "n_undecided"})


def _sums(period: Period, designs: Sequence[int]) -> Any:
    said = _newest(_a.answer, _a.draw_id, _a.change)
    kind = _newest(_f.kind, _f.draw_id, _f.change)
    drawn = (
        sa.select(
            _d.stratum, _d.viewers, (1.0 / _d.inclusion).label("w"), said.label("said"),
            sa.func.coalesce(kind, sa.literal_column("''")).label("kind"),
        )
        .join_from(spot_draws, spot_rounds, _r.slot == _d.slot)
        .where(_in(_d.slot, period), _r.design.in_(designs))
        .subquery()
    )  # fmt: skip
    o = drawn.c
    case_ = o.said == SpotAnswer.CASE.value
    found = sa.and_(case_, o.kind.in_(FOUND))
    waits = sa.and_(case_, o.kind.not_in([*FOUND, *CLEARED]))
    looked = o.said.in_([one.value for one in SpotAnswer if one.final])
    seen = o.w * o.viewers

    def of(when: sa.ColumnElement[bool], what: Any) -> sa.ColumnElement[Any]:
        return sa.func.sum(sa.case((when, what), else_=0))

    return sa.select(
        o.stratum, sa.func.count().label("drawn"), of(looked, 1).label("looked"),
        of(looked, o.w).label("w"), of(looked, o.w * o.w).label("w2"),
        of(found, o.w).label("found"), of(waits, o.w).label("undecided"),
        of(looked, seen).label("v"), of(looked, seen * seen).label("v2"),
        of(found, seen).label("v_found"), of(waits, seen).label("v_undecided"),
        of(found, 1).label("n_found"), of(waits, 1).label("n_undecided"),
    ).group_by(o.stratum)  # fmt: skip


def _newest(what: Any, draw: Any, change: Any) -> Any:
    """The last word on a draw."""
    wanted = sa.select(what).where(draw == _d.id).order_by(change.desc()).limit(1)
    return wanted.correlate(spot_draws).scalar_subquery()


def _in(slot: Any, period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(slot >= _slot(period.start), slot < _slot(period.end))


def _slot(moment: datetime) -> int:
    return int(moment.timestamp()) // SLOT_S
