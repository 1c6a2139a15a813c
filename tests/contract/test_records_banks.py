"""Banks: a name is one bank, a number is never used twice, nobody overwrites somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders

from breakwater.errors import Conflict, NotFound
from breakwater.model.bank import BankAction
from breakwater.records import banks, imports


def test_a_bank_is_read_back_as_it_was_made(database, clock):
    with database.transaction() as tx:
        made = banks.create(
            tx,
            name="HARBOUR_1",
            purpose="known pictures of boats",
            source="a partner",
            permitted_use="detection only",
            action=BankAction.BLOCK,
            limits={"pdq": 24},
            enabled_share=0.25,
            verified=True,
            expires_at=clock.now() + timedelta(days=30),
        )
    with database.read() as tx:
        assert banks.get(tx, "HARBOUR_1") == made
        assert banks.by_id(tx, made.id) == made
        assert banks.by_number(tx, made.number) == made
        assert made.created_at == clock.now()
        assert made.change > 0


def test_a_name_belongs_to_one_bank_even_when_archived(database):
    with database.transaction() as tx:
        banks.archive(tx, builders.bank(tx, "ONE"))
    with pytest.raises(Conflict), database.transaction() as tx:
        builders.bank(tx, "ONE")


def test_banks_nobody_made_are_not_found(database):
    with database.read() as tx:
        for ask in (
            lambda: banks.get(tx, "NOBODY"),
            lambda: banks.by_id(tx, builders.some_id()),
            lambda: banks.by_number(tx, 99),
        ):
            with pytest.raises(NotFound):
                ask()


def test_a_change_is_refused_when_somebody_was_quicker(database):
    with database.transaction() as tx:
        seen = builders.bank(tx, "A")
        builders.bank(tx, "B")
    with database.transaction() as tx:
        first = banks.update(tx, replace(seen, purpose="mine"), expected_change=seen.change)
        assert first.purpose == "mine"
        assert first.change > seen.change
    with pytest.raises(Conflict), database.transaction() as tx:
        banks.update(tx, replace(seen, purpose="yours"), expected_change=seen.change)
    with pytest.raises(Conflict), database.transaction() as tx:
        banks.update(tx, replace(first, name="B"), expected_change=first.change)
    with pytest.raises(NotFound), database.transaction() as tx:
        banks.update(tx, replace(first, id=builders.some_id(), name="C"), expected_change=1)
    with database.read() as tx:
        assert banks.get(tx, "A").purpose == "mine"


def test_an_archived_bank_is_not_in_use_and_is_kept(database):
    with database.transaction() as tx:
        old, new = builders.bank(tx, "OLD"), builders.bank(tx, "NEW")
        assert banks.archive(tx, old).archived
    with database.read() as tx:
        assert [bank.name for bank in banks.every(tx)] == ["NEW"]
        assert [bank.name for bank in banks.every(tx, archived=True)] == ["NEW", "OLD"]
        assert new.number == old.number + 1


def test_only_a_bank_that_never_held_anything_can_be_deleted(database):
    with database.transaction() as tx:
        full, empty, begun = builders.bank(tx), builders.bank(tx), builders.bank(tx)
        builders.entry(tx, full)
        imports.start(tx, begun, source="list.csv")
        banks.delete_if_empty(tx, empty)
        with pytest.raises(NotFound):
            banks.by_id(tx, empty.id)
        for used in (full, begun):
            with pytest.raises(Conflict):
                banks.delete_if_empty(tx, used)
        assert builders.bank(tx).number > begun.number


def test_an_import_is_taken_up_where_it_stopped(database):
    with database.transaction() as tx:
        bank, other = builders.bank(tx), builders.bank(tx)
        run = imports.start(tx, bank, source="list.csv", digest="ab" * 32, labels=("one",))
        imports.progress(tx, run.number, rows_read=500, rows_kept=480, rows_bad=3)
    with database.transaction() as tx:
        again = imports.start(tx, bank, source="renamed.csv", digest="ab" * 32)
        assert (again.number, again.rows_read, again.rows_kept) == (run.number, 500, 480)
        assert again.labels == ("one",)
        assert imports.start(tx, other, source="list.csv", digest="ab" * 32).number != run.number
        assert imports.start(tx, bank, source="list.csv", digest="cd" * 32).number != run.number
        assert imports.finish(tx, run.number).finished
        assert imports.start(tx, bank, source="x", digest="ab" * 32).number != run.number


def test_a_feed_without_a_digest_is_never_taken_up_again(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        first = imports.start(tx, bank, source="feed")
        assert imports.start(tx, bank, source="feed").number != first.number


def test_bad_rows_are_told_by_number_and_reason_once(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        run = imports.start(tx, bank, source="list.csv")
        for row, reason in ((7, "too short"), (3, "no hash"), (7, "too short")):
            imports.bad_row(tx, run.number, row, reason)
    with database.read() as tx:
        assert imports.bad_rows(tx, run.number) == [(3, "no hash"), (7, "too short")]
        assert imports.bad_rows(tx, run.number, limit=1) == [(3, "no hash")]


def test_imports_are_paged_newest_first(database):
    with database.transaction() as tx:
        bank, other = builders.bank(tx), builders.bank(tx)
        runs = [imports.start(tx, bank, source=f"{n}.csv") for n in range(5)]
        imports.start(tx, other, source="other.csv")
        page = imports.page(tx, bank, limit=2)
        assert [run.number for run in page] == [runs[4].number, runs[3].number]
        rest = imports.page(tx, bank, before=page[-1].number, limit=10)
        assert [run.number for run in rest] == [run.number for run in runs[2::-1]]
        assert len(imports.page(tx)) == 6
        with pytest.raises(NotFound):
            imports.get(tx, 999)
