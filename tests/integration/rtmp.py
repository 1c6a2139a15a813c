"""A real nginx with the RTMP module on free loopback ports, publishers, and players that count.

`nginx(directory, hook=…)` serves until its block ends, as an ordinary user, from the recipe that
operators are given. `Rtmp.push` publishes by ffmpeg; `Rtmp.play` is a small RTMP client of our
own that notes when each byte came, because ffmpeg buffers.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from breakwater.live.adapters.nginx_rtmp import NginxRtmp
from breakwater.live.recipes.nginx_rtmp import Layout, directories, nginx_conf, password_line
from breakwater.live.wire import Control
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets, new_pass
from breakwater.network.addresses import networks
from tests.ports import free_port

USER = "www-data"
LOOPBACK = networks(("127.0.0.0/8",))
PICTURE = "testsrc2=size=320x180:rate=25"
"""A moving picture that ffmpeg draws itself."""


def need_programs() -> None:
    """Fail, not skip, where tests are meant to run complete."""
    missing = [name for name in ("nginx", "ffmpeg") if shutil.which(name) is None]
    if missing or not Path("/usr/lib/nginx/modules/ngx_rtmp_module.so").exists():
        pytest.fail("apt-get install --no-install-recommends nginx-light libnginx-mod-rtmp ffmpeg")


@dataclass
class Publisher:
    """One ffmpeg that sends."""

    process: subprocess.Popen[bytes]
    name: str

    @property
    def sending(self) -> bool:
        return self.process.poll() is None

    def wait_end(self, seconds: float = 30.0) -> float:
        """When it ended, on the monotonic clock."""
        self.process.wait(timeout=seconds)
        return time.monotonic()

    def stop(self) -> None:
        if self.sending:
            self.process.terminate()
        self.process.wait(timeout=30)


class Player:
    """One RTMP player: counts bytes, and remembers when each piece came.

    Sends connect, createStream and play at once: nginx answers in order, and its stream is 1.
    """

    def __init__(self, port: int, name: str, *, query: str = "", agent: str = "player") -> None:
        app, _, stream = name.partition("/")
        self.pieces: list[tuple[float, int]] = []
        self.head = b""
        self.ended = threading.Event()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        hello = b"\x03" + struct.pack(">II", 0, 0) + os.urandom(1528)
        self._socket.sendall(hello)
        answer = self._exactly(1 + 1536 + 1536)
        wanted = stream + (f"?{query}" if query else "")
        about = {"app": app, "flashVer": agent, "tcUrl": f"rtmp://127.0.0.1:{port}/{app}"}
        self._socket.sendall(
            answer[1:1537]
            + _message(1, struct.pack(">I", 65536), channel=2)
            + _message(20, _text("connect") + _number(1) + _object(about))
            + _message(20, _text("createStream") + _number(2) + b"\x05")
            + _message(20, _text("play") + _number(3) + b"\x05" + _text(wanted), stream=1)
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.pieces)

    @property
    def last_byte(self) -> float:
        """When the last byte came, on the monotonic clock."""
        return self.pieces[-1][0]

    def wait_bytes(self, count: int, seconds: float = 30.0) -> None:
        """Until that many came."""
        end = time.monotonic() + seconds
        while self.bytes < count:
            if time.monotonic() > end or self.ended.is_set():
                raise AssertionError(f"only {self.bytes} bytes came")
            time.sleep(0.005)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            piece = self._socket.recv(count - len(got))
            if not piece:
                raise ConnectionError("refused in the handshake")
            got += piece
        return got

    def _read(self) -> None:
        self._socket.settimeout(None)
        try:
            while piece := self._socket.recv(65536):
                self.pieces.append((time.monotonic(), len(piece)))
                if len(self.head) < 4096:
                    self.head += piece
        except OSError:
            pass
        self.ended.set()


def _message(kind: int, body: bytes, *, channel: int = 3, stream: int = 0) -> bytes:
    size = len(body).to_bytes(3, "big")
    return bytes([channel]) + b"\0\0\0" + size + bytes([kind]) + struct.pack("<I", stream) + body


def _text(words: str) -> bytes:
    return b"\x02" + struct.pack(">H", len(words)) + words.encode()


def _number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def _object(members: Mapping[str, str]) -> bytes:
    body = b"".join(struct.pack(">H", len(k)) + k.encode() + _text(v) for k, v in members.items())
    return b"\x03" + body + b"\0\0\x09"


@dataclass
class Rtmp:
    """A running nginx."""

    layout: Layout
    secrets: ServerSecrets
    config: ServerConfig
    process: subprocess.Popen[bytes]
    publishers: list[Publisher] = field(default_factory=list)
    adapters: list[NginxRtmp] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.layout.rtmp.rpartition(":")[2])

    @property
    def url(self) -> str:
        return self.config.rtmp_url

    def adapter(self) -> NginxRtmp:
        """The adapter, talking to it; one for all who ask."""
        if self.adapters:
            return self.adapters[0]
        control = Control(
            self.config.control_url, private=LOOPBACK,
            user=self.secrets.user, password=self.secrets.password,
        )  # fmt: skip
        self.adapters.append(NginxRtmp(self.config, self.secrets, control))
        return self.adapters[0]

    def push(
        self, source: str | Path = PICTURE, name: str = "live/014", *, seconds: float = 120,
        gop: int = 25, options: tuple[str, ...] = (), wait: bool = True, query: str = "",
    ) -> Publisher:  # fmt: skip
        """Publish a file, or a picture that ffmpeg draws (a lavfi graph); copied if it is H.264.

        Waits until the server lists it, unless told not to.
        """
        drawn = not Path(source).exists()
        given = ["-f", "lavfi", "-i", str(source)] if drawn else ["-i", str(source)]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(gop),
                 "-pix_fmt", "yuv420p"]  # fmt: skip
        command = [
            "ffmpeg", "-nostdin", "-loglevel", "error", "-re", *given, "-t", str(seconds),
            *(options or coded), "-f", "flv",
            f"{self.url}/{name}" + (f"?{query}" if query else ""),
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        made = Publisher(process, name)
        self.publishers.append(made)
        if wait:
            self.wait_listed(name, made)
        return made

    def wait_listed(self, name: str, publisher: Publisher, seconds: float = 30.0) -> None:
        """Until the server lists its publisher and knows the picture's size."""
        adapter = self.adapter()
        end = time.monotonic() + seconds
        while not any(f.name == name and f.publishers and f.width for f in adapter.discover()):
            if not publisher.sending:
                raise AssertionError("the publisher was refused")
            if time.monotonic() > end:
                raise AssertionError("the server does not list it")
            time.sleep(0.02)

    def play(self, name: str = "live/014", *, query: str = "", agent: str = "player") -> Player:
        """Play it."""
        return Player(self.port, name, query=query, agent=agent)

    def log(self) -> str:
        """What nginx complains of."""
        file = self.layout.directory / "error.log"
        return file.read_text() if file.exists() else ""


@contextmanager
def nginx(
    *, hook: str, secrets: ServerSecrets | None = None, name: str = "test", **layout: Any
) -> Iterator[Rtmp]:
    """Serve until the block ends.

    Args:
        hook: base address of the hooks, with the server's token.
        secrets: as `records.media_servers` made them; else new ones.
        name: of the server.
        layout: whatever of the recipe shall differ.
    """
    need_programs()
    memory = Path("/dev/shm")
    base = memory if os.access(memory, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="breakwater-nginx-", dir=base))
    ports = {key: f"127.0.0.1:{free_port()}" for key in ("rtmp", "http", "control")}
    made = Layout(hook=hook, directory=directory, user="", foreground=True,
                  **({"fragment_s": 1} | ports | layout))  # fmt: skip
    known = secrets or ServerSecrets("breakwater", new_pass(), new_pass(), "", new_pass())
    config = ServerConfig(
        id=new_id(), name=name, kind=ServerKind.NGINX_RTMP, service="live",
        control_url=f"http://{made.control}", rtmp_url=f"rtmp://{made.rtmp}",
        hls_url=f"http://{made.http}/hls",
    )  # fmt: skip
    process = _start(made, known)
    running = Rtmp(made, known, config, process)
    try:
        _wait_listening(running)
        yield running
    finally:
        for publisher in running.publishers:
            publisher.process.kill()
            publisher.process.wait()
        for adapter in running.adapters:
            adapter.close()
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(directory, ignore_errors=True)


def _start(layout: Layout, secrets: ServerSecrets) -> subprocess.Popen[bytes]:
    for place in directories(layout):
        place.mkdir(parents=True, exist_ok=True)
    conf = layout.directory / "nginx.conf"
    conf.write_text(nginx_conf(layout))
    (layout.directory / "breakwater.htpasswd").write_text(password_line(secrets) + "\n")
    command = ["nginx", "-c", str(conf), "-p", str(layout.directory), "-e",
               str(layout.directory / "error.log")]  # fmt: skip
    if os.geteuid() == 0:  # an ordinary user, as the packages would have it
        for place in (layout.directory, *layout.directory.rglob("*")):
            shutil.chown(place, USER, USER)
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--", *command]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=layout.directory)


def _wait_listening(running: Rtmp) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=1).close()
        except OSError:
            if running.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"nginx does not start: {running.log()}")
            time.sleep(0.01)
        else:
            return
