"""Watch one browser from outside, and take its right of way when it spins inside the kernel.

`python warden.py SESSION REPORT`: SESSION is the process id that the browser and all it started
share as their session, REPORT the file that is told what was seen. It ends when the browser ends,
or when the program that started it does.

Started by a process of real-time priority, a browser's processes wait for each other inside the
kernel (`shrink_dcache_parent`), spinning in place of sleeping, and a machine of two cores does
nothing else for an hour. In an ordinary class they let the others run, and come free at once. The
warden runs above all of them, where it is allowed to, since what it watches for is that nothing
else runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

STEP_S = 1.0
SPINNING_S = 6.0  # of system time in a row, at more than SHARE of one core
SHARE = 0.45
GIVEN_UP = 6  # demotions, then the browser is ended
TICK = os.sysconf("SC_CLK_TCK")


def of_session(session: int) -> dict[int, float]:
    """System time in seconds, by process id, of everything in a session."""
    found = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found[int(place.name)] = int(fields[12]) / TICK
    return found


def set_class(process: int, policy: int) -> None:
    """Put every thread of a process into a scheduling class; those that are gone are gone."""
    try:
        threads = [int(t.name) for t in Path(f"/proc/{process}/task").iterdir()]
    except OSError:
        return
    for thread in threads:
        try:
            os.sched_setscheduler(thread, policy, os.sched_param(0))
        except OSError:
            continue


def where(process: int) -> str:
    """The kernel's stack of a process, one line, where it may be read."""
    try:
        lines = Path(f"/proc/{process}/stack").read_text().splitlines()
    except OSError:
        return "(its kernel stack may not be read)"
    return " < ".join(line.rpartition(" ")[2] for line in lines[:6])


def watch(session: int, report: Path) -> None:
    """Until the session is empty or our parent has gone."""
    parent, spun, demoted = os.getppid(), dict[int, float](), 0
    before, then = of_session(session), time.monotonic()
    while before and os.getppid() == parent:
        time.sleep(STEP_S)
        now, at = of_session(session), time.monotonic()
        for process, system_s in now.items():
            spent = system_s - before.get(process, system_s)
            spinning = spent > SHARE * (at - then)
            spun[process] = spun.get(process, 0.0) + spent if spinning else 0.0
            if spun[process] < SPINNING_S:
                continue
            spun[process], demoted = 0.0, demoted + 1
            with report.open("a", encoding="utf-8") as file:
                file.write(f"browser process {process} spins in the kernel: {where(process)}\n")
            set_class(process, os.SCHED_IDLE)
            time.sleep(STEP_S)
            set_class(process, os.SCHED_OTHER)
            if demoted >= GIVEN_UP:
                os.killpg(session, signal.SIGKILL)
        before, then = now, at


def main() -> None:
    """Above the others where we may be: root's right, nobody else's."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    watch(int(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
