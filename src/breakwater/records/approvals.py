"""Two-person approvals as rows: a proposal, and at most one decision by another person.

Both are only ever added. A proposal lapses after 24 hours by itself: its state is derived
from the time. "The same person" is judged by person. Fed by the verbs that need two people.
Contract: `tests/contract/test_records_approvals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NeedsSecondPerson, NotFound
from breakwater.model.approval import LAPSE, Approval
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_people import approval_decisions, approvals

_a, _d = approvals.c, approval_decisions.c
_JOINED: Final = sa.select(
    approvals,
    _d.outcome,
    _d.by.label("decided_by"),
    _d.at.label("decided_at"),
    _d.note,
).join_from(approvals, approval_decisions, _d.approval_id == _a.id, isouter=True)


def propose(
    tx: Tx,
    *,
    kind: str,
    subject: str,
    by: Id,
    reason: str,
    facts: Mapping[str, Any] | None = None,
) -> Approval:
    """Propose what needs two people; a proposal that waits already is answered as it stands.

    Args:
        tx: the transaction.
        kind: what would be done.
        subject: id of what it would be done to.
        by: the person, not their account or key.
        reason: in their words.
        facts: the effect, for the second person.
    """
    tx.lock_changes()
    waiting = _waiting(tx, kind, subject)
    if waiting is not None:
        return waiting
    made = Approval(
        id=new_id(),
        kind=kind,
        subject=subject,
        reason=reason,
        by=by,
        proposed_at=tx.now,
        lapses_at=tx.now + LAPSE,
        facts=dict(facts or {}),
    )
    tx.execute(
        sa.insert(approvals),
        {
            "id": made.id,
            "kind": kind,
            "subject": subject,
            "reason": reason,
            "facts": made.facts,
            "proposed_by": by,
            "proposed_at": made.proposed_at,
            "lapses_at": made.lapses_at,
        },
    )
    return made


def confirm(tx: Tx, *, kind: str, subject: str, by: Id, note: str = "") -> Approval:
    """The second person agrees.

    Args:
        tx: the transaction that does what is agreed.
        kind: what was proposed.
        subject: id of what it is done to.
        by: the second person.
        note: in their words.

    Raises:
        NotFound: nothing of this kind waits for this subject; it may have lapsed.
        NeedsSecondPerson: the person who proposed it.
    """
    return _decide(tx, kind, subject, by, "confirmed", note)


def refuse(tx: Tx, *, kind: str, subject: str, by: Id, note: str = "") -> Approval:
    """Somebody disagrees, or takes their own proposal back; raises `NotFound`."""
    return _decide(tx, kind, subject, by, "refused", note)


def get(tx: Tx, approval: Id) -> Approval:
    """One approval by id.

    Raises:
        NotFound: no such approval.
    """
    row = tx.execute(_JOINED.where(_a.id == approval)).one_or_none()
    if row is None:
        raise NotFound(f"approval {approval}")
    return _noun(row)


def waiting(tx: Tx, *, kind: str = "", limit: int = 100) -> list[Approval]:
    """Proposals that wait for a second person, the oldest first."""
    wanted = _JOINED.where(_d.outcome.is_(None), _a.lapses_at > tx.now)
    wanted = wanted.where(_a.proposed_at > tx.now - LAPSE)
    if kind:
        wanted = wanted.where(_a.kind == kind)
    return [_noun(row) for row in tx.execute(wanted.order_by(_a.proposed_at).limit(limit))]


def of_subject(tx: Tx, subject: str) -> list[Approval]:
    """Every proposal about one thing, the newest first."""
    wanted = _JOINED.where(_a.subject == subject).order_by(_a.proposed_at.desc(), _a.id.desc())
    return [_noun(row) for row in tx.execute(wanted)]


def _waiting(tx: Tx, kind: str, subject: str) -> Approval | None:
    row = tx.execute(
        _JOINED.where(_a.kind == kind, _a.subject == subject, _d.outcome.is_(None))
        .where(_a.lapses_at > tx.now)
        .limit(1)
    ).one_or_none()
    return None if row is None else _noun(row)


def _decide(tx: Tx, kind: str, subject: str, by: Id, outcome: str, note: str) -> Approval:  # noqa: PLR0917 - the two verbs above name each argument
    tx.lock_changes()
    found = _waiting(tx, kind, subject)
    if found is None:
        raise NotFound("Nothing waits for a second person here; a proposal lapses after 24 hours.")
    if outcome == "confirmed" and found.by == by:
        raise NeedsSecondPerson("You proposed it yourself.")
    tx.execute(
        sa.insert(approval_decisions),
        {"approval_id": found.id, "outcome": outcome, "by": by, "at": tx.now, "note": note},
    )
    return get(tx, found.id)


def _noun(row: sa.Row[Any]) -> Approval:
    return Approval(
        id=Id(row.id),
        kind=row.kind,
        subject=row.subject,
        reason=row.reason,
        by=Id(row.proposed_by),
        proposed_at=row.proposed_at,
        lapses_at=row.lapses_at,
        facts=row.facts,
        outcome=row.outcome or "",
        decided_by=None if row.decided_by is None else Id(row.decided_by),
        decided_at=row.decided_at,
        note=row.note or "",
    )
