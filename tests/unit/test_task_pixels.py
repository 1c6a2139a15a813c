"""Which moments of a video are looked at, and which part of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.recognition.task_pixels import cut, moments


def test_moments_lie_evenly_and_within() -> None:
    assert moments(10.0, 5, 0.0) == [1.0, 3.0, 5.0, 7.0, 9.0]
    near = moments(10.0, 4, 0.5)
    assert near == [2.5, 3.0, 7.5, 8.0]
    short = moments(0.2, 16, 0.5)
    assert short == sorted(short)
    assert max(short) < 0.2
    assert moments(0.0, 16, 0.5) == [1e-3]


@pytest.mark.parametrize("box", [(0.25, 0.5, 0.5, 0.25), [0.25, 0.5, 0.5, 0.25]])
def test_a_box_is_cut_out(box: tuple[float, ...]) -> None:
    picture = np.arange(40 * 80, dtype=np.uint32).astype(np.uint8).reshape(40, 80)
    assert (cut(picture, box) == picture[20:30, 20:60]).all()
    assert cut(picture, None) is picture
    assert cut(picture, (1.0, 1.0, 0.0, 0.0)).shape == (1, 1)
