"""The map is complete: every country has one tile of its own."""

from __future__ import annotations

from breakwater.model.country import COUNTRIES
from breakwater.web.pages import read_viewers, world


def test_every_country_has_one_tile_of_its_own() -> None:
    assert set(world.PLACES) == COUNTRIES
    assert len(set(world.PLACES.values())) == len(COUNTRIES)
    assert world.outline().count("h18") == len(COUNTRIES)
    west, east = world.PLACES["US"], world.PLACES["JP"]
    north, south = world.PLACES["NO"], world.PLACES["ZA"]
    assert west[0] < world.PLACES["GB"][0] < east[0]
    assert north[1] < world.PLACES["EG"][1] < south[1]


def test_countries_are_named_and_what_is_not_known_says_so() -> None:
    assert read_viewers.country_name("GB") == "United Kingdom"
    assert read_viewers.country_name("") == "Unknown"
