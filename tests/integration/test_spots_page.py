"""The page of spot checks in a real browser: nothing clear before the key, one answer by keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Person, Role
from breakwater.model.spot import SpotAnswer, Strip
from breakwater.model.stream import Control, StreamState
from breakwater.records import spot_figures, spots, streams, views
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.console_site import PIXELS, until
from tests.integration.spot_house import SpotHouse, spot_house
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

PHONE = {"width": 390, "height": 844}


@dataclass
class Site:
    """A served installation, and a browser."""

    house: SpotHouse
    browser: Browser
    ada: Person

    @contextmanager
    def page(self, who: Person | None = None, **options: Any) -> Iterator[Guarded]:
        """A signed-in person's page."""
        served = self.house.served
        link = served.app.access.people.link((who or self.ada).id, "test")
        _, session = served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:
            watched.page.context.add_cookies([{
                "name": served.api.state.gate.cookie, "value": session, "url": served.url,
                "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            watched.page.goto(served.url + "/spots")
            yield watched

    def record(self, strip: Strip) -> Any:
        with self.house.app.db.read() as tx:
            return spot_figures.record(tx, strip.draw)

    def looks(self, strip: Strip) -> list[str]:
        with self.house.app.db.read() as tx:
            return [one.level.value for one in views.of_item(tx, strip.draw)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        spot_house(tmp_path_factory.mktemp("spots-page"), jail_children=2) as house,
        chromium() as browser,
    ):
        yield Site(house, browser, house.served.person(Role.LIVE_MODERATOR, name="Ada Quist"))


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    with whole.house.app.db.read() as tx:
        left = spots.waiting(tx)
    for one in left:
        whole.house.app.live.spots._destroy(one)


def drawn(page: Page) -> None:
    """Until every small still is drawn."""
    expect(page.locator("canvas[data-blur]:not([data-drawn])")).to_have_count(0)


def clear(page: Page) -> bool:
    return bool(page.evaluate(PIXELS, "[data-clear]"))


def test_nothing_clear_before_the_key_and_nothing_after(site: Site) -> None:
    strip = site.house.strip()
    with site.page() as watched:
        page = watched.page
        drawn(page)
        assert set(site.looks(strip)) == {"s1"}, "the small stills are views too, written down"
        for button in page.locator(".strip button").all():
            button.hover()
            button.focus()
        assert "POST /spots/look/views" not in watched.requests
        page.locator("h1").click()
        page.keyboard.press("ArrowRight")
        page.keyboard.down("Space")
        expect(page.locator("[data-veil]")).to_be_hidden()
        assert clear(page)
        assert site.looks(strip)[0] == "s3"
        page.keyboard.up("Space")
        assert not clear(page)
        expect(page.locator("[data-veil]")).to_be_visible()
        until(lambda: site.house.app.review.exposure.status(
            site.house.of(site.ada)).used.total_seconds() > 0)  # fmt: skip
        with site.house.app.db.read() as tx:
            assert views.of_item(tx, strip.draw)[0].frame == 1


def test_the_live_wall_says_that_strips_wait_and_to_whom(site: Site) -> None:
    served, words = site.house.served, "1 spot check waits"
    wall = served.browser(Role.LIVE_MODERATOR)
    assert words not in wall.get("/live").text
    site.house.strip()
    assert f'<a class="btn" href="/spots">{words}</a>' in wall.get("/live").text
    assert words not in served.browser(Role.ADMIN).get("/live").text, (
        "who may not look is not asked"
    )


def test_by_keys_alone_look_then_nothing_and_the_next_strip_comes(site: Site) -> None:
    first, second = site.house.strip(), site.house.strip()
    with site.page() as watched:
        page = watched.page
        # 409: no picture was looked at; 404: one asked for just as its strip was answered
        watched.allowed += ["409", "404"]
        drawn(page)
        page.keyboard.press("Enter")
        expect(page.locator("#answer-status")).to_have_text("Choose an answer, then Enter.")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("#wrong")).to_have_text("Look at one of its pictures first.")
        assert site.record(first).answer is None
        drawn(page)
        page.keyboard.down("Space")
        expect(page.locator("[data-veil]")).to_be_hidden()
        page.keyboard.up("Space")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("Noted that there is nothing.")
        assert site.record(first).answer is SpotAnswer.NOTHING
        expect(page.locator("[data-evidence]")).to_have_attribute("data-item", second.draw)
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("watched more closely")
        with site.house.app.db.read() as tx:
            assert streams.get(tx, second.stream).control is Control.WATCHED
        expect(page.locator("h1")).to_have_text("0 strips wait")


def test_a_case_is_opened_and_shown_without_scripts_too(site: Site) -> None:
    strip = site.house.strip()
    with site.page(java_script_enabled=False) as watched:
        watched.page.get_by_label("Open a case").check(force=True)
        watched.page.get_by_role("button", name="Save and open next").click()
        watched.page.wait_for_url("**/cases/*")
        expect(watched.page.locator("#main")).to_contain_text(
            "A person saw something in a spot check."
        )
    assert site.record(strip).answer is SpotAnswer.CASE


def test_an_ended_stream_is_not_looked_at_closer(site: Site) -> None:
    strip = site.house.strip()
    with site.house.app.db.transaction() as tx:
        streams.set_state(tx, strip.stream, StreamState.ENDED)
    with site.page() as watched:
        drawn(watched.page)
        expect(watched.page.locator("[name=answer]")).to_have_count(2)


def test_somebody_elses_strip_is_passed_over_and_a_break_shows_none(site: Site) -> None:
    strip = site.house.strip()
    sam = site.house.principal()
    site.house.app.review.spot_views.stills(sam, frames=[(strip.draw, 0)])
    with site.page() as watched:
        expect(watched.page.locator("#main")).to_contain_text("There is no strip to look at.")
    other = site.house.served.person(Role.LIVE_MODERATOR, name="Kim")
    site.house.app.review.exposure.take_break(site.house.of(other))
    mine = site.house.strip()
    with site.page(other) as watched:
        watched.allowed += ["423"]
        expect(watched.page.locator("#reveal-status")).to_contain_text("Stills are not shown now")
        watched.page.keyboard.down("Space")
        watched.page.wait_for_url("**/break")
    assert site.looks(mine) == []


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_it_can_be_read_dark_and_light_wide_and_narrow(site: Site, size: dict[str, int]) -> None:
    with site.page(**size) as watched:
        both_themes(watched.page, "empty")
        site.house.strip()
        watched.allowed += ["403"]
        watched.page.reload()
        if size == PHONE:  # a phone is no workstation: words, and no pictures
            expect(watched.page.locator("#reveal-status")).to_contain_text("not shown now")
        else:
            drawn(watched.page)
        both_themes(watched.page, "a strip")
        assert not scrolls_sideways(watched.page)
        assert len(watched.page.content().encode()) <= HTML_BYTES


def test_who_stops_no_broadcasts_has_no_such_page(site: Site) -> None:
    grader = site.house.served.browser(Role.GRADER)
    assert grader.get("/spots").status_code == 403
    assert 'href="/spots"' not in grader.get("/grade").text
    assert site.house.served.browser(Role.REVIEWER).get("/spots").status_code == 200
