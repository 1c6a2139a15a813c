"""An opening or ending that several known videos share links none of them; the rest still does."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.test_matching_align import Bits, changing, followed, frame, known, noisy

from breakwater.matching.align import Follower
from breakwater.matching.openings import (
    alike_before_end,
    alike_until,
    shared_before_end,
    shared_until,
)
from breakwater.matching.reels import lay_out
from breakwater.model.copies import ReelPrints, Zone

OPENING = changing(100, 10)


def opened(seed: int, count: int = 60) -> list[Bits]:
    """A video that begins with the channel's five seconds."""
    return [*OPENING, *changing(seed, count)]


def test_the_opening_of_three_is_measured() -> None:
    laid = [
        lay_out(ReelPrints.of([frame(b, n / 2) for n, b in enumerate(opened(seed))]))
        for seed in (1, 2, 3)
    ]
    assert alike_until(laid[0], laid[1]) == pytest.approx(4.5)
    assert alike_until(laid[0], laid[0]) == 0.0
    assert shared_until(laid[0], laid[1:2]) == 0.0
    assert shared_until(laid[0], laid[1:]) == pytest.approx(4.5)


def test_an_opening_that_three_share_is_a_look_and_no_link() -> None:
    found = followed(
        known(opened(1), opened(2), opened(3)), [*noisy(OPENING, 10), *changing(9, 60)]
    )
    assert len(found) == 3
    assert all(one.zone is Zone.LOOK and one.opening for one in found)


def test_the_video_behind_the_opening_links() -> None:
    found = followed(known(opened(1), opened(2), opened(3)), noisy(opened(2), 10))
    assert [(one.reel, one.zone) for one in found if not one.opening] == [(2, Zone.LINK)]


def test_two_recuts_of_one_video_both_link() -> None:
    found = followed(known(opened(1), opened(2)), [*noisy(OPENING, 10), *changing(9, 20)])
    assert {one.reel: one.zone for one in found} == {1: Zone.LINK, 2: Zone.LINK}


def test_duplicates_of_one_video_link() -> None:
    index = known(*[opened(1)] * 4)
    found = followed(index, noisy(opened(1)[:20], 10))
    assert {one.zone for one in found} == {Zone.LINK}


def test_a_follower_never_links_an_opening_while_it_watches() -> None:
    follower = Follower(known(opened(1), opened(2), opened(3)))
    shown = [
        one
        for at, bits in enumerate([*noisy(OPENING, 10), *changing(9, 20)])
        for one in follower.feed(frame(np.asarray(bits), at / 2))
    ]
    assert shown
    assert all(one.zone is not Zone.LINK for one in shown)


def ended(seed: int, count: int = 60) -> list[Bits]:
    """A video that ends with the same five seconds as others, after a length of its own."""
    return [*changing(seed, count), *OPENING]


def test_the_ending_of_three_is_measured_whatever_their_lengths() -> None:
    laid = [
        lay_out(ReelPrints.of([frame(b, n / 2) for n, b in enumerate(ended(seed, count))]))
        for seed, count in ((1, 60), (2, 50), (3, 71))
    ]
    assert alike_before_end(laid[0], laid[1]) == pytest.approx(4.5)
    assert alike_before_end(laid[0], laid[0]) == 0.0
    assert shared_before_end(laid[0], laid[1:2]) == 0.0
    assert shared_before_end(laid[0], laid[1:]) == pytest.approx(4.5)
    assert alike_until(laid[0], laid[1]) == 0.0


def test_an_ending_that_three_share_is_a_look_and_no_link() -> None:
    found = followed(
        known(ended(1), ended(2, 50), ended(3, 71)), [*changing(9, 60), *noisy(OPENING, 10)]
    )
    assert len(found) == 3
    assert all(one.zone is Zone.LOOK and one.opening for one in found)


def test_the_video_before_the_ending_links() -> None:
    found = followed(known(ended(1), ended(2), ended(3)), noisy(ended(2), 10))
    assert [(one.reel, one.zone) for one in found if not one.opening] == [(2, Zone.LINK)]


def test_trims_of_one_short_video_are_no_channel_and_link() -> None:
    """Known lists hold one clip cut in several ways: what they share is the clip."""
    whole = changing(5, 20)
    by_start = known(whole, [*changing(6, 4), *whole[4:]], [*changing(7, 6), *whole[6:]])
    assert {one.zone for one in followed(by_start, noisy(whole[6:], 10))} == {Zone.LINK}
    by_end = known(whole, [*whole[:-4], *changing(6, 4)], [*whole[:-6], *changing(7, 6)])
    assert {one.zone for one in followed(by_end, noisy(whole[:-6], 10))} == {Zone.LINK}
