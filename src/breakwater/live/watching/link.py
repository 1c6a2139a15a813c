"""The owner's end of one watcher: starts the process, tells it, hears it.

A thread reads; every message goes to `hear` in that thread, and the end of the process is told
once. Used by `watching`; tests: `tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from breakwater.errors import Unfit
from breakwater.live.watching.childwire import Inbox, Message, spell
from breakwater.live.watching.held import Target
from breakwater.media.wire import BadAnswer
from breakwater.media.zygote import environment
from breakwater.model.ids import Id

START_S: Final = 60.0
SILENT_S: Final = 8.0
PASSED: Final = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where programs are, and whom OpenSSL trusts; nothing else of the server's environment."""


class Link:
    """One watcher process, as its owner has it."""

    def __init__(
        self,
        number: int,
        folder: Path | None,
        *,
        hear: Callable[[Link, Message], None],
        gone: Callable[[Link], None],
    ) -> None:
        """Start the process; it says `ready` when it is warm.

        Args:
            number: of the watcher, for people.
            folder: where the pre-rolls lie; None keeps none.
            hear: takes every message, in the link's thread.
            gone: called once when the process has ended.
        """
        self.number = number
        self.load = 0
        self.cpu_s = 0.0
        self.lost = 0
        self.since = time.time()
        self.heard_at = time.monotonic()
        self.ready = threading.Event()
        self._hear, self._gone = hear, gone
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-P", "-m", "breakwater.live.watching.process",
                    str(theirs.fileno()), str(folder or ""),
                ],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd="/",
                env={**environment(), **{n: os.environ[n] for n in PASSED if n in os.environ}},
                start_new_session=True,
            )  # fmt: skip
        self._socket = ours
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._read, name=f"watcher-{number}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill_if_hung(self) -> bool:
        """End a watcher that says nothing: it ticks twice a second when it is well."""
        patience = SILENT_S if self.ready.is_set() else START_S
        if not self.alive or time.monotonic() - self.heard_at < patience:
            return False
        self.process.kill()
        return True

    def wait_ready(self) -> None:
        """Until it is warm.

        Raises:
            Unfit: it does not start.
        """
        if not self.ready.wait(START_S) or not self.alive:
            raise Unfit("A watcher's process does not start; the log has its last words.")

    def watch(self, stream: Id, epoch: int, target: Target) -> None:
        """Begin, or begin anew under a newer epoch."""
        self._say("watch", stream=stream, epoch=epoch, target=asdict(target))

    def unwatch(self, stream: Id, epoch: int) -> None:
        """End."""
        self._say("unwatch", stream=stream, epoch=epoch)

    def sample(self, stream: Id, epoch: int, what: str) -> None:
        """Look more or less closely."""
        self._say("sample", stream=stream, epoch=epoch, what=what)

    def still(self, stream: Id, epoch: int, what: str) -> None:
        """Ask for the present picture at a level."""
        self._say("still", stream=stream, epoch=epoch, what=what)

    def ask(self, stream: Id, epoch: int, kind: str, what: str) -> None:
        """Ask for more of it: `listen on`, `look 7 1.5 3.0`, `shots 1.5` (`watch_task`)."""
        self._say(kind, stream=stream, epoch=epoch, what=what)

    def close(self) -> None:
        """End the process; its children die with it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _say(self, kind: str, **fields: Any) -> None:
        """Send; a watcher that is gone is noticed by the reader."""
        with self._sending, suppress(OSError):
            self._socket.sendall(spell(kind, **fields))

    def _read(self) -> None:
        inbox = Inbox()
        try:
            while True:
                select.select([self._socket], [], [])
                if not inbox.feed(self._socket):
                    break
                for message in inbox.messages():
                    self._take(message)
        except BadAnswer:
            pass  # a watcher that says nonsense is ended like one that has died
        finally:
            self.process.kill()
            self.process.wait()
            self.ready.set()
            self._gone(self)
            self._socket.close()

    def _take(self, message: Message) -> None:
        self.heard_at = time.monotonic()
        if message.kind == "ready":
            self.ready.set()
        elif message.kind == "tick":
            self.load = int(message.fields.get("held", 0))
            self.cpu_s = float(message.fields.get("cpu", 0.0))
            self.lost = int(message.fields.get("lost", 0))
        self._hear(self, message)
