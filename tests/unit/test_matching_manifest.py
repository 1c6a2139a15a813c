"""The manifest: read whole or refused; the old one stands until the new one is complete."""

from __future__ import annotations

import errno

import pytest

from breakwater.errors import CorruptSegment, DiskFull
from breakwater.matching import segments
from breakwater.matching.manifest import NAME, Listed, Manifest, read_manifest

SOME = Manifest(
    generation=3,
    covered=99,
    kinds=("md5:16:exact",),
    segments=(Listed("a.seg", "md5", 5, 4200),),
    tombstones="t.bits",
    tombstones_sha256="00" * 32,
)


def test_it_reads_what_it_wrote(tmp_path):
    assert read_manifest(tmp_path) is None
    SOME.write(tmp_path)
    assert read_manifest(tmp_path) == SOME
    assert SOME.files == {"a.seg", "t.bits"}


def test_any_changed_byte_of_meaning_is_refused(tmp_path):
    SOME.write(tmp_path)
    whole = (tmp_path / NAME).read_bytes()
    for at in range(len(whole)):
        (tmp_path / NAME).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            read = read_manifest(tmp_path)
        except CorruptSegment:
            continue
        assert read == SOME  # only white space was hit


def test_a_cut_manifest_is_refused(tmp_path):
    SOME.write(tmp_path)
    whole = (tmp_path / NAME).read_bytes()
    for length in range(len(whole)):
        (tmp_path / NAME).write_bytes(whole[:length])
        with pytest.raises(CorruptSegment):
            read_manifest(tmp_path)


def test_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    SOME.write(tmp_path)

    def full(_fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(segments.os, "fsync", full)
    with pytest.raises(DiskFull):
        Manifest(generation=4).write(tmp_path)
    monkeypatch.undo()
    assert read_manifest(tmp_path) == SOME
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
