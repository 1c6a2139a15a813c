"""Entries by the million: nothing doubled, nothing skipped, no number lost, quick."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from tests import builders

from breakwater.errors import Conflict
from breakwater.model.bank import EntryStatus, entry_id, entry_number
from breakwater.records import entries, imports


def rows(n: int, start: int = 0, kind: str = "pdq"):
    return [(kind, builders.value(kind, i), 90) for i in range(start, start + n)]


def test_a_bulk_is_counted_numbered_and_handed_to_the_index(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        added = entries.add_lean(tx, bank, rows(50) + rows(30, kind="md5"))
        found = entries.arrays(tx, added)
    assert (added.count, added.first, added.by_kind) == (80, 1, {"pdq": 50, "md5": 30})
    taken = np.concatenate([numbers for numbers, _ in found.values()])
    assert sorted(taken.tolist()) == list(range(1, 81))
    numbers, values = found["pdq"]
    assert values.shape == (50, 32)
    with database.read() as tx:
        stored = entries.many(tx, numbers.tolist())
        assert {stored[n].value for n in numbers.tolist()} == {v for _, v, _ in rows(50)}
        for number, value in zip(numbers.tolist(), values, strict=True):
            assert stored[number].value == value.tobytes()
        assert entries.last_change(tx) == added.change
        assert entries.counts(tx, bank) == {
            ("pdq", EntryStatus.ACTIVE): 50,
            ("md5", EntryStatus.ACTIVE): 30,
        }


def test_what_the_bank_has_already_is_passed_over_and_wastes_no_number(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        first = entries.add_lean(tx, bank, rows(40))
    with database.transaction() as tx:
        again = entries.add_lean(tx, bank, rows(60) + rows(60))
    with database.transaction() as tx:
        nothing = entries.add_lean(tx, bank, rows(60))
        empty = entries.add_lean(tx, bank, [])
    assert (first.count, again.count, nothing.count, empty.count) == (40, 20, 0, 0)
    assert (again.first, nothing.first) == (41, 0)
    with database.read() as tx:
        assert entries.counts(tx) == {("pdq", EntryStatus.ACTIVE): 60}


def test_one_value_in_two_banks_is_two_entries(database):
    with database.transaction() as tx:
        here, there = builders.bank(tx), builders.bank(tx)
        entries.add_lean(tx, here, rows(5))
        assert entries.add_lean(tx, there, rows(5)).count == 5
        assert len(entries.with_value(tx, "pdq", rows(1)[0][1])) == 2


def test_a_withdrawn_value_may_return_as_a_new_entry(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entries.add_lean(tx, bank, rows(3))
        entries.set_status(tx, 2, EntryStatus.WITHDRAWN, by="someone", reason="wrong")
        gone = entries.get(tx, 2).value
        assert entries.find(tx, bank, "pdq", gone) is None
        added = entries.add_lean(tx, bank, rows(3))
        assert (added.first, added.count) == (4, 1)
        assert entries.find(tx, bank, "pdq", gone).number == 4


def test_the_better_quality_of_a_doubled_row_is_kept(database):
    kind, value, _ = rows(1)[0]
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entries.add_lean(tx, bank, [(kind, value, 20), (kind, value, 80), (kind, value, 50)])
        assert entries.get(tx, 1).quality == 80


def test_replay_is_in_the_order_of_changes_and_names_each_entry_once(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        entries.add_lean(tx, bank, rows(10))
    with database.transaction() as tx:
        entries.set_status(tx, 3, EntryStatus.WITHDRAWN, by="someone")
        entries.set_status(tx, 5, EntryStatus.QUARANTINED, by="someone")
        builders.entry(tx, bank, seed="proposed", negative=True, status=EntryStatus.PROPOSED)
    with database.read() as tx:
        seen = []
        while batch := entries.since(tx, seen[-1].change if seen else 0, 3):
            seen += batch
    assert [row.change for row in seen] == sorted({row.change for row in seen})
    assert sorted(row.number for row in seen) == list(range(1, 12))
    present = {row.number: bool(row.present) for row in seen}
    assert present[3] is False
    assert present[5] is True
    assert present[11] is False
    assert [row.number for row in seen][-3:] == [3, 5, 11]
    assert seen[-1].negative


def test_entries_of_an_import_come_in_batches_though_others_came_between(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        run = imports.start(tx, bank, source="list.csv")
        entries.add_lean(tx, bank, rows(7), import_number=run.number)
    with database.transaction() as tx:
        builders.entry(tx, bank, seed="single")
        entries.add_lean(tx, bank, rows(7, 100), import_number=run.number)
        entries.set_status(tx, 1, EntryStatus.WITHDRAWN, by="someone")
    with database.read() as tx:
        batches = list(entries.of_import(tx, run.number, 4))
        assert list(entries.of_import(tx, 999, 4)) == []
    assert [len(batch) for batch in batches] == [4, 4, 4, 1]
    assert sorted(r.number for b in batches for r in b) == [2, 3, 4, 5, 6, 7, *range(9, 16)]


def test_an_import_in_quarantine_is_counted(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        run = imports.start(tx, bank, source="list.csv")
        entries.add_lean(
            tx, bank, rows(6), import_number=run.number, status=EntryStatus.QUARANTINED
        )
        entries.add_lean(tx, bank, rows(6, 50), status=EntryStatus.QUARANTINED)
        assert entries.quarantined_of(tx, run.number) == 6
        entries.set_status(tx, 1, EntryStatus.ACTIVE, by="someone")
        assert entries.quarantined_of(tx, run.number) == 5


def test_a_bulk_that_fails_leaves_nothing_behind(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        _ = entries.add_lean(tx, bank, rows(9)).count / 0
    with database.transaction() as tx:
        assert entries.counts(tx) == {}
        added = entries.add_lean(tx, bank, rows(2))
        assert (added.first, added.count) == (1, 2)


def test_opposite_meanings_of_one_value_in_one_bank_are_refused(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        builders.entry(tx, bank, seed=1)
    with pytest.raises(Conflict), database.transaction() as tx:
        builders.entry(tx, bank, seed=1, negative=True)


def test_an_entrys_id_tells_its_number():
    for number in (1, 42, 2**32 - 1):
        assert entry_number(entry_id(number)) == number
        assert len(entry_id(number)) == 36
    assert entry_number(builders.some_id()) is None


def test_many_rows_load_and_replay_quickly(database):
    """A generous floor for a busy machine; the figures stand in the benchmarks."""
    many = [("pdq", os.urandom(32), 90) for _ in range(60_000)]
    with database.transaction() as tx:
        bank = builders.bank(tx)
    start = time.perf_counter()
    for at in range(0, len(many), 30_000):
        with database.transaction() as tx:
            assert entries.add_lean(tx, bank, many[at : at + 30_000]).count == 30_000
    loaded = time.perf_counter() - start
    start = time.perf_counter()
    after = seen = 0
    with database.read() as tx:
        while batch := entries.since(tx, after, 20_000):
            after, seen = batch[-1].change, seen + len(batch)
    replayed = time.perf_counter() - start
    assert seen == 60_000
    assert loaded < 20, f"{60_000 / loaded:,.0f} rows/s"
    assert replayed < 4, f"{60_000 / replayed:,.0f} rows/s"
