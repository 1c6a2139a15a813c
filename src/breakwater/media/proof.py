"""Forbidden acts, tried in a real jailed child so that the walls are proven, not believed.

`JailPool.prove` asks a fresh child for each act. An act that is refused answers the error's
name; one that is killed does not answer; one that succeeds answers "done", and the host is
unfit. Read by `breakwater doctor` and at start. Tests: `tests/integration/test_jail.py`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from breakwater.media.wire import Answer, Job


@dataclass(frozen=True, slots=True)
class JailProof:
    """What became of one forbidden act.

    Attributes:
        act: what was tried.
        outcome: `refused` with an error, `killed`, `done` (the wall is missing) or `untried`
            (the trial itself failed, which proves nothing).
        detail: name of the error or of the signal.
    """

    act: str
    outcome: str
    detail: str

    @property
    def holds(self) -> bool:
        """The wall stands."""
        return self.outcome in {"refused", "killed"}


def _open() -> None:
    os.close(os.open("/etc/passwd", os.O_RDONLY))


def _write() -> None:
    os.close(os.open("/tmp/breakwater-proof", os.O_WRONLY | os.O_CREAT, 0o600))  # noqa: S108 - never comes to be


def _list() -> None:
    os.listdir("/")  # noqa: PTH208 - the plain call is what is tried


def _socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _connect() -> None:
    """The bare call on the one socket there is, to port 9 of loopback."""
    address = struct.pack("=HHI8x", socket.AF_INET, socket.htons(9), 0x0100007F)
    _syscall(ctypes.CDLL(None, use_errno=True).connect(3, address, len(address)))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _exec() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 - this is what must be refused


def _kill_parent() -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def _trace_parent() -> None:
    _syscall(ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0))


def _write_memory() -> None:
    """Executable memory: PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    address = library.mmap(None, 4096, 7, 0x22, -1, 0)
    _syscall(-1 if address == ctypes.c_void_p(-1).value else 0)


def _raise_limit() -> None:
    import resource  # noqa: PLC0415 - loaded by the zygote; named here where it is used

    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


def _send_signal_to_all() -> None:
    os.kill(-1, 0)


def _memory_bomb() -> None:
    blocks = []
    while True:
        blocks.append(bytearray(64 << 20))


def _spin() -> None:
    while True:
        pass


def _syscall(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


ACTS: Final[Mapping[str, Callable[[], None]]] = {
    "open a file": _open,
    "write a file": _write,
    "list a folder": _list,
    "make a socket": _socket,
    "connect": _connect,
    "fork": _fork,
    "run a program": _exec,
    "signal the parent": _kill_parent,
    "signal everyone": _send_signal_to_all,
    "trace the parent": _trace_parent,
    "make memory executable": _write_memory,
    "raise a limit": _raise_limit,
    "take all memory": _memory_bomb,
    "take all time": _spin,
}


def _try(job: Job) -> Answer:
    """Try one act; the answer says how it was refused, or that it was not."""
    try:
        ACTS[str(job.args["act"])]()
    except MemoryError:
        return Answer({"outcome": "refused", "detail": "MemoryError"})
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "?")
        return Answer({"outcome": "refused", "detail": name})
    except ValueError as error:  # `resource` says so when a limit may not be raised
        return Answer({"outcome": "refused", "detail": type(error).__name__})
    return Answer({"outcome": "done", "detail": ""})


def _count_descriptors(_job: Job) -> Answer:
    """Which descriptors are open: standard streams, the socket, the file."""
    found = []
    for number in range(64):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return Answer({"outcome": "done", "open": found})


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {
    "prove": _try,
    "descriptors": _count_descriptors,
}
