"""The demo's stage: a real nginx with the RTMP module, publishers and a player, on loopback.

In: a directory and the configuration that `breakwater media-server recipe` prints. Out: running
programs, ended with their blocks. Nothing here judges; `cli.demo_live` tells the story.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from breakwater.errors import Unavailable
from breakwater.live.recipes.nginx_rtmp import MODULE

PACKAGES: Final = {"nginx": "nginx-light", "ffmpeg": "ffmpeg"}
LISTENS_S: Final = 10.0
MIRRORED_AND_CROPPED: Final = "crop=iw*0.9:ih*0.9,scale=640:480,hflip"
PIECE: Final = 1 << 16
OTHER_USER: Final = re.compile(r"^user [^;\n]*;\n", re.MULTILINE)


def missing() -> list[str]:
    """Debian packages that are not there."""
    gone = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    return gone if Path(MODULE).exists() else [*gone, "libnginx-mod-rtmp"]


def installable() -> bool:
    """Whether `make setup` could have installed them: Debian, and the rights."""
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() == 0:
        return True
    sudo = shutil.which("sudo")
    return sudo is not None and not subprocess.run(
        [sudo, "-n", "true"], check=False, capture_output=True
    ).returncode  # fmt: skip


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody has, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def media_server(place: Path, files: Mapping[str, str], port: int) -> Iterator[None]:
    """Run nginx as configured, until the block ends.

    Raises:
        Unavailable: it does not start.
    """
    for folder in ("hls/live", "rec/live", "tmp"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name).touch(mode=0o600)
        # The demo's folder is its user's alone: its worker is that user too, root as well.
        (place / name).write_text(OTHER_USER.sub("", text), "utf-8")
    conf, errors = place / "nginx.conf", place / "error.log"
    extra = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = subprocess.Popen(
        ["nginx", "-c", str(conf), "-p", str(place), "-e", str(errors), "-g", extra],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=place, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_listening(process, port, errors)
        yield
    finally:
        _end(process)


def _wait_listening(process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
    until = time.monotonic() + LISTENS_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                said = errors.read_text("utf-8", "replace")[-800:] if errors.exists() else ""
                raise Unavailable(f"nginx does not start. {said}") from None
            time.sleep(0.02)
        else:
            return


class Publisher:
    """One ffmpeg that sends a file at the pace of life."""

    def __init__(self, file: Path, url: str, *, change: str = "", again: bool = False) -> None:
        """Begin to send.

        Args:
            file: an FLV file, sent as it is.
            url: where to.
            change: filters through which it goes, and x264 again; empty: none.
            again: from its beginning whenever it is at its end.
        """
        coded = ["-c", "copy"]
        if change:
            coded = ["-vf", change, "-c:v", "libx264", "-preset", "ultrafast", "-tune",
                     "zerolatency", "-g", "12", "-pix_fmt", "yuv420p", "-threads", "1"]  # fmt: skip
        self.begun = time.monotonic()
        self._process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-re", *(["-stream_loop", "-1"] if again else []),
             "-i", str(file), *coded, "-f", "flv", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    @property
    def sending(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def failed(self) -> bool:
        """It ended, and not because all was sent."""
        return self._process.poll() not in {None, 0}

    def end(self) -> None:
        """Stop sending."""
        _end(self._process)


class Player:
    """One viewer: an ffmpeg that copies what it gets, and when the last byte came."""

    def __init__(self, url: str) -> None:
        """Begin to play."""
        self.bytes = 0
        self.last = 0.0
        self._process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-fflags", "nobuffer", "-probesize", "50000",
             "-analyzeduration", "500000", "-i", url,
             "-c", "copy", "-flush_packets", "1", "-f", "mpegts", "pipe:1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, start_new_session=True,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether it is still connected."""
        return self._process.poll() is None

    def end(self) -> None:
        """Stop playing."""
        _end(self._process)
        self._thread.join(timeout=5)

    def _read(self) -> None:
        pipe = self._process.stdout
        while pipe is not None and (piece := pipe.read(PIECE)):
            self.bytes += len(piece)
            self.last = time.monotonic()
        self._process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
