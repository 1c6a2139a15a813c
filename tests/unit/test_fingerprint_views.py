"""Views undo what people do to a frame: borders, mirrors, crops, and other pictures around it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.builders_copies import texture

from breakwater.fingerprint.borders import inner_box
from breakwater.fingerprint.inset import InsetFinder
from breakwater.fingerprint.views import (
    MIRRORED,
    VIEWS,
    ReferenceMaker,
    ViewMaker,
    reference_prints,
)
from breakwater.model.copies import FramePrints

Luma = NDArray[np.uint8]
NUMBER = {view.name: view.number for view in VIEWS}


def picture(seed: int = 1, height: int = 180, width: int = 320) -> Luma:
    return np.ascontiguousarray(texture(np.random.default_rng(seed), height, width)[..., 0])


def query(luma: Luma) -> FramePrints:
    return ViewMaker().feed(luma, 0.0)


def apart(one: FramePrints, view: int, other: FramePrints, other_view: int) -> int:
    a = one.hashes[list(one.views).index(view)]
    b = other.hashes[list(other.views).index(other_view)]
    return int(np.bitwise_count(a ^ b).sum())


@pytest.mark.parametrize("value", [0, 16, 128, 255])
def test_borders_are_found_to_the_pixel(value: int) -> None:
    whole = np.full((200, 400), value, np.uint8)
    whole[30:170, 55:390] = picture(2, 140, 335)
    assert inner_box(whole) == (30, 170, 55, 390)


def test_a_frame_of_one_colour_keeps_its_size() -> None:
    assert inner_box(np.full((90, 160), 40, np.uint8)) == (0, 90, 0, 160)


def test_a_border_changes_nothing() -> None:
    inner = picture()
    whole = np.zeros((240, 400), np.uint8)
    whole[30:210, 40:360] = inner
    assert apart(query(whole), 0, reference_prints(inner, 0.0), 0) == 0


def test_a_mirrored_frame_shows_in_the_mirrored_view() -> None:
    frame = picture()
    turned = query(np.ascontiguousarray(frame[:, ::-1]))
    reference = reference_prints(frame, 0.0)
    assert apart(turned, 0 + MIRRORED, reference, 0) <= 8
    assert apart(turned, NUMBER["tl70"] + MIRRORED, reference, NUMBER["tl70"]) <= 8


@pytest.mark.parametrize("corner", ["tl", "tr", "bl", "br"])
def test_a_crop_at_a_corner_is_undone_by_two_views(corner: str) -> None:
    frame = picture()
    rows = slice(0, 162) if corner[0] == "t" else slice(18, 180)
    columns = slice(0, 288) if corner[1] == "l" else slice(32, 320)
    cropped = query(np.ascontiguousarray(frame[rows, columns]))
    reference = reference_prints(frame, 0.0)
    assert apart(cropped, NUMBER[f"{corner}90"], reference, NUMBER[f"{corner}80"]) <= 31


def test_a_bar_over_one_side_leaves_a_view_alone() -> None:
    frame = picture()
    covered = frame.copy()
    covered[:, 240:] = 30
    covered[::9, 250:310] = 220
    reference = reference_prints(frame, 0.0)
    assert apart(query(covered), 41, reference, NUMBER["tl70"]) <= 8
    covered[::9, 250:] = 220
    assert apart(query(covered), NUMBER["tl70"], reference, NUMBER["tl70"]) <= 8


@pytest.mark.parametrize("corner", ["tl", "br"])
def test_a_bar_over_what_was_cropped_before_leaves_a_view_alone(corner: str) -> None:
    frame = picture()
    covered = np.ascontiguousarray(frame[9:171, 16:304])
    bar = slice(216, None) if corner == "tl" else slice(0, 72)
    covered[:, bar] = picture(8, 162, 72)
    seen, reference = query(covered), reference_prints(frame, 0.0)
    assert apart(seen, NUMBER[f"{corner}70"], reference, NUMBER[f"c90 {corner}70"]) <= 31
    assert apart(seen, NUMBER[f"{corner}70"], reference, NUMBER[f"{corner}70"]) > 60


@pytest.mark.parametrize("cropped", [False, True])
def test_a_bar_over_the_borders_of_a_known_video_hides_it_no_more(cropped: bool) -> None:
    known = np.zeros((180, 320), np.uint8)
    known[:, 22:298] = picture(1, 180, 276)
    covered = np.ascontiguousarray(known[9:171, 16:304]) if cropped else known.copy()
    covered[:, round(covered.shape[1] * 0.74) :] = picture(8, *covered.shape)[:, :1]
    covered[-20:] = picture(9, 20, covered.shape[1])
    assert inner_box(covered) == (0, covered.shape[0], 0, covered.shape[1])
    view = 43 if cropped else 41
    assert apart(query(covered), NUMBER["tl70"], reference_prints(known, 0.0), view) <= 60


def test_wide_borders_are_no_part_of_a_known_frame() -> None:
    known = np.zeros((180, 320), np.uint8)
    known[:, 100:220] = picture(1, 180, 120)
    assert not {40, 41, 42, 43} & set(reference_prints(known, 0.0).views.tolist())


def test_a_video_in_a_still_picture_is_found_as_an_inset() -> None:
    maker = ViewMaker()
    found = []
    for at in range(6):
        frame = picture(9)
        frame[40:140, 60:240] = picture(20 + at, 100, 180)
        found.append(maker.feed(frame, at / 2))
    reference = reference_prints(picture(25, 100, 180), 0.0)
    assert apart(found[-1], 32, reference, 0) <= 40


def test_no_inset_is_told_of_a_full_moving_picture() -> None:
    finder = InsetFinder()
    rects = [finder.feed(picture(at, 135, 240)) for at in range(8)]
    assert all(len(found) <= 1 for found in rects)


def test_a_known_video_keeps_frames_where_something_happens() -> None:
    maker = ReferenceMaker(20.0)
    moving = [maker.feed(picture(at), at / 4) for at in range(12)]
    still = [maker.feed(picture(5), 10 + at / 4) for at in range(12)]
    assert all(one is not None for one in moving)
    assert sum(one is not None for one in still[1:]) == 2


def test_a_long_known_video_keeps_one_a_second() -> None:
    maker = ReferenceMaker(600.0)
    kept = [maker.feed(picture(at), at / 4) for at in range(16)]
    assert sum(one is not None for one in kept) == 4


def test_a_frame_without_detail_keeps_only_its_whole() -> None:
    seen = query(np.full((90, 160), 40, np.uint8))
    assert seen.views.tolist() == [0]


def test_a_tiny_frame_has_no_views() -> None:
    assert not len(query(np.zeros((8, 8), np.uint8)).views)


def test_query_and_reference_made_together_are_the_same_as_apart() -> None:
    apart_maker, together = ViewMaker(), ViewMaker()
    for at in range(8):
        frame = picture(30)
        frame[40:140, 60:240] = picture(40 + at, 100, 180)
        if at > 5:
            frame[:20] = 16
        alone = apart_maker.feed(frame, float(at)), reference_prints(frame, float(at))
        for one, other in zip(alone, together.both(frame, float(at)), strict=True):
            assert one.time_s == other.time_s
            assert np.array_equal(one.views, other.views)
            assert np.array_equal(one.hashes, other.hashes)
            assert np.array_equal(one.qualities, other.qualities)
    tiny = picture(1, 8, 12)
    assert [len(one.views) for one in together.both(tiny, 9.0)] == [0, 0]


@pytest.mark.parametrize(
    ("top", "left", "rect"),
    [
        (0, 60, (0.25, 0.0, 0.75, 0.59)),
        (55, 0, (0.0, 0.41, 0.5, 1.0)),
        (0, 120, (0.5, 0.0, 1.0, 0.59)),
    ],
    ids=["at the top", "in a corner", "in another corner"],
)
def test_an_inset_at_the_edge_of_a_moving_picture_is_found(
    top: int, left: int, rect: tuple[float, float, float, float]
) -> None:
    finder = InsetFinder()
    for at in range(8):
        frame = picture(40 + at, 135, 240)
        frame[top : top + 80, left : left + 120] = picture(20 + at, 80, 120)
        found = finder.feed(frame)
    assert len(found) <= 4
    assert any(np.abs(np.array(one) - rect).max() < 0.02 for one in found), found
