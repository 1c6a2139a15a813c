"""Protects everybody who works here: each page in each state, dark and light, wide and narrow.

axe-core with the rules of WCAG 2.0 to 2.2, A and AA; the policy on; nothing cut off at 320 px.
The pages and templates are the real ones over `tests/console_samples.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from breakwater.model.access import Role
from breakwater.web.pages.models import Viewer
from breakwater.web.pages.rail import links_for
from tests.console_samples import create
from tests.integration.browsing import chromium, guarded, served

AXE = (Path(__file__).parent.parent / "data/axe/axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """([tags, within]) => axe.run(within, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
  .then((found) => found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target + " " + n.failureSummary).join(" | ")}`))"""

PAGES = {
    "overview": "/", "queue": "/queue", "case": "/cases/1042", "banks": "/banks",
    "bank": "/banks/HOTLINE_A", "audit": "/audit",
}  # fmt: skip
DOORS = {
    "signin": "/login",
    "link": "/login/token",
    "credential": "/me/credential",
    "break": "/break",
}
WIDTHS = (1440, 390)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def violations(page: Page, within: str) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    return list(page.evaluate(RUN, [RULES, within]))


def both_themes(page: Page, where: str, within: str = "html") -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found = violations(page, within)
        assert not found, f"{where}, {scheme}: {found}"


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", ["full", "empty"])
def test_every_page_can_be_used_by_everybody(browser, state, width):
    # High enough that no row happens to end under the bar at the foot of a telephone.
    with served(create(state)) as url, guarded(browser, width=width, height=2400) as watched:
        for page, path in PAGES.items():
            watched.page.goto(url + path)
            both_themes(watched.page, f"{page} {state} {width}")
            assert not scrolls_sideways(watched.page), f"{page} {state} {width}"


@pytest.mark.parametrize("width", WIDTHS)
def test_an_error_says_what_happened_was_kept_and_is_to_do(browser, width):
    with served(create("error")) as url, guarded(browser, width=width) as watched:
        watched.allowed += ["503"]
        for path in PAGES.values():
            watched.page.goto(url + path)
            told = watched.page.locator("#trouble dt").all_inner_texts()
            assert told == ["What happened", "What was kept", "What to do", "Reference"], path
        both_themes(watched.page, f"error {width}")


@pytest.mark.parametrize("width", WIDTHS)
def test_doors_and_dialogs_can_be_used_by_everybody(browser, width):
    with served(create()) as url, guarded(browser, width=width) as watched:
        page = watched.page
        for door, path in DOORS.items():
            page.goto(url + path)
            both_themes(page, f"{door} {width}")
        page.goto(f"{url}/queue")
        for dialog in ("keys", "palette"):
            page.locator(f"[data-opens={dialog}]").click()
            page.locator(f"dialog#{dialog}[open]").wait_for()
            both_themes(page, f"{dialog} {width}")
            page.keyboard.press("Escape")
        menu = ".rail .more" if width < 640 else ".head .person"
        page.locator(f"{menu} > summary").click()
        both_themes(page, f"menu {width}", within=menu)


def test_nothing_is_cut_off_at_320_px_or_at_twice_the_letter_size(browser):
    with served(create()) as url:
        for width, height in ((320, 640), (720, 450)):  # 720 × 450: 1440 × 900 at 200 %
            with guarded(browser, width=width, height=height) as watched:
                for path in PAGES.values():
                    watched.page.goto(url + path)
                    assert not scrolls_sideways(watched.page), f"{width} px: {path}"


def test_forced_colours_and_no_motion_keep_every_shape(browser):
    options = {"forced_colors": "active", "reduced_motion": "reduce"}
    with served(create()) as url, guarded(browser, **options) as watched:
        watched.page.goto(f"{url}/queue")
        assert watched.page.locator(".pri.now").first.inner_text() == "Now"
        moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration.split(',').some(d => parseFloat(d) > 0)).length"
        assert watched.page.evaluate(moving) == 0


SEES = {
    Role.ADMIN: ({"Overview", "Live wall", "Queue", "On call", "Banks", "Audit"}, {"Grade"}),
    Role.AUDITOR: ({"Overview", "Audit"}, {"Queue", "Live wall", "On call", "Banks", "People"}),
    Role.REVIEWER: ({"Overview", "Live wall", "Queue", "On call", "Banks"}, {"Audit", "People"}),
    Role.GRADER: ({"Overview"}, {"Queue", "Live wall", "On call", "Banks", "Audit", "People"}),
}
"""Pages that a role sees, and pages that it must not."""


@pytest.mark.parametrize("role", SEES)
def test_a_role_sees_only_the_pages_it_may_open(browser, role):
    sees, never = SEES[role]
    may_open = [link.word for link in links_for(Viewer("A", "", role.permissions))]
    with served(create("full", role.permissions)) as url, guarded(browser) as watched:
        watched.page.goto(url)
        shown = watched.page.locator(".rail > div a").all_inner_texts()
    assert shown == may_open
    assert set(shown) >= sees
    assert not set(shown) & never


def test_an_admin_sees_why_a_case_waits_and_never_a_picture(browser):
    with served(create("full", Role.ADMIN.permissions)) as url, guarded(browser) as watched:
        watched.page.goto(f"{url}/cases/1042")
        assert watched.page.locator("canvas:not(.uplot canvas)").count() == 0
        assert watched.page.locator("#reveal").count() == 0
        assert "Your role works without pictures." in watched.page.inner_text("main")
        watched.page.keyboard.down("Space")
        watched.page.wait_for_timeout(400)
        watched.page.keyboard.up("Space")
        assert not [r for r in watched.requests if r.startswith("POST")]
