"""The nearest look is the one that brute force finds, however the hashes came in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.review.grading.looks import SIZE, Looks

FLIPS = st.lists(st.integers(0, SIZE * 8 - 1), max_size=14, unique=True)
COMMANDS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), FLIPS), max_size=60)


def flipped(family: int, flips: list[int]) -> bytes:
    """A hash near to one of four, which are far from one another."""
    bits = np.unpackbits(np.random.default_rng(family).integers(0, 256, SIZE, dtype=np.uint8))
    bits[flips] ^= 1
    return np.packbits(bits).tobytes()


def distance(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


@settings(max_examples=60, deadline=None)
@given(COMMANDS)
def test_the_nearest_is_that_of_brute_force(commands: list[tuple[bool, int, list[int]]]):
    looks, truth = Looks(tail=4), []
    for number, (asks, family, flips) in enumerate(commands):
        code = flipped(family, flips)
        if asks:
            near = sorted((distance(code, known), n) for n, known in truth)
            best = [(n, bits) for bits, n in near if bits <= 10][:1]
            assert [looks.nearest(code, 10)] == (best or [None])
        else:
            looks.add(number, code)
            truth.append((number, code))
    assert len(looks) == len(truth)
