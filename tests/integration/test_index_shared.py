"""One process writes the index, others read the same files: each sees what was added in time."""

from __future__ import annotations

import os
import time

import pytest

from breakwater.errors import IndexInUse
from breakwater.matching import parts
from breakwater.matching.index import Index
from tests.builders_matching import KINDS, change, fill, values

WITHIN_S = 1.0


def follow(directory, wanted, gone, signal_fd) -> bool:
    """A reading process: waits until one value is found and the other no longer."""
    with pytest.raises(IndexInUse):
        Index.open(directory, kinds=KINDS)
    reader = Index.open(directory, kinds=KINDS, writer=False)
    before = reader.search_one("pdq", gone, 31) == [(7, 0)]
    os.write(signal_fd, b"x")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        reader.reload()
        if reader.search_one("pdq", wanted, 31) and not reader.search_one("pdq", gone, 31):
            return before
        time.sleep(0.01)
    return False


def test_a_reading_process_sees_an_entry_come_and_another_go(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "RING_FROM", 100)
    rows = values(301)
    wanted, gone = rows[300].tobytes(), rows[6].tobytes()
    index = Index.open(tmp_path, kinds=KINDS)
    fill(index, rows[:300])
    index.merge(force=True)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if follow(tmp_path, wanted, gone, writing) else 2
        finally:
            os._exit(code)
    assert os.read(reading, 1) == b"x"
    index.apply([change(301, wanted), change(302, gone, number=7, present=False)])
    started = time.monotonic()
    index.merge(force=True)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert time.monotonic() - started < WITHIN_S + 9  # the rest is a busy machine's
    for fd in (reading, writing):
        os.close(fd)
    index.close()
