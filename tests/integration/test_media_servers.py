"""Every media server keeps the contract; each against the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from breakwater.live.adapters.nginx_rtmp import NginxRtmp
from breakwater.live.ports import MediaServer
from breakwater.live.wire import Control
from breakwater.testing.media_servers import NAME, MediaServerContract
from tests.integration.console_site import until
from tests.integration.doors import Door, door
from tests.integration.rtmp import LOOPBACK, Player, Publisher, Rtmp, nginx
from tests.ports import free_port


class NginxStage:
    """A real nginx whose hooks a door answers."""

    def __init__(self, running: Rtmp, asked: Door) -> None:
        self._running = running
        self._door = asked

    @property
    def server(self) -> MediaServer:
        return self._running.adapter()

    @property
    def absent(self) -> MediaServer:
        nobody = Control(f"http://127.0.0.1:{free_port()}", private=LOOPBACK)
        return NginxRtmp(self._running.config, self._running.secrets, nobody)

    def publish(self, name: str) -> Publisher:
        return self._running.push(name=name)

    def refused(self, name: str) -> bool:
        publisher = self._running.push(name=name, wait=False)
        publisher.process.wait(timeout=30)
        return publisher.process.returncode != 0

    def play(self, name: str, *, ours: bool = False) -> Player:
        if not ours:
            return self._running.play(name)
        query = self.server.pull_url(name).partition("?")[2]
        return self._running.play(
            name, query=query, agent=self.server.pull_options()["rtmp_flashver"]
        )

    def deny(self, name: str) -> None:
        self._door.denied.add(name)

    def hold_back(self, name: str, *, back: bool = True) -> None:
        if back:
            self._door.frozen.add(name)
        else:
            self._door.frozen.discard(name)


@pytest.fixture(scope="module")
def asked() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(scope="module")
def running(asked: Door) -> Iterator[Rtmp]:
    with nginx(hook=asked.url) as made:
        asked.watch = made.secrets.watch
        yield made


class TestNginxRtmp(MediaServerContract):
    """nginx-rtmp of Debian's packages."""

    @pytest.fixture(autouse=True)
    def _clean(self, running: Rtmp, asked: Door) -> Iterator[None]:
        self.now = NginxStage(running, asked)
        yield
        asked.denied.clear()
        asked.frozen.clear()
        for publisher in running.publishers:
            publisher.stop()
        running.publishers.clear()
        running.adapter().purge(NAME)

    def stage(self) -> NginxStage:
        return self.now

    def test_a_wrong_password_is_said_not_taken_for_an_empty_list(self) -> None:
        running = self.now._running
        wrong = Control(
            running.config.control_url, private=LOOPBACK, user="breakwater", password="x"
        )
        adapter = NginxRtmp(running.config, replace(running.secrets, password="x"), wrong)
        found = adapter.check()
        assert not found[0].done
        assert "401" in found[0].detail
        wrong.close()

    def test_an_address_that_is_not_allowed_is_never_called(self) -> None:
        running = self.now._running
        control = Control(running.config.control_url, user="breakwater", password="x")
        adapter = NginxRtmp(running.config, running.secrets, control)
        assert "not called" in adapter.terminate(NAME).detail
        control.close()

    def test_two_streams_of_like_names_do_not_share_recordings(self) -> None:
        adapter = self.now.server
        first, second = self.now.publish("live/a"), self.now.publish("live/a-1")
        assert adapter.record_start("live/a").done
        assert adapter.record_start("live/a-1").done
        assert len(adapter.recordings("live/a")) == 1
        assert len(adapter.recordings("live/a-1")) == 1
        for one in (first, second):
            one.stop()
        assert adapter.purge("live/a").done
        assert len(adapter.recordings("live/a-1")) == 1
        assert adapter.purge("live/a-1").done

    def test_a_thumbnail_in_the_folder_of_a_broadcast_goes_with_it_and_until_then_it_is_not_cut(
        self,
    ) -> None:
        running, server = self.now._running, self.now.server
        publisher = self.now.publish(NAME)
        folder = running.layout.directory / "hls" / NAME
        until(folder.exists)
        thumbnail = folder / "thumbnail.jpg"
        thumbnail.write_bytes(b"a picture")
        url = f"{running.config.hls_url}/{NAME}/{thumbnail.name}"
        assert httpx.get(url, trust_env=False).content == b"a picture"
        publisher.stop()
        until(lambda: server.terminate(NAME).done)
        assert not server.probe(NAME).done
        until(lambda: server.purge(NAME).done and server.probe(NAME).done)
        assert httpx.get(url, trust_env=False).status_code in {403, 404}

    def test_a_second_publisher_of_one_name_is_refused_and_the_first_goes_on(self) -> None:
        first = self.now.publish(NAME)
        second = self.now._running.push(name=NAME, wait=False)
        second.process.wait(timeout=30)
        assert second.process.returncode != 0
        assert first.sending

    def test_one_of_several_senders_is_named_by_its_connection(self) -> None:
        publisher = self.now.publish(NAME)
        server = self.now.server
        (found,) = (one for one in server.discover() if one.name == NAME)
        assert server.terminate(NAME, "999999").done, "it is not there"
        assert publisher.sending
        assert server.terminate(NAME, found.publishers[0].client).done
        publisher.wait_end()

    def test_a_strange_agent_does_not_blind_the_list(self) -> None:
        publisher = self.now.publish(NAME)
        strange = "\x01\x02<&\"'>"
        with self.now._running.play(NAME, agent=strange) as player:
            player.wait_bytes(4_000)
            assert len(self.now.server.viewers(NAME)) == 1
        publisher.stop()

    def test_an_hls_viewer_is_asked_for_each_file(self, wait_until) -> None:
        publisher = self.now.publish(NAME)
        base = f"{self.now._running.config.hls_url}/{NAME}"
        wait_until(lambda: ".ts" in httpx.get(f"{base}/index.m3u8").text)
        segment = httpx.get(f"{base}/index.m3u8").text.split()[-1]
        assert httpx.get(f"{base}/{segment}").status_code == 200
        self.now.hold_back(NAME)
        assert httpx.get(f"{base}/index.m3u8").status_code == 403
        assert httpx.get(f"{base}/{segment}").status_code == 403
        secret = self.now._running.secrets.watch
        assert httpx.get(f"{base}/{segment}?watch={secret}").status_code == 200
        call = self.now._door.heard("play")[-1]
        assert call.peer.port, "the viewer's own port is told"
        publisher.stop()
