"""Which banks may cut a broadcast by themselves: set by two people, taken back by one.

Rows are only ever added; the newest of a bank counts. Without one a bank never cuts by itself.
Fed by `banks.cutting`; read by `live.streams`. Contract: `tests/contract/test_records_streams.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_stream import bank_cuts

_c = bank_cuts.c


def allowed(tx: Tx, bank: Id) -> bool:
    """Whether a bank may cut by itself."""
    wanted = sa.select(_c.allowed).where(_c.bank_id == bank).order_by(_c.change.desc()).limit(1)
    return bool(tx.execute(wanted).scalar())


def put(tx: Tx, bank: Id, *, allow: bool, by: Id, second: Id | None) -> None:
    """Write down that it may, which takes two people, or that it may not any more."""
    row = {"bank_id": bank, "allowed": allow, "by": by, "second_by": second}
    tx.execute(sa.insert(bank_cuts), row | {"change": tx.change(), "at": tx.now})
