"""Copies are found however they were coded, cut or turned; what only looks alike is not one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from breakwater.linking.finding.copies import CopyFinder, turned
from breakwater.media.sandbox import JailPool
from breakwater.model.link import Found, LinkKind
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import MediaLimits
from breakwater.recognition.links import LinkLooker
from breakwater.records.link_edges import SURE
from tests.builders_files import scene
from tests.builders_media import encoded
from tests.integration.test_links_look import film

SIZE = (640, 480)


class Shelf:
    """Media that were looked at in the jail, and a finder that has learnt them."""

    def __init__(self, looker: LinkLooker) -> None:
        self.looker = looker
        self.kept: dict[int, LinkSignals] = {}
        self.finder = CopyFinder(read=self.kept.get)

    def look(self, body: bytes) -> LinkSignals:
        found = self.looker.look(io.BytesIO(body))
        assert isinstance(found, LinkSignals), found
        return found

    def keep(self, body: bytes) -> int:
        number = len(self.kept) + 1
        self.kept[number] = self.look(body).kept()
        self.finder.learn(SimpleNamespace(number=number, source="clips"), self.kept[number])
        return number

    def find(self, body: bytes, number: int = 99) -> list[Found]:
        return list(self.finder.find(SimpleNamespace(number=number, source=""), self.look(body)))


@pytest.fixture(scope="module")
def looker() -> Iterator[LinkLooker]:
    with JailPool(size=1) as jail:
        yield LinkLooker(pool=jail, limits=MediaLimits(max_wall_s=60))


@pytest.fixture
def shelf(looker) -> Shelf:
    return Shelf(looker)


def cut(image: Image.Image, share: float) -> Image.Image:
    wide, high = image.size
    return image.crop((
        int(wide * share), int(high * share), int(wide * (1 - share)), int(high * (1 - share))
    ))  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda i: i, lambda i: i.resize((320, 240)), ImageOps.mirror,
        lambda i: i.rotate(90, expand=True), lambda i: cut(i, 0.1),
        lambda i: i.point(lambda v: min(255, int(v * 1.2))),
    ],
    ids=["coded anew", "small", "mirrored", "turned", "cut", "brighter"],
)  # fmt: skip
def test_a_changed_picture_is_a_copy_that_joins(shelf, change) -> None:
    for seed in range(1, 5):
        shelf.keep(encoded(scene(seed, SIZE), "PNG"))
    found = shelf.find(encoded(change(scene(2, SIZE)), "JPEG", quality=60))
    assert [(one.a, one.b, one.kind, one.method) for one in found] == [
        (2, 99, LinkKind.COPY, "pictures")
    ]
    assert found[0].score >= SURE
    (pair,) = found[0].evidence["pairs"]
    assert pair["inliers"] >= 14
    assert all(len(point) == 4 for point in pair["points"])


def test_other_pictures_are_no_copies(shelf) -> None:
    for seed in range(1, 25):
        assert shelf.find(encoded(scene(seed, SIZE), "JPEG")) == []
        shelf.keep(encoded(scene(seed, SIZE), "JPEG"))


def test_one_frame_of_a_page_around_other_pictures_is_no_copy(shelf) -> None:
    def page(seed: int) -> Image.Image:
        whole = Image.new("RGB", SIZE, (240, 240, 240))
        whole.paste(scene(seed, (480, 360)), (80, 70))
        draw = ImageDraw.Draw(whole)
        for at in range(0, 640, 40):
            draw.rectangle((at, 4, at + 25, 40), fill=(at % 255, 90, 160))
            draw.text((at, 450), "menu", fill=(0, 0, 0))
        return whole

    for seed in range(1, 13):
        assert [one for one in shelf.find(encoded(page(seed), "PNG")) if one.score >= SURE] == []
        shelf.keep(encoded(page(seed), "PNG"))


def test_a_soft_picture_without_points_is_a_copy_only_where_it_is_all_but_equal(shelf) -> None:
    soft = [np.asarray(scene(seed, SIZE).filter(ImageFilter.GaussianBlur(26))) for seed in (1, 2)]
    shelf.keep(encoded(soft[0], "PNG"))
    assert shelf.kept[1].frames == ()
    (same,) = shelf.find(encoded(soft[0], "JPEG", quality=90))
    assert same.score >= SURE
    mixed = (0.7 * soft[0] + 0.3 * soft[1]).astype(np.uint8)
    assert [one for one in shelf.find(encoded(mixed, "PNG")) if one.score >= SURE] == []


def moving(seed: int, count: int = 40, first: int = 0) -> list:
    """A camera that passes along a picture."""
    whole = np.asarray(scene(seed, (720, 240)))
    return [whole[:, 8 * at : 8 * at + 320] for at in range(first, first + count)]


def test_a_video_coded_anew_and_cut_is_a_copy_with_its_line(shelf) -> None:
    shots = [frame for seed in (1, 2, 3) for frame in moving(seed)]
    shelf.keep(film(shots, each=1))
    shelf.keep(film([frame for seed in (7, 8, 9) for frame in moving(seed)], each=1))
    part = [np.asarray(Image.fromarray(one).resize((240, 180))) for one in shots[30:100]]
    (found,) = shelf.find(film(part, each=1))
    assert (found.a, found.method) == (1, "alignment")
    assert found.score >= SURE
    for there, here in found.evidence["line"]:
        assert there - here == pytest.approx(6.0, abs=0.6), "30 frames at 5 a second were cut off"
    assert found.evidence["pairs"], "frames stand beside the line"


def test_a_picture_out_of_a_video_is_its_copy(shelf) -> None:
    shots = [np.asarray(scene(seed, SIZE)) for seed in (1, 2, 3)]
    shelf.keep(film(shots, each=20))
    (found,) = shelf.find(encoded(scene(2, SIZE), "JPEG", quality=70))
    assert (found.a, found.method) == (1, "frames")
    assert found.score >= SURE
    assert found.evidence["pairs"][0]["a_s"] == pytest.approx(6.0, abs=2.1)


def test_the_same_opening_before_two_videos_joins_nothing(shelf) -> None:
    opening = [frame for seed in (21, 22) for frame in moving(seed, 20)]
    rest = [[f for seed in seeds for f in moving(seed)] for seeds in ((1, 2, 3), (4, 5, 6))]
    shelf.keep(film(opening + rest[0], each=1))
    found = shelf.find(film(opening + rest[1], each=1))
    assert [one for one in found if one.score >= SURE] == []


def test_a_medium_that_is_gone_is_found_no_more(shelf) -> None:
    body = encoded(scene(1, SIZE), "PNG")
    number = shelf.keep(body)
    assert shelf.finder.knows(number)
    del shelf.kept[number]
    assert shelf.find(body) == [], "its signals are gone"
    shelf.finder.forget(number)
    shelf.finder.forget(number)
    assert not shelf.finder.knows(number)


def test_evidence_turned_twice_is_as_it_was(shelf) -> None:
    body = film([frame for seed in (1, 2) for frame in moving(seed)], each=1)
    shelf.keep(body)
    (found,) = shelf.find(body)
    (back,) = shelf.find(body, number=0)
    assert (back.a, back.b) == (0, 1)
    evidence = dict(found.evidence)
    assert turned(turned(evidence)) == evidence
    assert replace(back, evidence={}) == replace(found, a=0, b=1, evidence={})
