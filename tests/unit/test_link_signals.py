"""What is read of a medium survives the jail's socket and the vault, and a liar harms nobody."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.builders_signals import hashed, points, signals

from breakwater.errors import BadSignal
from breakwater.media import wire_links
from breakwater.media.wire import MAX_BLOCK, Answer, BadAnswer
from breakwater.model.link import Trait, TraitKind
from breakwater.model.link_signals import (
    MOST_FRAMES,
    MOST_POINTS,
    MOST_PRINTS,
    MOST_TRAITS,
    LinkSignals,
)

PACKED = signals().pack()
HEADER = struct.unpack_from("<4sI", PACKED)[1]


def changed(**fields: object) -> bytes:
    """Packed signals with other words in the header."""
    header = json.loads(PACKED[8 : 8 + HEADER]) | fields
    body = json.dumps(header).encode()
    return struct.pack("<4sI", b"BWL1", len(body)) + body + PACKED[8 + HEADER :]


def test_signals_come_back_as_they_went() -> None:
    one, again = signals(), LinkSignals.parse(PACKED)
    assert again.pack() == PACKED
    assert (again.shots, again.prints, again.traits) == (one.shots, one.prints, one.traits)
    assert (again.seconds, again.width, again.height) == (12.5, 640, 360)
    assert np.array_equal(again.frames[0].points, one.frames[0].points)
    assert again.sound is not None
    assert one.sound is not None
    assert np.array_equal(again.sound.items, one.sound.items)
    assert again.sound.levels == one.sound.levels
    assert again.reel is not None
    assert again.views is not None
    assert wire_links.taken(wire_links.write_signals(one)).pack() == PACKED


def test_what_is_kept_has_no_traits_and_no_views() -> None:
    kept = LinkSignals.parse(signals().kept().pack())
    assert kept.traits == ()
    assert kept.views is None
    assert kept.reel is not None


def test_the_fullest_answer_fits_on_the_wire() -> None:
    words = "x" * 400
    full = replace(
        signals(),
        frames=tuple(points(n, MOST_POINTS) for n in range(MOST_FRAMES)),
        shots=tuple(range(MOST_FRAMES)),
        prints=tuple(hashed(n) for n in range(MOST_PRINTS)),
        traits=tuple(Trait(TraitKind.ENCODER, words[: 300 + n], words) for n in range(MOST_TRAITS)),
    )
    assert len(full.pack()) + (12 << 20) < MAX_BLOCK, "with both reels at their largest"
    assert LinkSignals.parse(full.pack()).pack() == full.pack()


@pytest.mark.parametrize(
    "fields",
    [
        {"frames": 7}, {"frames": [[0.0, 320, 300, 1 << 30]]}, {"frames": [["x", 320, 300, 0]]},
        {"frames": [[0.0, 0, 300, 40], [4.0, 320, 300, 0]]}, {"frames": [[0.0]]}, {"shots": [0]},
        {"shots": [0, -1]}, {"shots": [0, True]}, {"prints": -1}, {"prints": 10_000},
        {"prints": "2"}, {"sound": [0, 0, 5]}, {"sound": [0.0, 0.1]}, {"sound": "x"},
        {"sound": [0.0, 0.12, 1 << 40]}, {"sound": [0.0, 0.12, 2, 3]}, {"traits": [["camera", "", ""]]},
        {"traits": [["nosuch", "x", ""]]}, {"traits": [["camera", "a\x00b", ""]]},
        {"traits": [["camera", 7, ""]]}, {"traits": [["camera", "x" * 401, ""]]},
        {"traits": [["camera", "x", ""]] * 65}, {"seconds": -1}, {"seconds": "1"},
        {"seconds": float("nan")}, {"width": 1.5}, {"height": 1 << 40}, {"abstained": 5},
        {"abstained": "a\nb"}, {"reels": [None, None]}, {"reels": [12]}, {"reels": [-1, None]},
        {"reels": [1 << 40, None]},
    ],
)  # fmt: skip
def test_a_field_out_of_its_range_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadAnswer):
        wire_links.taken(Answer({}, changed(**fields)))


def test_a_missing_field_is_refused() -> None:
    for name in json.loads(PACKED[8 : 8 + HEADER]):
        header = {k: v for k, v in json.loads(PACKED[8 : 8 + HEADER]).items() if k != name}
        body = json.dumps(header).encode()
        with pytest.raises(BadSignal):
            LinkSignals.parse(struct.pack("<4sI", b"BWL1", len(body)) + body + PACKED[8 + HEADER :])


def test_points_and_qualities_out_of_range_are_refused() -> None:
    far = points(1)
    far.points[3] = np.nan
    for one in (replace(signals(), frames=(far, points(2))),
                replace(signals(), prints=(hashed(1, quality=101),))):  # fmt: skip
        with pytest.raises(BadSignal):
            LinkSignals.parse(one.pack())


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(block: bytes) -> None:
    with pytest.raises(BadAnswer):
        wire_links.taken(Answer({}, block))


@example(4, 255)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_refused_or_read_whole(at: int, flip: int) -> None:
    damaged = bytearray(PACKED)
    damaged[at] ^= flip
    try:
        found = wire_links.taken(Answer({}, bytes(damaged)))
    except BadAnswer:
        return
    assert len(found.frames) == 2


@given(st.integers(0, len(PACKED) - 1))
def test_a_cut_is_refused(size: int) -> None:
    with pytest.raises(BadAnswer):
        wire_links.taken(Answer({}, PACKED[:size]))


def test_a_deeply_nested_header_is_refused() -> None:
    body = b"[" * 60_000
    with pytest.raises(BadSignal):
        LinkSignals.parse(struct.pack("<4sI", b"BWL1", len(body)) + body)
