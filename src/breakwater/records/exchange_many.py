"""Remote ids by the hundred thousand: which are known, and which entries of ours they became.

A first pull of a list is new from end to end; row by row it would take minutes. What is asked of
many rows is asked in one statement over a staged table, and rows are written in the order of the
remote ids, so that the tree of ids grows page by page. In the transaction of one page
(`exchange.taking_many`). Contract: `tests/contract/test_exchange_many.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from breakwater.model.bank import Bank
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_exchange import exchange_items

_IDS: Final = sa.Table(
    "staged_remote", sa.MetaData(), sa.Column("remote_id", sa.Text), prefixes=["TEMPORARY"]
)
_VALUES: Final = sa.Table(
    "staged_values", sa.MetaData(), sa.Column("value", sa.LargeBinary), prefixes=["TEMPORARY"]
)
_KNOWN: Final = sa.text("""
    SELECT DISTINCT s.remote_id FROM staged_remote s CROSS JOIN exchange_items i
    WHERE i.feed_number = :feed AND i.remote_id = s.remote_id
""")
_STANDING: Final = sa.text("""
    SELECT s.value, e.number FROM staged_values s CROSS JOIN entries e
    WHERE e.kind = :kind AND e.value = s.value AND e.bank_number = :bank AND e.status <> 2
""")
"""Cross joins, so that SQLite goes from what is staged to the tree and never back."""
_ANY: Final = sa.text("SELECT 1 FROM exchange_items WHERE feed_number = :feed LIMIT 1")
_COLUMNS: Final = ("feed_number", "remote_id", "entry_number", "turn")


def known(tx: Tx, feed: int, remote: Sequence[str]) -> set[str]:
    """Of remote ids, those that a feed gave before."""
    if tx.execute(_ANY, {"feed": feed}).first() is None:
        return set()
    with _staged(tx, _IDS, [(one,) for one in sorted(remote)]):
        return set(tx.execute(_KNOWN, {"feed": feed}).scalars())


def standing(tx: Tx, bank: Bank, kind: str, values: Sequence[bytes]) -> dict[bytes, int]:
    """Numbers of values that a bank has, withdrawn ones left out."""
    with _staged(tx, _VALUES, [(one,) for one in values]):
        rows = tx.execute(_STANDING, {"kind": kind, "bank": bank.number})
        return {bytes(row.value): int(row.number) for row in rows}


def join(tx: Tx, feed: int, became: Mapping[str, int], *, turn: int) -> None:
    """Say which entries of ours remote ids became; the ids must be new to the feed."""
    rows = [(feed, remote, became[remote], turn) for remote in sorted(became)]
    tx.insert_many(exchange_items, _COLUMNS, rows)


@contextmanager
def _staged(tx: Tx, table: sa.Table, rows: Sequence[tuple[object]]) -> Iterator[None]:
    tx.execute(sa.schema.CreateTable(table))
    tx.insert_many(table, [column.name for column in table.columns], rows)
    yield
    tx.execute(sa.schema.DropTable(table))
