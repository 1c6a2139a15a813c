"""Cuts are found where hashes jump, and each shot has a frame worth looking at."""

import numpy as np

from breakwater.fingerprint.shots import LONGEST_S, shots, spread
from breakwater.fingerprint.video import FrameHash


def frames(lengths: list[int], step_s: float = 1.0, drift: int = 6) -> list[FrameHash]:
    """Shots of these many frames whose hashes drift by some bits."""
    random = np.random.default_rng(1)
    found = []
    for length in lengths:
        code = random.integers(0, 256, 32, np.uint8)
        for _ in range(length):
            for bit in random.integers(0, 256, drift):
                code[bit // 8] ^= 1 << (bit % 8)
            number = len(found)
            quality = int(random.integers(40, 100))
            found.append(FrameHash(number * 25, number * step_s, code.tobytes(), quality))
    return found


def test_each_cut_starts_a_shot() -> None:
    found = shots(frames([4, 7, 1, 9]), longest_s=20)
    assert [(one.start_s, one.end_s) for one in found] == [(0, 3), (4, 10), (11, 11), (12, 20)]
    assert all(one.start_s <= one.key.time_s <= one.end_s for one in found)


def test_a_long_take_is_split() -> None:
    found = shots(frames([100], drift=2))
    assert len(found) == 17
    assert max(one.end_s - one.start_s for one in found) <= LONGEST_S
    assert len(shots(frames([100], drift=2), longest_s=30)) == 4


def test_nothing_has_no_shots() -> None:
    assert shots([]) == ()


def test_a_few_are_spread_over_the_whole() -> None:
    found = shots(frames([3] * 40))
    few = spread(found, 8)
    assert len(few) == 8
    assert (few[0], few[-1]) == (found[0], found[-1])
    assert spread(found[:3], 8) == found[:3]
