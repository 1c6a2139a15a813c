"""One broadcast in a watcher: its connection, its jailed child, its chunks of pre-roll.

The watcher connects to the one address that the owner checked, hands the socket to a fresh
child and then only reads what the child says. Everything has a clock: connecting, opening,
saying nothing. Used by `process`; tests: `tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from breakwater.live.preroll import Chunk, ChunkWriter
from breakwater.live.watching.childwire import Inbox
from breakwater.live.watching.tls import Tls
from breakwater.media import wire
from breakwater.media.loan import signal_name
from breakwater.media.zygote import Child, Zygote
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits, MediaType

CONNECT_S: Final = 5.0
OPEN_S: Final = 16.0
SILENT_S: Final = 12.0
"""A child says something every second; one that is silent so long hangs or spins."""

MOST_A_SECOND: Final = 600
"""Frames that were waited for may come in a burst: 64 of a window, and as many pieces."""

MEMORY: Final = 768 << 20
"""Address space above the warm size: one 4K decoder with its frames."""
CPU_S: Final = 7 * 24 * 3600
MAX_PIXELS: Final = 4096 * 2304
SRT_PROGRAM: Final = "ffmpeg"
RTMP: Final = frozenset({"rtmp", "rtmps"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a broadcast is fetched: an address that was checked, never a name.

    Attributes:
        form: `rtmp`, `mpegts` or `flv` over TCP, `rtmps` over TLS, or `srt`.
        url: for `rtmp`, `rtmps` and `srt`, with the numeric address.
        options: of the demuxer, e.g. `rtmp_flashver`; `stall_s`: seconds of silence that are
            usual, for playlists whose segments come in bursts.
        sampling: to begin with.
        patience: how often it was tried to find out what it is.
        name: whose the certificate must be; for `rtmps`.
    """

    host: str
    port: int
    form: str
    url: str = ""
    options: Mapping[str, str] | None = None
    sampling: str = "key"
    patience: int = 1
    name: str = ""


class Held:
    """One broadcast; all of its methods are called by the watcher's one thread."""

    def __init__(
        self, stream: Id, epoch: int, target: Target, *, folder: Path | None, now: float
    ) -> None:  # fmt: skip
        """Begin to connect."""
        self.stream, self.epoch, self.target = stream, epoch, target
        self.inbox = Inbox()
        self.child: Child | None = None
        self.connecting: socket.socket | None = None
        self.opened = False
        self._helper: subprocess.Popen[bytes] | None = None
        self._tls: Tls | None = None
        self._folder = folder
        self._deadline = now + CONNECT_S
        self._chunks: ChunkWriter | None = None
        self._second, self._said = now, 0

    def connect(self) -> socket.socket:
        """Start connecting without waiting.

        Raises:
            OSError: refused at once.
        """
        family = socket.AF_INET6 if ":" in self.target.host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            made.connect((self.target.host, self.target.port))
        except BlockingIOError:
            pass
        except OSError:
            made.close()
            raise
        self.connecting = made
        return made

    def begin(self, zygote: Zygote, now: float) -> Child:
        """Connected: fork the child that reads.

        Raises:
            OSError: it is not connected.
            Gone: the zygote died.
        """
        if self.target.form == "srt":
            self._helper = _helper(self.target.url)
            stream = self._helper.stdout.fileno() if self._helper.stdout else -1
        else:
            if self.connecting is None:
                raise OSError("not connected")
            error = self.connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            if self.target.form == "rtmps":
                self._tls = Tls(self.connecting, self.target.name)
                self.connecting = self._tls.plain
            self.connecting.setblocking(self.target.form not in RTMP)
            stream = self.connecting.fileno()
        self.child = zygote.fork(memory=MEMORY, cpu_s=CPU_S, stream=stream)
        self._let_go()
        limits = MediaLimits(max_pixels=MAX_PIXELS)
        form = {"srt": "mpegts", "rtmps": "rtmp"}.get(self.target.form, self.target.form)
        args: dict[str, Any] = {
            "url": self.target.url, "form": form, "sampling": self.target.sampling,
            "patience": self.target.patience, "options": dict(self.target.options or {}),
        }  # fmt: skip
        self.child.connection.sendall(wire.request("watch", MediaType.FLV, limits, args))
        self._deadline = now + OPEN_S
        return self.child

    @property
    def fault(self) -> str:
        """What its TLS failed at: the child sees only an end."""
        return "" if self._tls is None else self._tls.fault

    def heard(self, now: float) -> None:
        """The child said something."""
        stall_s = float((self.target.options or {}).get("stall_s", 0))
        self._deadline = now + SILENT_S + stall_s

    def talks_too_much(self, now: float) -> bool:
        """One more message; whether it is more than watching at its closest makes."""
        if now - self._second >= 1.0:
            self._second, self._said = now, 0
        self._said += 1
        return self._said > MOST_A_SECOND

    def late(self, now: float) -> bool:
        """Whether its time is over."""
        return now > self._deadline

    def ask(self, words: str) -> None:
        """Send the child one line; a child that is dying hears nothing."""
        if self.child is None:
            return
        try:
            self.child.connection.send(f"{words}\n".encode(), socket.MSG_DONTWAIT)
        except OSError:
            return

    def keep(self, body: bytes, container: str, wall: float, *, key: bool) -> Chunk | None:
        """Put original packets into the ring."""
        if self._folder is None:
            return None
        if self._chunks is None:
            self._chunks = ChunkWriter(
                self._folder, f"{self.epoch:06}-{int(wall * 1000)}", container
            )
        return self._chunks.put(body, wall, key=key)

    def end(self) -> str:
        """Let go of everything; how the child died where it did by itself."""
        self._let_go()
        if self._chunks is not None:
            self._chunks.close()
        if self._helper is not None:
            self._helper.kill()
            self._helper.wait()
            self._helper = None
        child, self.child = self.child, None
        if child is not None:
            child.end()
        return ""

    def bury(self) -> str:
        """The child has closed its socket: how it died."""
        child, self.child = self.child, None
        how = signal_name(child.bury()) if child is not None else ""
        self.end()
        return how

    def _let_go(self) -> None:
        if self.connecting is not None:
            self.connecting.close()
        self.connecting = None
        if self._helper is not None and self._helper.stdout is not None:
            self._helper.stdout.close()


def _helper(url: str) -> subprocess.Popen[bytes]:
    """SRT by the system's ffmpeg, because PyAV's wheels have none.

    It takes what comes as `data`, unread: nothing waits until ffmpeg has found out what it is,
    and the bytes are first looked into by the child, in the jail.
    """
    return subprocess.Popen(
        [
            SRT_PROGRAM, "-nostdin", "-hide_banner", "-loglevel", "quiet",
            "-protocol_whitelist", "srt,udp,pipe", "-fflags", "nobuffer",
            "-probesize", "2048", "-analyzeduration", "0", "-f", "data", "-i", url,
            "-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "data", "pipe:1",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", "")},
    )  # fmt: skip
