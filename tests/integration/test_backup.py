"""A backup restores everything to clean places, and says when it is not what was written."""

from __future__ import annotations

import io
import shutil
import threading

import pytest
import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, MissingKey, NotFound, Tampered
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records import audit, backup, inspect, outbox
from breakwater.records.audit import Checkpointer
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.tables import core
from breakwater.records.vault import Vault


@pytest.fixture
def lived_in(database, vault, clock):
    """An installation with evidence, events and an audit log."""
    blobs = [vault.put(io.BytesIO(b"evidence %d" % n), purpose="evidence") for n in range(3)]
    for n in range(20):
        with database.transaction() as tx:
            tx.execute(
                sa.insert(core.leases),
                {"key": f"k\t{n}\\N", "owner": "ü", "epoch": n, "until": clock.now()},
            )
            tx.audit("person", "case.viewed", f"case-{n}", milliseconds=n)
            tx.emit(EventType.CASE_OPENED, new_id(), n=n)
    return blobs


@pytest.fixture
def clean_url(database_url, request, tmp_path):
    """Somewhere else, with nothing in it."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def make(database, vault, target, **kw):
    return backup.backup(database, target, vault=vault.directory, **kw)


def state(db) -> dict[str, list]:
    """Every row of every table."""
    with db.read() as tx:
        return {
            table.name: sorted(map(repr, tx.execute(sa.select(table)).all()))
            for table in core.metadata.sorted_tables
        }


def test_a_drill_brings_everything_back(
    database, vault, lived_in, clean_url, tmp_path, clock, root_key
):
    ingest = tmp_path / "ingest"
    ingest.mkdir()
    (ingest / "2026-03-01").write_bytes(b"hashes")
    manifest = make(database, vault, tmp_path / "backup", more={"ingest": ingest})
    before = state(database)
    with database.read() as tx:
        root = audit.head(tx).root().hex()
    assert manifest.audit_root == root
    backup.restore(
        tmp_path / "backup", clean_url, vault=tmp_path / "v2", clock=clock,
        more={"ingest": tmp_path / "i2"},
    )  # fmt: skip
    restored = open_database(clean_url, clock=clock)
    keys = Keyring.open(restored, root_key)
    assert state(restored) == before
    assert audit.verify(restored, None, keys=keys).ok
    again = Vault(tmp_path / "v2", restored, keys)
    for n, blob in enumerate(lived_in):
        with again.open(blob) as file:
            assert file.read() == b"evidence %d" % n
    assert (tmp_path / "i2" / "2026-03-01").read_bytes() == b"hashes"
    with restored.transaction() as tx:  # it goes on where it stood
        assert tx.audit("person", "case.viewed", "x") == 20
        assert tx.emit(EventType.CASE_OPENED, new_id()).change == 21
    restored.close()
    assert inspect.check(clean_url, clock=clock, vault=tmp_path / "v2", root=root_key) == []


def test_a_backup_is_one_moment_while_others_write(
    database, vault, lived_in, clean_url, tmp_path, clock
):
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with database.transaction() as tx:
                tx.audit("person", "case.viewed", "x")
                tx.emit(EventType.CASE_OPENED, new_id())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        manifest = make(database, vault, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    backup.restore(tmp_path / "backup", clean_url, vault=tmp_path / "v2", clock=clock)
    restored = open_database(clean_url, clock=clock)
    with restored.read() as tx:
        assert len(outbox.since(tx, 0, limit=10**6)) == manifest.audit_size
    restored.close()


def test_no_key_lies_beside_the_database_and_the_root_key_nowhere(
    database, vault, lived_in, tmp_path, root_key
):
    make(database, vault, tmp_path / "backup")
    with database.read() as tx:
        wrapped = [bytes(w) for w in tx.execute(sa.select(core.key_wraps.c.wrapped)).scalars()]
        wrapped += [bytes(w) for w in tx.execute(sa.select(core.blob_keys.c.wrapped)).scalars()]
    assert wrapped
    for path in (tmp_path / "backup").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert root_key._key not in content
            if "keys" not in path.parts:
                assert not any(key in content or key.hex().encode() in content for key in wrapped)


def test_a_backup_whose_keys_were_let_go_opens_no_evidence(
    database, vault, lived_in, clean_url, tmp_path, clock, root_key
):
    """The keys of a backup live for their own short time: then what was shredded stays so."""
    make(database, vault, tmp_path / "backup")
    shutil.rmtree(tmp_path / "backup" / "keys")
    backup.restore(tmp_path / "backup", clean_url, vault=tmp_path / "v2", clock=clock)
    restored = open_database(clean_url, clock=clock)
    keys = Keyring.open(restored, root_key)
    with pytest.raises((NotFound, MissingKey)):
        Vault(tmp_path / "v2", restored, keys).open(lived_in[0])
    restored.close()


def test_a_changed_cut_or_stuffed_backup_is_refused(
    database, vault, lived_in, clean_url, tmp_path, clock
):
    whole = tmp_path / "backup"
    make(database, vault, whole)
    files = [p for p in whole.rglob("*") if p.is_file()]
    for number, path in enumerate(files):
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] if kept else b"x")
        with pytest.raises((Tampered, BadInput)):
            backup.restore(whole, clean_url, vault=tmp_path / f"v{number}", clock=clock)
        path.write_bytes(kept)
    (whole / "vault" / "more").write_bytes(b"x")
    with pytest.raises(Tampered):
        backup.check_backup(whole)
    (whole / "vault" / "more").unlink()
    backup.check_backup(whole)
    (whole / "manifest.json").unlink()
    with pytest.raises(BadInput):
        backup.check_backup(whole)


def test_nothing_is_overwritten(
    database, database_url, vault, lived_in, clean_url, tmp_path, clock
):
    make(database, vault, tmp_path / "backup")
    with pytest.raises(Conflict):
        make(database, vault, tmp_path / "backup")
    with pytest.raises(Conflict):
        backup.restore(tmp_path / "backup", clean_url, vault=vault.directory, clock=clock)
    database.close()
    with pytest.raises(Conflict):
        backup.restore(tmp_path / "backup", database_url, vault=tmp_path / "v2", clock=clock)


def test_a_backup_of_the_other_database_is_refused(database, vault, lived_in, tmp_path, clock):
    make(database, vault, tmp_path / "backup")
    other = "postgresql://h/x" if database.dialect == "sqlite" else "sqlite:////tmp/x"
    with pytest.raises(BadInput):
        backup.restore(tmp_path / "backup", other, vault=tmp_path / "v2", clock=clock)


def test_check_finds_nothing_in_a_sound_installation(
    database, database_url, vault, lived_in, keyring, root_key, tmp_path, clock
):
    """Also while its owner is at work."""
    Checkpointer(database, keyring, tmp_path / "second").write()
    found = inspect.check(
        database_url, clock=clock, vault=vault.directory, checkpoints=tmp_path / "second",
        root=root_key, deep=True,
    )  # fmt: skip
    assert found == []


def test_check_names_what_is_wrong(database, database_url, vault, lived_in, root_key, clock):
    cut, gone, changed = (vault.path(blob) for blob in lived_in)
    cut.write_bytes(cut.read_bytes()[:-1])
    gone.unlink()
    changed.write_bytes(changed.read_bytes()[:-1] + b"#")
    with database.transaction() as tx:
        tx.execute(sa.update(core.audit_head).values(size=19))
        tx.execute(sa.update(core.changes).values(last=3))
    found = inspect.check(
        database_url, clock=clock, vault=vault.directory, root=root_key, deep=True
    )
    assert sorted(f.part for f in found) == [
        "audit",
        "database",
        "vault",
        "vault",
        "vault",
    ]
