"""Exposure as rows: changed limits, breaks, severe marks, overtime; only ever added.

What the exposure clock judges is read here in one go (`ledger`), lean, because it is read
before every look. Fed by `review.looking.exposure` and `review.looking.cover`. Contract:
`tests/contract/test_records_exposure.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.decision import Outcome
from breakwater.model.exposure import (
    Glance,
    Ledger,
    LimitChange,
    Limits,
    Mark,
    Overtime,
    Rest,
    Why,
    limits_after,
)
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.records.database import Tx
from breakwater.records.tables.columns import IdType, UtcDateTime
from breakwater.records.tables.nouns_decision import decision_effects, decisions
from breakwater.records.tables.nouns_exposure import limit_changes, overtime, rests, severe_marks
from breakwater.records.tables.nouns_people import people, sessions, view_ends, views

_v, _e = views.c, view_ends.c
_l, _r, _m, _o = limit_changes.c, rests.c, severe_marks.c, overtime.c
_CHARGED: Final = sa.func.coalesce(_e.ms, _v.cap_ms)
_MINUTE: Final = sa.func.substr(sa.cast(_v.at, sa.Text), 1, 16)
"""The minute of a look: a shift has thousands of looks and a few hundred minutes."""
_LOOKS: Final = sa.join(views, view_ends, _e.view_id == _v.id, isouter=True)

_PERSON: Final = sa.bindparam("person", type_=IdType)
_SINCE: Final = sa.bindparam("since", type_=UtcDateTime)
_first: Final = sa.func.min(_v.at)
_GLANCES: Final = (
    sa.select(
        _first.label("at"),
        sa.func.max(_v.at).label("last"),
        sa.func.max(_CHARGED).label("longest"),
        sa.func.sum(_CHARGED).label("ms"),
    )
    .select_from(_LOOKS)
    .where(_v.person_id == _PERSON, _v.at >= _SINCE)
    .where(_v.level.in_(sa.bindparam("kinds", expanding=True)))
    .group_by(_MINUTE)
    .order_by(_first)
)
_EVERYBODYS: Final = sa.select(limit_changes).order_by(_l.at, _l.id).where(_l.person_id.is_(None))
_OWN: Final = (
    sa.select(limit_changes)
    .order_by(_l.at, _l.id)
    .where(sa.or_(_l.person_id.is_(None), _l.person_id == _PERSON))
)
_NEWEST_REST: Final = (
    sa.select(rests)
    .where(_r.person_id == _PERSON)
    .order_by(_r.made_at.desc(), _r.id.desc())
    .limit(1)
)
_MARKS: Final = (
    sa.select(severe_marks).where(_m.person_id == _PERSON, _m.at >= _SINCE).order_by(_m.at, _m.id)
)
_ALL_OVERTIME: Final = sa.select(overtime).where(_o.at >= _SINCE).order_by(_o.at, _o.id)
_OVERTIME: Final = _ALL_OVERTIME.where(_o.person_id == _PERSON)
"""Made once: what is read before every look is not put together before every look."""

REPAID: Final = timedelta(days=14)
"""Overtime waits this long for the shift that gives it back: people have holidays."""


def ledger(
    tx: Tx, person: Id, *, since: datetime, levels: Iterable[Level], rest: timedelta
) -> Ledger:
    """All that is judged of one person.

    Args:
        tx: a snapshot, or the transaction that is about to show something.
        person: who.
        since: how far to look back.
        levels: those that count.
        rest: without pictures, so long ends a shift; overtime is given back by the next one.
    """
    kinds = [level.value for level in levels]
    unpaid = overtime_since(tx, person, tx.now - REPAID)
    back = min([since, *(one.at for one in unpaid)])
    seen = _glances(tx, person, back, kinds)
    return Ledger(
        glances=tuple(g for g in seen if g.at >= since),
        severe=tuple(mark.at for mark in marks_since(tx, person, since)),
        rest=newest_rest(tx, person),
        overtime=tuple(one for one in unpaid if not _repaid(one, seen, rest)),
    )


def _glances(tx: Tx, person: Id, since: datetime, kinds: Sequence[str]) -> list[Glance]:
    rows = tx.execute(_GLANCES, {"person": person, "since": since, "kinds": list(kinds)})
    return [
        Glance(row.at, row.last + timedelta(milliseconds=int(row.longest)), int(row.ms))
        for row in rows
    ]


def _repaid(one: Overtime, seen: Sequence[Glance], rest: timedelta) -> bool:
    """Whether a whole shift has come and gone since: the second rest after it has begun a new one."""
    shifts, ended = 0, one.until
    for glance in seen:
        if glance.at <= one.at:
            continue
        shifts += glance.at - ended >= rest
        ended = max(ended, glance.ended)
    return shifts >= 2


def limits_of(tx: Tx, person: Id | None) -> Limits:
    """What holds for a person, or for everybody."""
    return limits_after(changes(tx, person))


def changes(tx: Tx, person: Id | None) -> list[LimitChange]:
    """Everybody's changes and a person's own, the oldest first."""
    rows = tx.execute(_EVERYBODYS) if person is None else tx.execute(_OWN, {"person": person})
    return [
        LimitChange(
            id=Id(r.id),
            at=r.at,
            person=None if r.person_id is None else Id(r.person_id),
            values=r.limits,
            by=Id(r.by),
            second=None if r.second is None else Id(r.second),
            reason=r.reason,
        )
        for r in rows
    ]


def change(
    tx: Tx, *, person: Id | None, values: Mapping[str, int], by: Id, second: Id | None, reason: str
) -> Limits:
    """Keep a change of limits; answers what holds now.

    Args:
        tx: the transaction.
        person: whose; None for everybody's.
        values: what changes, by name.
        by: who asked for it.
        second: who agreed, where it lets more be seen.
        reason: in their words.
    """
    row = {"id": new_id(), "at": tx.now, "person_id": person, "limits": dict(values), "by": by}
    tx.execute(sa.insert(limit_changes), row | {"second": second, "reason": reason})
    return limits_of(tx, person)


def rest(tx: Tx, person: Id, *, begins_at: datetime, until: datetime, why: Why) -> Rest:
    """Keep a break; it takes the place of the one before."""
    row = {"id": new_id(), "person_id": person, "made_at": tx.now, "begins_at": begins_at}
    tx.execute(sa.insert(rests), row | {"until": until, "why": why.value})
    return Rest(person, tx.now, begins_at, until, why)


def newest_rest(tx: Tx, person: Id) -> Rest | None:
    """The break that counts; None before the first."""
    row = tx.execute(_NEWEST_REST, {"person": person}).one_or_none()
    return None if row is None else _rest(row)


def rests_since(tx: Tx, moment: datetime, person: Id | None = None) -> list[Rest]:
    """Breaks made since a moment, the oldest first: of one person, or of all."""
    wanted = sa.select(rests).where(_r.made_at >= moment).order_by(_r.made_at, _r.id)
    if person is not None:
        wanted = wanted.where(_r.person_id == person)
    return [_rest(row) for row in tx.execute(wanted)]


def mark(tx: Tx, person: Id, subject: Id) -> Mark:
    """Keep that somebody met a severe item."""
    row = {"id": new_id(), "person_id": person, "at": tx.now, "subject_id": subject}
    tx.execute(sa.insert(severe_marks), row)
    return Mark(person, tx.now, subject)


def marks_since(tx: Tx, person: Id, moment: datetime) -> list[Mark]:
    """Severe items somebody met since a moment, the oldest first."""
    rows = tx.execute(_MARKS, {"person": person, "since": moment})
    return [Mark(Id(r.person_id), r.at, Id(r.subject_id)) for r in rows]


def work_overtime(tx: Tx, person: Id, case: Id, *, until: datetime, reason: str) -> Overtime:
    """Keep that somebody opened a live case beyond a limit."""
    made = Overtime(new_id(), person, case, tx.now, until, reason)
    row = {"id": made.id, "person_id": person, "case_id": case, "at": made.at, "until": until}
    tx.execute(sa.insert(overtime), row | {"reason": reason})
    return made


def overtime_since(tx: Tx, person: Id | None, moment: datetime) -> list[Overtime]:
    """Overtime since a moment, the oldest first: of one person, or of all."""
    since = {"since": moment}
    rows = (
        tx.execute(_ALL_OVERTIME, since)
        if person is None
        else tx.execute(_OVERTIME, since | {"person": person})
    )
    return [
        Overtime(Id(r.id), Id(r.person_id), Id(r.case_id), r.at, r.until, r.reason) for r in rows
    ]


def present(tx: Tx, moment: datetime) -> list[Id]:
    """People with a session that was used since a moment; they may act when their role lets them."""
    s = sessions.c
    wanted = (
        sa.select(s.person_id)
        .distinct()
        .join_from(sessions, people, people.c.id == s.person_id)
        .where(s.revoked_at.is_(None), s.expires_at > tx.now, s.seen_at > moment)
        .where(people.c.active)
        .order_by(s.person_id)
    )
    return [Id(row.person_id) for row in tx.execute(wanted)]


@dataclass(frozen=True, slots=True)
class Spent:
    """How much somebody saw at one level in a stretch of time."""

    person: Id
    level: Level
    looks: int
    time: timedelta


def spent(tx: Tx, since: datetime, until: datetime, person: Id | None = None) -> list[Spent]:
    """Looks and time by person and level: of one person, or of all."""
    wanted = (
        sa.select(
            _v.person_id, _v.level, sa.func.count().label("n"), sa.func.sum(_CHARGED).label("ms")
        )
        .select_from(_LOOKS)
        .where(_v.at >= since, _v.at < until)
        .group_by(_v.person_id, _v.level)
        .order_by(_v.person_id, _v.level)
    )
    if person is not None:
        wanted = wanted.where(_v.person_id == person)
    return [
        Spent(Id(r.person_id), Level(r.level), int(r.n), timedelta(milliseconds=int(r.ms)))
        for r in tx.execute(wanted)
    ]


def came_of(tx: Tx, person: Id, since: datetime) -> dict[Outcome, int]:
    """Uploads that somebody's decisions reached since a moment, by what became of them."""
    back = decisions.alias("back")
    undone = sa.select(back.c.undoes).where(back.c.undoes.is_not(None))
    wanted = (
        sa.select(decision_effects.c.outcome, sa.func.count().label("n"))
        .join_from(decision_effects, decisions, decisions.c.id == decision_effects.c.decision_id)
        .where(decisions.c.by == person, decisions.c.at >= since)
        .where(decisions.c.undoes.is_(None), decisions.c.id.not_in(undone))
        .group_by(decision_effects.c.outcome)
    )
    return {Outcome(row.outcome): int(row.n) for row in tx.execute(wanted)}


def _rest(row: sa.Row[Any]) -> Rest:
    return Rest(Id(row.person_id), row.made_at, row.begins_at, row.until, Why(row.why))
