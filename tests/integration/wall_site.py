"""A served installation with broadcasts and a browser: what tests of the live wall stand on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from playwright.sync_api import Browser

from breakwater.model.access import Person, Principal
from breakwater.model.broadcast import Sender
from breakwater.model.case import Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Alert, Order, OrderState, Stream, StreamState
from breakwater.records import stream_orders, streams
from tests.integration.browsing import Guarded, guarded
from tests.integration.served import OPERATOR, Served


def small_still() -> bytes:
    """What a watcher keeps of a frame."""
    made = io.BytesIO()
    Image.linear_gradient("L").resize((32, 18)).save(made, "WEBP")
    return made.getvalue()


@dataclass
class Site:
    """A served installation with broadcasts, and a browser."""

    served: Served
    browser: Browser
    ada: Person
    sam: Person
    count: int = 0
    begun: list[Id] = field(default_factory=list)

    @contextmanager
    def page(self, who: Person, path: str = "/live", **options: Any) -> Iterator[Guarded]:
        """A signed-in person's page."""
        link = self.served.app.access.people.link(who.id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            watched.page.goto(self.served.url + path)
            yield watched

    def stream(self, risk: float = 0.0, priority: Priority | None = None, **about: Any) -> Stream:
        """A broadcast that runs."""
        self.count += 1
        told = Sender(account=f"acct-{self.count}", pull_url="https://cdn.example/live.m3u8")
        machine = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")
        made = self.served.app.live.streams.begin(machine, "", f"live/{self.count}", told)
        self.begun.append(made.id)
        with self.served.app.db.transaction() as tx:
            streams.set_viewers(tx, made.id, about.get("viewers", 12))
            streams.seen(tx, {made.id: 0.97})
            if priority is not None:
                streams.set_risk(tx, made, risk, {"reports": risk}, priority)
            return streams.get(tx, made.id)

    def alert(self, stream: Stream, **facts: Any) -> Stream:
        """What a watcher tells."""
        known: dict[str, Any] = {
            "stream": stream.id, "at": self.served.app.clock.now(), "time_s": 10.0, "kind": "copy",
            "why": "A known video appears.", "frames": 6, "span_s": 6.0, "score": 5.0,
            "reference": new_id(), "bank": "KNOWN",
        }  # fmt: skip
        return self.served.app.live.streams.alert(Alert(**known | facts))

    def now(self, stream: Stream) -> Stream:
        with self.served.app.db.read() as tx:
            return streams.get(tx, stream.id)

    def orders(self, stream: Stream) -> list[Order]:
        with self.served.app.db.read() as tx:
            return stream_orders.of_stream(tx, stream.id)

    def settle(self, stream: Stream, state: OrderState) -> None:
        """The media server answered."""
        with self.served.app.db.transaction() as tx:
            standing = stream_orders.standing(tx, stream.id)
            assert standing is not None
            stream_orders.set_state(tx, standing, state)

    def end(self) -> None:
        """Nothing runs, and nothing waits to be confirmed."""
        with self.served.app.db.transaction() as tx:
            for one in self.begun:
                streams.set_state(tx, one, StreamState.ENDED)
                standing = stream_orders.standing(tx, one)
                if standing is not None:
                    stream_orders.set_state(tx, standing, OrderState.CONFIRMED)
        self.begun.clear()
