"""Who broadcasts is asked until somebody says it; nothing sanctions an account before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from breakwater.model.broadcast import Sender
from breakwater.model.event import EventType
from breakwater.model.stream import Broadcaster, Control, OrderState
from breakwater.records import outbox, stream_orders, stream_people, stream_roles, streams

pytestmark = pytest.mark.usefixtures("keyring")
B = Broadcaster
SENDER = Sender(client="17", service="clips", account="river-otter-81", device="phone-4")
GUEST = replace(SENDER, client="18", account="heron", device="")


@pytest.fixture
def stream(database):
    with database.transaction() as tx:
        made = streams.start(tx, server="edge", name="live/014", sender=SENDER)
        stream_people.join(tx, made.id, SENDER)
        return made.id


def order(tx, stream, to, **facts):
    return stream_orders.want(tx, streams.get(tx, stream), to, by="sam", why="person", **facts)


def told(database):
    """What the service heard of the account, in order."""
    with database.read() as tx:
        types = [EventType.STREAM_ORDERED, EventType.STREAM_STOPPED]
        every = [one.body["told"] for one in outbox.since(tx, 0, limit=99, types=types)]
    return [(one["account"], one["ban"], one["show_help"]) for one in every if "account" in one]


def asked(database):
    with database.read() as tx:
        return [(one.label, one.publisher) for one in stream_roles.waiting(tx)]


@pytest.mark.parametrize(
    ("role", "heard"),
    [(B.SUSPECT, ("ban", True, False)), (B.APPARENT_CHILD, ("help", False, True))],
)
def test_a_cut_of_nobody_known_sanctions_nobody_until_it_is_said_and_then_once(
    database, clock, stream, role, heard
):
    with database.transaction() as tx:
        first = order(tx, stream, Control.CUT)
        stream_orders.set_state(tx, first, OrderState.CONFIRMED)
        assert stream_orders.denials(tx, stream) == ["account", "device", "key"]
    assert told(database) == [("pending_role", False, False)]
    assert asked(database) == [("stream-001", None)]
    clock.advance(540)
    for _ in range(2):
        with database.transaction() as tx:
            made = order(tx, stream, Control.CUT, broadcaster=role)
            stream_orders.set_state(tx, made, OrderState.CONFIRMED)
            order(tx, stream, Control.CUT)
            left = stream_orders.denials(tx, stream)
    assert told(database) == [("pending_role", False, False), heard]
    assert asked(database) == []
    assert bool(left) is (role is B.SUSPECT)


def test_a_role_said_with_the_cut_is_not_asked_and_other_orders_sanction_nobody(database, stream):
    with database.transaction() as tx:
        order(tx, stream, Control.FROZEN)
        order(tx, stream, Control.CUT, broadcaster=B.SUSPECT)
        order(tx, stream, Control.OPEN)
    assert [one[0] for one in told(database)] == ["none", "ban", "none"]
    assert asked(database) == []


@pytest.mark.parametrize(
    ("role", "reported_as"),
    [(B.SUSPECT, "reported"), (B.APPARENT_CHILD, "victim"), (B.UNKNOWN, "reported")],
)
def test_a_service_is_told_that_a_child_is_the_victim(database, stream, role, reported_as):
    with database.transaction() as tx:
        order(tx, stream, Control.FROZEN)
        made = order(tx, stream, Control.CUT, broadcaster=role)
        stream_orders.set_state(tx, made, OrderState.CONFIRMED)
        order(tx, stream, Control.OPEN)
        types = [EventType.STREAM_ORDERED, EventType.STREAM_STOPPED]
        every = [(e.body["to"], e.body["told"]) for e in outbox.since(tx, 0, limit=9, types=types)]
    assert [(to, one["reported_as"]) for to, one in every] == [
        ("frozen", "none"), ("cut", reported_as), ("cut", reported_as), ("open", "none"),
    ]  # fmt: skip


def test_what_is_let_go_is_asked_no_more(database, stream):
    with database.transaction() as tx:
        order(tx, stream, Control.CUT)
        order(tx, stream, Control.OPEN)
    assert asked(database) == []


def test_one_of_several_is_cut_asked_for_and_kept_out_and_the_broadcast_is_not(database, stream):
    with database.transaction() as tx:
        guest = stream_people.join(tx, stream, GUEST)
        order(tx, stream, Control.CUT, publisher=guest.id)
        mine = stream_people.denial_keys(tx, streams.get(tx, stream), guest.id)
        host = streams.denial_keys(tx, "edge", "live/014", SENDER)
        assert stream_orders.denied(tx, mine) == "account"
        assert stream_orders.denied(tx, host) == ""
    assert asked(database) == [("stream-001", guest.id)]
    with database.transaction() as tx:
        order(tx, stream, Control.FROZEN)
        assert stream_orders.denied(tx, mine) == "account", "a freeze of all lets nobody back"
        order(tx, stream, Control.CUT, publisher=guest.id, broadcaster=B.APPARENT_CHILD)
        assert stream_orders.denied(tx, mine) == "", "a child may come back"
    assert asked(database) == []
    (facts,) = [one for one in last_facts(database) if one["account"] == "help"]
    assert (facts["publisher"], facts["client"]) == (guest.id, "18")


def last_facts(database):
    with database.read() as tx:
        every = outbox.since(tx, 0, limit=99, types=[EventType.STREAM_ORDERED])
        return [one.body["told"] for one in every]
