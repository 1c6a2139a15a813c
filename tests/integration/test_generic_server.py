"""A platform's own service keeps the contract: here one in front of a real nginx, by signed calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from breakwater.live.adapters.generic import Generic
from breakwater.live.ports import Answer
from breakwater.live.wire import Control
from breakwater.model.clock import SystemClock
from breakwater.model.server import ServerKind
from breakwater.testing.media_servers import NAME, MediaServerContract
from tests.integration.doors import Door, door
from tests.integration.rtmp import LOOPBACK, Rtmp, nginx
from tests.integration.test_media_servers import NginxStage
from tests.ports import free_port
from tests.scripted_http import Asked, Said, scripted

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


class Service:
    """What a platform writes: it checks the signature and does what is asked."""

    def __init__(self, running: Rtmp) -> None:
        self._adapter = running.adapter()

    def __call__(self, asked: Asked) -> Said:
        headers = {key.lower(): value for key, value in asked.headers.items()}
        try:
            said = Webhook(SECRET).verify(asked.body.decode(), headers)
        except WebhookVerificationError:
            return 401, {}
        name = said["data"]["name"]
        match said["type"]:
            case "stream.list":
                return 200, {"streams": [
                    {"name": one.name, "viewers": one.viewers,
                     "publishers": [{"client": p.client} for p in one.publishers]}
                    for one in self._adapter.discover() if one.publishers
                ]}  # fmt: skip
            case "stream.viewers":
                seen = self._adapter.viewers(name)
                return 200, {"viewers": [{"client": one.client, "port": 0} for one in seen]}
            case act:
                done: Answer = getattr(self._adapter, act.removeprefix("stream."))(name)
                return 200, {"done": done.done, "detail": done.detail}


class GenericStage(NginxStage):
    """The same people; asked through the service."""

    def __init__(self, running: Rtmp, asked: Door, url: str) -> None:
        super().__init__(running, asked)
        self._url = url
        self.opened: list[Generic] = []

    def _made(self, url: str) -> Generic:
        config = replace(self._running.config, kind=ServerKind.GENERIC, control_url=url)
        shared = replace(self._running.secrets, signing=SECRET)
        self.opened.append(Generic(config, shared, Control(url, private=LOOPBACK), SystemClock()))
        return self.opened[-1]

    @property
    def server(self) -> Generic:
        return self._made(self._url)

    @property
    def absent(self) -> Generic:
        return self._made(f"http://127.0.0.1:{free_port()}")

    def play(self, name: str, *, ours: bool = False):
        if not ours:
            return self._running.play(name)
        agent = self._running.adapter().pull_options()["rtmp_flashver"]
        query = self.server.pull_url(name).partition("?")[2]
        return self._running.play(name, query=query, agent=agent)


@pytest.fixture(scope="module")
def asked() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(scope="module")
def running(asked: Door) -> Iterator[Rtmp]:
    with nginx(hook=asked.url) as made:
        asked.watch = made.secrets.watch
        yield made


class TestGeneric(MediaServerContract):
    """A service in front of nginx."""

    @pytest.fixture(autouse=True)
    def _clean(self, running: Rtmp, asked: Door) -> Iterator[None]:
        with scripted() as service:
            service.anything = Service(running)
            self.now = GenericStage(running, asked, service.url)
            yield
            for server in self.now.opened:
                server.close()
        asked.denied.clear()
        asked.frozen.clear()
        for publisher in running.publishers:
            publisher.stop()
        running.publishers.clear()
        running.adapter().purge(NAME)

    def stage(self) -> GenericStage:
        return self.now

    def test_a_service_that_does_not_know_an_act_has_not_done_it(self) -> None:
        with scripted() as service:
            server = self.now._made(service.url)
            for said in ((404, {}), (501, {}), (200, {}), (200, {"done": "yes"}), (200, b"ok")):
                service.anything = lambda _, said=said: said
                assert not server.terminate(NAME).done, said
