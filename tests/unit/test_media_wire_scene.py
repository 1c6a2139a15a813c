"""Key points and sound from a child that was taken over can lie, but not harm the parent."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.media import wire
from breakwater.media.wire import Answer, BadAnswer
from breakwater.media.wire_scene import (
    MAX_POINTS,
    read_keypoints,
    read_sound,
    write_keypoints,
    write_sound,
)
from breakwater.model.scene import Keypoints, SoundPrint


def frame(count: int, time_s: float = 1.5) -> Keypoints:
    random = np.random.default_rng(count)
    points = random.uniform(0, 200, (count, 2)).astype(np.float32)
    return Keypoints(time_s, 320, 240, points, random.integers(0, 256, (count, 128), np.uint8))


def sent(answer: Answer) -> Answer:
    data = wire.write_answer(answer)
    header, block = wire.lengths(data[:8])
    return wire.read_answer(data[8 : 8 + header], data[8 + header : 8 + header + block])


def test_key_points_survive_the_wire() -> None:
    frames = [frame(5), frame(0, 2.0), frame(40, 3.0)]
    for one, other in zip(read_keypoints(sent(write_keypoints(frames))), frames, strict=True):
        assert (one.time_s, one.width, one.height) == (other.time_s, 320, 240)
        assert np.array_equal(one.points, other.points)
        assert np.array_equal(one.descriptors, other.descriptors)


def test_sound_survives_the_wire() -> None:
    items = np.array([0, 1, 2**32 - 1], np.uint32)
    found = read_sound(sent(write_sound(SoundPrint(items, 0.5, 0.12))))
    assert np.array_equal(found.items, items)
    assert (found.start_s, found.step_s, found.levels) == (0.5, 0.12, b"")
    measured = SoundPrint(items, 0.5, 0.12, b"\1\2\3")
    assert read_sound(sent(write_sound(measured))).levels == b"\1\2\3"
    for wrong in (b"", b"\1\2", b"\1\2\3\4"):
        with pytest.raises(BadAnswer):
            read_sound(sent(replace(write_sound(measured), block=items.tobytes() + wrong)))


GOOD = write_keypoints([frame(3)])


@pytest.mark.parametrize(
    "answer",
    [
        Answer({}, b""),
        Answer({"keypoints": 7}, b""),
        Answer({"keypoints": [[1.0, 320, 240, 3]] * 100}, b""),
        Answer({"keypoints": [[1.0, 320, 240, 4]]}, GOOD.block),
        Answer({"keypoints": [[1.0, 320, 240, 2]]}, GOOD.block),
        Answer({"keypoints": [[1.0, 320, 240, -1]]}, b""),
        Answer({"keypoints": [[1.0, 320, 240, MAX_POINTS + 1]]}, bytes(136 * (MAX_POINTS + 1))),
        Answer({"keypoints": [[1.0, 0, 240, 3]]}, GOOD.block),
        Answer({"keypoints": [[1.0, 320, 240, True]]}, GOOD.block[:136]),
        Answer({"keypoints": [["1", 320, 240, 3]]}, GOOD.block),
        Answer({"keypoints": [[1e12, 320, 240, 3]]}, GOOD.block),
        Answer({"keypoints": [[1.0, 320, 240, 1]]}, struct.pack("<ff", np.nan, 1) + bytes(128)),
        Answer({"keypoints": [[1.0, 320, 240, 1]]}, struct.pack("<ff", 1e9, 1) + bytes(128)),
    ],
)
def test_key_points_that_are_not_well_formed_are_refused(answer: Answer) -> None:
    with pytest.raises(BadAnswer):
        read_keypoints(answer)


@pytest.mark.parametrize(
    "answer",
    [
        Answer({}, b""),
        Answer({"start_s": 0, "step_s": 0}, b""),
        Answer({"start_s": "0", "step_s": 0.1}, b""),
        Answer({"start_s": 1e12, "step_s": 0.1}, b""),
        Answer({"start_s": float("nan"), "step_s": 0.1}, b""),
        Answer({"start_s": 0, "step_s": float("nan")}, b""),
        Answer({"start_s": 0, "step_s": 0.1}, b"abc"),
    ],
)
def test_sound_that_is_not_well_formed_is_refused(answer: Answer) -> None:
    with pytest.raises(BadAnswer):
        read_sound(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(rows=JSON, start=JSON, step=JSON, block=st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(
    rows: object, start: object, step: object, block: bytes
) -> None:
    answer = Answer({"keypoints": rows, "start_s": start, "step_s": step}, block)
    for read in (read_keypoints, read_sound):
        try:
            read(answer)
        except BadAnswer:
            continue
