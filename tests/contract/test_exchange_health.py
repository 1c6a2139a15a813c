"""How a feed does over time: kills, leases, peers that fail, floods, schedules, feedback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders
from tests.contract.exchange_house import House, Stopped

from breakwater.errors import LeaseLost
from breakwater.model.bank import EntryStatus, Opinion
from breakwater.model.decision import UNDO
from breakwater.model.exchange import Gone, Health, Offered, Page, Unreadable
from breakwater.records import cases, entries, exchange_told, jobs
from breakwater.testing.exchange_clients import some_value
from breakwater.testing.fake_ncmec import FakeNcmec
from breakwater.testing.peer_server import Fault

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


def test_who_lost_the_job_takes_no_page_more(house, peer, clock):
    offer(peer, clock, [f"e{n}" for n in range(30)])
    house.add(peer)
    house.running.plan()
    (slow,) = jobs.claim(house.db, ("exchange.pull",), owner="slow", lease_s=30.0)
    clock.advance(31)
    house.turn()
    before = house.state()
    offer(peer, clock, ["new"])
    with pytest.raises(LeaseLost):
        house.running.do(slow)
    assert house.state() == before


def test_a_lease_lost_between_pages_ends_the_pull(house, peer, clock):
    """Another process goes on with the job: the slow one writes nothing more."""
    house.add(peer)
    house.running.plan()
    (slow,) = jobs.claim(house.db, ("exchange.pull",), owner="slow", lease_s=30.0)

    class Slow:
        def pull(self, _checkpoint):
            for n in range(3):
                yield Page((Offered(f"{n}", (("md5", builders.value("md5", n), 100),)),), f"p{n}")
                clock.advance(31)
                jobs.claim(house.db, ("exchange.pull",), owner="quick", lease_s=30.0)

    house.running._peers = Instead(house.peers, Slow())
    with pytest.raises(LeaseLost):
        house.running.do(slow)
    assert (house.state().added, house.state().checkpoint) == (1, "p0")


def test_a_pull_goes_on_where_it_was(house, peer, clock):
    """Pages that were taken are not asked for again."""
    offer(peer, clock, [f"e{n}" for n in range(25)])
    house.add(peer)
    real, taken = house.taking.page, []

    def dying(tx, feed, pull, page):
        taken.append(page)
        if len(taken) == 2:
            raise Stopped
        return real(tx, feed, pull, page)

    house.taking.page = dying
    house.turn()
    house.taking.page = real
    before = len(peer.asked)
    clock.advance(31)
    house.turn()
    asked = [one.query.get("start") for one in peer.asked[before:] if one.path.endswith("/entries")]
    assert asked[0] == "11"
    assert len(house.active()) == 25


def test_a_peer_that_is_away_is_asked_again_when_it_says(house, peer, clock):
    offer(peer, clock, ["a"])
    house.add(peer)
    peer.fault = Fault.DOWN
    assert house.turn() == 1
    state = house.state()
    assert (state.errors, state.fault) == (1, "The peer answered 503.")
    assert house.feeds.get("ncmec-1").health is Health.FAILING
    clock.advance(6)
    assert house.turn() == 0
    clock.advance(2)
    peer.fault = Fault.NONE
    assert house.turn() == 1
    assert (house.state().errors, house.state().fault, len(house.active())) == (0, "", 1)


def test_circles_are_stopped_with_a_clear_error(house, peer, clock):
    offer(peer, clock, [f"e{n}" for n in range(25)])
    house.add(peer)
    peer.fault = Fault.CIRCLE
    house.turn()
    state = house.state()
    assert "circle" in state.fault
    assert (state.errors, state.pull) == (1, None)
    assert len(house.active()) == 25
    assert len(peer.asked) < 10
    peer.fault = Fault.NONE
    clock.advance(3700)
    house.turn()
    assert house.state().fault == ""


def test_wrong_credentials_are_said_and_not_tried_in_a_loop(house, peer, clock):
    house.add(peer)
    peer.fault = Fault.REFUSED
    house.turn()
    assert "does not know these credentials" in house.state().fault
    asked = len(peer.asked)
    clock.advance(600)
    assert house.turn() == 0
    assert len(peer.asked) == asked


def test_bad_rows_are_counted_and_kept_with_their_reason(house, peer, clock):
    offer(peer, clock, ["a", "c"])
    peer.put("b", {"md5": "abc", "sha1": some_value("sha1", 1).upper()})
    clock.advance(60)
    house.add(peer)
    house.turn()
    assert {kind for kind, _ in house.active()} == {"md5", "sha1"}
    assert len(house.active()) == 3
    shown = house.feeds.get("ncmec-1")
    assert [(one.place, one.reason) for _, one in shown.bad] == [
        ("image 42-b", "A md5 value has 32 hexadecimal digits, this one has 3.")
    ]
    assert shown.state.bad == 1


def test_a_flood_that_nobody_vouched_for_is_held(house, peer, clock):
    house.most = 10
    offer(peer, clock, [f"e{n}" for n in range(20)])
    house.add(peer)
    house.turn()
    statuses = sorted(one.status.value for one in house.active().values())
    assert statuses == ["active"] * 10 + ["quarantined"] * 10
    with house.db.read() as tx:
        assert sum(cases.counts(tx).values()) == 1
    with FakeNcmec(clock) as second:
        offer(second, clock, [f"v{n}" for n in range(20)])
        house.add(second, "vouched", vouch=True)
        house.turn()
        vouched = [one for one in house.active().values() if one.status is EntryStatus.ACTIVE]
        assert len(vouched) == 30


def test_what_people_here_say_goes_back_once(house, peer, clock):
    offer(peer, clock, ["a", "b"])
    house.add(peer, feedback=True)
    house.turn()
    a, b = sorted(house.active().values(), key=lambda one: one.number)
    with house.db.transaction() as tx:
        entries.add_opinion(tx, a.number, Opinion.TRUE_POSITIVE, by="ada")
        entries.add_opinion(tx, b.number, Opinion.FALSE_POSITIVE, by="ada")
        entries.add_opinion(tx, b.number, Opinion.FALSE_POSITIVE, by="feed:ncmec-1")
    feed = house.feeds.get("ncmec-1").feed
    for waited, words in ((UNDO.total_seconds() - 1, 0), (1, 2)):
        clock.advance(waited)
        with house.db.read() as tx:
            assert len(exchange_told.waiting(tx, feed, limit=9)) == words, (
                "a slip is told to nobody"
            )
    for _ in range(3):
        clock.advance(3600)
        house.turn()
    assert len(peer.told) == 2
    assert {"<affirmative/>" in body.decode() for _, body in peer.told} == {True, False}
    assert house.feeds.get("ncmec-1").told == {"taken": 2}


def test_a_feed_without_that_policy_tells_nothing(house, peer, clock):
    offer(peer, clock, ["a"])
    house.add(peer)
    house.turn()
    (one,) = house.active().values()
    with house.db.transaction() as tx:
        entries.add_opinion(tx, one.number, Opinion.TRUE_POSITIVE, by="ada")
    clock.advance(3600)
    house.turn()
    assert peer.told == []


def test_a_removed_feed_leaves_its_entries_or_takes_them(house, peer, clock):
    offer(peer, clock, ["a", "b"])
    house.add(peer)
    house.turn()
    house.feeds.remove("ncmec-1", house.by)
    house.turn()
    assert len(house.active()) == 2
    assert house.feeds.every() == []
    clock.advance(60)
    house.add(peer)
    house.turn()
    house.feeds.remove("ncmec-1", house.by, withdraw=True)
    house.turn()
    assert house.active() == {}, "entered again, the same peer's feed stands for all it gave"


def test_removed_with_its_entries_they_act_no_more(house, peer, clock):
    offer(peer, clock, [f"e{n}" for n in range(15)])
    house.add(peer)
    house.turn()
    house.feeds.remove("ncmec-1", house.by, withdraw=True)
    house.turn()
    assert house.active() == {}


def test_a_paused_feed_is_not_asked(house, peer, clock):
    house.add(peer)
    house.turn()
    house.feeds.pause("ncmec-1", house.by)
    asked = len(peer.asked)
    clock.advance(90_000)
    assert house.turn() == 0
    assert len(peer.asked) == asked
    house.feeds.resume("ncmec-1", house.by)
    assert house.turn() == 1


def test_a_million_rows_a_second_are_taken_page_by_page(house, peer, clock):
    """Nothing is asked ahead of what is written."""
    house.add(peer)
    ahead = []

    class Flood:
        def pull(self, _checkpoint):
            for n in range(8):
                ahead.append(n - len(taken))
                rows = tuple(
                    Offered(f"{n}-{m}", (("md5", builders.value("md5", (n, m)), 100),))
                    for m in range(1000)
                )
                yield Page(rows, f"p{n}")

    taken = []
    real = house.taking.page

    def page(tx, feed, pull, one):
        taken.append(1)
        return real(tx, feed, pull, one)

    house.taking.page = page
    house.running._peers = Instead(house.peers, Flood())
    house.turn()
    assert max(ahead) == 0
    assert house.state().added == 8000


def test_a_list_cut_short_is_not_believed(house, peer, clock):
    """A peer of whole lists: what is missing is gone, unless more than half is."""
    house.add(peer)
    rows = [Offered(f"r{n}", (("md5", builders.value("md5", n), 100),)) for n in range(40)]

    def whole(some):
        class Whole:
            def pull(self, checkpoint):
                mark = f"{len(some)}"
                if checkpoint != mark:
                    yield Page(tuple(some[:10]), "x", restarts=True)
                    yield Page((*some[10:], Unreadable("row 9", "It is odd.")), mark, whole=True)

        house.running._peers = Instead(house.peers, Whole())
        house.feeds.pull("ncmec-1", house.by)
        house.turn()

    whole(rows)
    assert len(house.active()) == 40
    whole(rows[:30])
    assert len(house.active()) == 30
    whole(rows[:12])
    assert len(house.active()) == 30
    assert "lacks" in house.state().fault
    whole([*rows[:30], Gone("r0")])
    assert len(house.active()) == 29


class Instead:
    """The same peers with one client."""

    def __init__(self, peers, client):
        self.peers, self.made = peers, client

    def client(self, _feed):
        return self.made

    def maker(self, kind):
        return self.peers.maker(kind)


def test_schedules_are_kept(house, peer, clock):
    house.add(peer, every_s=600)
    assert house.turn() == 1
    clock.advance(599)
    assert house.turn() == 0
    clock.advance(2)
    assert house.turn() == 1
    assert house.state().due_at == clock.now() + timedelta(seconds=600)


def test_a_peer_that_is_removed_and_entered_again_still_withdraws(house, peer, clock):
    offer(peer, clock, ["a", "b", "c"])
    house.add(peer)
    house.turn()
    first = house.feeds.get("ncmec-1").feed
    house.feeds.remove("ncmec-1", house.by)
    assert len(house.active()) == 3
    clock.advance(60)
    peer.withdraw("a")
    clock.advance(60)
    again = house.add(peer, "hub-2")
    assert (again.number, again.id) == (first.number, first.id)
    house.turn()
    assert len(house.active()) == 2, "what it withdrew while nobody asked"
    peer.withdraw("b")
    clock.advance(3600)
    house.turn()
    assert len(house.active()) == 1
    assert house.feeds.get("hub-2").signals == 1
    house.feeds.remove("hub-2", house.by, withdraw=True)
    house.turn()
    assert house.active() == {}
    assert house.add(peer, "hub-3").number != first.number
