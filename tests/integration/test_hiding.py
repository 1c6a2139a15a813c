"""Held from discovery is said only where a service was told: no media server can do it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import News, NewsKind, Sender
from breakwater.model.ids import new_id
from breakwater.model.stream import Control, Order, OrderState, Stream, StreamState
from breakwater.records import stream_orders, streams
from breakwater.worker.loop import Worker
from tests.integration.live_site import until
from tests.integration.served import OPERATOR, Served, serving
from tests.scripted_http import Scripted, scripted


@dataclass
class Site:
    """An installation whose worker runs, and a service that may listen."""

    served: Served
    service: Scripted

    def stream(self, name: str, service: str) -> Stream:
        key = Principal(new_id(), service, OPERATOR.permissions, service=service)
        return self.served.app.live.streams.begin(key, "", name, Sender(account=name))

    def hide(self, stream: Stream) -> Order:
        person = self.served.person(Role.LIVE_MODERATOR)
        who = Principal(person.id, person.name, frozenset(Permission), person=person.id)
        return self.served.app.enforcement.wishes.want(who, stream.id, Control.HIDDEN)

    def order(self, order: Order) -> OrderState:
        with self.served.app.db.read() as tx:
            return stream_orders.get(tx, order.id).state

    def steps(self, order: Order) -> list[tuple[str, bool]]:
        with self.served.app.db.read() as tx:
            return [(one.step, one.done) for one in stream_orders.acks(tx, order.id)]

    def listens(self, service: str) -> None:
        url = f"{self.service.url}/{service}"
        self.served.app.webhooks.create(url, service, ["stream.ordered"], OPERATOR)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    about = {"webhook_private_networks": "127.0.0.0/8", "live_watch": False}
    place = tmp_path_factory.mktemp("hiding")
    with scripted() as service, serving(place, unsafe_fast_disk=True, **about) as served:
        service.anything = lambda _: (204, {})
        app = served.app
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=app.turns,
            metrics=app.metrics,
        )  # fmt: skip
        worker.start()
        try:
            yield Site(served, service)
        finally:
            worker.stop()


def test_where_nobody_listens_it_is_not_confirmed_and_left_alone(site: Site) -> None:
    stream = site.stream("alone", "quiet")
    order = site.hide(stream)
    until(lambda: site.order(order) is OrderState.UNCONFIRMED)
    assert site.steps(order) == [("told", False)]
    browser = site.served.browser(Role.LIVE_MODERATOR)
    page = browser.get(f"/live?at={stream.label}").text
    assert "Not confirmed held" in page
    assert "Held from discovery" not in page
    site.listens("quiet")
    again = site.hide(stream)
    assert again.id != order.id, "a person may order it anew"
    until(lambda: site.order(again) is OrderState.CONFIRMED)
    assert site.order(order) is OrderState.OVERTAKEN
    assert "Held from discovery" in browser.get(f"/live?at={stream.label}").text
    assert site.hide(stream).id == again.id, "what is so is not ordered anew"


def test_it_is_confirmed_when_a_webhook_took_it_or_the_service_says_so(site: Site) -> None:
    site.listens("slow")
    free = threading.Event()
    site.service.answers["POST /slow"] = lambda _: (204 if free.wait(30) else 500, {})
    stream = site.stream("held", "slow")
    order = site.hide(stream)
    until(lambda: "POST /slow" in site.service.lines)
    assert site.order(order) in {OrderState.WANTED, OrderState.SENT}
    free.set()
    until(lambda: site.order(order) is OrderState.CONFIRMED)
    assert site.steps(order) == [("told", True)]

    alone = site.stream("told", "polling")
    told = site.hide(alone)
    until(lambda: site.order(told) is OrderState.UNCONFIRMED)
    key = Principal(new_id(), "polling", OPERATOR.permissions, service="polling")
    done = News(NewsKind.STOPPED, order=told.id, done=True)
    site.served.app.live.streams.event(key, alone.id, done)
    assert site.order(told) is OrderState.CONFIRMED


def test_what_was_not_held_leaves_the_wall_with_its_end(site: Site) -> None:
    stream = site.stream("over", "gone")
    order = site.hide(stream)
    until(lambda: site.order(order) is OrderState.UNCONFIRMED)
    with site.served.app.db.transaction() as tx:
        before = streams.on_wall(tx)
        streams.set_state(tx, stream.id, StreamState.ENDED)
        assert streams.on_wall(tx) == before - 1
        assert stream.id not in {one.id for one in streams.wall(tx)}
