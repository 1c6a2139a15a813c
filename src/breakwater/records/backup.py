"""Backup and restore of database, keys, vault and whatever directories stand beside them.

A backup is a directory: `database/` (a consistent copy without keys), `keys/` (wrapped keys,
kept for their own shorter time: without them shredded evidence stays shredded), `vault/`, more
directories by name, and `manifest.json`, written last, with the hash of every file and the
root of the audit tree. The root key is never in it. Restoring goes to clean places only and
ends with the audit tree recomputed and equal. What was written after the backup is lost, so
keep the old checkpoints aside: they would rightly say that the log was cut.
Contract test: `tests/integration/test_backup.py`.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, DiskFull, Tampered, Unavailable
from breakwater.model.clock import Clock, iso
from breakwater.model.ids import Id
from breakwater.records import audit, migrate
from breakwater.records.database import Database, open_database, parse_url
from breakwater.records.migrations import HEAD
from breakwater.records.postgres import PostgresBackend
from breakwater.records.sqlite import COPY_NAME
from breakwater.records.tables import core
from breakwater.records.vault import place

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        dialect: of the database it was made of; it restores to the same.
        revision: of the schema.
        audit_size, audit_root: the audit tree in it.
        files: SHA-256 of each, by path within the backup.
    """

    created_at: str
    dialect: str
    revision: str
    audit_size: int
    audit_root: str
    files: Mapping[str, str]


def backup(
    db: Database,
    target: Path,
    *,
    vault: Path,
    more: Mapping[str, Path] | None = None,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Write a backup while the system works.

    Args:
        db: the open database.
        target: a directory that is not there yet, or empty.
        vault: the vault's directory.
        more: further directories by the name they get in the backup (ingest hashes).
        progress: told what is being done.

    Raises:
        Conflict: the target holds something.
        DiskFull, Unavailable: it cannot be written; the part that was has no manifest.
    """
    _clean(target)
    try:
        for name in ("database", "keys", "vault"):
            (target / name).mkdir(parents=True)
        progress("database")
        edge = db.backend.copy_to(target / "database")
        progress("vault")
        _copy_vault(db, vault, target / "vault")
        for name, directory in (more or {}).items():
            progress(name)
            shutil.copytree(directory, target / _plain(name))
        # Keys last: what was shredded meanwhile has none, and its file does not matter.
        progress("keys")
        _write_keys(db, target / "keys")
        manifest = Manifest(
            created_at=iso(db.clock.now()),
            dialect=db.dialect,
            revision=HEAD,
            audit_size=edge.size,
            audit_root=edge.root().hex(),
            files={name: _hash(target / name) for name in _files(target)},
        )
        _write_manifest(target, manifest)
    except OSError as error:
        raise (
            DiskFull() if error.errno == errno.ENOSPC else Unavailable(str(error.strerror))
        ) from None
    return manifest


def check_backup(source: Path) -> Manifest:
    """Read a backup's manifest and verify every file against it.

    Raises:
        BadInput: this is no whole backup.
        Tampered: a file was changed, added or lost; `keys/` may have been removed on purpose.
    """
    try:
        told = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        version = told.pop("format")
        manifest = Manifest(**told)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise BadInput("This is no whole backup: its manifest is missing or unreadable.") from None
    if version != FORMAT:
        raise BadInput("This backup was written by another version.")
    there = set(_files(source))
    for name in sorted(there ^ set(manifest.files)):
        if not name.startswith("keys/") or name in there:
            raise Tampered("A backup's file was added or is gone.", file=name)
    for name in sorted(there):
        if _hash(source / name) != manifest.files[name]:
            raise Tampered("A backup's file was changed.", file=name)
    return manifest


def restore(
    source: Path,
    url: str,
    *,
    vault: Path,
    clock: Clock,
    more: Mapping[str, Path] | None = None,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Restore a backup into clean places and verify it.

    Args:
        source: the backup.
        url: a database that is not there yet (SQLite) or empty (PostgreSQL), of the same kind.
        vault: a directory that is not there yet, or empty.
        clock: what tells the time.
        more: where the further directories go, by their name in the backup.
        progress: told what is being done.

    Raises:
        BadInput: no whole backup, or of the other kind of database.
        Conflict: something is there already; nothing is overwritten.
        Tampered: the backup, or the audit tree restored from it, is not what was written.
    """
    progress("check")
    manifest = check_backup(source)
    if parse_url(url).get_backend_name() != manifest.dialect:
        raise BadInput(f"This backup is of {manifest.dialect}.")
    targets = {"vault": vault, **{_plain(n): path for n, path in (more or {}).items()}}
    for directory in targets.values():
        _clean(directory)
    progress("database")
    _restore_database(source / "database", url, manifest)
    progress("keys")
    db = open_database(url, clock=clock)
    try:
        _read_keys(db, source / "keys")
        for name, directory in targets.items():
            progress(name)
            shutil.copytree(source / name, directory, dirs_exist_ok=True)
            _sync(directory)
        progress("audit")
        report = audit.verify(db, None)
        if not report.ok or (report.size, report.root.hex()) != (
            manifest.audit_size,
            manifest.audit_root,
        ):
            raise Tampered("The restored audit log is not the one that was backed up.")
    finally:
        db.close()
    return manifest


def _restore_database(source: Path, url: str, manifest: Manifest) -> None:
    address = parse_url(url)
    if manifest.dialect == "sqlite":
        path = Path(str(address.database))
        if path.exists():
            raise Conflict(f"{path} exists already and is not overwritten.")
        part = path.with_name(path.name + ".part")
        shutil.copyfile(source / COPY_NAME, part)
        part.chmod(0o600)
        part.replace(path)
        migrate.upgrade(url)
        return
    if migrate.current(url):
        raise Conflict("The database is not empty, and is not overwritten.")
    migrate.upgrade(url, manifest.revision)
    backend = PostgresBackend(address.render_as_string(hide_password=False))
    try:
        backend.load_from(source)
    finally:
        backend.close()
    migrate.upgrade(url)


def _copy_vault(db: Database, vault: Path, target: Path) -> None:
    """Every object that has a key; those that are shredded meanwhile are left out."""
    with db.read() as tx:
        blobs = tx.execute(sa.select(core.blob_keys.c.blob).order_by(core.blob_keys.c.blob))
        ids = [Id(blob) for blob in blobs.scalars()]
    for blob in ids:
        copy = place(target, blob)
        copy.parent.mkdir(exist_ok=True)
        try:
            shutil.copyfile(place(vault, blob), copy)
        except FileNotFoundError:
            if _has_key(db, blob):
                raise Tampered("The vault's file is gone.", blob=blob) from None


def _has_key(db: Database, blob: Id) -> bool:
    with db.read() as tx:
        query = sa.select(core.blob_keys.c.blob).where(core.blob_keys.c.blob == blob)
        return tx.execute(query).first() is not None


def _write_keys(db: Database, target: Path) -> None:
    with db.read() as tx:
        wraps = [
            {
                "purpose": row.purpose,
                "version": row.version,
                "wrapped": base64.b64encode(row.wrapped).decode(),
                "created_at": row.created_at.isoformat(),
            }
            for row in tx.execute(sa.select(core.key_wraps))
        ]
        blobs = {
            row.blob: base64.b64encode(row.wrapped).decode()
            for row in tx.execute(sa.select(core.blob_keys))
        }
    (target / "key_wraps.json").write_text(json.dumps(wraps), encoding="utf-8")
    (target / "blob_keys.json").write_text(json.dumps(blobs), encoding="utf-8")


def _read_keys(db: Database, source: Path) -> None:
    """Put the wrapped keys back; when their time was over, everything sealed stays sealed."""
    if not (source / "key_wraps.json").exists():
        return
    wraps: list[dict[str, Any]] = json.loads((source / "key_wraps.json").read_text("utf-8"))
    blobs: dict[str, str] = json.loads((source / "blob_keys.json").read_text("utf-8"))
    with db.transaction() as tx:
        known = set(tx.execute(sa.select(core.blobs.c.id)).scalars())
        for wrap in wraps:
            wrap["wrapped"] = base64.b64decode(wrap["wrapped"])
            wrap["created_at"] = datetime.fromisoformat(wrap["created_at"])
            tx.execute(sa.insert(core.key_wraps), wrap)
        rows = [(blob, base64.b64decode(key)) for blob, key in blobs.items() if blob in known]
        tx.insert_many(core.blob_keys, ["blob", "wrapped"], rows)


def _write_manifest(target: Path, manifest: Manifest) -> None:
    """Last, and durable after everything it names."""
    _sync(target)
    text = {
        "format": FORMAT,
        "created_at": manifest.created_at,
        "dialect": manifest.dialect,
        "revision": manifest.revision,
        "audit_size": manifest.audit_size,
        "audit_root": manifest.audit_root,
        "files": dict(manifest.files),
    }
    part = target / (MANIFEST + ".part")
    part.write_text(json.dumps(text, indent=1, sort_keys=True), encoding="utf-8")
    part.replace(target / MANIFEST)
    _sync(target)


def _files(directory: Path) -> Iterator[str]:
    """Every file but the manifest, by its path within."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(directory).as_posix()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(directory: Path) -> None:
    """Make files and names durable."""
    for path in [directory, *directory.rglob("*")]:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _clean(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Conflict(f"{directory} is not empty, and is not overwritten.")


def _plain(name: str) -> str:
    """A directory's name in a backup."""
    if name in {"database", "keys", "vault"} or not name.isidentifier():
        raise BadInput(f"A directory of a backup cannot be called {name}.")
    return name
