"""Release rules as rows: only ever added, each ended at most once.

What is in force is derived from the time: ends and expiry say nothing of the past. Fed by
`hub.rules` once two people agreed; read by `hub.policy`. Contract:
`tests/contract/test_hub_members.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.hub import Effect, MemberKind, ReleasePurpose, ReleaseRule
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_rule_ends, hub_rules
from breakwater.records.texts import storable

_r, _e = hub_rules.c, hub_rule_ends.c
_JOINED: Final = (
    sa.select(hub_rules, _e.at.label("ended_at"), _e.change.label("end_change"))
    .join_from(hub_rules, hub_rule_ends, _e.rule_id == _r.id, isouter=True)
    .order_by(_r.change, _r.id)
)


def add(tx: Tx, rule: ReleaseRule) -> ReleaseRule:
    """Keep a rule; `at` and `change` become this transaction's.

    Raises:
        Conflict: there is a rule of this id.
    """
    storable(rule.reason, rule.category or "", rule.recipient_country or "")
    tx.lock_changes()
    if tx.execute(sa.select(_r.id).where(_r.id == rule.id)).first():
        raise Conflict("There is this rule already.")
    row = {
        "id": rule.id, "effect": rule.effect.value, "source": rule.source, "list": rule.list,
        "recipient": rule.recipient,
        "recipient_kind": None if rule.recipient_kind is None else rule.recipient_kind.value,
        "recipient_country": rule.recipient_country,
        "purpose": None if rule.purpose is None else rule.purpose.value,
        "category": rule.category, "expires_at": rule.expires_at, "reason": rule.reason,
        "by": rule.by, "second_by": rule.second_by, "at": tx.now, "change": tx.change(),
    }  # fmt: skip
    tx.execute(sa.insert(hub_rules), row)
    return get(tx, rule.id)


def get(tx: Tx, rule: Id) -> ReleaseRule:
    """One rule by id.

    Raises:
        NotFound: no such rule.
    """
    row = tx.execute(_JOINED.where(_r.id == rule)).one_or_none()
    if row is None:
        raise NotFound(f"rule {rule}")
    return _noun(row)


def end(tx: Tx, rule: Id, *, by: str, reason: str = "") -> ReleaseRule:
    """End a rule.

    Raises:
        NotFound: no such rule.
        Conflict: it has ended.
    """
    storable(reason)
    tx.lock_changes()
    if get(tx, rule).ended_at is not None:
        raise Conflict("This rule has ended already.")
    row = {"rule_id": rule, "reason": reason, "by": by, "at": tx.now, "change": tx.change()}
    tx.execute(sa.insert(hub_rule_ends), row)
    return get(tx, rule)


def in_force(tx: Tx, now: datetime) -> list[ReleaseRule]:
    """Rules that say something at a moment, in the order they were made."""
    wanted = _JOINED.where(
        sa.or_(_e.at.is_(None), _e.at > now), sa.or_(_r.expires_at.is_(None), _r.expires_at > now)
    )
    return [_noun(row) for row in tx.execute(wanted)]


def every(tx: Tx) -> list[ReleaseRule]:
    """All rules, ended and expired ones too, in the order they were made."""
    return [_noun(row) for row in tx.execute(_JOINED)]


def expired_between(tx: Tx, after: datetime, until: datetime) -> list[ReleaseRule]:
    """Rules that ran out after one moment and not later than another, not ended before."""
    wanted = _JOINED.where(
        _r.expires_at > after, _r.expires_at <= until,
        sa.or_(_e.at.is_(None), _e.at > _r.expires_at),
    )  # fmt: skip
    return [_noun(row) for row in tx.execute(wanted)]


def _noun(row: sa.Row[Any]) -> ReleaseRule:
    return ReleaseRule(
        id=Id(row.id), effect=Effect(row.effect),
        source=None if row.source is None else Id(row.source), list=row.list,
        recipient=None if row.recipient is None else Id(row.recipient),
        recipient_kind=None if row.recipient_kind is None else MemberKind(row.recipient_kind),
        recipient_country=row.recipient_country,
        purpose=None if row.purpose is None else ReleasePurpose(row.purpose),
        category=row.category, expires_at=row.expires_at, reason=row.reason, by=row.by,
        second_by=None if row.second_by is None else Id(row.second_by), at=row.at,
        ended_at=row.ended_at, change=row.change if row.end_change is None else row.end_change,
    )  # fmt: skip
