"""Protects the line of time of a case: drawn from its table, walked by arrow keys, whole without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.ids import Id
from breakwater.records import cases
from tests.console_samples import create
from tests.integration.browsing import chromium, guarded, served
from tests.integration.console_site import Site, until, whole_site
from tests.integration.test_console_budget import HTML_BYTES, PAGE_BYTES

INKED = """() => { const c = document.querySelector("#timeline-plot canvas");
  return c ? c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length : 0; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def rows(page: Page) -> list[str]:
    """Words of the table as the plot says them, the oldest first."""
    found = page.locator("#timeline-rows tbody tr").evaluate_all(
        "all => all.map(r => [...r.cells].map(c => c.textContent).filter(Boolean).join(' · '))"
    )
    return list(reversed(found))


def test_arrow_keys_go_from_point_to_point_and_say_what_the_table_says(browser):
    with served(create()) as url, guarded(browser) as watched:
        page = watched.page
        page.goto(f"{url}/cases/1042")
        plot = page.locator("#timeline-plot")
        expect(plot).to_be_visible()
        until(lambda: page.evaluate(INKED) > 500)
        assert not page.locator("#timeline-rows").is_visible(), "the table waits behind its button"
        every = rows(page)
        frame = page.locator("[data-show][aria-current]").get_attribute("data-frame")
        page.keyboard.press("t")
        expect(plot).to_be_focused()
        for key, place in (("ArrowLeft", -1), ("ArrowLeft", -2), ("Home", 0), ("ArrowRight", 1),
                           ("ArrowLeft", 0), ("ArrowLeft", 0), ("End", -1)):  # fmt: skip
            page.keyboard.press(key)
            assert plot.get_attribute("aria-valuetext") == every[place], key
            expect(page.locator("#timeline-point")).to_have_text(every[place])
        now = page.locator("[data-show][aria-current]").get_attribute("data-frame")
        assert now == frame, "an arrow on the plot steps no frame"
        page.get_by_text("Show as table").click()
        expect(page.locator("#timeline-rows")).to_be_visible()


def test_what_the_feed_adds_is_drawn_at_once(browser):
    with served(create()) as url, guarded(browser) as watched:
        page = watched.page
        page.goto(f"{url}/cases/1042")
        until(lambda: page.evaluate(INKED) > 500)
        page.locator("#timeline-rows tbody").evaluate(
            "body => { const row = body.rows[0].cloneNode(true); row.dataset.sort = 'report';"
            "row.querySelector('time').dateTime = '2026-11-21T15:00:00Z'; body.prepend(row); }"
        )
        points = len(rows(page))
        plot = page.locator("#timeline-plot")
        until(lambda: plot.get_attribute("aria-valuemax") == str(points))


def test_without_scripts_the_table_is_shown(browser):
    with served(create()) as url, guarded(browser, java_script_enabled=False) as watched:
        watched.page.goto(f"{url}/cases/1042")
        expect(watched.page.locator("#timeline-rows")).to_be_visible()
        expect(watched.page.locator("#timeline-plot")).to_be_hidden()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("timeline"), browser) as made:
        yield made


def test_what_people_did_to_a_case_stands_on_its_line(site):
    case = Id(str(site.upload.case))
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        page.keyboard.down("Space")
        until(lambda: site.looks() == 1)
        page.keyboard.up("Space")
        page.keyboard.press("1")
        page.keyboard.press("Shift+Enter")
        expect(page.locator("#history")).to_contain_text("Not illegal")
        said = [row.split(" · ", 1)[1] for row in rows(page)]
        assert sorted(said) == sorted([
            "Matched span · The whole file", f"Opened · Case {number(site, case)}",
            "Looked at · 1 look", "Decision · Not illegal",
        ])  # fmt: skip
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#timeline-rows")).to_contain_text("Taken back: Not illegal")


def test_a_case_with_its_plot_costs_little_on_the_wire(site):
    with site.page(Role.REVIEWER) as watched:
        line = watched.page.context.new_cdp_session(watched.page)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sent: list[int] = []
        line.on("Network.loadingFinished", lambda told: sent.append(told["encodedDataLength"]))
        answer = watched.page.goto(f"{site.served.url}/cases/{site.upload.case}")
        assert answer is not None
        watched.page.wait_for_load_state("load")
        assert len(answer.body()) <= HTML_BYTES
        assert 50_000 < sum(sent) <= PAGE_BYTES, f"{sum(sent):,} bytes on the wire"


def number(site: Site, case: Id) -> int:
    with site.served.app.db.read() as tx:
        return cases.get(tx, case).number
