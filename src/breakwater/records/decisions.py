"""Decisions as rows: what people said of cases, and what it did to each upload.

Only ever added; whether one still stands is read from the row that takes it back. A decision
that reaches other cases (a stack, a wrong entry) writes a row for each, led by the first.
`reopen` is the one way back from a closed case. Fed by `review.deciding.decide`; read by the console,
appeals, wellbeing and reports. Contract: `tests/contract/test_records_decisions.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.case import Case, CaseState
from breakwater.model.decision import (
    NO_FACTS,
    Decision,
    DecisionFacts,
    DecisionKind,
    Outcome,
    Touched,
)
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import cases
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_decision import decision_effects, decisions
from breakwater.records.tables.nouns_intake import cases as case_table
from breakwater.records.tables.nouns_intake import upload_matches, uploads
from breakwater.records.texts import storable

_d, _e, _m = decisions.c, decision_effects.c, upload_matches.c
_HERE: Final = sa.and_(_m.upload_id == uploads.c.id, _m.revision == uploads.c.revision)
"""A match of the present verdict."""
_back: Final = decisions.alias("back")
_JOINED: Final = sa.select(decisions, _back.c.id.label("undone_by")).join_from(
    decisions, _back, _back.c.undoes == sa.func.coalesce(_d.lead_id, _d.id), isouter=True
)
"""A decision that was led by another one is taken back with it."""
_OF_CASE: Final = _JOINED.where(_d.case_id == sa.bindparam("case")).order_by(_d.change)
"""Built once: a registration that is found waits for it."""


def add(
    tx: Tx,
    *,
    case: Id,
    kind: DecisionKind,
    by: Id,
    reason: str,
    facts: DecisionFacts = NO_FACTS,
    second: Id | None = None,
    undoes: Id | None = None,
    lead: Id | None = None,
    priority_before: str = "",
) -> Decision:
    """Write down what a person said.

    Args:
        tx: the transaction that makes it true.
        case: what it is about.
        kind: what they said.
        by: the person, not their account.
        reason: in words.
        facts: what they added.
        second: the other person, where two were needed.
        undoes: the decision it takes back.
        lead: the decision that reached this case too.
        priority_before: of the case, where this raises it.

    Raises:
        Conflict: the decision it would take back is taken back already.
    """
    storable(reason)
    knows = kind.keeps and undoes is None
    made = Decision(
        id=new_id(),
        case=case,
        kind=kind,
        by=by,
        at=tx.now,
        reason=reason,
        facts=facts,
        second=second,
        undoes=undoes,
        lead=lead,
        knowledge_at=tx.now if knows else None,
        priority_before=priority_before,
        change=tx.change(),
    )
    tx.execute(sa.insert(decisions), _row(made))
    return made


def _row(made: Decision) -> dict[str, Any]:
    return {
        "id": made.id,
        "case_id": made.case,
        "kind": made.kind.value,
        "by": made.by,
        "second_by": made.second,
        "at": made.at,
        "reason": made.reason,
        "facts": made.facts.plain(),
        "undoes": made.undoes,
        "lead_id": made.lead,
        "knowledge_at": made.knowledge_at,
        "priority_before": made.priority_before,
        "change": made.change,
    }


def add_effects(tx: Tx, decision: Id, touched: Iterable[Touched]) -> None:
    """Write down what a decision did to uploads; an upload it reached already stays as it is."""
    known = {one.upload for one in effects(tx, decision)}
    rows = [
        {
            "decision_id": decision,
            "upload_id": one.upload,
            "case_id": one.case,
            "outcome": one.outcome.value,
            "before": one.before,
            "after": one.after,
        }
        for one in touched
        if one.upload not in known
    ]
    if rows:
        tx.execute(sa.insert(decision_effects), rows)


def get(tx: Tx, decision: Id) -> Decision:
    """One decision by id.

    Raises:
        NotFound: no such decision.
    """
    row = tx.execute(_JOINED.where(_d.id == decision)).one_or_none()
    if row is None:
        raise NotFound(f"decision {decision}")
    return _noun(row)


def of_case(tx: Tx, case: Id) -> list[Decision]:
    """What was said of a case, the first first; rows that take others back among them."""
    return [_noun(row) for row in tx.execute(_OF_CASE, {"case": case})]


def standing(tx: Tx, case: Id) -> Decision | None:
    """The last decision on a case that was not taken back; None when there is none."""
    return next((d for d in reversed(of_case(tx, case)) if d.stands), None)


def led_by(tx: Tx, lead: Id) -> list[Decision]:
    """Decisions on other cases that one decision reached."""
    return [_noun(row) for row in tx.execute(_JOINED.where(_d.lead_id == lead).order_by(_d.change))]


def by_person(tx: Tx, person: Id, since: datetime, *, limit: int = 500) -> list[Decision]:
    """What somebody decided since a moment, the newest first; what was reached by it left out."""
    wanted = _JOINED.where(_d.by == person, _d.at >= since, _d.lead_id.is_(None))
    rows = tx.execute(wanted.order_by(_d.change.desc()).limit(limit))
    return [_noun(row) for row in rows]


def counts(tx: Tx, since: datetime) -> dict[tuple[Id, DecisionKind], int]:
    """Decisions since a moment by person and kind, those that were taken back left out."""
    n = sa.func.count().label("n")
    undone = sa.select(_back.c.undoes).where(_back.c.undoes.is_not(None))
    wanted = (
        sa.select(_d.by, _d.kind, n)
        .where(_d.at >= since, _d.lead_id.is_(None), _d.undoes.is_(None), _d.id.not_in(undone))
        .group_by(_d.by, _d.kind)
    )
    return {(Id(r.by), DecisionKind(r.kind)): int(r.n) for r in tx.execute(wanted)}


def effects(tx: Tx, decision: Id) -> list[Touched]:
    """What a decision did to uploads, in the order of their ids."""
    wanted = sa.select(decision_effects).where(_e.decision_id == decision).order_by(_e.upload_id)
    return [
        Touched(
            upload=Id(row.upload_id),
            outcome=Outcome(row.outcome),
            case=None if row.case_id is None else Id(row.case_id),
            before=row.before,
            after=row.after,
        )
        for row in tx.execute(wanted)
    ]


def known_since(tx: Tx, case: Id) -> datetime | None:
    """When illegality became known to a person, by what still stands; None when it is not.

    A later decision that releases (an appeal was right) ends it.
    """
    said = [d for d in of_case(tx, case) if d.stands]
    if said and said[-1].kind.releases:
        return None
    return min((d.knowledge_at for d in said if d.knowledge_at), default=None)


def in_danger(tx: Tx, case: Id) -> bool:
    """Whether somebody said that a child is in danger now, and nobody took it back."""
    return any(d.stands and d.kind is DecisionKind.DANGER_NOW for d in of_case(tx, case))


def asked_for_another(tx: Tx, case: Id) -> frozenset[Id]:
    """People who asked for a second opinion on a case: it is for somebody else now."""
    asked = DecisionKind.SECOND_OPINION
    return frozenset(d.by for d in of_case(tx, case) if d.stands and d.kind is asked)


def touched_by(
    tx: Tx, entries: Collection[int], *, limit: int, beyond: Id | None = None
) -> list[Id]:
    """Uploads whose present verdict rests on one of these entries, the newest first.

    Args:
        tx: a snapshot.
        entries: numbers.
        limit: at most so many.
        beyond: leave out what this decision reached already.
    """
    found: set[Id] = set()
    for entry in sorted(entries):  # each by itself: the index then gives the newest first
        wanted = _resting_on([entry]).order_by(_m.upload_id.desc()).limit(limit)
        if beyond is not None:
            reached = sa.select(_e.upload_id).where(_e.decision_id == beyond)
            wanted = wanted.where(_m.upload_id.not_in(reached))
        found |= {Id(upload) for upload in tx.execute(wanted).scalars()}
    return sorted(found, reverse=True)[:limit]


def count_touched(tx: Tx, entries: Collection[int]) -> int:
    """How many uploads rest on these entries."""
    counted = sa.select(sa.func.count()).select_from(_resting_on(entries).subquery())
    return int(tx.execute(counted).scalar_one())


def prints_of(tx: Tx, wanted: Sequence[Id], kind: str) -> list[tuple[Id, str]]:
    """Uploads with their own values of a kind, as the matches they rest on keep them."""
    rows = tx.execute(
        sa.select(_m.upload_id, _m.entry)
        .join_from(upload_matches, uploads, _HERE)
        .where(_m.upload_id.in_(wanted), _m.acting)
    )
    said = ((Id(row.upload_id), row.entry) for row in rows)
    return [(upload, entry["own"]) for upload, entry in said if entry["kind"] == kind]


def _resting_on(entries: Collection[int]) -> sa.Select[tuple[Any]]:
    return (
        sa.select(_m.upload_id)
        .join_from(upload_matches, uploads, _HERE)
        .where(_m.entry_number.in_(sorted(entries)), _m.acting)
        .distinct()
    )


def waiting(tx: Tx, wanted: Sequence[Id]) -> frozenset[Id]:
    """Those of some cases that are not closed."""
    c = case_table.c
    found = sa.select(c.id).where(c.id.in_(wanted), c.state != CaseState.CLOSED.value)
    return frozenset(Id(case) for case in tx.execute(found).scalars())


def reopen(tx: Tx, case: Id, *, by: str, what: str, reason: str = "") -> Case:
    """Put a case back into the queue: one that somebody holds, or one that was closed.

    Args:
        tx: the transaction.
        case: its id.
        by: id of the person.
        what: the step as history keeps it, such as `reopened` or `released`.
        reason: in a sentence.

    Raises:
        NotFound: no such case.
    """
    change = tx.change()
    before = cases.get(tx, case)
    tx.execute(
        sa.update(case_table)
        .where(case_table.c.id == case)
        .values(
            state=CaseState.OPEN.value,
            closed_at=None,
            held_by=None,
            held_until=None,
            version=before.version + 1,
            change=change,
        )
    )
    cases.note(tx, case, by=by, what=what, words=reason)
    tx.emit(EventType.CASE_CHANGED, case, state=CaseState.OPEN.value)
    return cases.get(tx, case)


def _noun(row: sa.Row[Any]) -> Decision:
    return Decision(
        id=Id(row.id),
        case=Id(row.case_id),
        kind=DecisionKind(row.kind),
        by=Id(row.by),
        at=row.at,
        reason=row.reason,
        facts=DecisionFacts.read(row.facts),
        second=_id(row.second_by),
        undoes=_id(row.undoes),
        undone=_id(row.undone_by),
        lead=_id(row.lead_id),
        knowledge_at=row.knowledge_at,
        priority_before=row.priority_before,
        change=row.change,
    )


def _id(value: str | None) -> Id | None:
    return None if value is None else Id(value)
