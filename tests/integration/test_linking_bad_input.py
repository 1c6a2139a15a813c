"""What tells no place makes no link, through the jail, the index and geometry: it abstains, or says nothing.

A studio whose chat, ticker and clock change linked 25 of 28 pairs of different rooms before what
slides along a side was left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from breakwater.cli import demo_rooms
from breakwater.media.sandbox import JailPool
from breakwater.model.link import LinkKind, MediumState
from breakwater.scenes.places import MOST_SHOTS
from breakwater.scenes.vocabulary import Vocabulary
from tests.builders_films import endless, film
from tests.builders_patterns import NEXT_S, PATTERNS, repeated, studio
from tests.integration.installed import shared_jail
from tests.integration.place_house import House, learnt, picture

pytestmark = [
    pytest.mark.usefixtures("keyring"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
FRAMES = 100_000 if os.environ.get("LONG") == "1" else 20_000
"""Of one camera: 11 minutes, in which a shot is split once; a look at 100,000: `test_links_look`."""

Pixels = NDArray[np.uint8]


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


def room(seed: int, camera: int = 0) -> Pixels:
    inside, cameras = demo_rooms.room(seed), demo_rooms.cameras(seed, 2, apart=6.0)
    return demo_rooms.seen(inside, cameras[camera], light=seed * 10 + camera)


def written(seed: int) -> Pixels:
    page = np.full((480, 640, 3), 250, np.uint8)
    chance = np.random.default_rng(seed)
    for line in range(30, 470, 28):
        words = "".join(chance.choice(list("abc def ghi"), 30))
        cv2.putText(page, words, (20, line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1)
    return page


NOTHING = {
    "flat": lambda seed: np.full((480, 640, 3), 4 + seed, np.uint8),
    "text": written,
    "tiny": lambda seed: cv2.resize(room(60 + seed), (56, 42), interpolation=cv2.INTER_AREA),
}


@pytest.mark.parametrize("why", NOTHING)
def test_what_shows_nothing_abstains_with_its_reason_and_links_nothing(house, why) -> None:
    shown = [np.asarray(NOTHING[why](seed), np.uint8) for seed in (0, 0, 1)]
    bodies = [*map(picture, shown), *(film([one]) for one in shown)]
    for number in [house.show(body, "one") for body in bodies]:
        medium = house.medium(number)
        assert (medium.state, medium.facts["why"]) == (MediumState.ABSTAINED, why)
        assert house.links(number) == []


def test_a_room_out_of_focus_links_nothing(house) -> None:
    soft = [cv2.GaussianBlur(room(60, camera), (0, 0), 14) for camera in (0, 1)]
    assert [house.links(house.show(picture(np.asarray(one)))) for one in soft] == [[], []]


def test_a_frozen_signal_is_no_place(house) -> None:
    """The same still for minutes from two sources: a card, or a camera that never moved."""
    frozen = film([room(61)], each=100)
    numbers = [house.show(frozen, source) for source in ("one", "two")]
    assert [house.links(one) for one in numbers] == [[], []]
    assert house.medium(numbers[1]).state is MediumState.LOOKED


@pytest.mark.parametrize("motif", PATTERNS)
def test_the_same_pattern_in_two_rooms_is_no_place(house, motif) -> None:
    unit = PATTERNS[motif]()
    numbers = [house.show(picture(repeated(unit, seed)), f"{seed}") for seed in range(4)]
    assert [house.links(one) for one in numbers] == [[]] * 4


@pytest.mark.parametrize("sources", [["studio"] * 4, ["one", "two", "three", "four"]])
def test_an_overlay_that_changes_links_no_two_rooms_and_hides_no_room(house, sources) -> None:
    """A second later the chat has scrolled by two lines, the ticker has run, the clock has gone on."""
    seeds = (62, 63, 65, 66)
    first = [
        house.show(picture(studio(room(seed), 30 + 2 * NEXT_S * n)), source)
        for n, (seed, source) in enumerate(zip(seeds, sources, strict=True))
    ]
    assert [house.links(one) for one in first] == [[]] * 4
    again = house.show(picture(studio(room(seeds[1], 1), 47.0)), sources[1])
    (link,) = house.links(again)
    assert (link.edge.a, link.edge.b) == (first[1], again)
    assert link.edge.kind in {LinkKind.PLACE, LinkKind.DECOR}
    if sources[0] == sources[1]:
        assert link.edge.kind is LinkKind.PLACE, "what lies over it all is known"


def test_a_day_of_one_camera_keeps_little_and_finds_its_room(house) -> None:
    before = house.places.index_bytes
    number = house.show(endless(room(67), FRAMES))
    medium = house.medium(number)
    assert medium.facts["frames"] <= 20, "three of every ten minutes"
    assert house.places.index_bytes - before < MOST_SHOTS * 21_000
    with house.vault.open(medium.points) as kept:
        assert len(kept.read()) < 12 << 20
    other = house.show(picture(room(67, 1)))
    (link,) = house.links(other)
    assert (link.edge.a, link.edge.kind) == (number, LinkKind.PLACE)
