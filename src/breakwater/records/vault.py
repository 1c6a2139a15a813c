"""The vault: preserved media, each under a key of its own, durable before any row names it.

Comes in: bytes and their retention class. Goes out: an id, and later the bytes, verified.
`put` writes the file, syncs it and its directory, then writes its row and key; whoever
preserves it names the id in a column with a foreign key to `blobs`, and the sweeper removes
what nobody named within the hour. Shredding deletes the key first: a copy of the file in a
backup is noise from then on. Satisfies `model.ports.Blob`.
Contract test: `tests/contract/test_records_core_vault.py`.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

import sqlalchemy as sa

from breakwater.errors import BadSettings, DiskFull, NotFound, Tampered, Unavailable
from breakwater.model.ids import Id, new_id
from breakwater.records import sealedfile
from breakwater.records.database import Database, Tx
from breakwater.records.keys import Keyring
from breakwater.records.tables import core, metadata

ORPHAN_AGE: Final = timedelta(hours=1)
SUFFIX: Final = ".bwv"
BATCH: Final = 500


class Vault:
    """Encrypted objects in one directory."""

    def __init__(self, directory: Path, db: Database, keys: Keyring) -> None:
        """Open the vault in an existing directory.

        Raises:
            BadSettings: the directory is not there.
        """
        if not directory.is_dir():
            raise BadSettings(f"The vault's directory does not exist: {directory}.")
        self.directory = directory
        self._db = db
        self._keys = keys
        self._durable: set[Path] = set()

    def put(self, source: BinaryIO, *, purpose: str) -> Id:
        """Encrypt and store; durable when it returns. Never inside a transaction.

        Args:
            source: read from where it stands to its end.
            purpose: retention class; a key of this name wraps the object's key.

        Raises:
            DiskFull: nothing was kept.
            MissingKey: no key of this purpose.
        """
        blob = new_id()
        key = secrets.token_bytes(32)
        wrapped = self._keys.seal(purpose, key, _bound(blob))
        path = self.path(blob)
        try:
            size = self._write(path, source, key, blob)
            with self._db.transaction() as tx:
                tx.execute(
                    sa.insert(core.blobs),
                    {"id": blob, "purpose": purpose, "size": size, "created_at": tx.now},
                )
                tx.execute(sa.insert(core.blob_keys), {"blob": blob, "wrapped": wrapped})
        except BaseException:  # what is not acknowledged leaves nothing
            path.unlink(missing_ok=True)
            raise
        return blob

    def open(self, blob: Id) -> BinaryIO:
        """Read back from any place, verified chunk by chunk.

        Raises:
            NotFound: there is none of this id, or it was shredded.
            Tampered: its file is gone, cut or changed; also while reading.
        """
        with self._db.read() as tx:
            row = tx.execute(
                sa.select(core.blobs.c.purpose, core.blobs.c.size, core.blob_keys.c.wrapped)
                .join_from(core.blobs, core.blob_keys)
                .where(core.blobs.c.id == blob)
            ).one_or_none()
        if row is None:
            raise NotFound("The vault has no such object.", blob=blob)
        key = self._keys.unseal(row.purpose, row.wrapped, _bound(blob))
        try:
            file = self.path(blob).open("rb")
        except FileNotFoundError:
            raise Tampered("The vault's file is gone.", blob=blob) from None
        try:
            reader = sealedfile.Reader(file, key=key, blob=blob, size=row.size)
        except BaseException:  # whatever failed, nothing stays open
            file.close()
            raise
        return io.BufferedReader(reader, sealedfile.CHUNK)

    def size(self, blob: Id) -> int:
        """Bytes of plaintext.

        Raises:
            NotFound: there is none of this id.
        """
        with self._db.read() as tx:
            size = tx.execute(sa.select(core.blobs.c.size).where(core.blobs.c.id == blob)).scalar()
        if size is None:
            raise NotFound("The vault has no such object.", blob=blob)
        return int(size)

    def shred(self, blob: Id) -> None:
        """Destroy the key, then the bytes; idempotent. The row stays while something names it."""
        with self._db.transaction() as tx:
            tx.execute(sa.delete(core.blob_keys).where(core.blob_keys.c.blob == blob))
        self._db.checkpoint()
        self._remove(blob)

    def sweep(self) -> int:
        """Remove what no row names and what nobody finished; answers how many were removed."""
        before = self._db.clock.now() - ORPHAN_AGE
        removed = 0
        while batch := self._unnamed(before):
            with self._db.transaction() as tx:
                gone = [blob for blob in batch if self._forget(tx, blob)]
            for blob in gone:
                self._remove(blob)
            removed += len(gone)
            if len(gone) < len(batch):
                break
        if removed:
            self._db.checkpoint()
        for path in self._files():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp() and not self._known(path):
                    path.unlink()
                    removed += 1
        return removed

    def path(self, blob: Id) -> Path:
        """Where its file lies."""
        return place(self.directory, blob)

    def _write(self, path: Path, source: BinaryIO, key: bytes, blob: Id) -> int:
        part = path.with_suffix(".part")
        try:
            self._make_durable(path.parent)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                size = sealedfile.write(source, file, key=key, blob=blob)
                file.flush()
                os.fsync(fd)
            part.replace(path)
            _sync_directory(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull from None
            raise Unavailable(f"The vault cannot be written: {error.strerror}.") from None
        except BaseException:  # even an interrupt leaves no half file
            part.unlink(missing_ok=True)
            raise
        return size

    def _make_durable(self, folder: Path) -> None:
        """Make a folder that a power cut leaves; one that is there may be somebody's half step."""
        if folder in self._durable and folder.is_dir():
            return
        folder.mkdir(exist_ok=True, mode=0o700)
        _sync_directory(self.directory)
        self._durable.add(folder)

    def _remove(self, blob: Id) -> None:
        path = self.path(blob)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_directory(path.parent)

    def _unnamed(self, before: object) -> list[Id]:
        query = (
            sa.select(core.blobs.c.id)
            .where(core.blobs.c.created_at < before)
            .where(*(~sa.exists().where(col == core.blobs.c.id) for col in naming_columns()))
            .limit(BATCH)
        )
        with self._db.read() as tx:
            return [Id(blob) for blob in tx.execute(query).scalars()]

    def _forget(self, tx: Tx, blob: Id) -> bool:
        """Delete key and row unless something names it by now; the key stays if it does."""
        named = sa.or_(
            sa.false(),
            *(sa.exists().where(col == core.blobs.c.id) for col in naming_columns()),
        )
        gone = tx.execute(
            sa.delete(core.blobs).where(core.blobs.c.id == blob).where(sa.not_(named))
        )
        return gone.rowcount == 1

    def _files(self) -> Iterator[Path]:
        for folder in sorted(self.directory.iterdir()):
            if folder.is_dir():
                yield from folder.iterdir()

    def _known(self, path: Path) -> bool:
        if path.suffix != SUFFIX:
            return False
        with self._db.read() as tx:
            found = tx.execute(
                sa.select(core.blob_keys.c.blob).where(core.blob_keys.c.blob == path.stem)
            ).scalar()
        return found is not None


def place(directory: Path, blob: Id) -> Path:
    """Where an object's file lies: 256 directories by the last digits, which are random."""
    return directory / blob[-2:] / (blob + SUFFIX)


def naming_columns() -> list[sa.Column[object]]:
    """Every column that names a blob, told by its foreign key; keys themselves do not count."""
    return [
        key.parent
        for table in metadata.sorted_tables
        if table is not core.blob_keys
        for key in table.foreign_keys
        if key.column is core.blobs.c.id
    ]


def _bound(blob: Id) -> bytes:
    return b"blob " + blob.encode()


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
