"""Protects: a known clip is found whatever was done to it; real filters, real x264."""

from __future__ import annotations

import pytest

from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.copies import ReelPrints, Zone
from tests.builders_copies import (
    ATTACKS,
    LOW_RATE,
    altered,
    encode,
    query_prints,
    reel_prints,
    scene,
)

KNOWN_S = 6.0


@pytest.fixture(scope="module")
def known() -> tuple[bytes, ReelIndex]:
    clip, other = (encode(scene(seed, KNOWN_S)) for seed in (41, 42))
    index = ReelIndex()
    index.apply(
        ReelChange(n, n, ReelPrints.of(reel_prints(one))) for n, one in ((1, clip), (2, other))
    )
    return clip, index


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_copy_is_found(known: tuple[bytes, ReelIndex], attack: str) -> None:
    clip, index = known
    follower = Follower(index)
    for frame in query_prints(altered(clip, *ATTACKS[attack])):
        follower.feed(frame)
    (found,) = follower.finish()
    assert (found.reel, found.zone) == (1, Zone.LINK)
    length = KNOWN_S * (0.8 if attack == "faster" else 1.0)
    assert (found.start_s, found.end_s) == pytest.approx((0.0, length), abs=1.0)
    assert found.mirrored is (attack == "mirrored")


@pytest.mark.parametrize("extra", ["", "cropped", "chat bar"])
def test_a_copy_at_a_low_rate_is_found(known: tuple[bytes, ReelIndex], extra: str) -> None:
    clip, index = known
    filters = ATTACKS[extra] if extra else (("scale", "640:360"),)
    follower = Follower(index)
    for frame in query_prints(altered(clip, *filters, bit_rate=LOW_RATE, gop=24)):
        follower.feed(frame)
    assert [(one.reel, one.zone) for one in follower.finish()] == [(1, Zone.LINK)]
