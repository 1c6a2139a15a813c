"""Each of several who send has a risk of their own, and whoever was cut elsewhere comes with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contract.test_live_streams import SERVICE, begun, call, now

from breakwater.live.streams import Streams
from breakwater.model.broadcast import News, NewsKind, Sender
from breakwater.model.stream import Control
from breakwater.records import stream_orders, stream_people, streams

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def verbs(database):
    return Streams(db=database, service_of=lambda _: "clips")


@pytest.fixture
def stream(verbs, database):
    return begun(verbs, database)


def test_each_of_several_senders_has_a_risk_of_their_own(verbs, database, stream):
    """A guest's words are the guest's; the broadcast's risk is all of it."""
    told = Sender(client="20", account="heron")
    verbs.event(SERVICE, stream.id, News(NewsKind.JOINED, sender=told))
    verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.8, sender=told))
    assert risks(database, stream) == {"17": 0.0, "20": 0.8}
    assert now(database, stream).risks["comments"] == 0.8
    verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.2, sender=told))
    assert risks(database, stream)["20"] == 0.2
    verbs.event(SERVICE, stream.id, News(NewsKind.COMMENTS, risk=0.5))
    assert risks(database, stream) == {"17": 0.0, "20": 0.2}, "nobody is meant"


def test_a_guest_who_was_cut_elsewhere_comes_with_that_risk(verbs, database, stream):
    told = Sender(client="20", account="heron")
    verbs.event(SERVICE, stream.id, News(NewsKind.JOINED, sender=told))
    with database.transaction() as tx:
        (guest,) = [p for p in stream_people.publishers(tx, stream.id) if p.key == "20"]
        found = streams.get(tx, stream.id)
        stream_orders.want(tx, found, Control.CUT, by="sam", why="person", publisher=guest.id)
    other = begun(verbs, database, "live/015", client="30")
    verbs.event(SERVICE, other.id, News(NewsKind.JOINED, sender=replace(told, client="31")))
    assert risks(database, other)["31"] == 0.9
    assert not verbs.admit(call("live/016", "32", account="heron")).allowed
    assert verbs.admit(call("live/016", "32", account="otter")).allowed


def risks(database, stream):
    with database.read() as tx:
        return {one.key: one.risk for one in stream_people.publishers(tx, stream.id)}
