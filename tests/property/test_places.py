"""What the index of places answers follows from what it holds, however it came to hold it."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.scenes import places as subject
from breakwater.scenes.places import Places
from breakwater.scenes.vocabulary import Vocabulary, Words

CHANCE = np.random.default_rng(5)
VOCABULARY = Vocabulary(CHANCE.integers(0, 255, (32, 128), np.uint8))


def described(number: int) -> list[Words]:
    chance = np.random.default_rng(number)
    words = np.sort(chance.choice(32, 12, replace=False)).astype(np.uint16)
    base = np.random.default_rng(number % 3).integers(0, 1 << 63, (32, 2), np.uint64)
    return [(words, base[words] ^ chance.integers(0, 8, (12, 2), np.uint64))]


def answers(places: Places) -> list[list[tuple[int, float]]]:
    return [places._alike(described(number)[0], 50) for number in range(6)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=40), st.data())
def test_neither_order_nor_what_was_taken_out_matters(
    numbers: list[int], data: st.DataObject
) -> None:
    gone = data.draw(st.lists(st.sampled_from(numbers), unique=True))
    with patch.object(subject, "TAIL", data.draw(st.integers(1, 12))):
        plain, other = Places(VOCABULARY), Places(VOCABULARY)
        for number in sorted(set(numbers) - set(gone)):
            plain.add_words(number, described(number))
        for number in data.draw(st.permutations(numbers)):
            other.add_words(number, described(number))
        for number in gone:
            other.remove(number)
            other.remove(number)
        assert len(plain) == len(other) == len(numbers) - len(gone)
        assert answers(plain) == answers(other)
        for number in gone:
            other.add_words(number, described(number))
            plain.add_words(number, described(number))
        assert answers(plain) == answers(other)
