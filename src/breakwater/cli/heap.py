"""How a server's process holds memory: what it freed goes back to the system.

A server has some hundred threads, and now and then one of them needs tens of megabytes: a list is
imported, files of a hub are built. glibc gives each thread one of up to eight heaps a core, and
after the first large block that is freed it keeps blocks of that size for later (`mallopt(3)`:
`M_ARENA_MAX`, and the dynamic threshold under `M_MMAP_THRESHOLD`). So every thread's peak stayed,
beside one another. Two heaps are enough under one interpreter lock, and large blocks are mapped
singly and unmapped when they are freed. Called by `cli.serve` before its first thread; what the
operator said by glibc's own `MALLOC_…` variables stands. Test: `tests/unit/test_heap.py`.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

OPTIONS: Final = (
    (-8, "MALLOC_ARENA_MAX", 2),
    (-1, "MALLOC_TRIM_THRESHOLD_", 128 << 10),
    (-3, "MALLOC_MMAP_THRESHOLD_", 128 << 10),
)
"""Numbers of `malloc.h`, variables that mean the same, and values: heaps, bytes, bytes.

The thresholds are those that glibc begins with: once set, they no longer grow.
"""


def give_back() -> bool:
    """Set it for this process; answers whether this C library takes it (glibc does)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    ours = [(number, value) for number, name, value in OPTIONS if name not in os.environ]
    done = [mallopt(number, value) == 1 for number, value in ours]
    return all(done)
