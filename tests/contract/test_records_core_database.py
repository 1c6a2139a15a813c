"""A transaction that was answered is durable, whole and in order, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from breakwater.errors import BreakwaterError, Conflict, DatabaseInUse, DatabaseUnavailable
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records.database import Database, open_database
from breakwater.records.tables import core


def lease(key: str, clock, epoch: int = 1) -> dict[str, object]:
    return {"key": key, "owner": "t", "epoch": epoch, "until": clock.now()}


def keys_of(db: Database) -> set[str]:
    with db.read() as tx:
        return set(tx.execute(sa.select(core.leases.c.key)).scalars())


def test_what_was_written_is_read_back_by_the_next_snapshot(database, clock):
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
    assert keys_of(database) == {"a"}


def test_an_error_in_the_block_undoes_all_of_it_and_runs_no_effect(database, clock):
    effects: list[str] = []
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:  # noqa: PT012 - the block is what fails
        tx.execute(sa.insert(core.leases), lease("a", clock))
        tx.after_commit(lambda: effects.append("a"))
        1 / 0  # noqa: B018
    assert keys_of(database) == set()
    assert effects == []


def test_effects_start_only_after_the_commit(database, clock):
    seen: list[set[str]] = []
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
        tx.after_commit(lambda: seen.append(keys_of(database)))
        assert seen == []
    assert seen == [{"a"}]


def test_a_failed_transaction_does_not_take_its_neighbours_with_it(database, clock):
    """On SQLite they share one COMMIT."""
    gate = threading.Barrier(8)

    def work(number: int) -> bool:
        gate.wait()
        try:
            with database.transaction() as tx:
                tx.execute(sa.insert(core.leases), lease(f"k{number}", clock))
                if number % 2:
                    raise LookupError  # noqa: TRY301 - what is undone
        except LookupError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(work, range(8)))
    assert kept == [True, False] * 4
    assert keys_of(database) == {"k0", "k2", "k4", "k6"}


def test_change_numbers_are_given_out_in_the_order_of_commits(database):
    """A follower that has seen n never sees a smaller one appear later."""
    stop = threading.Event()
    seen: list[list[int]] = []

    def follow() -> None:
        while not stop.is_set():
            with database.read() as tx:
                query = sa.select(core.outbox.c.change).order_by(core.outbox.c.change)
                seen.append(list(tx.execute(query).scalars()))

    def write(_: int) -> None:
        with database.transaction() as tx:
            tx.emit(EventType.CASE_CHANGED, new_id())

    follower = threading.Thread(target=follow)
    follower.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    stop.set()
    follower.join()
    for changes in seen:
        assert changes == list(range(1, len(changes) + 1))


def test_a_block_of_change_numbers_is_contiguous(database):
    with database.transaction() as tx:
        assert tx.change(10) == 1
        assert tx.change() == 11


def test_a_constraint_is_a_conflict_and_quotes_no_value(database, clock):
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("mallory", clock))
    with pytest.raises(Conflict) as caught, database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("mallory", clock))
    assert "mallory" not in str(caught.value)
    assert "leases" in str(caught.value)


def test_a_savepoint_fails_alone(database, clock):
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
        with pytest.raises(Conflict), tx.savepoint():
            tx.execute(sa.insert(core.leases), lease("a", clock))
        tx.execute(sa.insert(core.leases), lease("b", clock))
    assert keys_of(database) == {"a", "b"}


def test_bulk_rows_are_stored_as_single_rows_are(database, clock):
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
        tx.insert_many(
            core.leases, ["key", "owner", "epoch", "until"], [("b", "t", 1, clock.now())]
        )
        tx.bulk("UPDATE leases SET epoch = ? WHERE key = ?", [(7, "a"), (7, "b")])
    with database.read() as tx:
        rows = tx.execute(sa.select(core.leases).order_by(core.leases.c.key)).all()
    assert [(r.key, r.epoch, r.until) for r in rows] == [
        ("a", 7, clock.now()),
        ("b", 7, clock.now()),
    ]


def test_a_time_without_a_zone_is_refused(database):
    row = {"key": "a", "owner": "t", "epoch": 1, "until": datetime(2026, 1, 1)}  # noqa: DTZ001
    with pytest.raises(BreakwaterError), database.transaction() as tx:
        tx.execute(sa.insert(core.leases), row)


def test_a_time_comes_back_aware_to_the_microsecond(database):
    moment = datetime(2026, 1, 1, 12, 0, 0, 123457, tzinfo=UTC)
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), {"key": "a", "owner": "t", "epoch": 1, "until": moment})
    with database.read() as tx:
        assert tx.execute(sa.select(core.leases.c.until)).scalar_one() == moment


def test_a_transaction_inside_another_is_refused(database):
    with pytest.raises(BreakwaterError), database.transaction(), database.transaction():
        pass


def test_a_snapshot_cannot_write(database, clock):
    with pytest.raises(BreakwaterError), database.read() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))


def test_a_snapshot_does_not_wait_for_a_writer(database, clock):
    with database.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(keys_of, database).result(timeout=60) == set()


def test_a_closed_database_says_so(database):
    database.close()
    database.close()
    with pytest.raises(DatabaseUnavailable), database.transaction():
        pass
    with pytest.raises(DatabaseUnavailable), database.read():
        pass


def test_a_second_owner_of_a_file_is_refused(sqlite_url, clock):
    first = open_database(sqlite_url, clock=clock)
    with pytest.raises(DatabaseInUse):
        open_database(sqlite_url, clock=clock)
    first.close()
    open_database(sqlite_url, clock=clock).close()


def test_a_reader_may_stand_beside_the_owner(sqlite_url, clock):
    owner = open_database(sqlite_url, clock=clock)
    with owner.transaction() as tx:
        tx.execute(sa.insert(core.leases), lease("a", clock))
    reader = open_database(sqlite_url, clock=clock, read_only=True)
    assert keys_of(reader) == {"a"}
    with pytest.raises(DatabaseUnavailable), reader.transaction():
        pass
    reader.close()
    owner.close()


def test_bulk_rows_keep_their_columns_in_any_order(database: Database) -> None:
    at = database.clock.now()
    with database.transaction() as tx:
        tx.insert_many(
            core.leases, ["until", "epoch", "key", "owner"], [(at, 7, "a key", "an owner")]
        )
    with database.read() as tx:
        row = tx.execute(sa.select(core.leases)).one()
    assert (row.key, row.owner, row.epoch, row.until) == ("a key", "an owner", 7, at)
