"""Servers known by their documentation alone keep the contract, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.live.adapters.mediamtx import MediaMtx
from breakwater.live.adapters.owncast import AGENT, Owncast
from breakwater.live.adapters.owncast import NAME as ONLY
from breakwater.live.wire import Control
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.testing.media_servers import MediaServerContract
from tests.documented_servers import Connection, MediaMtxServer, OwncastServer
from tests.integration.doors import Door
from tests.integration.rtmp import LOOPBACK
from tests.ports import free_port
from tests.scripted_http import scripted

SHARED = ServerSecrets("breakwater", "secret", "token", "", "pilot")


def control(url: str) -> Control:
    return Control(url, private=LOOPBACK, user=SHARED.user, password=SHARED.password)


class MediaMtxStage:
    """People who use a MediaMTX."""

    def __init__(self, url: str, running: MediaMtxServer, door: Door) -> None:
        self._running = running
        self._door = door
        self._played = 0
        self.server = self._adapter(url)
        self.absent = self._adapter(f"http://127.0.0.1:{free_port()}")

    def _adapter(self, url: str) -> MediaMtx:
        config = ServerConfig(new_id(), "mtx", ServerKind.MEDIAMTX, "live", url, "rtmp://x:1935")
        return MediaMtx(config, SHARED, control(url))

    def publish(self, name: str) -> Connection:
        return self._running.connect("rtmpConn", name, "publish")

    def refused(self, name: str) -> bool:
        return not self.publish(name).sending

    def play(self, name: str, *, ours: bool = False) -> Connection:
        """Viewers come by RTMP and HLS in turn."""
        if ours:
            query = self.server.pull_url(name).partition("?")[2]
            return self._running.connect("rtmpConn", name, "read", query)
        self._played += 1
        kind = "rtmpConn" if self._played % 2 else "hlsSession"
        return self._running.connect(kind, name, "read")

    def deny(self, name: str) -> None:
        self._door.denied.add(name)

    def hold_back(self, name: str, *, back: bool = True) -> None:
        (self._door.frozen.add if back else self._door.frozen.discard)(name)


class TestMediaMtx(MediaServerContract):
    """By its OpenAPI document, control API v3."""

    @pytest.fixture(autouse=True)
    def _clean(self) -> Iterator[None]:
        door = Door(watch=SHARED.watch)
        with scripted() as http:
            running = MediaMtxServer(door, SHARED.watch, SHARED.user, SHARED.password)
            http.anything = running
            self.now = MediaMtxStage(http.url, running, door)
            yield
            self.now.server.close()
            self.now.absent.close()

    def stage(self) -> MediaMtxStage:
        return self.now


class OwncastStage:
    """People who use an Owncast, which asks nobody."""

    def __init__(self, url: str, running: OwncastServer) -> None:
        self._running = running
        self.server = self._adapter(url)
        self.absent = self._adapter(f"http://127.0.0.1:{free_port()}")

    def _adapter(self, url: str) -> Owncast:
        config = ServerConfig(new_id(), "cast", ServerKind.OWNCAST, "live", url, hls_url=url)
        return Owncast(config, control(url))

    def publish(self, name: str) -> Connection:
        del name
        return self._running.publish()

    def refused(self, name: str) -> bool:
        return not self.publish(name).sending

    def play(self, name: str, *, ours: bool = False) -> Connection:
        del name
        return self._running.play(AGENT if ours else f"player {len(self._running.viewers)}")

    def deny(self, name: str) -> None:
        """Nobody can have it refuse."""

    def hold_back(self, name: str, *, back: bool = True) -> None:
        """Nobody can have it hold back."""


class TestOwncast(MediaServerContract):
    """By its OpenAPI document, 0.0.9."""

    name = ONLY

    @pytest.fixture(autouse=True)
    def _clean(self) -> Iterator[None]:
        with scripted() as http:
            running = OwncastServer(SHARED.user, SHARED.password)
            http.anything = running
            self.now = OwncastStage(http.url, running)
            yield
            self.now.server.close()
            self.now.absent.close()

    def stage(self) -> OwncastStage:
        return self.now

    def test_somebody_who_calls_himself_like_our_watcher_is_preserved_too(self) -> None:
        self.now.publish(ONLY)
        for _ in range(2):
            self.now.play(ONLY, ours=True)
        assert len(self.now.server.viewers(ONLY)) == 2
