"""A stretch in columns says what its rows say, and is none where one row says something else."""

from __future__ import annotations

import pytest
from tests.builders_feeds import Hub, rows

from breakwater.model.bank import EntryStatus
from breakwater.records import entries, hub_feeds, hub_given, hub_stretches
from breakwater.records.tables.nouns_hub import hub_scores

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def hub(database):
    made = Hub(database)
    made.list()
    made.giver, made.other = made.member("A hotline"), made.member("Another")
    return made


def read(hub, after=0):
    with hub.db.read() as tx:
        newest = hub_feeds.newest(tx)
        return hub_feeds.rows(tx, after, newest, 100), hub_stretches.alike(tx, after, newest, 100)


def test_columns_are_the_rows(hub):
    hub.give(hub.giver, rows(9))
    plain, found = read(hub)
    assert found.first == plain[0]
    columns = zip(found.changes, found.numbers, found.values, found.quality, strict=True)
    assert list(columns) == [(one.change, one.number, one.value, one.quality) for one in plain]
    assert read(hub, plain[-1].change) == ([], None)


def withdrawn(hub, tx, numbers):
    entries.set_status(tx, numbers[3], EntryStatus.WITHDRAWN, by="a test")


def joined(hub, tx, numbers):
    hub_given.give(tx, hub.other.id, {numbers[3]: "A1"}, import_number=None)


def named(hub, tx, numbers):
    entries.override(tx, numbers[3], labels=("series:boats",))


def scored(hub, tx, numbers):
    row = {"entry_number": numbers[3], "value": 0.4, "terms": {}, "at": tx.now}
    tx.execute(hub_scores.insert(), row)


@pytest.mark.parametrize("what", [withdrawn, joined, named, scored])
def test_one_row_that_says_something_else_ends_it(hub, what):
    numbers = hub.give(hub.giver, rows(9))
    with hub.db.transaction() as tx:
        tx.lock_changes()
        what(hub, tx, numbers)
    plain, found = read(hub)
    assert len(plain) == 9
    assert found is None


def test_another_batch_ends_it(hub):
    hub.give(hub.giver, rows(4))
    hub.give(hub.giver, rows(4, 50))
    assert read(hub)[1] is None
