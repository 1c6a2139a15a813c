"""The owner's end of one lane: starts the process, asks it, hears its answers in order.

Each question waits for its own answer; when the process falls every question that waits is told
so. Nobody who asks waits for a lane that does not read: a thread of its own sends. Used by `lanes`; tests: `tests/integration/test_comment_lanes.py`.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from breakwater.errors import Unfit
from breakwater.media.zygote import environment
from breakwater.observe import logger
from breakwater.recognition.hearing.wire import Broken, Frame, hear, send, spell

START_S: Final = 60.0
CLOSE_S: Final = 5.0

_log = logger("comments")


class Link:
    """One lane's process, as its owner has it.

    Attributes:
        about: what the lane said of itself.
        counts: what it counted when it was asked last.
    """

    def __init__(self, setup: Mapping[str, Any], cells: bytes) -> None:
        """Start the process and wait until it is warm.

        Args:
            setup: what `Lane` takes.
            cells: what the lane left in rows, packed.

        Raises:
            Unfit: it does not start; the detail names the package or list that cannot be used.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-P", "-m", "breakwater.recognition.hearing.process",
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd="/", env=environment(),
                start_new_session=True,
            )  # fmt: skip
        self._socket = ours
        self._sends: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._waits: dict[int, Future[Frame]] = {}
        self._waiting = threading.Lock()
        self._last, self._gone = 0, False
        self.counts: Counter[str] = Counter()
        self.about = self._begin(setup, cells)
        self._thread = threading.Thread(target=self._read, name="comments", daemon=True)
        self._thread.start()
        threading.Thread(target=self._write, name="comments-out", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def say(self, said: dict[str, Any], block: bytes = b"") -> None:
        """Tell the lane something it does not answer; one that is gone is noticed elsewhere."""
        self._sends.put(spell(said, block))

    def ask(self, said: dict[str, Any], block: bytes = b"") -> Future[Frame]:
        """Ask; the answer comes as a result, and `Broken` when the lane falls before."""
        answer: Future[Frame] = Future()
        with self._waiting:
            if self._gone:
                answer.set_exception(Broken())
                return answer
            self._last += 1
            number = self._last
            self._waits[number] = answer
        self._sends.put(spell({**said, "n": number}, block))
        return answer

    def kill(self) -> None:
        """End a lane that does not answer."""
        self.process.kill()

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(timeout=CLOSE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=CLOSE_S)

    def _begin(self, setup: Mapping[str, Any], cells: bytes) -> dict[str, Any]:
        self._socket.settimeout(START_S)
        try:
            send(self._socket, dict(setup), cells)
            said = hear(self._socket).said
        except Broken:
            said = {"told": "unfit", "why": "the process does not start"}
        if said.get("told") != "ready":
            self.process.kill()
            self.process.wait()
            self._socket.close()
            raise Unfit(f"Comments cannot be weighed: {said.get('why', '')}")
        self._socket.settimeout(None)
        return said

    def _write(self) -> None:
        while frame := self._sends.get():
            try:
                self._socket.sendall(frame)
            except OSError:  # who reads notices, and tells all who wait
                self.process.kill()
                return

    def _read(self) -> None:
        try:
            while True:
                frame = hear(self._socket)
                if frame.said.get("told") == "lost":
                    _log.error("lane_sums_lost", what=str(frame.said["what"]))
                    continue
                with self._waiting:
                    answer = self._waits.pop(int(frame.said["n"]), None)
                if answer is not None:
                    answer.set_result(frame)
        except Broken:
            pass
        finally:
            self.process.kill()
            self.process.wait()
            with self._waiting:
                self._gone = True
                left, self._waits = self._waits, {}
            self._sends.put(b"")
            for answer in left.values():
                answer.set_exception(Broken())
            self._socket.close()
