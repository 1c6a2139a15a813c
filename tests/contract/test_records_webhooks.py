"""Webhooks: each event once for each who wants it, claimed by one sender, never lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.webhook import DeliveryState
from breakwater.records import webhooks
from breakwater.records.tables.nouns_people import webhook_endpoints

pytestmark = pytest.mark.usefixtures("keyring")

COMPLETED, CHANGED = EventType.VERDICT_COMPLETED, EventType.VERDICT_CHANGED


def endpoint(tx, service="", events=(COMPLETED,)):
    return webhooks.create(
        tx, url="https://example.org/hook", service=service, events=events, secret="whsec_boats"
    )


def event(clock, type_=COMPLETED):
    return Event(new_id(), type_, new_id(), clock.now())


def test_a_secret_is_sealed_and_read_by_who_signs(database):
    with database.transaction() as tx:
        made = endpoint(tx, "photos", (COMPLETED, CHANGED))
        assert webhooks.get(tx, made.id) == made
        assert webhooks.every(tx) == [made]
        assert webhooks.secret(tx, made.id) == "whsec_boats"
        row = tx.execute(sa.select(webhook_endpoints)).one()
        assert b"boats" not in row.secret_sealed
        with pytest.raises(NotFound):
            webhooks.secret(tx, new_id())


def test_an_event_is_queued_once_for_each_who_wants_it(database, clock):
    with database.transaction() as tx:
        mine, everybodys = endpoint(tx, "photos"), endpoint(tx)
        endpoint(tx, "videos")
        endpoint(tx, "photos", (CHANGED,))
        happened = event(clock)
        made = webhooks.enqueue(tx, happened, {"id": "x"}, service="photos")
        assert {d.endpoint for d in made} == {mine.id, everybodys.id}
        assert {d.event for d in made} == {happened.id}
        assert webhooks.enqueue(tx, happened, {"id": "x"}, service="photos") == []


def test_a_delivery_is_claimed_by_one_and_comes_again_if_they_die(database, clock):
    with database.transaction() as tx:
        endpoint(tx)
        for _ in range(6):
            webhooks.enqueue(tx, event(clock), {"id": "x"}, service="photos")
    claimed = []

    def send():
        with database.transaction() as tx:
            claimed.extend(webhooks.claim(tx, limit=2, lease_s=60))

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len({d.id for d in claimed}) == 6
    clock.advance(59)
    with database.transaction() as tx:
        assert webhooks.claim(tx) == []
        assert webhooks.next_due(tx) == clock.now() + timedelta(seconds=1)
    clock.advance(1)
    with database.transaction() as tx:
        again = webhooks.claim(tx, limit=10)
    assert {d.attempts for d in again} == {2}
    assert {d.event for d in again} == {d.event for d in claimed}


def test_outcomes_are_kept_and_what_ended_is_forgotten_later(database, clock):
    with database.transaction() as tx:
        endpoint(tx)
        for _ in range(3):
            webhooks.enqueue(tx, event(clock), {"id": "x"}, service="photos")
        one, two, three = webhooks.claim(tx)
        webhooks.delivered(tx, one.id, status=204)
        webhooks.failed(tx, two.id, status=500, error="status 500",
                        retry_at=clock.now() + timedelta(seconds=5))  # fmt: skip
        webhooks.failed(tx, three.id, status=None, error="timeout", retry_at=None)
        states = [webhooks.delivery(tx, d.id) for d in (one, two, three)]
        assert [(d.state, d.status, d.error) for d in states] == [
            (DeliveryState.DELIVERED, 204, ""),
            (DeliveryState.WAITING, 500, "status 500"),
            (DeliveryState.GIVEN_UP, None, "timeout"),
        ]
        assert webhooks.next_due(tx) == clock.now() + timedelta(seconds=5)
        webhooks.failed(tx, one.id, status=None, error="late", retry_at=None)
        assert webhooks.delivery(tx, one.id).state is DeliveryState.DELIVERED
    clock.advance(10)
    with database.transaction() as tx:
        assert webhooks.forget_before(tx, clock.now()) == 2
        assert webhooks.delivery(tx, two.id).state is DeliveryState.WAITING
        with pytest.raises(NotFound):
            webhooks.delivery(tx, one.id)


def test_a_removed_endpoint_is_told_nothing_more(database, clock):
    with database.transaction() as tx:
        made = endpoint(tx)
        webhooks.enqueue(tx, event(clock), {"id": "x"}, service="photos")
        assert not webhooks.remove(tx, made.id).active
        assert webhooks.claim(tx) == []
        assert webhooks.every(tx) == []
        assert [e.id for e in webhooks.every(tx, active=False)] == [made.id]
        assert webhooks.enqueue(tx, event(clock), {"id": "x"}, service="photos") == []
        with pytest.raises(NotFound):
            webhooks.remove(tx, new_id())


def test_how_far_word_of_an_order_came_is_the_best_of_its_deliveries(database, clock):
    kind, order = EventType.STREAM_ORDERED, new_id()
    body = {"type": kind.value, "data": {"order": order}}

    def stands(service="photos"):
        with database.read() as tx:
            return webhooks.taken(tx, kind, order=order, service=service, since=since)

    since = clock.now()
    assert stands() is DeliveryState.GIVEN_UP, "nobody listens"
    with database.transaction() as tx:
        endpoint(tx, "photos", (kind,))
        other = endpoint(tx, "photos", (kind,))
        endpoint(tx, "videos", (COMPLETED,))
    assert stands() is DeliveryState.WAITING, "it is queued in a moment"
    assert stands("videos") is DeliveryState.GIVEN_UP, "of other things only"
    with database.transaction() as tx:
        deliveries = webhooks.enqueue(tx, event(clock, kind), body, service="photos")
        mine, others = sorted(deliveries, key=lambda one: one.endpoint == other.id)
        webhooks.failed(tx, mine.id, status=410, error="gone", retry_at=None)
    assert stands() is DeliveryState.WAITING
    with database.transaction() as tx:
        webhooks.delivered(tx, others.id, status=204)
    assert stands() is DeliveryState.DELIVERED
    with database.read() as tx:
        another = webhooks.taken(tx, kind, order=new_id(), service="photos", since=since)
    assert another is DeliveryState.WAITING, "another order's deliveries are not its own"
