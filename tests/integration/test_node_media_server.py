"""node-media-server, a second real RTMP server, keeps the contract with the script of its recipe."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from breakwater.live.adapters.node_media_server import NodeMediaServer
from breakwater.live.recipes import Wanted, recipe
from breakwater.live.wire import Control
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets, new_pass
from breakwater.testing.media_servers import MediaServerContract
from tests.integration.doors import Door, door
from tests.integration.rtmp import LOOPBACK, PICTURE, Player, Publisher
from tests.ports import free_port

INSTALLED = Path(__file__).parents[2] / "build/node-media-server/node_modules"


@dataclass
class Node:
    """A running node-media-server and who publishes there."""

    config: ServerConfig
    shared: ServerSecrets
    process: subprocess.Popen[bytes]
    publishers: list[Publisher]
    opened: list[NodeMediaServer]

    def adapter(self, control_url: str = "") -> NodeMediaServer:
        at = replace(self.config, control_url=control_url or self.config.control_url)
        control = Control(
            at.control_url, private=LOOPBACK, user=self.shared.user, password=self.shared.password
        )
        self.opened.append(NodeMediaServer(at, self.shared, control))
        return self.opened[-1]

    def push(self, name: str) -> Publisher:
        command = [
            "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", PICTURE,
            "-t", "120", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
            "-g", "25", "-pix_fmt", "yuv420p", "-f", "flv", f"{self.config.rtmp_url}/{name}",
        ]  # fmt: skip
        made = Publisher(subprocess.Popen(command, stdin=subprocess.DEVNULL), name)
        self.publishers.append(made)
        return made


class NodeStage:
    """People who use it."""

    def __init__(self, node: Node, asked: Door) -> None:
        self._node = node
        self._door = asked
        self.server = node.adapter()
        self.absent = node.adapter(f"http://127.0.0.1:{free_port()}")

    def publish(self, name: str) -> Publisher:
        made = self._node.push(name)
        end = time.monotonic() + 15
        while not any(one.name == name and one.width for one in self.server.discover()):
            assert made.sending
            assert time.monotonic() < end
            time.sleep(0.02)
        return made

    def refused(self, name: str) -> bool:
        made = self._node.push(name)
        made.process.wait(timeout=30)
        return made.process.returncode != 0

    def play(self, name: str, *, ours: bool = False) -> Player:
        query = self.server.pull_url(name).partition("?")[2] if ours else ""
        port = int(self._node.config.rtmp_url.rpartition(":")[2])
        return Player(port, name, query=query)

    def deny(self, name: str) -> None:
        self._door.denied.add(name)

    def hold_back(self, name: str, *, back: bool = True) -> None:
        (self._door.frozen.add if back else self._door.frozen.discard)(name)


@pytest.fixture(scope="module")
def asked() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(scope="module")
def node(asked: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    if shutil.which("node") is None or not INSTALLED.exists():
        pytest.skip("node-media-server is not installed: tools/node_server.sh needs npm")
    directory = tmp_path_factory.mktemp("node")
    config = ServerConfig(
        new_id(), "node", ServerKind.NODE_MEDIA_SERVER, "live",
        f"http://127.0.0.1:{free_port()}", f"rtmp://127.0.0.1:{free_port()}",
    )  # fmt: skip
    shared = ServerSecrets("breakwater", new_pass(), "token", "", new_pass())
    asked.watch = shared.watch
    made = recipe(config, shared, Wanted(asked.url.partition("/v1/")[0], directory))
    for file, text in made.files.items():
        (directory / file).write_text(text)
    (directory / "node_modules").symlink_to(INSTALLED)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            made.steps[-1].split(), cwd=directory, stdout=log, stderr=subprocess.STDOUT
        )
    running = Node(config, shared, process, [], [])
    try:
        _wait(config, process, directory / "log")
        yield running
    finally:
        for publisher in running.publishers:
            publisher.process.kill()
            publisher.process.wait()
        for adapter in running.opened:
            adapter.close()
        process.terminate()
        process.wait(timeout=30)


def _wait(config: ServerConfig, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    for url in (config.rtmp_url, config.control_url):
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 1).close()
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"it does not start: {log.read_text()[-1000:]}")
                time.sleep(0.02)
            else:
                break


class TestNodeMediaServer(MediaServerContract):
    """The real server."""

    @pytest.fixture(autouse=True)
    def _clean(self, node: Node, asked: Door) -> Iterator[None]:
        self.now = NodeStage(node, asked)
        yield
        asked.denied.clear()
        asked.frozen.clear()
        for publisher in node.publishers:
            publisher.stop()
        node.publishers.clear()

    def stage(self) -> NodeStage:
        return self.now

    def test_its_control_port_is_for_us_alone(self) -> None:
        wrong = replace(self.now._node.shared, password="x")
        control = Control(
            self.now._node.config.control_url, private=LOOPBACK, user="breakwater", password="x"
        )
        answers = NodeMediaServer(self.now._node.config, wrong, control).check()
        assert not answers[0].done
        assert "401" in answers[0].detail
        control.close()
