"""Real pictures through the real jail: one room is one place, and what a platform lays over it is nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.linking.finding.places import INDEX
from breakwater.media.sandbox import JailPool
from breakwater.model.link import LinkKind
from breakwater.records import link_media
from breakwater.scenes.vocabulary import Vocabulary
from tests.integration.installed import shared_jail
from tests.integration.place_house import House, learnt, view

pytestmark = [
    pytest.mark.usefixtures("keyring"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture(scope="module")
def jail() -> JailPool:
    return shared_jail()


@pytest.fixture(scope="module")
def words(jail: JailPool) -> Vocabulary:
    return learnt(jail)


@pytest.fixture
def house(database, vault, jail, words, tmp_path) -> Iterator[House]:
    (tmp_path / "places").mkdir()
    return House(database, vault, jail, words, tmp_path / "places")


def test_two_views_of_a_room_are_one_series_and_the_overlay_alone_links_nothing(house) -> None:
    for seed in (12, 13, 14):
        house.show(view(seed))
    assert house.series() == [], "they share a logo and a chat bar"
    one, two = house.show(view(18)), house.show(view(18, 1))
    assert house.series() == [[one, two]]
    (link,) = house.links(one)
    assert link.edge.kind is LinkKind.PLACE
    pair = link.evidence["pairs"][0]
    assert pair["inliers"] >= 19
    assert all(0 <= value <= 1 for point in pair["points"] for value in point)


def test_the_first_of_a_source_are_not_linked_by_what_lies_over_them(house) -> None:
    for seed in (21, 22, 23):
        house.show(view(seed), "new")
    assert house.series() == []


def test_after_a_restart_nothing_is_decoded_again_and_the_room_is_found(house) -> None:
    one = house.show(view(11, overlay=False))
    house.show(view(12, overlay=False))
    house.taking.save()
    house.start()
    assert house.places.knows(one)
    assert len(house.places) == 2
    two = house.show(view(11, 1, overlay=False))
    assert house.series() == [[one, two]]
    assert house.looker.looks == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "words"])
def test_an_index_that_cannot_be_used_is_made_anew_and_never_answers_nothing(
    house, damage, jail
) -> None:
    one = house.show(view(11, overlay=False))
    house.taking.save()
    files = sorted(path for path in (house.folder / INDEX).rglob("*") if path.is_file())
    assert files
    if damage == "words":
        house.words = Vocabulary(house.words.words[::-1].copy())
    for path in files:
        if damage == "gone":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(path.read_bytes()[:-1])
    house.start()
    assert house.places.rebuilt
    two = house.show(view(11, 1, overlay=False))
    assert house.series() == [[one, two]]
    assert house.looker.looks == 2


def test_what_is_gone_is_found_by_nobody(house) -> None:
    one = house.show(view(11, overlay=False))
    with house.db.transaction() as tx:
        link_media.gone(tx, one)
    house.start()
    house.show(view(11, 1, overlay=False))
    assert house.series() == []
    assert not house.places.knows(one)
