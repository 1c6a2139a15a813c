"""The audit log is read while it grows, and an entry is proven to outsiders."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from breakwater.records import audit, merkle
from breakwater.records.audit import Checkpointer
from breakwater.records.tables import core


def write(db, count: int, start: int = 0) -> None:
    with db.transaction() as tx:
        for n in range(start, start + count):
            tx.audit("person-1", "case.viewed", f"case-{n}", milliseconds=n, reason="q")


def test_an_entry_is_proven_to_be_in_a_signed_tree(database, keyring, tmp_path):
    write(database, 37)
    point = Checkpointer(database, keyring, tmp_path / "second").write()
    write(database, 5, 37)
    with database.read() as tx:
        proof = audit.prove(tx, 11, point.size)
        leaf = tx.execute(
            sa.select(core.audit.c.leaf).where(core.audit.c.number == 11)
        ).scalar_one()
    assert merkle.verify_inclusion(bytes(leaf), 11, 37, proof) == point.root


def test_the_log_is_read_newest_first_and_by_what_one_asks(database):
    write(database, 5)
    with database.transaction() as tx:
        tx.audit("key-1", "bank.created", "bank-1", name="DEMO")
    with database.read() as tx:
        assert [e.number for e in audit.page(tx, limit=3)] == [5, 4, 3]
        assert [e.number for e in audit.page(tx, before=3)] == [2, 1, 0]
        assert [e.facts for e in audit.page(tx, action="bank.")] == [{"name": "DEMO"}]
        assert [e.number for e in audit.page(tx, subject="case-2")] == [2]
        assert [e.number for e in audit.page(tx, actor="key-1")] == [5]
        assert audit.actions(tx) == ["bank.created", "case.viewed"]


def test_reading_the_whole_log_does_not_stop_writers(database):
    write(database, 500)
    done = threading.Event()

    def look() -> None:
        for _ in range(3):
            assert audit.verify(database, None).ok
        done.set()

    reader = threading.Thread(target=look)
    reader.start()
    start = 500
    while not done.is_set():
        write(database, 1, start)
        start += 1
    reader.join()
    assert start > 500
