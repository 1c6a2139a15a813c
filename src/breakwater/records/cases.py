"""Cases as rows: opened by whoever found something, in the order of urgency, closed once.

`open` writes `case.opened` to the outbox in the finder's transaction. The account is sealed,
found again by its pseudonym. Every step is a history row that is only ever added. The queue
is read by keyset, so a page stays quick with 100,000 open cases. Contract:
`tests/contract/test_records_cases.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.case import (
    Case,
    CaseKind,
    CasePosition,
    CaseState,
    CaseStep,
    Priority,
    urgency,
)
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.columns import UtcDateTime
from breakwater.records.tables.nouns_intake import case_history, cases
from breakwater.records.tables.nouns_people import api_keys

_c: Final = cases.c
_waits: Final = _c.state != sa.literal_column("'closed'")
"""As a literal: only then do both databases use the partial index."""
_BY_ID: Final = sa.select(cases).where(_c.id == sa.bindparam("which"))


def open(  # noqa: A001 - a case is opened; the built-in is not used here
    tx: Tx,
    *,
    kind: CaseKind,
    subject: Id,
    why: str,
    priority: Priority,
    service: str = "",
    account: str = "",
    by: str = "system",
) -> Case:
    """Open a case, in the transaction of whoever found it.

    Args:
        tx: the finder's transaction.
        kind: what found it.
        subject: id of what it is about.
        why: one sentence for people; no content.
        priority: how urgent.
        service: where.
        account: the service's own name of the account; sealed.
        by: who found it.
    """
    change = tx.change()
    made = Case(
        id=new_id(),
        number=numbers.take(tx, "cases"),
        kind=kind,
        subject=subject,
        why=why,
        priority=priority,
        state=CaseState.OPEN,
        service=service,
        account=account,
        opened_at=tx.now,
        due_at=tx.now + priority.due_in,
        change=change,
    )
    _insert(tx, made)
    _step(tx, made.id, "opened", change=change, by=by, facts={"priority": priority.value})
    tx.emit(EventType.CASE_OPENED, made.id, kind=kind.value, priority=priority.value)
    return made


def _insert(tx: Tx, made: Case) -> None:
    tx.execute(
        sa.insert(cases),
        {
            "id": made.id,
            "number": made.number,
            "kind": made.kind.value,
            "subject_id": made.subject,
            "why": made.why,
            "priority": made.priority.value,
            "urgency": made.urgency,
            "state": made.state.value,
            "service": made.service,
            "account_key": identities.pseudonym(tx, made.service, made.account),
            "account_sealed": _seal(tx, made.id, made.account),
            "opened_at": made.opened_at,
            "due_at": made.due_at,
            "change": made.change,
            "version": made.version,
            "held_by": None,
            "held_until": None,
            "closed_at": None,
        },
    )


def get(tx: Tx, case: Id) -> Case:
    """One case by id.

    Raises:
        NotFound: no such case.
    """
    row = tx.execute(_BY_ID, {"which": case}).one_or_none()
    if row is None:
        raise NotFound(f"case {case}")
    return _noun(tx, row)


def by_number(tx: Tx, number: int) -> Case:
    """One case by number.

    Raises:
        NotFound: no such case.
    """
    return _one(tx, _c.number == number, f"case {number}")


def page(
    tx: Tx,
    *,
    state: CaseState | None = None,
    after: CasePosition | None = None,
    limit: int = 50,
    priority: Priority | None = None,
    kind: CaseKind | None = None,
    service: str = "",
    only: sa.ColumnElement[bool] | None = None,
) -> list[Case]:
    """Cases that wait, live first, then by priority, then by what is due; closed ones on demand.

    Args:
        tx: a snapshot.
        state: only those; None takes all that are not closed. Closed ones come newest first.
        after: `Case.position` of the last one of the page before.
        limit: at most so many.
        priority: only those.
        kind: only those.
        service: only those.
        only: a further condition of a sibling that keeps more about cases.
    """
    wanted = sa.select(cases).limit(limit)
    if only is not None:
        wanted = wanted.where(only)
    if state is CaseState.CLOSED:
        wanted = wanted.where(_c.state == sa.literal_column("'closed'"))
        wanted = wanted.order_by(_c.number.desc())
        if after is not None:
            wanted = wanted.where(_c.number < after.number)
    else:
        order = (_c.urgency, _c.due_at, _c.number)
        wanted = wanted.where(_waits).order_by(*order)
        if state is not None:
            wanted = wanted.where(_c.state == state.value)
        if after is not None:
            wanted = wanted.where(sa.tuple_(*order) > _place(after))
    for column, value in ((_c.priority, priority), (_c.kind, kind)):
        if value is not None:
            wanted = wanted.where(column == value.value)
    if service:
        wanted = wanted.where(_c.service == service)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def counts(tx: Tx) -> dict[tuple[CaseState, Priority], int]:
    """Cases that wait, by state and priority."""
    n = sa.func.count().label("n")
    wanted = sa.select(_c.state, _c.priority, n).where(_waits).group_by(_c.state, _c.priority)
    return {(CaseState(r.state), Priority(r.priority)): int(r.n) for r in tx.execute(wanted)}


def due_before(tx: Tx, moment: datetime) -> int:
    """How many of those that wait are due before a moment."""
    wanted = sa.select(sa.func.count()).select_from(cases).where(_waits, _c.due_at < moment)
    return int(tx.execute(wanted).scalar_one())


def by_account(tx: Tx, service: str, account: str, limit: int = 50) -> list[Case]:
    """Cases of one account, the newest first; found by its pseudonym."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return []
    wanted = sa.select(cases).where(_c.account_key == key)
    rows = tx.execute(wanted.order_by(_c.number.desc()).limit(limit))
    return [_noun(tx, row) for row in rows]


def named_account(tx: Tx, account: str, limit: int = 50) -> list[Case]:
    """Cases of accounts of one name on any service, the newest first; found by pseudonyms.

    Services are those that have a key, or a case among the newest 1,000.
    """
    newest = sa.select(_c.service).order_by(_c.number.desc()).limit(1000).subquery()
    wanted = sa.union(sa.select(api_keys.c.service), sa.select(newest.c.service))
    services = tx.execute(wanted).scalars()
    made = {identities.pseudonym(tx, service, account) for service in services if service}
    found = sa.select(cases).where(_c.account_key.in_([key for key in made if key]))
    return [_noun(tx, row) for row in tx.execute(found.order_by(_c.number.desc()).limit(limit))]


def by_subject(tx: Tx, subject: Id) -> list[Case]:
    """Cases about one thing, the newest first."""
    wanted = sa.select(cases).where(_c.subject_id == subject).order_by(_c.number.desc())
    return [_noun(tx, row) for row in tx.execute(wanted)]


def close(tx: Tx, case: Id, *, by: str, reason: str, expected_version: int | None = None) -> Case:
    """Close a case; one that is closed already stays as it was closed.

    Args:
        tx: the transaction.
        case: its id.
        by: id of the person, or the name of a part.
        reason: in a sentence.
        expected_version: the row version the person saw; None closes whatever it is.

    Raises:
        NotFound: no such case.
        Conflict: it was changed since.
    """
    change = tx.change()
    before = get(tx, case)
    if before.state is CaseState.CLOSED:
        return before
    if expected_version is not None and before.version != expected_version:
        raise Conflict(f"Case {before.number} was changed meanwhile.", version=before.version)
    tx.execute(
        sa.update(cases)
        .where(_c.id == case)
        .values(
            state=CaseState.CLOSED.value,
            closed_at=tx.now,
            held_by=None,
            held_until=None,
            version=before.version + 1,
            change=change,
        )
    )
    _step(tx, case, "closed", change=change, by=by, note=reason)
    tx.emit(EventType.CASE_CHANGED, case, state=CaseState.CLOSED.value)
    return get(tx, case)


def set_priority(tx: Tx, case: Id, priority: Priority, *, by: str, reason: str = "") -> Case:
    """Make a case more or less urgent; it is due anew from when it was opened.

    Raises:
        NotFound: no such case.
        Conflict: it is closed.
    """
    change = tx.change()
    before = get(tx, case)
    if before.state is CaseState.CLOSED:
        raise Conflict(f"Case {before.number} is closed.")
    tx.execute(
        sa.update(cases)
        .where(_c.id == case)
        .values(
            priority=priority.value,
            urgency=urgency(before.kind, priority),
            due_at=before.opened_at + priority.due_in,
            version=before.version + 1,
            change=change,
        )
    )
    facts = {"before": before.priority.value, "after": priority.value}
    _step(tx, case, "reprioritised", change=change, by=by, note=reason, facts=facts)
    tx.emit(EventType.CASE_CHANGED, case, priority=priority.value)
    return get(tx, case)


def hold(tx: Tx, case: Id, *, by: Id, until: datetime) -> Case:
    """Give a case to a person for a while; who holds it already keeps it longer, silently.

    Raises:
        NotFound: no such case.
        Conflict: it is closed, or somebody else holds it.
    """
    tx.lock_changes()
    before = get(tx, case)
    holds = before.held_by is not None and (before.held_until or tx.now) > tx.now
    if before.state is CaseState.CLOSED:
        raise Conflict(f"Case {before.number} is closed.")
    if holds and before.held_by != by:
        raise Conflict(f"Case {before.number} is held by somebody else.")
    mine = sa.update(cases).where(_c.id == case)
    if holds:
        tx.execute(mine.values(held_until=until))
        return get(tx, case)
    change = tx.change()
    tx.execute(
        mine.values(
            state=CaseState.HELD.value,
            held_by=by,
            held_until=until,
            version=before.version + 1,
            change=change,
        )
    )
    _step(tx, case, "held", change=change, by=by)
    tx.emit(EventType.CASE_CHANGED, case, state=CaseState.HELD.value)
    return get(tx, case)


def note(tx: Tx, case: Id, *, by: str, what: str, words: str = "", **facts: Any) -> None:
    """Add a step to the history of a case that changes nothing else."""
    _step(tx, case, what, change=tx.change(), by=by, note=words, facts=facts)


def history(tx: Tx, case: Id) -> list[CaseStep]:
    """What happened to a case, the first first."""
    h = case_history.c
    rows = tx.execute(sa.select(case_history).where(h.case_id == case).order_by(h.change))
    return [CaseStep(r.change, r.at, r.by, r.what, r.note, r.facts) for r in rows]


def _step(
    tx: Tx,
    case: Id,
    what: str,
    *,
    change: int,
    by: str,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    tx.execute(
        sa.insert(case_history),
        {
            "change": change,
            "case_id": case,
            "at": tx.now,
            "by": by,
            "what": what,
            "note": note,
            "facts": dict(facts or {}),
        },
    )


def _place(after: CasePosition) -> sa.Tuple:
    return sa.tuple_(
        sa.literal(after.urgency, sa.SmallInteger),
        sa.literal(after.due_at, UtcDateTime),
        sa.literal(after.number, sa.BigInteger),
    )


def _seal(tx: Tx, case: Id, account: str) -> bytes | None:
    return identities.seal(tx, case, {"account": account}) if account else None


def _one(tx: Tx, which: sa.ColumnElement[bool], words: str) -> Case:
    row = tx.execute(sa.select(cases).where(which)).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(tx, row)


def _noun(tx: Tx, row: sa.Row[Any]) -> Case:
    account = ""
    if row.account_sealed is not None:
        account = str(identities.unseal(tx, Id(row.id), row.account_sealed)["account"])
    return Case(
        id=Id(row.id),
        number=row.number,
        kind=CaseKind(row.kind),
        subject=Id(row.subject_id),
        why=row.why,
        priority=Priority(row.priority),
        state=CaseState(row.state),
        service=row.service,
        account=account,
        opened_at=row.opened_at,
        due_at=row.due_at,
        change=row.change,
        version=row.version,
        held_by=None if row.held_by is None else Id(row.held_by),
        held_until=row.held_until,
        closed_at=row.closed_at,
    )
