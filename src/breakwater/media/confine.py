"""Locks the calling process up: descriptors, privileges, resource limits, seccomp.

Called once by a freshly forked, single-threaded child before it reads its first request.
Nothing here can be undone by the child. Promise: reference "reliability", Decoding untrusted
media. Proven by `JailPool.prove`; tests: `tests/integration/test_jail.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from typing import Final

from breakwater.errors import Unfit
from breakwater.media import seccomp

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2

NOBODY: Final = 65534
OPEN_FILES: Final = 8
"""Standard streams, the socket, one file with a copy: nothing needs more."""

libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def lock_up(*, memory: int, cpu_s: int, live: bool = False) -> None:
    """Give up everything but memory, time and the open descriptors.

    Args:
        memory: bytes of address space, the present size included.
        cpu_s: seconds of processor time for the rest of the process's life.
        live: it reads a stream from descriptor 0 (`seccomp`).

    Raises:
        Unfit: the kernel refused one of the walls.
    """
    if os.geteuid() == 0:
        _become_nobody()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(limit, (value, value))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    code = seccomp.program(os.uname().machine, os.getpid(), live=live)
    fields = _Program(len(code) // 8, code)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(fields))


def close_all_but(connection: int, stream: int | None = None) -> None:
    """Standard streams to nowhere, the socket to 3, all others closed.

    Args:
        connection: the socket to the parent.
        stream: what a live child reads, as descriptor 0 instead of nowhere; above 3.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere if stream is None else stream, 0)
    for number in (1, 2):
        os.dup2(nowhere, number)
    if connection != 3:
        os.dup2(connection, 3)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _become_nobody() -> None:
    """Root in front of a filter is one mistake less away from root behind it."""
    with contextlib.suppress(PermissionError):  # a namespace without a map for other users
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def _prctl(option: int, value: int, pointer: int = 0) -> None:
    """Call prctl(2)."""
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(pointer), 0, 0) != 0:
        raise Unfit(f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")
