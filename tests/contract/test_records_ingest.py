"""Hashes of what passed: nothing acknowledged is lost, nothing torn is read, erased is gone."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from datetime import date
from uuid import UUID

import numpy as np
import pytest
from tests import builders

from breakwater.errors import BadSignal, DiskFull, Tampered, Unavailable
from breakwater.model.ids import new_id
from breakwater.records import ingest
from breakwater.records.ingest import HEADER, RECORD, IngestLog

DAY = date(2026, 3, 1)


@pytest.fixture
def log(tmp_path):
    log = IngestLog(tmp_path / "ingest")
    yield log
    log.close()


def record(seed, upload=None):
    return builders.value("pdq", seed), UUID(upload or new_id()).bytes


def read(log, day=DAY):
    return [
        (code.tobytes(), upload.tobytes())
        for codes, uploads in log.blocks(day)
        for code, upload in zip(codes, uploads, strict=True)
    ]


def test_what_was_appended_is_read_back_by_day(log):
    first, second = [record(1), record(2)], [record(3)]
    log.append(DAY, first)
    log.append(date(2026, 3, 2), second)
    log.append(DAY, [])
    assert log.days() == [DAY, date(2026, 3, 2)]
    assert read(log) == first
    assert read(log, date(2026, 3, 2)) == second
    assert read(log, date(2026, 3, 3)) == []
    assert log.count(DAY) == 2


def test_blocks_are_mapped_and_cannot_be_written(log, monkeypatch):
    monkeypatch.setattr(ingest, "BLOCK", 4)
    kept = [record(n) for n in range(10)]
    log.append(DAY, kept)
    blocks = list(log.blocks(DAY))
    assert [len(codes) for codes, _ in blocks] == [4, 4, 2]
    assert blocks[0][0].shape == (4, 32)
    assert blocks[0][0].dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        blocks[0][0][0, 0] = 1
    assert read(log) == kept


def test_a_tail_torn_at_any_byte_is_cut_and_the_log_goes_on(tmp_path):
    kept = [record(n) for n in range(3)]
    log = IngestLog(tmp_path / "whole")
    log.append(DAY, kept)
    log.close()
    whole = (tmp_path / "whole" / f"{DAY}.ingest").read_bytes()
    assert len(whole) == HEADER.size + 3 * RECORD
    for size in range(len(whole) + 1):
        directory = tmp_path / "torn"
        directory.mkdir(exist_ok=True)
        path = directory / f"{DAY}.ingest"
        path.write_bytes(whole[:size])
        complete = max(0, size - HEADER.size) // RECORD
        torn = IngestLog(directory)
        assert read(torn) == kept[:complete]
        extra = record("extra")
        torn.append(DAY, [extra])
        assert read(torn) == [*kept[:complete], extra]
        torn.close()
        path.unlink()


def test_a_tail_of_zeros_after_a_power_cut_names_nobody(tmp_path):
    log = IngestLog(tmp_path)
    kept = [record(1)]
    log.append(DAY, kept)
    log.close()
    path = tmp_path / f"{DAY}.ingest"
    with path.open("ab") as file:
        file.write(bytes(RECORD * 2))
    log = IngestLog(tmp_path)
    more = [record(2)]
    log.append(DAY, more)
    assert read(log) == kept + more
    log.close()


def test_a_header_that_never_reached_the_disk_is_written_again(tmp_path):
    (tmp_path / f"{DAY}.ingest").write_bytes(bytes(HEADER.size))
    log = IngestLog(tmp_path)
    kept = [record(1)]
    log.append(DAY, kept)
    assert read(log) == kept
    log.close()


def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path):
    path = tmp_path / f"{DAY}.ingest"
    path.write_bytes(b"something else entirely" * 10)
    log = IngestLog(tmp_path)
    with pytest.raises(Tampered):
        log.append(DAY, [record(1)])
    with pytest.raises(Tampered):
        read(log)
    assert path.read_bytes() == b"something else entirely" * 10
    log.close()


def test_an_upload_is_erased_from_every_day_and_its_neighbours_stay(log):
    gone, here = new_id(), new_id()
    other = date(2026, 3, 2)
    log.append(DAY, [record(1, gone), record(2, here), record(3, gone)])
    log.append(other, [record(4, gone)])
    assert log.erase(gone, day=DAY) == 2
    assert log.erase(gone) == 1
    assert log.erase(gone) == 0
    assert read(log) == [record(2, here)]
    assert read(log, other) == []
    raw = b"".join(p.read_bytes() for p in log._directory.glob("*.ingest"))
    assert UUID(gone).bytes not in raw
    assert builders.value("pdq", 1) not in raw
    assert builders.value("pdq", 4) not in raw
    log.append(DAY, [record(5, here)])
    assert len(read(log)) == 2


def test_a_dropped_day_is_gone_from_the_disk(log):
    log.append(DAY, [record(1)])
    log.drop(DAY)
    log.drop(DAY)
    assert log.days() == []
    assert read(log) == []
    again = [record(2)]
    log.append(DAY, again)
    assert read(log) == again


def test_a_day_may_be_dropped_while_it_is_read(log):
    log.append(DAY, [record(n) for n in range(5)])
    blocks = log.blocks(DAY)
    codes, _ = next(blocks)
    log.drop(DAY)
    assert len(codes) == 5
    assert codes[4].tobytes() == builders.value("pdq", 4)


def test_records_of_the_wrong_length_are_refused(log):
    with pytest.raises(BadSignal):
        log.append(DAY, [(b"short", bytes(16))])
    with pytest.raises(BadSignal):
        log.append(DAY, [(bytes(32), b"short")])


def test_many_threads_share_a_sync_and_each_finds_its_records(log, monkeypatch):
    syncs = []
    real = os.fdatasync

    def slow(fd):
        syncs.append(fd)
        threading.Event().wait(0.005)
        real(fd)

    log.append(DAY, [record("first")])
    monkeypatch.setattr(ingest.os, "fdatasync", slow)
    everybody = [[record((t, n)) for n in range(5)] for t in range(16)]

    def work(mine):
        for one in mine:
            log.append(DAY, [one])

    threads = [threading.Thread(target=work, args=(mine,)) for mine in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read(log)) >= {one for mine in everybody for one in mine}
    assert log.count(DAY) == 81
    assert len(syncs) < 40, "80 appends of 16 threads need far fewer syncs"


def test_a_full_disk_adds_nothing_and_says_so(log, monkeypatch):
    log.append(DAY, [record(1)])
    real = os.pwrite

    def full(fd, data, at):
        real(fd, data[:20], at)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ingest.os, "pwrite", full)
    with pytest.raises(DiskFull):
        log.append(DAY, [record(2)])
    monkeypatch.setattr(ingest.os, "pwrite", real)
    log.append(DAY, [record(3)])
    assert [code for code, _ in read(log)] == [builders.value("pdq", 1), builders.value("pdq", 3)]


def test_after_a_sync_that_failed_the_file_takes_no_more(log, monkeypatch):
    log.append(DAY, [record(1)])

    def broken(_fd):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(ingest.os, "fdatasync", broken)
    with pytest.raises(Unavailable):
        log.append(DAY, [record(2)])
    monkeypatch.undo()
    with pytest.raises(Unavailable):
        log.append(DAY, [record(3)])


def test_two_processes_write_to_files_of_their_own(tmp_path):
    here, there = IngestLog(tmp_path), IngestLog(tmp_path)
    here.append(DAY, [record(1)])
    there.append(DAY, [record(2)])
    assert sorted(path.name for path in tmp_path.glob("*.ingest")) == [
        "2026-03-01.1.ingest",
        "2026-03-01.ingest",
    ]
    assert {code for code, _ in read(here)} == {code for code, _ in read(there)}
    assert here.days() == [DAY]
    there.drop(DAY)
    assert here.days() == []
    here.close()
    there.close()


CHILD = """
import sys
from datetime import date
from pathlib import Path
from breakwater.records.ingest import IngestLog
log = IngestLog(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    log.append(date(2026, 3, 1), [(n.to_bytes(32, "big"), n.to_bytes(16, "big"))])
    print(n, flush=True)
"""


def test_killed_in_the_middle_it_has_all_that_was_acknowledged(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    said = 0
    while said < 30:
        said = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split()
    child.wait()
    child.stdout.close()
    said = int(rest[-1]) if rest else said
    log = IngestLog(tmp_path)
    numbers = [int.from_bytes(code, "big") for code, _ in read(log)]
    assert numbers[:said] == list(range(1, said + 1))
    log.close()
