"""The parent's side of the jail's processes: start the zygote, fork children, end them.

bubblewrap is the outer wall where it exists and works: its own user, process, network and
file namespaces, with only the interpreter's files to be seen. Children are held by process
handles (pidfd), which stay right when numbers are reused and work across namespaces.
Tests: `tests/integration/test_jail.py`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from breakwater.errors import Unfit
from breakwater.media import wire

START_S: Final = 60.0
"""A cold disk needs seconds to read the decoders; more than this is a hung start."""

_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "LC_ALL": "C.UTF-8",
    # One arena that is kept: a decode of the same size again costs no page faults.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(96 << 20),
}


UNKNOWN: Final = -1
"""The wait status of a child whose zygote died with it."""


class Gone(Exception):
    """The child closed its socket: it died."""


@dataclass(slots=True, eq=False)
class Child:
    """One jailed process: what it may do, whom it served."""

    zygote: Zygote
    pid: int
    handle: int
    connection: socket.socket
    memory: int
    lane: str | None = None
    uses: int = 0
    busy_s: float = 0.0

    def ask(self, body: bytes, descriptor: int, wall_s: float) -> wire.Answer:
        """Send a request with its file, wait for the answer.

        Raises:
            TimeoutError: no whole answer within `wall_s`.
            Gone: the child died.
            BadAnswer: what came is not well formed.
        """
        started = time.monotonic()
        self.uses += 1
        try:
            self.connection.settimeout(wall_s)
            socket.send_fds(self.connection, [body], [descriptor])
            prefix = self._take(wire.LENGTHS.size, started + wall_s)
            header, block = wire.lengths(prefix)
            head = self._take(header, started + wall_s)
            return wire.read_answer(head, self._take(block, started + wall_s))
        except (BrokenPipeError, ConnectionError):
            raise Gone from None
        finally:
            self.busy_s += time.monotonic() - started

    def end(self) -> None:
        """Kill it if it still lives, without waiting for it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        self.connection.close()
        os.close(self.handle)
        self.zygote.forget(self.pid)

    def bury(self) -> int:
        """Wait for one that is dying and say how it died: the wait status or `UNKNOWN`."""
        self.connection.close()
        os.close(self.handle)
        return self.zygote.reap(self.pid)

    def _take(self, size: int, deadline: float) -> bytes:
        """Read exactly `size` bytes before the deadline."""
        parts = bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.connection.settimeout(left)
            part = self.connection.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise Gone
            parts += part
        return bytes(parts)


class Zygote:
    """The warm process that children are forked from."""

    def __init__(self, entry: str, *, outer: str = "auto") -> None:
        """Start it and wait until it is warm.

        Args:
            entry: module with `HANDLERS`, `warm()` and `versions()`.
            outer: `auto`, `bubblewrap` or `none`.

        Raises:
            Unfit: it does not start; the detail has its last words.
        """
        self._lock = threading.Lock()
        walls: list[str] = {"auto": ["bubblewrap", "none"]}.get(outer, [outer])
        words = ""
        for wall in walls:
            prefix = _bubblewrap() if wall == "bubblewrap" else []
            if prefix is None:
                words = "bubblewrap is not installed"
                continue
            try:
                self.facts = self._start(entry, prefix)
            except Unfit as error:
                words = error.detail
                continue
            self.outer = wall
            return
        raise Unfit(f"The decoder's process does not start: {words[-400:]}")

    def _start(self, entry: str, prefix: Sequence[str]) -> Mapping[str, Any]:
        """One attempt: the process, its socket, its first words."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with tempfile.TemporaryFile() as words, theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-P", "-m", "breakwater.media.child", entry, str(number)],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                cwd="/",
                env=environment(),
                start_new_session=True,  # a person's Ctrl-C is for the parent
            )
            self._control = ours
            try:
                ours.settimeout(START_S)
                theirs.close()
                facts = self._hear()
            except (OSError, Gone):
                self.close()
                words.seek(0)
                text = words.read()[-2000:].decode(errors="replace")
                raise Unfit(" ".join(text.split())) from None
        if not facts["ready"]:
            self.close()
            raise Unfit(f"it has {facts['threads']} threads after warming up; one is allowed")
        ours.settimeout(10.0)
        return facts

    def _hear(self) -> dict[str, Any]:
        body = self._control.recv(65536)
        if not body:
            raise Gone
        return dict(json.loads(body))

    def fork(self, *, memory: int, cpu_s: int, stream: int | None = None) -> Child:
        """Make a locked-up child.

        Args:
            memory: bytes of address space above the warm size.
            cpu_s: processor seconds of its life.
            stream: descriptor of what a live child reads, connected by the caller, who keeps
                and closes its own.

        Raises:
            Gone: the zygote died.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        request = json.dumps({"do": "fork", "memory": memory, "cpu_s": cpu_s}).encode()
        try:
            with self._lock, theirs:
                given = [theirs.fileno()] if stream is None else [theirs.fileno(), stream]
                socket.send_fds(self._control, [request], given)
                body, handles, _, _ = socket.recv_fds(self._control, 4096, 1)
            if not body or not handles:
                raise Gone
        except OSError:
            ours.close()
            raise Gone from None
        return Child(self, int(json.loads(body)["pid"]), handles[0], ours, memory)

    def forget(self, pid: int) -> None:
        """Let the zygote bury a child that was killed when it finds the time."""
        with contextlib.suppress(OSError), self._lock:
            self._control.send(json.dumps({"do": "forget", "pid": pid}).encode())

    def reap(self, pid: int) -> int:
        """The wait status of a child that is dead or dying; `UNKNOWN` without the zygote."""
        try:
            with self._lock:
                self._control.send(json.dumps({"do": "reap", "pid": pid}).encode())
                return int(self._hear()["status"])
        except (OSError, Gone):
            return UNKNOWN

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the zygote; its children die with it."""
        self._control.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def environment() -> dict[str, str]:
    """Nothing of the server's environment (it holds secrets) but where Python finds modules."""
    return {**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(_module_folders())}


def _module_folders() -> list[str]:
    """`sys.path` of this process as absolute folders, so that the child finds the same code."""
    return [str(Path(entry).resolve()) for entry in sys.path if entry and Path(entry).exists()]


def _bubblewrap() -> list[str] | None:
    """The outer wall's command line; None without bubblewrap."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    spec = importlib.util.find_spec("breakwater")
    own = [
        str(Path(folder).resolve()) for folder in (spec and spec.submodule_search_locations) or []
    ]
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent)}
    folders |= {*own, *_module_folders()}
    arguments = [
        program, "--unshare-all", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--proc", "/proc", "--dev", "/dev",
    ]  # fmt: skip
    for folder in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache"):
        arguments += ["--ro-bind-try", folder, folder]
    for folder in sorted(folders):  # outer folders first, so that inner ones are mounted on them
        if not folder.startswith("/usr/"):
            arguments += ["--ro-bind", folder, folder]
    for name, value in environment().items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--chdir", "/", "--"]
