"""Segment files: whole or refused, whatever a crash or a bad disk makes of them."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import CorruptSegment, DiskFull
from breakwater.matching import segments
from breakwater.matching.rows import Rows, rows_spec
from breakwater.matching.segments import PAGE, SegmentWriter, open_segment

SPEC = {"values": ("|u1", (100, 16)), "numbers": ("<u4", (100,)), "none": ("<u2", (4, 0))}


def written(directory):
    writer = SegmentWriter(
        directory / "a.seg", kind="md5", form="flat", size=16, count=100, spec=SPEC
    )
    writer.arrays["values"][:] = np.arange(1600, dtype=np.uint32).reshape(100, 16) % 251
    writer.arrays["numbers"][:] = np.arange(100) * 3
    return writer.finish(42)


def test_what_was_written_is_read_back(tmp_path):
    segment = open_segment(written(tmp_path))
    header = segment.header
    assert (header.kind, header.form, header.size, header.count, header.covered) == (
        "md5", "flat", 16, 100, 42,
    )  # fmt: skip
    assert segment.arrays["numbers"].tolist() == list(range(0, 300, 3))
    assert segment.arrays["values"][99].tolist() == [(1584 + i) % 251 for i in range(16)]
    assert segment.arrays["none"].shape == (4, 0)
    assert not segment.arrays["values"].flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["a.seg"]


def test_arrays_outlive_the_file(tmp_path):
    path = written(tmp_path)
    segment = open_segment(path)
    path.unlink()
    assert segment.arrays["numbers"].sum() == 3 * 4950


def test_a_changed_byte_is_found_anywhere(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    header = open_segment(path).header
    inside = [
        at
        for section in header.sections
        for at in range(section.offset, section.offset + section.nbytes, 97)
    ]
    for at in [*range(0, 600, 7), PAGE - 1, *inside]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CorruptSegment):
            open_segment(path)


def test_a_cut_or_lengthened_file_is_refused(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for length in [0, 1, 47, PAGE - 1, PAGE, PAGE + 1, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptSegment):
            open_segment(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(CorruptSegment):
        open_segment(path)


def test_an_unfinished_file_has_no_name_and_no_header(tmp_path):
    writer = SegmentWriter(
        tmp_path / "a.seg", kind="md5", form="flat", size=16, count=100, spec=SPEC
    )
    writer.arrays["numbers"][:] = 7
    assert not (tmp_path / "a.seg").exists()
    with pytest.raises(CorruptSegment):
        open_segment(tmp_path / "a.seg.tmp")
    writer.discard()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_an_error_before_anything_is_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DiskFull):
        written(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_sync_that_fails_leaves_no_segment(tmp_path, monkeypatch, fails_at):
    calls = []
    real = os.fsync

    def sync(fd):
        calls.append(fd)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    monkeypatch.setattr(segments.os, "fsync", sync)
    with pytest.raises(DiskFull):
        written(tmp_path)
    assert not list(tmp_path.iterdir())


@given(
    st.one_of(
        st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=50),
        st.lists(st.tuples(st.integers(1, 5), st.integers(1, 40)), max_size=12).map(
            lambda runs: np.cumsum([0, *(s for s, n in runs for _ in range(n))]).tolist()
        ),
    )
)
def test_numbers_come_back_from_runs_as_from_plain(given_numbers):
    numbers = np.array(sorted(given_numbers), np.uint32)
    _, arrays = rows_spec(numbers)
    rows = Rows.of(arrays, len(numbers))
    assert rows.every().tolist() == numbers.tolist()
    assert [rows.number(i) for i in range(len(numbers))] == numbers.tolist()
    picked = np.arange(len(numbers))[::-2]
    assert rows.numbers(picked).tolist() == numbers[picked].tolist()


def test_numbers_of_an_import_cost_nothing():
    spec, arrays = rows_spec(np.arange(1_000, 3_000_000, 2, dtype=np.uint32))
    assert spec["runs"][1] == (1, 3)
    assert arrays["runs"].tolist() == [[0, 1000, 2]]
