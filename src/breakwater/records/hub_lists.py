"""Shared lists as rows: banks whose entries members receive.

Name, purpose and permitted use stand on the bank. A list that ended is not shared again under
its row's first life: `share` opens it anew. Fed by `hub.lists`; read by every feed. Contract:
`tests/contract/test_hub_members.py`.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, NotFound
from breakwater.model.bank import Bank
from breakwater.model.hub import SharedList
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks
from breakwater.records.tables.nouns_hub import hub_lists

TLP: Final = ("red", "amber", "green", "clear")
"""Traffic Light Protocol 2.0 (FIRST), the narrowest first."""

_l = hub_lists.c
_JOINED: Final = sa.select(hub_lists, banks.c.id.label("bank_id"), banks.c.name).join(
    banks, banks.c.number == _l.bank_number
)


def share(tx: Tx, bank: Bank, *, tlp: str = "amber", open: bool = True) -> SharedList:  # noqa: A002 - as the noun says it
    """Share a bank, or change how it is shared.

    Raises:
        BadInput: not a colour of the protocol, or the bank is no longer used.
    """
    if tlp not in TLP:
        raise BadInput("The traffic light is red, amber, green or clear.")
    if bank.archived:
        raise BadInput(f"Bank {bank.name} is no longer used.")
    if bank.unchecked:
        raise BadInput(f"Bank {bank.name} is never shared: nobody has checked what it holds.")
    tx.lock_changes()
    values = {"tlp": tlp, "open": open, "ended_at": None, "change": tx.change()}
    mine = _l.bank_number == bank.number
    if tx.execute(sa.select(_l.bank_number).where(mine)).first():
        tx.execute(sa.update(hub_lists).where(mine).values(**values))
    else:
        fixed = {"bank_number": bank.number, "created_at": tx.now}
        tx.execute(sa.insert(hub_lists), values | fixed)
    return get(tx, bank.number)


def get(tx: Tx, bank_number: int) -> SharedList:
    """One list by the number of its bank, ended or not.

    Raises:
        NotFound: this bank was never shared.
    """
    row = tx.execute(_JOINED.where(_l.bank_number == bank_number)).one_or_none()
    if row is None:
        raise NotFound(f"shared list {bank_number}")
    return _noun(row)


def by_name(tx: Tx, name: str) -> SharedList:
    """One list by the name of its bank, ended or not; raises `NotFound`."""
    row = tx.execute(_JOINED.where(banks.c.name == name)).one_or_none()
    if row is None:
        raise NotFound(f"shared list {name}")
    return _noun(row)


def every(tx: Tx, *, ended: bool = False) -> list[SharedList]:
    """Lists that are shared, by name; with `ended` those no longer shared too.

    A bank that is no longer used is shared no more, whatever its row says.
    """
    wanted = _JOINED.order_by(banks.c.name)
    if not ended:
        wanted = wanted.where(_l.ended_at.is_(None), sa.not_(banks.c.archived))
    return [_noun(row) for row in tx.execute(wanted)]


def end(tx: Tx, bank_number: int) -> SharedList:
    """Share a bank no more; ending twice keeps the first time. Raises `NotFound`."""
    tx.lock_changes()
    if get(tx, bank_number).ended_at is None:
        values = {"ended_at": tx.now, "change": tx.change()}
        tx.execute(sa.update(hub_lists).where(_l.bank_number == bank_number).values(**values))
    return get(tx, bank_number)


def _noun(row: sa.Row[Any]) -> SharedList:
    return SharedList(
        bank=Id(row.bank_id), bank_number=row.bank_number, name=row.name, tlp=row.tlp,
        open=row.open, created_at=row.created_at, ended_at=row.ended_at, change=row.change,
    )  # fmt: skip
