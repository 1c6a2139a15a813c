"""`db check`: whether database, vault and audit log are what they were left as.

Comes in: a database URL and where vault and checkpoints lie. Goes out: findings in words;
none means whole. Reads only, so it may run beside the owner.
Contract test: `tests/integration/test_backup.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from breakwater.errors import BreakwaterError, Tampered
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.records import audit, migrate, sealedfile
from breakwater.records.database import Database, Tx, open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core
from breakwater.records.vault import Vault, place

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        part: `schema`, `database`, `keys`, `audit` or `vault`.
        words: for people.
    """

    part: str
    words: str


def check(
    url: str,
    *,
    clock: Clock,
    vault: Path | None = None,
    checkpoints: Path | None = None,
    root: RootKey | None = None,
    deep: bool = False,
) -> list[Finding]:
    """Look at everything; nothing found means whole.

    Args:
        url: of the database.
        clock: what tells the time.
        vault: the vault's directory.
        checkpoints: the second place of the audit log.
        root: opens the keys, for what needs them.
        deep: decrypt every object of the vault instead of measuring its file.
    """
    found = [Finding("schema", words) for words in migrate.check(url)]
    if found:
        return found
    db = open_database(url, clock=clock, read_only=True)
    try:
        found += [Finding("database", words) for words in _database(db)]
        keys: Keyring | None = None
        if root is not None:
            try:
                keys = Keyring.open(db, root)
            except BreakwaterError as error:
                found.append(Finding("keys", error.detail))
        report = audit.verify(db, checkpoints, keys=keys)
        found += [Finding("audit", problem.words) for problem in report.problems]
        if vault is not None:
            found += [
                Finding("vault", words) for words in _vault(db, vault, keys if deep else None)
            ]
    finally:
        db.close()
    return found


def _database(db: Database) -> Iterator[str]:
    """What the database says of itself."""
    with db.read() as tx:
        if db.dialect == "sqlite":
            for row in tx.execute(sa.text("PRAGMA integrity_check")).scalars():
                if row != "ok":
                    yield str(row)
            for row in tx.execute(sa.text("PRAGMA foreign_key_check")):
                yield f"Rows of {row.table} name rows of {row.parent} that are not there."
        yield from _counter(tx)


def _counter(tx: Tx) -> Iterator[str]:
    """No event is newer than the last change number given out."""
    last = tx.execute(sa.select(core.changes.c.last)).scalar()
    newest = tx.execute(sa.select(sa.func.max(core.outbox.c.change))).scalar() or 0
    if last is None or newest > last:
        yield f"Event {newest} is newer than the last change number, {last}."


def _vault(db: Database, directory: Path, keys: Keyring | None) -> Iterator[str]:
    """Every object that has a key has its whole file."""
    with db.read() as tx:
        query = sa.select(core.blobs.c.id, core.blobs.c.size).join_from(core.blobs, core.blob_keys)
        rows = tx.execute(query.order_by(core.blobs.c.id)).all()
    vault = Vault(directory, db, keys) if keys is not None else None
    for row in rows:
        path = place(directory, Id(row.id))
        if not path.exists():
            yield f"The file of {row.id} is gone."
        elif path.stat().st_size != sealedfile.stored_size(row.size):
            yield f"The file of {row.id} has another length than was recorded."
        elif vault is not None:
            try:
                with vault.open(Id(row.id)) as file:
                    while file.read(_BLOCK):
                        pass
            except Tampered as error:
                yield f"{row.id}: {error.detail}"
