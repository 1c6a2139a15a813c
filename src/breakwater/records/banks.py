"""Banks as rows: made, changed under a guard, archived; never renumbered.

Fed by the verbs of `banks`; read by `recognition` on every match. Contract:
`tests/contract/test_records_banks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.bank import OWN_PICTURES, Bank, BankAction, allowed_action
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks, entry_totals, imports
from breakwater.records.texts import storable


def create(
    tx: Tx,
    *,
    name: str,
    purpose: str = "",
    source: str = "",
    permitted_use: str = "detection",
    action: BankAction = BankAction.HOLD,
    limits: Mapping[str, int] | None = None,
    enabled_share: float = 1.0,
    verified: bool = False,
    expires_at: datetime | None = None,
) -> Bank:
    """Make a bank.

    Raises:
        Conflict: the name is taken, by an archived bank too.
    """
    change = tx.change()
    if tx.execute(sa.select(banks.c.id).where(banks.c.name == name)).first():
        raise Conflict(f"There is a bank {name} already.", bank=name)
    bank = Bank(
        id=new_id(),
        number=numbers.take(tx, "banks"),
        name=name,
        purpose=purpose,
        source=source,
        permitted_use=permitted_use,
        action=action,
        limits=MappingProxyType(dict(limits or {})),
        enabled_share=enabled_share,
        verified=verified,
        expires_at=expires_at,
        created_at=tx.now,
        change=change,
    )
    fixed = {"id": bank.id, "number": bank.number, "created_at": bank.created_at}
    tx.execute(sa.insert(banks), _values(bank) | fixed | {"change": change})
    return bank


def get(tx: Tx, name: str) -> Bank:
    """One bank by name.

    Raises:
        NotFound: no bank of this name.
    """
    return _one(tx, banks.c.name == name, f"bank {name}")


def by_id(tx: Tx, bank: Id) -> Bank:
    """One bank by id.

    Raises:
        NotFound: no such bank.
    """
    return _one(tx, banks.c.id == bank, f"bank {bank}")


def by_number(tx: Tx, number: int) -> Bank:
    """One bank by number.

    Raises:
        NotFound: no such bank.
    """
    return _one(tx, banks.c.number == number, f"bank number {number}")


def every(tx: Tx, *, archived: bool = False) -> list[Bank]:
    """All banks in use by name; with `archived` those no longer used too."""
    wanted = sa.select(banks).order_by(banks.c.name)
    if not archived:
        wanted = wanted.where(sa.not_(banks.c.archived))
    return [_noun(row) for row in tx.execute(wanted)]


def update(tx: Tx, bank: Bank, *, expected_change: int) -> Bank:
    """Store a changed bank; its id and number stay.

    Args:
        tx: the transaction.
        bank: as it shall be.
        expected_change: the change number the caller read.

    Raises:
        Conflict: somebody changed it since, or the new name is taken.
        NotFound: no such bank.
        BadInput: what nobody checked may not block, nor take another name.
    """
    change = tx.change()
    if bank.name != OWN_PICTURES and by_id(tx, bank.id).unchecked:
        raise BadInput(f"{OWN_PICTURES} keeps its name: nobody has checked what it holds.")
    taken = sa.select(banks.c.id).where(banks.c.name == bank.name, banks.c.id != bank.id)
    if tx.execute(taken).first():
        raise Conflict(f"There is a bank {bank.name} already.", bank=bank.name)
    done = tx.execute(
        sa.update(banks)
        .where(banks.c.id == bank.id, banks.c.change == expected_change)
        .values(**_values(bank), change=change)
    )
    if not done.rowcount:
        present = by_id(tx, bank.id)
        raise Conflict(f"Bank {present.name} was changed meanwhile.", change=present.change)
    return by_id(tx, bank.id)


def archive(tx: Tx, bank: Bank) -> Bank:
    """Stop using a bank; its entries stay as the record of what was used."""
    tx.execute(
        sa.update(banks).where(banks.c.id == bank.id).values(archived=True, change=tx.change())
    )
    return by_id(tx, bank.id)


def delete_if_empty(tx: Tx, bank: Bank) -> None:
    """Remove a bank that never held anything.

    Raises:
        Conflict: it holds or held entries, or an import was begun; archive it instead.
    """
    tx.lock_changes()
    used = [
        sa.select(entry_totals.c.n).where(entry_totals.c.bank_number == bank.number).limit(1),
        sa.select(imports.c.number).where(imports.c.bank_number == bank.number).limit(1),
    ]
    if any(tx.execute(wanted).first() for wanted in used):
        raise Conflict(f"Bank {bank.name} has held entries; archive it instead.")
    tx.execute(sa.delete(banks).where(banks.c.id == bank.id))


def _one(tx: Tx, which: sa.ColumnElement[bool], words: str) -> Bank:
    row = tx.execute(sa.select(banks).where(which)).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(row)


def _values(bank: Bank) -> dict[str, Any]:
    """Columns that may change."""
    storable(bank.name, bank.purpose, bank.source, bank.permitted_use)
    if allowed_action(bank.name, bank.action) is not bank.action:
        raise BadInput(f"{OWN_PICTURES} may hold, never block: nobody has checked what it holds.")
    return {
        "name": bank.name,
        "purpose": bank.purpose,
        "source": bank.source,
        "permitted_use": bank.permitted_use,
        "action": bank.action.value,
        "limits": dict(bank.limits),
        "enabled_share": bank.enabled_share,
        "verified": bank.verified,
        "expires_at": bank.expires_at,
        "archived": bank.archived,
    }


def _noun(row: sa.Row[Any]) -> Bank:
    return Bank(
        id=Id(row.id),
        number=row.number,
        name=row.name,
        purpose=row.purpose,
        source=row.source,
        permitted_use=row.permitted_use,
        action=allowed_action(row.name, BankAction(row.action)),
        limits=MappingProxyType(row.limits),
        enabled_share=row.enabled_share,
        verified=row.verified,
        expires_at=row.expires_at,
        created_at=row.created_at,
        change=row.change,
        archived=row.archived,
    )
