"""Search by example in a real browser: a file is dropped, a box drawn or typed, hits have reasons."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.link import Found, LinkKind
from breakwater.records import link_searches
from tests.builders_likeness import png
from tests.integration.browsing import chromium
from tests.integration.link_site import BLUE, LinkSite, link_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
SQUARES = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
PICTURE = png(np.kron(SQUARES, np.ones((20, 20, 1), np.uint8)))
FILE = {"name": "curtain.png", "mimeType": "image/png", "buffer": PICTURE}
WHY = "Case file 12-3: the curtain"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LinkSite]:
    with link_site(tmp_path_factory.mktemp("search"), browser) as running:

        def seek(example, _signals):
            return [
                Found(1, example.number, LinkKind.PLACE, "place", "1", 0.71,
                      {"pairs": [{"a_s": 0, "b_s": 0, "inliers": 46, "points": []}]}),
                Found(40, example.number, LinkKind.DECOR, "place", "1", 0.55),
            ]  # fmt: skip

        running.app.linking.searching._seek = seek
        yield running


def opened(site: LinkSite, watched) -> Page:
    watched.page.goto(f"{site.served.url}/links/search")
    return watched.page


def kept(site: LinkSite) -> list[link_searches.Search]:
    with site.app.db.read() as tx:
        return link_searches.newest(tx)


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_page_can_be_read_before_and_after(site: LinkSite, size) -> None:
    with site.page(**size) as watched:
        answer = watched.page.goto(f"{site.served.url}/links/search")
        assert len(answer.body()) <= HTML_BYTES
        page = watched.page
        both_themes(page, f"search {size['width']}")
        page.set_input_files("#f-example", FILE)
        page.get_by_label("Reason").fill(WHY)
        page.get_by_text("Only a part of it").click()
        page.get_by_role("button", name="Show the picture in grey").click()
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#found")).to_contain_text("46 points agree.")
        both_themes(page, f"found {size['width']}")
        assert not scrolls_sideways(page)


def test_by_keyboard_alone_a_box_is_given_in_numbers(site: LinkSite) -> None:
    with site.page(**WIDE) as watched:
        page = opened(site, watched)
        page.set_input_files("#f-example", FILE)
        page.get_by_label("Reason").focus()
        page.keyboard.type(WHY)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for _ in range(2):
            page.keyboard.press("Tab")
        for value in ("25", "30", "50", "40"):
            page.keyboard.type(value)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        found = page.locator("#found")
        expect(found).to_be_focused()
        expect(found.locator("tbody tr")).to_have_count(2)
        expect(found.locator("tbody tr").first).to_contain_text("Same place")
        expect(found.locator("tbody tr").first).to_contain_text(str(BLUE))
        expect(found.locator("tbody tr").last).to_contain_text("Another room may have it too.")
        assert kept(site)[0].box == [0.25, 0.3, 0.5, 0.4]
        assert kept(site)[0].reason == WHY


def test_a_box_is_drawn_in_grey_and_nothing_is_shown_before_it_is_asked_for(site: LinkSite) -> None:
    with site.page(**WIDE) as watched:
        page = opened(site, watched)
        board = page.locator("#board")
        page.set_input_files("#f-example", FILE)
        page.get_by_text("Only a part of it").click()
        expect(board).to_be_hidden()
        page.get_by_role("button", name="Show the picture in grey").click()
        expect(board).to_be_visible()
        grey = page.evaluate(
            """() => { const b = document.getElementById("board"); const d = b.getContext("2d").getImageData(0, 0, b.width, b.height).data;
            for (let n = 0; n < d.length; n += 4) if (Math.abs(d[n] - d[n + 1]) > 2 || Math.abs(d[n] - d[n + 2]) > 2) return false; return d.some((v) => v > 0 && v < 255); }"""
        )
        assert grey
        board.scroll_into_view_if_needed()
        edge = board.bounding_box()
        page.mouse.move(edge["x"] + edge["width"] * 0.75, edge["y"] + edge["height"] * 0.8)
        page.mouse.down()
        page.mouse.move(edge["x"] + edge["width"] * 0.5, edge["y"] + edge["height"] * 0.5)
        page.mouse.move(edge["x"] + edge["width"] * 0.25, edge["y"] + edge["height"] * 0.2)
        page.mouse.up()
        values = [page.locator(f"#b-{name}").input_value() for name in "xywh"]
        assert values == ["25", "20", "50", "60"]
        page.get_by_label("Reason").fill(WHY)
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#found tbody tr")).to_have_count(2)
        assert kept(site)[0].box == [0.25, 0.2, 0.5, 0.6]
        page.get_by_role("button", name="Compare all of it").click()
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#found")).to_be_focused()
        assert kept(site)[0].box == []


def test_a_file_is_dropped_and_a_bad_one_is_told(site: LinkSite) -> None:
    with site.page(**WIDE) as watched:
        watched.allowed += ["422", "400"]
        page = opened(site, watched)
        page.evaluate(
            """() => { const t = new DataTransfer(); t.items.add(new File(["no picture"], "a.jpg", {type: "image/jpeg"}));
            document.getElementById("search").dispatchEvent(new DragEvent("drop", {dataTransfer: t, bubbles: true, cancelable: true})); }"""
        )
        page.get_by_label("Reason").fill(WHY)
        before = len(kept(site))
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be read")
        assert len(kept(site)) == before
        expect(page.locator("#show")).to_be_disabled()


def test_others_do_not_see_it_and_in_german_it_is_german(site: LinkSite) -> None:
    reviewer, seeker = site.served.browser(Role.REVIEWER), site.served.browser(Role.INVESTIGATOR)
    assert reviewer.get("/links/search").status_code == 403
    said = seeker.get("/links/search", headers={"Accept-Language": "de"}).text
    assert "Nach einem Beispiel suchen" in said
    sent = {"reason": WHY}
    answer = seeker.post(
        "/links/search", data=sent, files={"example": ("a.png", io.BytesIO(PICTURE))}
    )
    assert answer.status_code == 200
    assert "<main" not in answer.text
