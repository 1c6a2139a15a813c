"""What shows the same is among the first candidates of many; a damaged file is never "nothing"."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.builders_scene import scene

from breakwater.errors import BadInput, CorruptSegment
from breakwater.model.scene import Keypoints
from breakwater.scenes import local
from breakwater.scenes.places import MOST_SHOTS, Places
from breakwater.scenes.vocabulary import Vocabulary, packaged


def points(seed: int, share: float = 0.0) -> Keypoints:
    picture = scene(seed)
    height, width = picture.shape
    x, y = int(width * share / 2), int(height * share / 2)
    return local.extract(np.ascontiguousarray(picture[y : height - y, x : width - x]))


def known(seeds: range) -> Places:
    places = Places(packaged())
    for seed in seeds:
        places.add(seed, points(seed))
    return places


def test_a_changed_frame_finds_its_own_among_many() -> None:
    places = known(range(24))
    firsts = 0
    for seed in range(0, 24, 4):
        found = places.candidates(points(seed, share=0.15), most=5)
        firsts += found[0][0] == seed
        assert seed in [number for number, _ in found]
        assert found == tuple(sorted(found, key=lambda one: -one[1]))
    assert firsts >= 5


def test_the_first_medium_that_is_known_is_found() -> None:
    assert known(range(7, 8)).candidates(points(7))[0][0] == 7


def test_a_video_is_found_by_any_of_its_shots_and_counts_once() -> None:
    places = known(range(10, 20))
    places.add(1, [points(seed) for seed in (31, 32, 33, 34)], (0, 0, 1, 2))
    for seed in (31, 33, 34):
        found = places.candidates(points(seed))
        assert found[0][0] == 1
        assert len({number for number, _ in found}) == len(found)
    with pytest.raises(BadInput):
        places.add(2, [points(1)], (0, 1))


def test_a_dark_frame_is_known_and_has_no_candidates() -> None:
    places = known(range(1, 2))
    dark = local.extract(np.zeros((200, 300), np.uint8))
    places.add(2, dark)
    assert places.candidates(dark) == ()
    assert len(places) == 2
    with pytest.raises(BadInput):
        places.add(2, dark)


def test_a_camera_that_never_moves_fills_nothing() -> None:
    places = Places(packaged())
    places.add(1, [points(1)] * 2000)
    one = Places(packaged())
    one.add(1, points(1))
    assert places.bytes <= MOST_SHOTS * one.bytes
    assert len(places.candidates(points(1))) == 1


def test_what_was_written_is_read(tmp_path: Path) -> None:
    places = known(range(12))
    places.add(40, local.extract(np.zeros((200, 300), np.uint8)))
    places.remove(3)
    places.save(tmp_path / "places", covered=40)
    again = Places.load(tmp_path / "places", packaged())
    assert (len(again), again.covered, 40 in again, 3 in again) == (12, 40, True, False)
    for seed in range(12):
        assert again.candidates(points(seed)) == places.candidates(points(seed))
    again.add(3, points(3))
    again.save(tmp_path / "places")
    assert Places.load(tmp_path / "places", packaged()).candidates(points(3))[0][0] == 3
    assert not list((tmp_path / "places").glob("*.new"))


def test_an_empty_one_is_written_and_read(tmp_path: Path) -> None:
    Places(packaged()).save(tmp_path)
    assert len(Places.load(tmp_path, packaged())) == 0


@pytest.mark.parametrize("fault", ["gone", "flipped", "short", "empty"])
def test_any_damage_is_said(tmp_path: Path, fault: str) -> None:
    known(range(3)).save(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        whole = file.read_bytes()
        if fault == "gone":
            file.unlink()
        elif fault == "flipped":
            middle = len(whole) // 2
            file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        else:
            file.write_bytes(whole[: len(whole) // 2] if fault == "short" else b"")
        with pytest.raises(CorruptSegment):
            Places.load(tmp_path, packaged())
        file.write_bytes(whole)
    Places.load(tmp_path, packaged())


def test_another_vocabulary_is_another_index(tmp_path: Path) -> None:
    known(range(3)).save(tmp_path)
    other = Vocabulary(packaged().words[::-1].copy())
    with pytest.raises(CorruptSegment, match="another vocabulary"):
        Places.load(tmp_path, other)
    with pytest.raises(CorruptSegment):
        Places.load(tmp_path / "nowhere", packaged())
