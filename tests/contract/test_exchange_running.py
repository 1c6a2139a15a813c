"""The engine, end to end on both databases: a real peer, real jobs, kills at every step."""

from __future__ import annotations

import pytest
from tests.contract.exchange_house import House, Stopped

from breakwater.banks.load import Loader
from breakwater.banks.manage import Banks, NewEntry
from breakwater.banks.policy import Floods
from breakwater.model.bank import EntryStatus
from breakwater.model.event import EventType
from breakwater.model.exchange import Health
from breakwater.model.ids import new_id
from breakwater.model.signal import Signal, kind_named
from breakwater.records import banks, entries, exchange_feeds, exchange_items
from breakwater.records.tables import core
from breakwater.testing.exchange_clients import some_value
from breakwater.testing.fake_ncmec import FakeNcmec

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def peer(clock):
    with FakeNcmec(clock, page=10) as one:
        yield one


@pytest.fixture
def house(database, clock, tmp_path):
    made = House(database, clock, tmp_path)
    yield made
    made.running.close()


def offer(peer, clock, names, kind="md5"):
    for name in names:
        peer.put(name, {kind: some_value(kind, name)})
    clock.advance(60)


def events(database, kind):
    table = core.outbox
    with database.read() as tx:
        rows = tx.execute(table.select().where(table.c.type == kind.value).order_by(table.c.change))
        return [row.body for row in rows]


def names(house):
    """Seeds whose values act, by trying all."""
    return len(house.active())


def test_a_list_is_pulled_with_where_it_comes_from(house, peer, clock):
    offer(peer, clock, [f"e{n}" for n in range(25)])
    feed = house.add(peer, source="A centre", permitted_use="18 USC 2258C", labels=("list:one",))
    house.turn()
    found = house.active()
    assert len(found) == 25
    one = found["md5", kind_named("md5").parse(some_value("md5", "e3"))]
    assert one.permitted_use == "18 USC 2258C"
    assert one.source == "Example Member"
    assert one.labels == ("list:one", "A1", "media:image")
    state = house.state()
    assert (state.rows, state.added, state.bad, state.errors) == (25, 25, 0, 0)
    assert state.pull is None
    assert state.pulled_at == clock.now()
    shown = house.feeds.get(feed.name)
    assert (shown.health, shown.entries, shown.signals) == (Health.WELL, 25, 25)
    assert shown.lag_s < 60
    assert [(p.pages, p.offered, p.added) for p in shown.pulls] == [(3, 25, 25)]
    assert len(events(house.db, EventType.IMPORT_FINISHED)) == 1


def test_nothing_new_changes_nothing(house, peer, clock):
    offer(peer, clock, ["a", "b"])
    house.add(peer)
    house.turn()
    before = house.active()
    clock.advance(3600)
    house.turn()
    assert house.active() == before
    assert len(house.feeds.get("ncmec-1").pulls) == 2
    assert len(events(house.db, EventType.IMPORT_FINISHED)) == 1


def test_a_withdrawal_is_honoured_and_told(house, peer, clock):
    offer(peer, clock, ["a", "b"])
    house.add(peer)
    house.turn()
    number = house.active()["md5", kind_named("md5").parse(some_value("md5", "a"))].number
    peer.withdraw("a")
    clock.advance(3600)
    house.turn()
    assert len(house.active()) == 1
    assert events(house.db, EventType.ENTRY_WITHDRAWN) == [{"numbers": [number]}]
    with house.db.read() as tx:
        assert entries.history(tx, number)[-1].by == "feed:ncmec-1"
    assert house.caught
    assert house.state().gone == 1


def test_what_somebody_else_gives_too_is_not_withdrawn(house, peer, clock):
    """A person before, a person after, and another feed."""
    kinds = kind_named("md5")
    value = {name: kinds.parse(some_value("md5", name)) for name in ("first", "after", "other")}
    with house.db.transaction() as tx:
        bank = banks.get(tx, "LISTED")
        entries.add(tx, bank, [("md5", value["first"], 100)], source="a person")
    offer(peer, clock, ["first", "after", "other", "alone"])
    with FakeNcmec(clock) as second:
        second.put("x", {"md5": some_value("md5", "other")})
        clock.advance(60)
        house.add(peer)
        house.turn()
        house.add(second, "ncmec-2", source="Another centre", permitted_use="research")
        house.turn()
        with house.db.transaction() as tx:
            exchange_items.given_here(
                tx, bank, [house.active()["md5", value["after"]].number], new_id()
            )
        for name in ("first", "after", "other", "alone"):
            peer.withdraw(name)
        clock.advance(3600)
        house.turn()
        left = house.active()
        assert set(left) == {("md5", one) for one in value.values()}
        other = left["md5", value["other"]]
        assert (other.source, other.permitted_use) == ("Another centre", "research")
        second.withdraw("x")
        clock.advance(3600)
        house.turn()
        assert set(house.active()) == {("md5", value["first"]), ("md5", value["after"])}


def test_what_people_here_add_or_import_after_a_feed_stays(house, peer, clock, tmp_path):
    """By the verbs themselves."""
    offer(peer, clock, ["added", "imported", "alone"])
    house.add(peer)
    house.turn()
    kind = kind_named("md5")
    floods = Floods(10**6, 10**6)
    verbs = Banks(db=house.db, feed=NoIndex(), floods=floods, kinds=())
    added = Signal("md5", kind.parse(some_value("md5", "added")))
    verbs.add("LISTED", [NewEntry(added)], house.by)
    file = tmp_path / "list.csv"
    file.write_text(f"md5\n{some_value('md5', 'imported')}\n")
    Loader(db=house.db, feed=NoIndex(), floods=floods).load("LISTED", file, house.by)
    for name in ("added", "imported", "alone"):
        peer.withdraw(name)
    clock.advance(3600)
    house.turn()
    assert {value.hex() for _, value in house.active()} == {
        some_value("md5", "added"), some_value("md5", "imported"),
    }  # fmt: skip


class NoIndex:
    """An index that is not there."""

    def catch_up(self):
        return 0


def test_an_id_that_comes_again_replaces_what_it_was(house, peer, clock):
    peer.put("a", {"md5": some_value("md5", 1), "sha1": some_value("sha1", 1)})
    clock.advance(60)
    house.add(peer)
    house.turn()
    peer.put("a", {"md5": some_value("md5", 1), "sha1": some_value("sha1", 2)}, classification="B2")
    clock.advance(3600)
    house.turn()
    found = house.active()
    assert {(k, v.hex()) for k, v in found} == {
        ("md5", some_value("md5", 1)), ("sha1", some_value("sha1", 2)),
    }  # fmt: skip
    assert {one.labels for one in found.values()} == {("B2", "media:image")}


def test_what_a_person_here_withdrew_does_not_come_back_by_the_same_feed(house, peer, clock):
    offer(peer, clock, ["a"])
    house.add(peer)
    house.turn()
    (one,) = house.active().values()
    with house.db.transaction() as tx:
        entries.set_status(tx, one.number, EntryStatus.WITHDRAWN, by="ada", reason="wrong")
    offer(peer, clock, ["a"])
    clock.advance(3600)
    house.turn()
    assert house.active() == {}


def test_what_was_withdrawn_there_and_returns_is_a_new_entry(house, peer, clock):
    offer(peer, clock, ["a"])
    house.add(peer)
    house.turn()
    (one,) = house.active().values()
    peer.withdraw("a")
    clock.advance(3600)
    house.turn()
    assert house.active() == {}
    offer(peer, clock, ["a"])
    clock.advance(3600)
    house.turn()
    (again,) = house.active().values()
    assert again.number != one.number


def test_killed_between_any_two_steps_nothing_is_lost_or_doubled(house, peer, clock):
    """At every transaction of a pull the process dies, before it and after it."""
    offer(peer, clock, [f"e{n}" for n in range(30)])
    peer.withdraw("e7")
    clock.advance(60)
    house.add(peer)
    real = house.taking.page
    died = 0
    for when in ("before", "inside", "after"):
        for at in range(1, 4):
            count = 0

            def dying(tx, feed, pull, page, when=when, at=at):
                nonlocal count
                count += 1
                if when == "before" and count == at:
                    raise Stopped
                done = real(tx, feed, pull, page)
                if when == "inside" and count == at:
                    raise Stopped
                if when == "after" and count == at:
                    tx.after_commit(stop)
                return done

            def stop():
                raise Stopped

            house.taking.page = dying
            before = house.state().rows
            house.turn()
            died += house.state().pull is not None
            assert house.state().rows >= before
            clock.advance(31)
    house.taking.page = real
    assert died
    house.turn()
    assert len(house.active()) == 29
    assert (house.state().added, house.state().pull) == (29, None)
    with house.db.read() as tx:
        feed = exchange_feeds.get(tx, "ncmec-1")
        assert exchange_items.counts(tx, feed.number) == (29, 29)
