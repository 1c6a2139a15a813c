"""A server's process gives memory back: few heaps, and large blocks singly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "confstr_names") or "CS_GNU_LIBC_VERSION" not in os.confstr_names,
    reason="another C library than glibc",
)

CHILD = '''
import ctypes, sys, tempfile, threading
from breakwater.cli import heap
if sys.argv[1] == "ours":
    assert heap.give_back()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
LARGE = 16 << 20

def told():
    """Heaps, and bytes of blocks that are mapped singly."""
    with tempfile.NamedTemporaryFile("r") as file:
        out = libc.fopen(file.name.encode(), b"w")
        libc.malloc_info(0, out)
        libc.fclose(out)
        said = file.read()
    return said.count("<heap nr="), int(said.rpartition('type="mmap"')[2].split('size="')[1].split('"')[0])

together = threading.Barrier(24)

def work():
    together.wait()
    libc.malloc(60_000)
    together.wait()

threads = [threading.Thread(target=work) for _ in range(24)]
for one in threads: one.start()
for one in threads: one.join()
libc.free(libc.malloc(LARGE))  # after this glibc keeps blocks of the size
kept = libc.malloc(LARGE)
heaps, mapped = told()
print(heaps, mapped >= LARGE)
'''


def heaps(whose: str, **more: str) -> tuple[int, bool]:
    """Heaps of a process of 24 threads, and whether its second large block is mapped singly."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, whose], check=True, capture_output=True, text=True,
        env=known | more,
    )  # fmt: skip
    count, single = done.stdout.split()
    return int(count), single == "True"


def test_a_hundred_threads_share_two_heaps_and_large_blocks_go_back() -> None:
    count, single = heaps("ours")
    assert count <= 2
    assert single


def test_without_it_each_thread_would_have_its_own_and_keep_what_it_freed() -> None:
    count, single = heaps("glibc")
    assert count > 2
    assert not single


def test_what_the_operator_said_stands() -> None:
    count, single = heaps("ours", MALLOC_ARENA_MAX="5")
    assert 2 < count <= 5
    assert single
