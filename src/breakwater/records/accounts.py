"""Account data as a service told it: sealed rows that are only ever added, and gaps.

Found by the account's pseudonym. Fed by `intake`; read with a case by those who may see
identities. Contract: `tests/contract/test_records_accounts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import BadInput
from breakwater.model.account import Snapshot
from breakwater.model.ids import Id, new_id
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import account_snapshots

_s = account_snapshots.c


def put(
    tx: Tx,
    service: str,
    account: str,
    facts: Mapping[str, Any],
    *,
    taken_at: datetime,
    source: str = "api",
) -> Snapshot:
    """Keep what a service tells of an account.

    Args:
        tx: the transaction.
        service: which tells.
        account: its own name of the account.
        facts: what it tells, as JSON.
        taken_at: when they were true.
        source: `callback` or `api`.

    Raises:
        BadInput: no account.
    """
    return _add(tx, service, account, facts, taken_at=taken_at, source=source, gap="")


def gap(tx: Tx, service: str, account: str, why: str) -> Snapshot:
    """Keep that a service was asked and told nothing, and why."""
    return _add(tx, service, account, {}, taken_at=tx.now, source="callback", gap=why)


def latest(tx: Tx, service: str, account: str) -> Snapshot | None:
    """What was told last, gaps left out; None when nothing was."""
    found = snapshots(tx, service, account, 1, gaps=False)
    return found[0] if found else None


def told_at(tx: Tx, service: str, account: str) -> datetime | None:
    """When something was told last; opens nothing that is sealed."""
    key = identities.pseudonym(tx, service, account)
    wanted = sa.select(sa.func.max(_s.taken_at)).where(_s.account_key == key, _s.gap == "")
    moment: datetime | None = tx.execute(wanted).scalar()
    return moment


def snapshots(
    tx: Tx, service: str, account: str, limit: int = 100, *, gaps: bool = True
) -> list[Snapshot]:
    """What was told and, with `gaps`, what was not; the newest first."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return []
    wanted = sa.select(account_snapshots).where(_s.account_key == key)
    if not gaps:
        wanted = wanted.where(_s.gap == "")
    rows = tx.execute(wanted.order_by(_s.taken_at.desc(), _s.id.desc()).limit(limit))
    return [
        Snapshot(
            id=Id(row.id),
            service=row.service,
            account=account,
            taken_at=row.taken_at,
            stored_at=row.stored_at,
            source=row.source,
            facts=identities.unseal(tx, Id(row.id), row.sealed),
            gap=row.gap,
        )
        for row in rows
    ]


def _add(
    tx: Tx,
    service: str,
    account: str,
    facts: Mapping[str, Any],
    *,
    taken_at: datetime,
    source: str,
    gap: str,
) -> Snapshot:
    key = identities.pseudonym(tx, service, account)
    if key is None:
        raise BadInput("Account data need the account they are of.")
    made = Snapshot(new_id(), service, account, taken_at, tx.now, source, dict(facts), gap)
    tx.execute(
        sa.insert(account_snapshots),
        {
            "id": made.id,
            "service": service,
            "account_key": key,
            "sealed": identities.seal(tx, made.id, facts),
            "source": source,
            "gap": gap,
            "taken_at": taken_at,
            "stored_at": tx.now,
        },
    )
    return made
