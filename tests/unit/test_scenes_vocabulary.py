"""Words are learnt once, shipped whole, and a damaged file is never read."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from tests.builders_scene import scene

from breakwater.errors import BadInput, CorruptSegment
from breakwater.scenes import local
from breakwater.scenes.vocabulary import SHIPPED, WORDS, Vocabulary, packaged, provenance


def test_the_shipped_words_are_those_that_were_learnt() -> None:
    shipped = packaged()
    assert shipped.words.shape == (WORDS, 128)
    assert (
        shipped.sha256
        == provenance()["sha256"]
        == hashlib.sha256(shipped.words.tobytes()).hexdigest()
    )
    assert all(one["licence"] for one in provenance()["pictures"])
    assert len(np.unique(shipped.words, axis=0)) > WORDS * 0.98


def test_what_is_written_is_read_and_damage_is_said() -> None:
    blob = SHIPPED.read_bytes()
    assert Vocabulary.parse(blob).pack() == blob
    changed = bytearray(blob)
    changed[-1] ^= 1
    for bad in (b"", blob[:-1], bytes(changed), b"X" + blob, blob[:40]):
        with pytest.raises(CorruptSegment):
            Vocabulary.parse(bad)


def test_the_same_pictures_give_the_same_words() -> None:
    frames = [local.extract(scene(seed)) for seed in range(4)]
    first, again = (Vocabulary.learn(frames, words=32) for _ in range(2))
    assert np.array_equal(first.words, again.words)
    with pytest.raises(BadInput):
        Vocabulary.learn(frames[:1], words=1024)


def test_frames_of_one_shot_are_summed() -> None:
    frames = [local.extract(scene(seed)) for seed in (1, 2)]
    words, signs = packaged().describe(frames)
    alone = [packaged().describe([one])[0] for one in frames]
    assert set(words) == set(alone[0]) | set(alone[1])
    assert signs.shape == (len(words), 2)
    assert len(packaged().describe([])[0]) == 0
