"""Two owners of one broadcast, on both databases: the one whose lease went over can do nothing."""

from __future__ import annotations

import pytest
from tests import builders

from breakwater.errors import LeaseLost, NotFound, Unavailable
from breakwater.live.streams import Streams
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.post import BROKEN_TRIES, WatchRules
from breakwater.live.watching.watching import LEASE_S, TEND_S, Watching
from breakwater.model.broadcast import Sender
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.stream import Alert, Control, StreamState
from breakwater.observe import Metrics
from breakwater.records import leases, stream_alerts, stream_orders, streams

pytestmark = pytest.mark.usefixtures("keyring")


class Seat:
    """Stands for a watcher's link: nothing is fetched here."""

    alive, number = True, 0

    def watch(self, *_):
        pass

    unwatch = sample = watch

    def kill_if_hung(self):
        return False

    def close(self):
        pass


class Owner(Watching):
    """One owner of broadcasts whose watchers are the test."""

    def __init__(self, name, database, vault, clock):
        self.metrics = Metrics()
        super().__init__(
            db=database, clock=clock, metrics=self.metrics, vault=vault,
            door=Streams(db=database), locate=nowhere, spotter=lambda _: None,
            rules=WatchRules(watchers=1, folder=None),
        )  # fmt: skip
        self._owner = name  # two processes at one database, whichever it is

    def _link(self, _number):
        return Seat()

    def take(self, stream):
        self.on_started(
            Event(new_id(), EventType.STREAM_STARTED, stream.id, self._clock.now(), 1, {})
        )

    def breaks(self, stream, epoch):
        """What its watcher says of a broadcast that fails to decode once too often."""
        post = self.post(stream.id)
        post.link, post.tries = self.links()[0], BROKEN_TRIES - 1
        said = {"stream": stream.id, "epoch": epoch, "why": "broken"}
        self._hear(post.link, Message("end", said))

    @property
    def stale(self):
        return self.metrics.registry.get_sample_value("breakwater_live_stale_total")


def nowhere(_stream, _patience):
    raise Unavailable("Nothing is fetched here.")


@pytest.fixture
def stream(database):
    with database.transaction() as tx:
        sender = Sender(service="clips", pull_url="rtmp://127.0.0.1/live/1")
        return streams.start(tx, server="", name="1", sender=sender)


@pytest.fixture
def owners(database, vault, clock, stream):
    """The old one, which slept past its lease, and the one that watches now."""
    old, new = (Owner(name, database, vault, clock) for name in ("old", "new"))
    old.take(stream)
    new.take(stream)
    with pytest.raises(NotFound):
        new.post(stream.id)
    clock.advance(LEASE_S + 1)
    new.take(stream)
    assert (old.post(stream.id).epoch, new.post(stream.id).epoch) == (1, 2)
    yield old, new
    old.close()
    new.close()


def told(database, stream):
    """How it stands, and how many alerts and orders there are."""
    with database.read() as tx:
        alerts, orders = (
            table.of_stream(tx, stream.id) for table in (stream_alerts, stream_orders)
        )
        return streams.get(tx, stream.id), len(alerts), len(orders)


def copy(stream):
    return Alert(
        stream.id, builders.NOON, 10.0, "copy", "A known video appears.", frames=6, span_s=6.0,
        score=5.0, reference=new_id(),
    )  # fmt: skip


def test_the_alert_of_an_old_owner_is_refused_and_nothing_of_it_happened(database, owners, stream):
    old, new = owners
    door = Streams(db=database)
    with pytest.raises(LeaseLost):
        door.alert(copy(stream), lease=old.post(stream.id).lease)
    now, alerts, orders = told(database, stream)
    assert (now.control, now.risk, now.case, alerts, orders) == (Control.OPEN, 0.0, None, 0, 0)
    assert door.alert(copy(stream), lease=new.post(stream.id).lease).control is Control.FROZEN
    assert told(database, stream)[1:] == (1, 1)


def test_an_old_owner_that_does_not_know_it_yet_tells_in_vain(database, owners, stream, clock):
    """By its own clock it still holds the lease: what counts is the epoch in the database."""
    old, new = owners
    post = old.post(stream.id)
    post.lease = leases.Lease(post.lease.key, "old", 1, clock.now().replace(year=2099))
    old.breaks(stream, epoch=1)
    now, alerts, _ = told(database, stream)
    assert (now.case, alerts, old.stale) == (None, 0, 1.0)
    new.breaks(stream, epoch=2)
    now, alerts, _ = told(database, stream)
    assert (now.case is not None, alerts, new.stale) == (True, 1, 0.0)


def test_what_comes_under_an_old_epoch_is_dropped_and_counted(database, owners, stream):
    _, new = owners
    new.breaks(stream, epoch=1)
    assert (told(database, stream)[1], new.stale) == (0, 1.0)


def test_a_lost_lease_ends_the_watch_and_leaves_the_new_owner_its_own(
    database, owners, stream, clock, capsys
):
    old, new = owners
    old.turn()
    assert "lease_lost" in "".join(capsys.readouterr())
    with pytest.raises(NotFound):
        old.post(stream.id)
    with database.transaction() as tx:
        leases.check(tx, new.post(stream.id).lease)
    assert leases.acquire(database, f"watch/{stream.id}", owner="old", lease_s=LEASE_S) is None


def test_an_old_owner_neither_calls_it_lost_nor_says_how_much_was_seen(
    database, owners, stream, clock
):
    old, new = owners
    before = told(database, stream)
    clock.advance(30)
    now = clock.now().timestamp()
    old.post(stream.id).seen.covered = 30.0
    old.hearing.tend(old.post(stream.id), now)
    old.hearing.tell_seen(old.every(), now)
    after = told(database, stream)
    assert (after[0].state, after[0].seen_share) == (StreamState.LIVE, before[0].seen_share)
    assert after[1:] == (0, 0)
    new.post(stream.id).seen.covered = 30.0
    new.hearing.tell_seen(new.every(), now)
    assert told(database, stream)[0].seen_share > before[0].seen_share


def test_the_broadcast_of_a_dead_owner_is_another_ones_within_fifteen_seconds(
    database, vault, clock, stream
):
    dead, other = (Owner(name, database, vault, clock) for name in ("dead", "other"))
    dead.take(stream)
    began, taken = clock.now(), None
    while taken is None and (clock.now() - began).total_seconds() < 15:
        clock.advance(TEND_S)
        other.turn()
        taken = next((post for post in other.every() if post.stream.id == stream.id), None)
    assert taken is not None
    assert taken.epoch == 2
    with database.transaction() as tx:
        leases.check(tx, taken.lease)
        with pytest.raises(LeaseLost):
            leases.check(tx, dead.post(stream.id).lease)
    other.close()
    dead.close()


def test_packets_that_the_pre_roll_lacks_are_said_once_a_pull_and_counted(
    database, owners, stream, capsys
):
    _, new = owners
    post = new.post(stream.id)
    for refused in (0, 2, 5, 1):  # the last of a pull that began anew
        new.hearing.told(post, Message("pulse", {"refused": refused}))
    assert new.metrics.registry.get_sample_value("breakwater_live_refused_total") == 6.0
    assert "".join(capsys.readouterr()).count("originals_refused") == 2
