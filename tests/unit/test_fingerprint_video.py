"""A video's hashes are one blob, and agree with vPDQ's own on its sample files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import BadSignal
from breakwater.fingerprint.video import (
    FrameHash,
    conforms,
    frame_hashes,
    pack,
    read_text,
    unpack,
    write_text,
)
from breakwater.model.signal import Fingerprint, Signal, View

VIDEOS = Path(__file__).parent.parent / "data" / "videos"

frames = st.builds(
    FrameHash,
    st.integers(0, 2**32 - 1),
    st.floats(0, 1e6),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 100),
)


@given(st.lists(frames, max_size=20))
def test_a_blob_comes_back_as_it_went_in(some: list[FrameHash]) -> None:
    assert unpack(pack(some)) == some


@pytest.mark.parametrize("blob", [b"", b"BWV1", b"XXXX\0\0\0\0", b"BWV1\1\0\0\0" + bytes(44)])
def test_another_or_a_cut_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(BadSignal):
        unpack(blob)


@pytest.mark.parametrize("path", sorted(VIDEOS.glob("*.vpdq.txt")), ids=lambda path: path.stem)
def test_the_tools_text_is_read_and_written_unchanged(path: Path) -> None:
    text = path.read_text()
    assert write_text(read_text(text)) == text


@pytest.mark.parametrize("line", ["1,2", "x,100," + "0" * 64 + ",0", "1,100,zz,0.1", "1,100,ab,0"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(BadSignal):
        read_text(line)


def test_low_quality_frames_do_not_count_against_conformance() -> None:
    one, other = bytes(32), b"\xff" * 32
    assert not conforms([FrameHash(0, 0, one, 100)], [FrameHash(0, 0, other, 100)])
    assert conforms([FrameHash(0, 0, one, 49)], [FrameHash(0, 0, other, 100)])
    assert not conforms([FrameHash(0, 0, one, 100)], [])
    assert not conforms([FrameHash(0, 0, one, 100)], [FrameHash(1, 0, one, 100)])


def test_a_turned_video_gives_either_hash() -> None:
    def made(value: bytes, view: View = View.ORIGINAL, *, compatible: bool = False) -> Fingerprint:
        return Fingerprint(Signal("pdq", value), 90, 4, 0.4, view, compatible)

    seen, unturned = bytes(32), b"\1" * 32
    items = [made(seen), made(unturned, compatible=True), made(b"\2" * 32, View.FLIPX)]
    assert [one.value for one in frame_hashes(items)] == [seen]
    assert [one.value for one in frame_hashes(items, compatible=True)] == [unturned]
