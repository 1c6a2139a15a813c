"""A served installation with a real nginx in front of it and its worker running, for live tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breakwater.app import App
from breakwater.live.servers import NewServer
from breakwater.model.access import Principal, Role
from breakwater.model.case import Case
from breakwater.model.ids import new_id
from breakwater.model.server import ServerKind
from breakwater.model.stream import Alert, Control, Order, OrderState, Stream
from breakwater.records import cases, stream_orders, streams
from breakwater.worker.loop import Worker
from tests.integration.rtmp import Rtmp, nginx
from tests.integration.served import OPERATOR, Served, serving

SERVER = "edge"


@dataclass
class LiveSite:
    """Everything that runs."""

    served: Served
    rtmp: Rtmp
    worker: Worker

    @property
    def app(self) -> App:
        return self.served.app

    def moderator(self, *roles: Role) -> Principal:
        """A person who may stop broadcasts."""
        wanted = roles or (Role.LIVE_MODERATOR,)
        person = self.served.person(*wanted)
        permissions = frozenset().union(*(role.permissions for role in wanted))
        return Principal(person.id, person.name, permissions, person=person.id)

    def service(self, name: str = "live") -> Principal:
        """A service's key."""
        return Principal(new_id(), name, OPERATOR.permissions, service=name)

    def stream(self, name: str) -> Stream:
        """The newest broadcast of a name."""
        with self.app.db.read() as tx:
            found = streams.last(tx, SERVER, name)
        assert found is not None
        return found

    def case(self, stream: Stream) -> Case:
        with self.app.db.read() as tx:
            found = streams.get(tx, stream.id)
            assert found.case is not None
            return cases.get(tx, found.case)

    def orders(self, stream: Stream) -> list[Order]:
        with self.app.db.read() as tx:
            return stream_orders.of_stream(tx, stream.id)

    def confirmed(self, stream: Stream, to: Control) -> Order | None:
        """The order to stop it so, when it is confirmed."""
        for order in reversed(self.orders(stream)):
            if order.to is to and order.state is OrderState.CONFIRMED:
                return order
        return None

    def alert(self, stream: Stream, **facts: Any) -> Stream:
        """What a watcher would tell."""
        known: dict[str, Any] = {
            "stream": stream.id, "at": self.app.clock.now(), "time_s": 10.0, "kind": "copy",
            "why": "A known video appears: 6 frames aligned over 6.0 s.", "frames": 6,
            "span_s": 6.0, "score": 5.0, "reference": new_id(),
        }  # fmt: skip
        return self.app.live.streams.alert(Alert(**known | facts))


def until(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What a check answers once it is true."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


@contextmanager
def live_site(directory: Path, **settings: Any) -> Iterator[LiveSite]:
    """Serve until the block ends; the worker runs as it does in `breakwater serve`."""
    settings.setdefault("live_watch", False)
    with serving(directory, unsafe_fast_disk=True, **settings) as served:
        app = served.app
        known = app.live.servers.add(
            NewServer(SERVER, ServerKind.NGINX_RTMP, "live", control_url="http://127.0.0.1:9"),
            OPERATOR,
        )
        turns = [
            turn for turn in app.turns if turn.name.startswith(("enforcement", "live.", "reels."))
        ]
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=turns,
            metrics=app.metrics,
        )  # fmt: skip
        hook = f"{served.url}/v1/hooks/{known.shared.hook}"
        with nginx(hook=hook, secrets=known.shared, name=SERVER) as rtmp:
            at = rtmp.config
            where = {"control_url": at.control_url, "rtmp_url": at.rtmp_url, "hls_url": at.hls_url}
            app.live.servers.change(SERVER, where, OPERATOR)
            worker.start()
            try:
                yield LiveSite(served, rtmp, worker)
            finally:
                worker.stop()
