"""The queue as rows: who is offered which case, leases on cases, and the SLA clock.

One order for everybody: live first, priority, due time, number, read from the cases' own
partial index. Whoever takes, gives back or hands over holds the change lock first, so that no
case is ever with two people; a lease that has run out is nobody's. Fed by `review.queueing.queue` and
`review.queueing.routing`. Contract: `tests/contract/test_records_queue.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict
from breakwater.model.case import Case, CaseKind, CasePosition, CaseState, Priority, urgency
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.queue import MOST_BULK, CaseFilter, Told, Waiting, WorkTerms
from breakwater.model.routing import GENERAL
from breakwater.records import cases, skips
from breakwater.records.database import Tx
from breakwater.records.tables import nouns_queue as t
from breakwater.records.tables.nouns_intake import cases as case_rows

_c: Final = case_rows.c
_p: Final = t.case_places.c
_waits: Final = _c.state != sa.literal_column("'closed'")
"""As a literal: only then do both databases use the partial index."""
_PLACES: Final = sa.select(t.case_places, _c.queue).join_from(
    t.case_places, case_rows, _p.case_id == _c.id
)
_ORDER: Final = (_c.urgency, _c.due_at, _c.number)


def waiting(tx: Tx, case: Id) -> Waiting:
    """Where a case waits; in the general queue when it was not routed yet."""
    return places(tx, [case]).get(case, Waiting(case))


def places(tx: Tx, wanted: Iterable[Id]) -> dict[Id, Waiting]:
    """Where several cases wait, those that were routed."""
    rows = tx.execute(_PLACES.where(_p.case_id.in_(list(wanted))))
    return {Id(row.case_id): _waiting(row) for row in rows}


def put(tx: Tx, place: Waiting, content: Iterable[str] | None = None) -> None:
    """Keep where a case waits, in place of what was kept before.

    Args:
        tx: the transaction.
        place: all of it.
        content: words for what it shows; None leaves them.
    """
    tx.lock_changes()
    values = {
        "skill": place.skill,
        "rule": place.rule,
        "version": place.version,
        "viewers": place.viewers,
        "reports": place.reports,
        "told": int(place.told),
        "next_at": place.next_at,
    }
    mine = sa.update(t.case_places).where(_p.case_id == place.case).values(**values)
    if tx.execute(mine).rowcount == 0:
        tx.execute(sa.insert(t.case_places), {"case_id": place.case, **values})
    named = None if place.queue == GENERAL else place.queue
    tx.execute(sa.update(case_rows).where(_c.id == place.case).values(queue=named))
    if content is not None:
        tx.execute(sa.delete(t.case_content).where(t.case_content.c.case_id == place.case))
        rows = [{"case_id": place.case, "word": word[:64]} for word in sorted(set(content))]
        if rows:
            tx.execute(sa.insert(t.case_content), rows)


def content(tx: Tx, case: Id) -> frozenset[str]:
    """Words for what a case shows."""
    wanted = sa.select(t.case_content.c.word).where(t.case_content.c.case_id == case)
    return frozenset(tx.execute(wanted).scalars())


def next_for(
    tx: Tx, terms: WorkTerms, *, queue: str = "", live: bool = False,
    without: Collection[str] = (), besides: Collection[Id] = (),
) -> Case | None:  # fmt: skip
    """The most urgent case that waits for whoever works on these terms; None when there is none.

    Args:
        tx: a transaction that holds the change lock, if the case is to be taken.
        terms: skills, opt-outs and the person, whose skipped cases are left out.
        queue: only from this one.
        live: only live streams.
        without: words of content that leave a case out, beside what the person opted out of.
        besides: cases that are left out.
    """
    wanted = sa.select(_c.id).select_from(_routed()).where(_waits, _free(tx.now))
    wanted = wanted.where(sa.func.coalesce(_p.skill, "").in_(["", *terms.skills]))
    if words := {*terms.opt_outs, *without}:
        shown = t.case_content.c
        wanted = wanted.where(
            ~sa.exists().where(shown.case_id == _c.id, shown.word.in_(sorted(words)))
        )
    if besides:
        wanted = wanted.where(_c.id.not_in(list(besides)))
    wanted = wanted.where(~skips.skipped(terms.person, tx.now))
    if queue:
        wanted = wanted.where(in_queue(queue))
    if live:
        wanted = wanted.where(_urgency(kind=CaseKind.STREAM))
    found = tx.execute(wanted.order_by(*_ORDER).limit(1)).scalar()
    return None if found is None else cases.get(tx, Id(found))


def page(
    tx: Tx,
    wanted: CaseFilter,
    *,
    state: CaseState | None = None,
    after: CasePosition | None = None,
    limit: int = 50,
) -> list[Case]:
    """Cases in the queue's order, by keyset, that every given filter means.

    Args:
        tx: a snapshot.
        wanted: the filters.
        state: as `cases.page` takes it.
        after: `Case.position` of the last one of the page before.
        limit: at most so many.
    """
    return cases.page(
        tx, state=state, after=after, limit=limit, priority=wanted.priority, kind=wanted.kind,
        service=wanted.service, only=_only(tx, wanted),
    )  # fmt: skip


def count(tx: Tx, wanted: CaseFilter, *, most: int = MOST_BULK + 1) -> int:
    """How many that wait the filters mean; `most` stands for that many or more."""
    some = sa.select(_c.id).where(_waits, _only(tx, wanted))
    for column, value in ((_c.priority, wanted.priority), (_c.kind, wanted.kind)):
        if value is not None:
            some = some.where(column == value.value)
    if wanted.service:
        some = some.where(_c.service == wanted.service)
    counted = sa.select(sa.func.count()).select_from(some.limit(most).subquery())
    return int(tx.execute(counted).scalar_one())


def in_queue(queue: str) -> sa.ColumnElement[bool]:
    """Whether a case waits in a queue; what was not routed yet waits in the general one."""
    return _c.queue.is_(None) if queue == GENERAL else _c.queue == queue


def held_by(tx: Tx, person: Id) -> list[Case]:
    """Cases a person holds now, the most urgent first."""
    found = [cases.get(tx, case) for case in _held_ids(tx, person)]
    return sorted(found, key=lambda case: (case.urgency, case.due_at, case.number))


def move(tx: Tx, case: Case, *, queue: str, skill: str, by: str, note: str = "") -> Case:
    """Let a case wait in another queue, for people of another skill; who holds it keeps it.

    Args:
        tx: the transaction.
        case: as it was read in this transaction.
        queue: where to.
        skill: who may take it there; empty lets everybody.
        by: id of the person, or the name of a part.
        note: the reason in words.
    """
    before = waiting(tx, case.id)
    put(tx, replace(before, queue=queue, skill=skill))
    tx.execute(
        sa.update(case_rows)
        .where(_c.id == case.id)
        .values(version=case.version + 1, change=tx.change())
    )
    cases.note(tx, case.id, by=by, what="moved", words=note, before=before.queue, after=queue)
    tx.emit(EventType.CASE_CHANGED, case.id, queue=queue)
    return cases.get(tx, case.id)


def give_back(tx: Tx, case: Id, *, by: str, what: str, note: str = "", **facts: Any) -> Case:
    """End a lease: the case waits again for anybody.

    Args:
        tx: the transaction.
        case: a case somebody held.
        by: id of the person, or the name of a part.
        what: `released`, `skipped` or `lapsed`, for its history.
        note: the reason in words.
        facts: for its history.
    """
    return _move(tx, case, holder=None, until=None, by=by, what=what, note=note, facts=facts)


def hand_over(tx: Tx, case: Id, *, by: str, to: Id, until: datetime, note: str) -> Case:
    """Give a case to another person."""
    facts = {"to": to}
    return _move(
        tx, case, holder=to, until=until, by=by, what="handed_over", note=note, facts=facts
    )


def lapsed(tx: Tx, limit: int = 200) -> list[Case]:
    """Cases whose lease ran out, the longest first."""
    wanted = sa.select(_c.id).where(_c.state == CaseState.HELD.value, _c.held_until <= tx.now)
    found = tx.execute(wanted.order_by(_c.held_until).limit(limit)).scalars()
    return [cases.get(tx, Id(case)) for case in found]


def reprioritise(
    tx: Tx, case: Case, priority: Priority, *, due_at: datetime, by: str, note: str, what: str
) -> Case:
    """Change how urgent a case is and by when, without giving it to anybody.

    Args:
        tx: the transaction.
        case: as it was read in this transaction.
        priority: the new one.
        due_at: the new due time; an escalation keeps the old one, which stays the truth.
        by: id of the person, or the name of a part.
        note: the reason in words.
        what: for its history: `routed`, `escalated`, `reprioritised`.
    """
    change = tx.change()
    tx.execute(
        sa.update(case_rows)
        .where(_c.id == case.id)
        .values(
            priority=priority.value,
            urgency=urgency(case.kind, priority),
            due_at=due_at,
            version=case.version + 1,
            change=change,
        )
    )
    cases.note(
        tx, case.id, by=by, what=what, words=note,
        before=case.priority.value, after=priority.value,
    )  # fmt: skip
    tx.emit(EventType.CASE_CHANGED, case.id, priority=priority.value)
    return cases.get(tx, case.id)


def due(tx: Tx, limit: int = 200) -> list[Waiting]:
    """Places at which the SLA clock is to look now, the longest first."""
    wanted = _PLACES.where(_p.next_at.is_not(None), _p.next_at <= tx.now)
    return [_waiting(row) for row in tx.execute(wanted.order_by(_p.next_at).limit(limit))]


def mine(tx: Tx, person: Id) -> int:
    """How many cases a person holds now."""
    return len(_held_ids(tx, person))


def total(tx: Tx, priority: Priority | None = None) -> int:
    """How many cases wait, of one priority or of all; read from the index alone."""
    wanted = sa.select(sa.func.count()).select_from(case_rows).where(_waits)
    if priority is not None:
        wanted = wanted.where(_urgency(priority=priority))
    return int(tx.execute(wanted).scalar_one())


def unheld(tx: Tx) -> int:
    """How many cases wait and nobody has now: a hold that has run out holds nothing."""
    wanted = sa.select(sa.func.count()).select_from(case_rows).where(_waits, _free(tx.now))
    return int(tx.execute(wanted).scalar_one())


def by_queue(tx: Tx) -> Mapping[str, int]:
    """How many cases wait in each queue that has any."""
    n = sa.func.count().label("n")
    wanted = sa.select(_c.queue, n).where(_waits).group_by(_c.queue)
    return {row.queue or GENERAL: int(row.n) for row in tx.execute(wanted)}


def terms(tx: Tx, person: Id) -> WorkTerms:
    """On what terms a person works; everything, and no skill, when nothing was said."""
    w = t.work_terms.c
    row = tx.execute(sa.select(t.work_terms).where(w.person_id == person)).one_or_none()
    if row is None:
        return WorkTerms(person)
    return WorkTerms(person, frozenset(row.skills), frozenset(row.opt_outs))


def set_terms(tx: Tx, terms: WorkTerms) -> None:
    """Keep on what terms a person works."""
    tx.lock_changes()
    values = {
        "skills": sorted(terms.skills),
        "opt_outs": sorted(terms.opt_outs),
        "changed_at": tx.now,
    }
    mine = sa.update(t.work_terms).where(t.work_terms.c.person_id == terms.person)
    if tx.execute(mine.values(**values)).rowcount == 0:
        tx.execute(sa.insert(t.work_terms), {"person_id": terms.person, **values})


def _move(
    tx: Tx, case: Id, *, holder: Id | None, until: datetime | None, by: str, what: str, note: str,
    facts: Mapping[str, Any],
) -> Case:  # fmt: skip
    tx.lock_changes()
    before = cases.get(tx, case)
    if before.state is CaseState.CLOSED:
        raise Conflict(f"Case {before.number} is closed.")
    state = CaseState.OPEN if holder is None else CaseState.HELD
    tx.execute(
        sa.update(case_rows)
        .where(_c.id == case)
        .values(
            state=state.value,
            held_by=holder,
            held_until=until,
            version=before.version + 1,
            change=tx.change(),
        )
    )
    cases.note(tx, case, by=by, what=what, words=note, **facts)
    tx.emit(EventType.CASE_CHANGED, case, state=state.value, what=what)
    return cases.get(tx, case)


def _only(tx: Tx, wanted: CaseFilter) -> sa.ColumnElement[bool]:
    """What this module knows of the filters."""
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if wanted.queue:
        conditions.append(in_queue(wanted.queue))
    if wanted.held_by is not None:
        conditions.append(_c.id.in_(_held_ids(tx, wanted.held_by)))
    if wanted.kind is not None or wanted.priority is not None:
        conditions.append(_urgency(wanted.kind, wanted.priority))
    return sa.and_(*conditions)


def _urgency(
    kind: CaseKind | None = None, priority: Priority | None = None
) -> sa.ColumnElement[bool]:
    """Kind and priority as the index knows them: `model.case.urgency` says both."""
    kinds = list(CaseKind) if kind is None else [kind]
    priorities = list(Priority) if priority is None else [priority]
    return _c.urgency.in_(sorted({urgency(k, p) for k in kinds for p in priorities}))


def _held_ids(tx: Tx, person: Id) -> list[Id]:
    """What a person holds now, by the index of leases: an order by urgency would read every row."""
    wanted = sa.select(_c.id).where(_c.held_until.is_not(None), _c.held_until > tx.now)
    return [Id(case) for case in tx.execute(wanted.where(_c.held_by == person)).scalars()]


def _routed() -> sa.Join:
    return case_rows.join(t.case_places, _p.case_id == _c.id, isouter=True)


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_c.held_by.is_(None), _c.held_until <= now)


def _waiting(row: sa.Row[Any]) -> Waiting:
    return Waiting(
        case=Id(row.case_id),
        queue=row.queue or GENERAL,
        skill=row.skill,
        rule=row.rule,
        version=row.version,
        viewers=row.viewers,
        reports=row.reports,
        told=Told(row.told),
        next_at=row.next_at,
    )
