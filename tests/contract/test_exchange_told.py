"""What goes back is derived: confirmed cases as words, matches as numbers per day, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders
from tests.contract.exchange_house import House
from tests.contract.test_records_decisions import said

from breakwater.model.bank import Opinion
from breakwater.model.decision import DecisionKind
from breakwater.model.match import Action
from breakwater.model.signal import kind_named
from breakwater.records import entries, exchange_feeds, exchange_told, uploads
from breakwater.testing.exchange_clients import some_value
from breakwater.testing.fake_hub import FakeHub

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def hub(clock):
    with FakeHub(clock) as one:
        yield one


@pytest.fixture
def house(database, clock, tmp_path, hub):
    made = House(database, clock, tmp_path)
    for number in (1, 2):
        hub.offer(number, "md5", some_value("md5", number))
    made.add(hub, "hub-1", "breakwater", feedback=True, counts=True)
    made.turn()
    yield made
    made.running.close()


def by_number(house):
    """Our entries of the hub's 1 and 2."""
    found = house.active()
    return [found["md5", kind_named("md5").parse(some_value("md5", n))] for n in (1, 2)]


def later(house, days=1):
    house.clock.advance(86_400 * days)
    house.turn()


def test_a_confirmed_case_is_told_once_and_one_undone_is_not(house, hub):
    one, two = by_number(house)
    with house.db.transaction() as tx:
        said(tx, held_in(tx, one), DecisionKind.ILLEGAL)
        undone = said(tx, held_in(tx, two), DecisionKind.ILLEGAL)
        said(tx, undone.case, DecisionKind.ILLEGAL, undoes=undone.id)
        said(tx, held_in(tx, two), DecisionKind.NOT_ILLEGAL)
    later(house)
    later(house)
    assert [(row["entry"], row["opinion"]) for row in hub.told] == [(1, "affirmative")]


def held_in(tx, entry):
    started = uploads.start(tx, builders.upload(received_at=tx.now))
    match = builders.match(entry.number, kind="md5", value=entry.value.hex(), acting=True)
    done = uploads.finish(tx, replace(started, verdict=builders.verdict(Action.HOLD, match)))
    case = builders.case(tx, subject=done.id)
    return case.id


def test_matches_go_as_numbers_of_days_that_are_over_each_once(house, hub):
    one, two = by_number(house)
    with house.db.transaction() as tx:
        for entry in (one, one, two):
            held_in(tx, entry)
        entries.add_opinion(tx, two.number, Opinion.FALSE_POSITIVE, by="ada")
    house.clock.advance(3700)
    house.turn()
    assert hub.counted == [], "the day is not over"
    later(house)
    later(house)
    day = (house.clock.now() - timedelta(days=2)).date().isoformat()
    assert hub.counted == [
        {"entry": 1, "day": day, "matches": 2, "wrong": 0},
        {"entry": 2, "day": day, "matches": 1, "wrong": 1},
    ]
    with house.db.read() as tx:
        feed = exchange_feeds.get(tx, "hub-1")
        assert exchange_told.counted_to(tx, feed) == exchange_told.day_of(tx.now) - 1
