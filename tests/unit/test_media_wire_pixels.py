"""Small pictures from a child that was taken over can lie, but not harm the parent."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.media.wire import BadAnswer
from breakwater.media.wire_pixels import MAX_PICTURES, read_pictures, write_pictures
from breakwater.model.classifier import Picture
from breakwater.recognition.task_pixels import shrunk

NOISE = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)


def test_pictures_survive_the_wire() -> None:
    made = write_pictures([Picture(NOISE, 1.5), Picture(NOISE[:2], 2.0)])
    first, second = read_pictures(json.loads(json.dumps(made.header)), made.block)
    assert np.array_equal(first.pixels, NOISE)
    assert (first.time_s, second.pixels.shape) == (1.5, (2, 8, 3))


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (None, 0), ([[0.0, 8, 6]], 143), ([[0.0, 8, 6]], 145), ([[0.0, 0, 6]], 0),
        ([[0.0, 5000, 1]], 15_000), ([["x", 1, 1]], 3), ([[0.0, 1]], 3), ([[0.0, 1.0, 1]], 3),
        ([[0.0, 1, 1]] * (MAX_PICTURES + 1), 3 * (MAX_PICTURES + 1)), ([[float("nan"), 1, 1]], 3),
    ],
)  # fmt: skip
def test_a_lie_is_refused(rows: object, size: int) -> None:
    with pytest.raises(BadAnswer):
        read_pictures({"pictures": rows}, b"\0" * size)


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists), st.binary())
def test_nothing_else_is_raised(rows: object, block: bytes) -> None:
    try:
        read_pictures({"pictures": rows}, block)
    except BadAnswer:
        return


@pytest.mark.parametrize(
    ("shape", "size"),
    [((720, 1280, 3), (32, 57, 3)), ((20, 10), (20, 10, 3)), ((1, 4000, 3), (1, 2048, 3))],
)
def test_a_frame_shrinks_to_the_shorter_side_and_never_grows(
    shape: tuple[int, ...], size: tuple[int, ...]
) -> None:
    assert shrunk(np.zeros(shape, np.uint8), 32).shape == size
