"""A jailed child while it works for one request, and what its death means.

`sandbox.JailPool` lends it; slowness, death and answers that are not well formed become
reasons here. A child that met any fault is spent: it never serves again. Tests:
`tests/integration/test_jail.py`.
"""

from __future__ import annotations

import os
import signal
import time

from breakwater.media import wire
from breakwater.media.zygote import UNKNOWN, Child, Gone
from breakwater.model.media import Fault, MediaType, Reason, Undecodable


class Loan:
    """A child in use; spent when it may not be used again."""

    def __init__(self, child: Child) -> None:
        self.child, self.spent, self.orphaned = child, False, False
        self._buried = False

    def ask(
        self, body: bytes, descriptor: int, wall_s: float, kind: MediaType
    ) -> wire.Answer | Undecodable:
        """Ask, and turn slowness and death into reasons. A fault spends the child."""
        started = time.monotonic()
        try:
            answer = self.child.ask(body, descriptor, wall_s)
            failed = wire.read_failure(answer, kind)
        except TimeoutError:
            self.spent = True
            return Undecodable(Reason.TOO_SLOW, type=kind, detail=f"over {wall_s:g} s")
        except Gone:
            self.spent = self._buried = True
            status = self.child.bury()
            self.orphaned = status == UNKNOWN
            return died(status, kind, time.monotonic() - started)
        except wire.BadAnswer as error:
            self.spent = True
            return Undecodable(Reason.FORBIDDEN_ACT, Fault.OUR_FAULT, error.detail, kind)
        if failed is None:
            return answer
        self.spent = True
        return failed

    def end(self) -> None:
        """Kill the child, once."""
        if not self._buried:
            self._buried = True
            self.child.end()


def died(status: int, kind: MediaType, after_s: float) -> Undecodable:
    """The reason behind a wait status."""
    name = signal_name(status)
    detail = f"{name} after {after_s:.1f} s"
    if name == "SIGSYS":
        return Undecodable(Reason.FORBIDDEN_ACT, Fault.OUR_FAULT, detail, kind)
    if name == "SIGXCPU":
        return Undecodable(Reason.TOO_SLOW, detail=detail, type=kind)
    if name == "SIGKILL":  # nobody here sent it: the kernel was out of memory
        return Undecodable(Reason.TOO_MUCH_MEMORY, detail=detail, type=kind)
    if status == UNKNOWN or not name.startswith("SIG"):
        return Undecodable(Reason.OUR_FAULT, Fault.OUR_FAULT, detail, kind)
    return Undecodable(Reason.CRASHED, detail=detail, type=kind)


def signal_name(status: int) -> str:
    """How a process ended, from its wait status."""
    if status == UNKNOWN:
        return "with the zygote"
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit {os.waitstatus_to_exitcode(status)}"
