"""Uploads wait without a name, are hashed while they come, and cannot be changed by a child."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from breakwater.errors import TooLarge
from breakwater.media.failures import Unreadable
from breakwater.media.source import Source
from breakwater.media.spool import Spool
from breakwater.model.media import Reason

DATA = bytes(range(256)) * 40


@pytest.mark.parametrize("memory", [1 << 20, 5000, 0], ids=["memory", "moved", "disk"])
def test_what_goes_in_comes_out_with_its_hashes(tmp_path: Path, memory: int) -> None:
    with Spool(1 << 20, tmp_path, memory=memory) as spool:
        for at in range(0, len(DATA), 999):
            spool.write(DATA[at : at + 999])
        spool.seal()
        assert spool.read() == DATA
        assert spool.seek(10) == 10
        assert spool.read(5) == DATA[10:15]
        assert spool.size == len(DATA)
        assert spool.sha256 == hashlib.sha256(DATA).hexdigest()
        assert [d.hex() for d in spool.digests] == [
            hashlib.new(name, DATA).hexdigest() for name in ("md5", "sha1", "sha256")
        ]
        assert list(tmp_path.iterdir()) == [], "it has a name"


def test_one_byte_too_many_is_refused(tmp_path: Path) -> None:
    with Spool(10, tmp_path) as spool:
        spool.write(bytes(10))
        with pytest.raises(TooLarge):
            spool.write(b"x")
        assert spool.size == 10


def test_a_sealed_spool_takes_no_more_even_past_our_code(tmp_path: Path) -> None:
    with Spool(100, tmp_path) as spool:
        spool.write(b"evidence")
        spool.seal()
        with pytest.raises(io.UnsupportedOperation):
            spool.write(b"x")
        with pytest.raises(PermissionError):
            os.pwrite(spool.fileno(), b"X", 0)


def test_the_child_gets_a_read_only_view_with_its_own_position(tmp_path: Path) -> None:
    with Spool(100, tmp_path, memory=0) as spool:
        spool.write(b"evidence")
        spool.seek(3)
        with Source(spool, 100) as source:
            os.lseek(source.descriptor, 6, os.SEEK_SET)
            assert spool.tell() == 3
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.pwrite(source.descriptor, b"X", 0)
            assert source.digests() == spool.digests


def test_a_reader_outlives_its_spool_and_remembers_its_hashes(tmp_path: Path) -> None:
    with Spool(100, tmp_path) as spool:
        spool.take(io.BytesIO(b"evidence"))
        reader, digests = spool.reader(), spool.digests
    with reader, Source(reader, 100) as source:
        assert reader.read() == b"evidence"
        assert source.digests() == digests


def test_a_file_without_a_descriptor_is_copied_and_hashed() -> None:
    with Source(io.BytesIO(DATA), 1 << 20) as source:
        assert source.size == len(DATA)
        assert source.digests()[2] == hashlib.sha256(DATA).digest()


def test_a_plain_file_is_hashed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with path.open("rb") as file, Source(file, 1 << 20) as source:
        assert source.digests()[0] == hashlib.md5(DATA).digest()


@pytest.mark.parametrize("named", [True, False])
def test_too_many_bytes_are_a_reason(tmp_path: Path, named: bool) -> None:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with path.open("rb") as file, pytest.raises(Unreadable) as caught:
        Source(file if named else io.BytesIO(DATA), 100)
    assert caught.value.outcome.reason is Reason.TOO_MANY_BYTES
