"""Merging, loading and mending: what happens behind the searches changes no answer."""

from __future__ import annotations

import resource
import threading

import numpy as np
import pytest
from tests.builders_matching import KINDS, change, fill, numbers, values

from breakwater.errors import DiskFull
from breakwater.matching import compact, parts
from breakwater.matching import index as index_module
from breakwater.matching.index import Index
from breakwater.matching.manifest import read_manifest
from breakwater.model.signal import PDQ


@pytest.fixture
def index(tmp_path):
    opened = Index.open(tmp_path / "index", kinds=KINDS)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_rings(monkeypatch):
    """Rings from 64 rows on, so that tests reach them without millions."""
    monkeypatch.setattr(parts, "RING_FROM", 64)


def test_entries_applied_while_an_import_loads_are_neither_lost_nor_doubled(index, monkeypatch):
    rows = values(100)
    begun, going_on = threading.Event(), threading.Event()
    build = compact.build

    def slowly(*args, **kwargs):
        begun.set()
        assert going_on.wait(60)
        return build(*args, **kwargs)

    monkeypatch.setattr(compact, "build", slowly)
    loader = threading.Thread(
        target=index.load, args=("pdq", rows[:50], np.arange(1, 51, dtype=np.uint32), 50)
    )
    loader.start()
    assert begun.wait(60)
    index.apply([change(1, rows[0].tobytes())])  # the import's own entry, by the other way
    index.apply([change(51, rows[60].tobytes())])
    index.apply([change(52, rows[9].tobytes(), number=10, present=False)])
    assert index.search_one("pdq", rows[60].tobytes(), 31) == [(51, 0)]
    going_on.set()
    loader.join()
    assert index.search_one("pdq", rows[0].tobytes(), 31) == [(1, 0)]
    assert index.search_one("pdq", rows[60].tobytes(), 31) == [(51, 0)]
    assert index.search_one("pdq", rows[9].tobytes(), 31) == []
    assert index.status()["pdq"].size == 50


def test_a_load_that_fails_loses_no_entry_that_came_meanwhile(index, monkeypatch):
    rows = values(10)

    def full(*_args, **_kwargs):
        index.apply([change(1, rows[0].tobytes())])
        raise DiskFull

    monkeypatch.setattr(compact, "build", full)
    with pytest.raises(DiskFull):
        index.load("pdq", rows, np.arange(1, 11, dtype=np.uint32), 10)
    monkeypatch.undo()
    assert index.search_one("pdq", rows[0].tobytes(), 31) == [(1, 0)]
    assert index.search_one("pdq", rows[1].tobytes(), 31) == []
    assert index.applied == 1


def test_a_full_disk_stops_no_search_and_the_next_merge_makes_up(index, monkeypatch):
    rows = values(40)
    fill(index, rows)

    def full(*_args, **_kwargs):
        raise DiskFull

    monkeypatch.setattr(parts, "write", full)
    with pytest.raises(DiskFull):
        index.merge(force=True)
    index.apply([change(41, values(1, seed=5)[0].tobytes())])
    assert index.search_one("pdq", rows[7].tobytes(), 31) == [(8, 0)]
    assert index.covered == 0
    monkeypatch.undo()
    assert index.merge(force=True)
    assert index.covered == 41
    assert index.search_one("pdq", rows[7].tobytes(), 31) == [(8, 0)]


def test_a_disk_that_takes_no_more_refuses_an_import_and_keeps_what_was(index):
    """The limit is the kernel's own, so the reservation itself is what fails."""
    rows = values(60)
    fill(index, rows)
    index.merge(force=True)
    more = values(3000, seed=6)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskFull):
            index.load("pdq", more, np.arange(101, 3101, dtype=np.uint32), 3100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert index.search_one("pdq", rows[7].tobytes(), 31) == [(8, 0)]
    assert index.search_one("pdq", more[7].tobytes(), 31) == []
    assert (index.covered, index.applied) == (60, 60)
    index.load("pdq", more, np.arange(101, 3101, dtype=np.uint32), 3100)
    assert index.search_one("pdq", more[7].tobytes(), 31) == [(108, 0)]


def test_a_long_replay_seals_by_itself(index, monkeypatch):
    monkeypatch.setattr(index_module, "MOST_PENDING", 500)
    monkeypatch.setattr(compact, "DELTA_ROWS", 500)
    rows = values(2200)
    for start in range(0, 2200, 100):
        fill(index, rows[start : start + 100], first=start + 1)
    assert index.covered >= 1500
    assert index.status()["pdq"].delta < 500
    assert numbers(index.search_one("pdq", rows[1234].tobytes(), 31)) == [1235]


def test_a_trickle_leaves_few_segments_and_rewrites_little(index, monkeypatch):
    monkeypatch.setattr(parts, "RING_FROM", 1500)
    monkeypatch.setattr(compact, "DELTA_ROWS", 16)
    rows = values(4096)
    index.load("pdq", rows[:2048], np.arange(1, 2049, dtype=np.uint32), 2048)
    written = 0
    build = compact.build

    def counted(job, *args, **kwargs):
        nonlocal written
        live = build(job, *args, **kwargs)
        written += live.part.count
        return live

    monkeypatch.setattr(compact, "build", counted)
    most = 0
    for start in range(2048, 4096, 16):
        fill(index, rows[start : start + 16], first=start + 1)
        assert index.merge()
        most = max(most, index.status()["pdq"].segments)
    assert most <= 4
    assert written < 2048 * 16
    assert index.status()["pdq"].size == 4096


def test_withdrawn_rows_vanish_at_a_merge_and_their_numbers_stay_dead(index, monkeypatch):
    monkeypatch.setattr(compact, "DEAD_LEAST", 10)
    rows = values(1000)
    index.load("pdq", rows, np.arange(1, 1001, dtype=np.uint32), 1000)
    before = index.status()["pdq"]
    index.apply([change(1001 + i, b"", number=i + 1, present=False) for i in range(0, 1000, 2)])
    assert index.status()["pdq"].tombstones == 500
    assert index.merge()
    after = index.status()["pdq"]
    assert (after.size, after.tombstones) == (500, 0)
    assert after.bytes < before.bytes
    assert not index.merge()
    assert index.search_one("pdq", rows[0].tobytes(), 31) == []
    assert index.search_one("pdq", rows[1].tobytes(), 31) == [(2, 0)]


def test_an_index_of_which_everything_is_withdrawn_is_empty(index):
    fill(index, values(5))
    index.merge(force=True)
    index.apply([change(10 + i, b"", number=i, present=False) for i in range(1, 6)])
    index.merge(force=True)
    assert index.status()["pdq"] == (0, 0, 0, 0, 15, 0)
    assert index.search_one("pdq", values(1)[0].tobytes(), 31) == []


def test_searches_go_on_while_entries_come_and_segments_merge(index, monkeypatch):
    monkeypatch.setattr(parts, "RING_FROM", 1000)
    monkeypatch.setattr(compact, "DELTA_ROWS", 64)
    rows = values(3000)
    stop, faults, searched = threading.Event(), [], [0]

    def search():
        while not stop.is_set():
            top = index.applied
            at = searched[0] % max(top, 1)
            searched[0] += 1
            if top and index.search_one("pdq", rows[at].tobytes(), 31) != [(at + 1, 0)]:
                faults.append(at)
            block = index.search("pdq", rows[max(0, top - 8) : top], 0)
            if block.number.tolist() != list(range(max(0, top - 8) + 1, top + 1)):
                faults.append((top, block.number.tolist()))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, 3000, 50):
        fill(index, rows[start : start + 50], first=start + 1)
        index.merge()
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert searched[0] > 100


def test_a_merge_does_not_hold_up_a_new_entry(index, monkeypatch):
    write = parts.write
    begun, going_on = threading.Event(), threading.Event()

    def slowly(*args, **kwargs):
        begun.set()
        assert going_on.wait(60)
        write(*args, **kwargs)

    fill(index, values(20))
    monkeypatch.setattr(parts, "write", slowly)
    merger = threading.Thread(target=index.merge, kwargs={"force": True})
    merger.start()
    assert begun.wait(60)
    value = values(1, seed=8)[0].tobytes()
    index.apply([change(21, value)])
    assert index.search_one("pdq", value, 31) == [(21, 0)]
    index.apply([change(22, value, number=21, present=False)])
    assert index.search_one("pdq", value, 31) == []
    assert merger.is_alive()
    going_on.set()
    merger.join()
    assert index.search_one("pdq", value, 31) == []
    assert index.covered == 20


@pytest.mark.parametrize("what", ["flip", "cut", "gone", "tombstones", "manifest"])
def test_a_damaged_file_is_set_aside_and_a_replay_brings_everything_back(tmp_path, what):
    rows = values(400)
    everything = [change(i + 1, row.tobytes()) for i, row in enumerate(rows)]
    everything.append(change(401, rows[2].tobytes(), number=3, present=False))
    index = Index.open(tmp_path, kinds=KINDS)
    index.apply(everything[:300])
    index.merge(force=True)
    index.load("pdq", rows[300:], np.arange(301, 401, dtype=np.uint32), 400)
    index.apply(everything)
    index.load("md5", values(1, KINDS[1]), np.array([500], np.uint32), 500)
    index.close()
    manifest = read_manifest(tmp_path)
    largest = max((s for s in manifest.segments if s.kind == "pdq"), key=lambda s: s.count)
    path = tmp_path / {"tombstones": manifest.tombstones, "manifest": "manifest.json"}.get(
        what, largest.file
    )
    whole = path.read_bytes()
    if what == "gone":
        path.unlink()
    elif what == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.write_bytes(whole[:9000] + bytes([whole[9000 % len(whole)] ^ 4]) + whole[9001:])
    index = Index.open(tmp_path, kinds=KINDS)
    assert index.covered == 0
    assert index.set_aside == (path.name,)
    assert (tmp_path / (path.name + ".corrupt")).exists() == (what != "gone")
    index.apply(everything)
    index.apply([change(500, values(1, KINDS[1])[0].tobytes(), kind="md5")])
    for row in (0, 1, 299, 300, 399):
        assert index.search_one("pdq", rows[row].tobytes(), 31) == [(row + 1, 0)]
    assert index.search_one("pdq", rows[2].tobytes(), 31) == []
    assert index.status()["pdq"].size == 399
    index.merge(force=True)
    index.close()
    index = Index.open(tmp_path, kinds=KINDS)
    assert (index.covered, index.set_aside, index.status()["pdq"].size) == (500, (), 399)
    assert all(check.ok for check in index.verify())
    index.close()


def test_verify_names_the_file_that_rotted_while_it_was_open(index, tmp_path):
    fill(index, values(5))
    index.merge(force=True)
    [path] = (tmp_path / "index").glob("pdq-*.seg")
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(b"\xff\xff\xff")
    assert [(check.file, check.ok) for check in index.verify()] == [(path.name, False)]


def test_leftovers_of_a_kill_are_swept(tmp_path):
    Index.open(tmp_path, kinds=KINDS).close()
    for name in ("pdq-0000000009-0.seg", "pdq-0000000010-0.seg.tmp", "manifest.json.tmp"):
        (tmp_path / name).write_bytes(b"half")
    Index.open(tmp_path, kinds=KINDS).close()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_tiers():
    """Whatever is at most eight times what is merged with it joins, the smallest first."""
    assert compact.tier([], 5) == 0
    assert compact.tier([100], 5) == 0
    assert compact.tier([360, 40], 5) == 2
    assert compact.tier([361, 40], 5) == 1
    assert compact.tier([100], 0) == 0
    assert compact.tier([800, 100], 0) == 2
    assert compact.tier([801, 100], 0) == 0
    assert compact.tier([1000, 10], 0, force=True) == 2
    assert compact.tier([1000], 0, force=True) == 0
    assert PDQ.limit == 31
