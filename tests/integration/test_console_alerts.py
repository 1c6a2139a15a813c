"""Protects the ear: no sound unless asked for, one soft tone for a new alert, never two in 30 s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.records import cases
from tests.integration.browsing import chromium
from tests.integration.console_site import Site, until, whole_site

COUNTED = """window.tones = 0;
const Real = window.AudioContext;
window.AudioContext = class extends Real { constructor() { super(); window.tones += 1; } };"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("alerts"), browser) as made:
        yield made


def alert(site: Site) -> None:
    """Something that needs a person now."""
    with site.served.app.db.transaction() as tx:
        cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="A test.", priority=Priority.NOW,
            service="photos", account="", by="test",
        )  # fmt: skip


def told(page: Page) -> int:
    """How many the header speaks of."""
    return len((page.locator("#status").get_attribute("data-now") or "").split())


def slot(page: Page, name: str, value: str) -> None:
    page.evaluate(
        "([name, value]) => localStorage.setItem(`breakwater:${document.body.dataset.person}:${name}`, value)",
        [name, value],
    )


def test_a_new_alert_sounds_once_in_thirty_seconds_and_only_for_those_who_want_it(site):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.add_init_script(COUNTED)
        page.goto(f"{site.served.url}/banks")
        expect(page.locator("#link")).to_have_text("Live")
        before = told(page)
        alert(site)
        until(lambda: told(page) > before)
        expect(page.locator("#status")).to_contain_text("a person now")
        assert page.evaluate("window.tones") == 0, "off until switched on"

        page.keyboard.press("?")
        page.get_by_label("A soft tone when a new case").check()
        assert page.evaluate("window.tones") == 1, "one hears what it is"
        page.keyboard.press("Escape")
        alert(site)
        until(lambda: page.evaluate("window.tones") == 2)
        alert(site)
        until(lambda: told(page) >= before + 3)
        assert page.evaluate("window.tones") == 2, "not again within 30 s"
        page.goto(f"{site.served.url}/banks")
        expect(page.locator("#link")).to_have_text("Live")
        assert page.evaluate("window.tones") == 0, "what was known is not new on another page"
        slot(page, "toned", "0")
        alert(site)
        until(lambda: page.evaluate("window.tones") == 1)


def test_whoever_reads_no_cases_has_no_switch(site):
    with site.page(Role.GRADER) as watched:
        watched.page.goto(site.served.url)
        assert watched.page.locator("#set-tone").count() == 0
        assert told(watched.page) == 0
