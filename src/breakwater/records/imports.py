"""Imports as rows: where a batch of entries came from, how far it got, what was bad in it.

Entries inherit provenance, permitted use, labels and expiry from here. An import that was
cut short is taken up again by the digest of its file. Fed by `banks.load`. Contract:
`tests/integration/test_bank_import.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.bank import Bank, Import
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks, import_bad_rows, imports
from breakwater.records.texts import storable

_BAD: Final = sa.text(
    "INSERT INTO import_bad_rows (import_number, row, reason) VALUES (:import_number, :row, "
    ":reason) ON CONFLICT (import_number, row) DO NOTHING"
)
_WITH_BANK: Final = sa.select(imports, banks.c.id.label("bank_id")).join_from(
    imports, banks, imports.c.bank_number == banks.c.number
)


def start(
    tx: Tx,
    bank: Bank,
    *,
    source: str,
    digest: str = "",
    labels: Iterable[str] = (),
    permitted_use: str = "",
    expires_at: datetime | None = None,
    signed_by: Id | None = None,
) -> Import:
    """Begin an import, or take up the unfinished one of the same file in the same bank.

    Args:
        tx: the transaction.
        bank: where to.
        source: file name or feed, shown with every match.
        digest: SHA-256 of the file; empty for a feed that is never taken up again.
        labels: inherited by every entry.
        permitted_use: overrides the bank's when not empty.
        expires_at: after this its entries no longer act.
        signed_by: person who vouches for it.
    """
    storable(source, permitted_use, *(labels := tuple(labels)))
    tx.lock_changes()
    if digest:
        row = tx.execute(
            _WITH_BANK.where(
                imports.c.bank_number == bank.number,
                imports.c.digest == digest,
                sa.not_(imports.c.finished),
            ).limit(1)
        ).one_or_none()
        if row is not None:
            return _noun(row)
    made = Import(
        id=new_id(),
        number=numbers.take(tx, "imports"),
        bank=bank.id,
        source=source,
        permitted_use=permitted_use,
        labels=labels,
        expires_at=expires_at,
        signed_by=signed_by,
        created_at=tx.now,
        digest=digest,
    )
    _insert(tx, bank, made)
    return made


def _insert(tx: Tx, bank: Bank, made: Import) -> None:
    tx.execute(
        sa.insert(imports),
        {
            "id": made.id,
            "number": made.number,
            "bank_number": bank.number,
            "source": made.source,
            "digest": made.digest,
            "permitted_use": made.permitted_use,
            "labels": list(made.labels),
            "expires_at": made.expires_at,
            "signed_by": made.signed_by,
            "rows_read": 0,
            "rows_kept": 0,
            "rows_bad": 0,
            "first_entry": None,
            "last_entry": None,
            "finished": False,
            "created_at": made.created_at,
        },
    )


def progress(tx: Tx, number: int, *, rows_read: int, rows_kept: int, rows_bad: int) -> None:
    """Say how far it got, in the transaction that took the rows."""
    tx.execute(
        sa.update(imports)
        .where(imports.c.number == number)
        .values(rows_read=rows_read, rows_kept=rows_kept, rows_bad=rows_bad)
    )


def bad_row(tx: Tx, number: int, row: int, reason: str) -> None:
    """Keep a row that could not be read: its number in the file and why, never its content."""
    tx.execute(_BAD, {"import_number": number, "row": row, "reason": reason})


def bad_rows(tx: Tx, number: int, *, limit: int = 1_000) -> list[tuple[int, str]]:
    """Bad rows of an import: (number in the file, reason), in order."""
    rows = tx.execute(
        sa.select(import_bad_rows.c.row, import_bad_rows.c.reason)
        .where(import_bad_rows.c.import_number == number)
        .order_by(import_bad_rows.c.row)
        .limit(limit)
    )
    return [(int(bad.row), str(bad.reason)) for bad in rows]


def finish(tx: Tx, number: int) -> Import:
    """Say that it ran to its end."""
    tx.execute(sa.update(imports).where(imports.c.number == number).values(finished=True))
    return get(tx, number)


def get(tx: Tx, number: int) -> Import:
    """One import by number.

    Raises:
        NotFound: no such import.
    """
    row = tx.execute(_WITH_BANK.where(imports.c.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"import {number}")
    return _noun(row)


def with_digest(tx: Tx, bank: Bank, digest: str) -> int:
    """Number of the last import of a file or request in a bank.

    Raises:
        NotFound: there was none.
    """
    same = sa.and_(imports.c.bank_number == bank.number, imports.c.digest == digest)
    number = tx.execute(sa.select(sa.func.max(imports.c.number)).where(same)).scalar()
    if number is None:
        raise NotFound("This import is not there.")
    return int(number)


def page(
    tx: Tx, bank: Bank | None = None, *, before: int | None = None, limit: int = 50
) -> list[Import]:
    """Imports, the newest first.

    Args:
        tx: the transaction.
        bank: only those of one bank.
        before: number of the last one of the page before.
        limit: at most so many.
    """
    wanted = _WITH_BANK.order_by(imports.c.number.desc()).limit(limit)
    if bank is not None:
        wanted = wanted.where(imports.c.bank_number == bank.number)
    if before is not None:
        wanted = wanted.where(imports.c.number < before)
    return [_noun(row) for row in tx.execute(wanted)]


def _noun(row: sa.Row[Any]) -> Import:
    return Import(
        id=Id(row.id),
        number=row.number,
        bank=Id(row.bank_id),
        source=row.source,
        permitted_use=row.permitted_use,
        labels=tuple(row.labels),
        expires_at=row.expires_at,
        signed_by=None if row.signed_by is None else Id(row.signed_by),
        rows_read=row.rows_read,
        rows_kept=row.rows_kept,
        rows_bad=row.rows_bad,
        finished=row.finished,
        created_at=row.created_at,
        digest=row.digest,
    )
