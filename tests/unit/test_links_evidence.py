"""Protects whoever judges a link: what is drawn is what was found, and what is odd draws nothing."""

from __future__ import annotations

import pytest

from breakwater.web.pages.links_evidence import (
    GAP,
    NUMBERED,
    box_of,
    drawn,
    frames,
    likeness,
    line,
    sound,
)


def test_points_lie_where_the_browser_fits_the_frame() -> None:
    assert box_of(320, 240) == (20, 0, 120, 90)
    assert box_of(100, 400) == pytest.approx((68.75, 0, 22.5, 90))
    assert box_of(1920, 1080) == (0, 0, 160, 90)
    assert box_of(None, 0) == (0, 0, 160, 90)
    (one,) = drawn([[0, 0, 1, 1]], box_of(320, 240), box_of(320, 240))
    assert (one.x, one.y, one.to_x, one.to_y) == (20, 0, 306, 90)


def test_numbered_points_are_spread_over_all_and_none_is_drawn_twice() -> None:
    points = [[n / 60, n / 60, n / 60, n / 60] for n in range(60)]
    found = drawn(points)
    assert len(found) == 60
    assert len({(one.x, one.y) for one in found}) == 60
    assert max(one.x for one in found[:NUMBERED]) > 140
    assert [one.n for one in found[:3]] == [1, 2, 3]


def test_points_beyond_the_frame_stay_at_its_edge() -> None:
    (one,) = drawn([[-0.2, 1.4, 0.5, 0.5]])
    assert (one.x, one.y) == (0, 90)


def test_a_copy_is_a_line_with_its_speed_in_words() -> None:
    found = line({"line": [[s, 2 * s + 4] for s in range(30)]})
    assert found is not None
    assert "0:00 to 0:29 of the first is 0:04 to 1:02 of the second" in found.words
    assert "2.00 times the speed" in found.words
    assert found.path.startswith("M0 93.5L")
    assert line({"line": [[1, 2]]}) is None
    assert line({"line": "no"}) is None
    assert line({}) is None


def test_sounds_agree_in_bits_of_a_hundred() -> None:
    found = sound(
        {"sound": {"a_s": 3, "b_s": 9, "seconds": 30, "error_rate": 0.12, "course": [0.1, 0.5]}}
    )
    assert found is not None
    assert found.share == 88
    assert found.path == "M0 14L100 50"
    assert found.waves == (), "older evidence has none"
    assert sound({"sound": None}) is None


def test_two_waveforms_are_drawn_one_over_the_other_or_none() -> None:
    said = {
        "a_s": 3,
        "b_s": 9,
        "seconds": 30,
        "error_rate": 0.12,
        "a_wave": [0, 255],
        "b_wave": [85],
    }
    found = sound({"sound": said})
    assert found is not None
    assert found.waves == ("M25 49.8V50.2M75 2V98", "M50 34V66")
    half = sound({"sound": said | {"b_wave": []}})
    assert half is not None
    assert half.waves == ()


def test_evidence_that_is_no_list_has_no_frames() -> None:
    assert frames({"pairs": "x"}) == []
    assert frames({"pairs": [1, {"a_s": 2}]}) == [{"a_s": 2}]


def test_what_a_model_compared_is_framed_on_both_sides() -> None:
    """Boxes are 0..1 of their frames; the second lies beside the first."""
    found = {"a_box": [0.25, 0.5, 0.5, 0.5], "b_box": [0.0, 0.0, 1.0, 2.0]}
    path = likeness({"likenesses": [found]}, 0)
    assert path == f"M40 45H120V90H40ZM{GAP:g} 0H{GAP + 160:g}V90H{GAP:g}Z"
    narrow = likeness({"likenesses": [found]}, 0, box_of(90, 90))
    assert narrow.startswith("M57.5 45H102.5V90H57.5Z")


@pytest.mark.parametrize(
    "evidence",
    [{}, {"likenesses": {}}, {"likenesses": []}, {"likenesses": ["x"]}, {"likenesses": [{}]},
     {"likenesses": [{"a_box": [1, 2], "b_box": ["a"] * 4}]}],
)  # fmt: skip
def test_what_has_no_boxes_is_not_framed(evidence) -> None:
    assert likeness(evidence, 0) == ""
