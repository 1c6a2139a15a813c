"""Protects whoever is here for the first time: words for what happened, nothing cut off, in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id
from breakwater.records import decisions
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, Site, whole_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import submit

CUT = """() => [...document.querySelectorAll('.rail a, select, .pick, button, .btn, .pri, .state, th')]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map((e) => e.className + ' ' + e.textContent.trim().slice(0, 40))"""
NARROW = """() => [...document.querySelectorAll('dl.facts dd')].filter((e) => e.checkVisibility() && e.clientWidth < 60).length"""
TELEPHONE = {
    "width": 390, "height": 844, "is_mobile": True, "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36",
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("newcomer"), browser) as made:
        yield made


def test_a_case_is_found_by_the_account_s_name_alone(site):
    submit(site.served.app, photo(1, form="JPEG", quality=61), MACHINE, account="harbour-41")
    with site.page(Role.REVIEWER) as watched:
        watched.page.goto(f"{site.served.url}/queue?q=harbour-41")
        assert watched.page.locator("#queue-rows tbody tr").count() == 1
        watched.page.goto(f"{site.served.url}/queue?q=photos")
        assert watched.page.locator("#queue-rows tbody tr").count() > 1, "a service still is one"
    with site.page(Role.ADMIN) as watched:  # may not read accounts
        watched.page.goto(f"{site.served.url}/queue?q=harbour-41")
        assert watched.page.locator("#queue-rows tbody tr").count() == 0


def test_a_closed_case_says_when_and_by_whom(site):
    upload = submit(site.served.app, photo(1, form="JPEG", quality=62), MACHINE)
    case = Id(str(upload.case))
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{case}")
        name = page.locator("body").get_attribute("data-person")
        page.keyboard.press("1")
        for box in page.locator("[name=also]").all():
            box.uncheck()
        page.get_by_role("button", name="Save and stay").click()
        expect(page.locator("#case")).to_contain_text(f"ago by {name}")


def test_illegal_with_the_child_s_own_account_is_asked_about_once(site):
    upload = submit(site.served.app, photo(1, form="JPEG", quality=63), MACHINE)
    case = Id(str(upload.case))

    def said() -> list[DecisionKind]:
        with site.served.app.db.read() as tx:
            return [one.kind for one in decisions.of_case(tx, case)]

    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{case}")
        for box in page.locator("[name=also]").all():
            box.uncheck()
        page.locator("body").click(position={"x": 700, "y": 90})
        for key in ("2", "3", "2"):
            page.keyboard.press(key)
        page.keyboard.press("Shift+Enter")
        expect(page.locator("#decide-status")).to_contain_text("treats it as a victim")
        assert said() == []
        page.keyboard.press("Shift+Enter")
        expect(page.locator("#history")).to_contain_text("Sexual acts without penetration")
        assert said() == [DecisionKind.ILLEGAL]


def test_the_audit_log_speaks(site):
    with site.page(Role.AUDITOR) as watched:
        watched.page.goto(f"{site.served.url}/audit?action=session.start")
        expect(watched.page.locator("#rows tbody tr").first).to_contain_text("by: one-time link")
        watched.page.goto(f"{site.served.url}/audit?action=person.create")
        row = watched.page.locator("#rows tbody tr").first
        expect(row).to_contain_text("roles: Auditor")
        assert not row.locator(".hash").count(), "a person is named and not shortened"


def test_a_telephone_has_no_hold_button_and_no_keys(site):
    with site.page(Role.REVIEWER, **TELEPHONE) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{site.upload.case}")
        assert page.locator("#reveal").count() == 0
        assert page.locator("main [data-cap]:visible, .foot [data-cap]:visible").count() == 0
        expect(page.locator("[data-pair='1']").first).to_contain_text("words only")
        assert not scrolls_sideways(page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_cut_off_and_no_moment_is_in_machine_form(site, language):
    site.free()
    options = {"extra_http_headers": {"Accept-Language": language}, "width": 1440}
    with site.page(Role.REVIEWER, Role.ADMIN, **options) as watched:
        page = watched.page
        for path in ("/", "/queue", f"/cases/{site.upload.case}", "/audit", "/duty", "/people",
                     "/settings", "/appeals", "/wellbeing", "/workstations"):  # fmt: skip
            page.goto(site.served.url + path)
            assert page.evaluate(CUT) == [], f"{path} {language}"
            assert page.evaluate(NARROW) == 0, f"{path} {language}"
            seen = page.locator("body").inner_text()
            assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:", seen), f"{path} {language}"
        if language == "de":
            page.goto(f"{site.served.url}/cases/{site.upload.case}")
            both_themes(page, "case de")
            full = page.locator("main time[title]").first.get_attribute("title") or ""
            assert re.match(r"\d{1,2}\. \w+\.? \d{4}, ", full), full


def test_what_is_taken_back_is_said_and_is_one_s_own_again(site):
    upload = submit(site.served.app, photo(1, form="JPEG", quality=64), MACHINE)
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{upload.case}")
        name = page.locator("body").get_attribute("data-person")
        for box in page.locator("[name=also]").all():
            box.uncheck()
        page.keyboard.press("5")
        page.keyboard.press("Shift+Enter")
        page.locator("#done button").wait_for()
        page.keyboard.press("z")
        expect(page.locator("#done")).to_contain_text("is taken back")
        assert page.locator("#done button").count() == 0
        expect(page.locator("#case")).to_contain_text(f"With {name}")


def test_a_grader_sees_no_sum_of_verdicts_and_finds_the_sets(site):
    with site.page(Role.GRADER) as watched:
        page = watched.page
        page.goto(site.served.url)
        words = page.locator("main").inner_text()
        assert "held" not in words
        assert "Waiting for a person" not in words
        assert page.locator("#plot, #numbers").count() == 0
        answer = page.request.get(f"{site.served.url}/overview/series")
        assert set(answer.json()) >= {"at", "allow", "hold", "block"}
        assert not any(answer.json()[name] for name in ("at", "allow", "hold", "block"))
        page.get_by_role("link", name="Open the sets").click()
        page.wait_for_url("**/grade")


def test_a_page_that_is_not_open_says_whose_it_is(site):
    with site.page(Role.REVIEWER, Role.QA_LEAD) as watched:
        watched.allowed.append("403")
        watched.page.goto(f"{site.served.url}/grade")
        expect(watched.page.locator("main")).to_contain_text("open to these roles: Grader.")


@pytest.mark.parametrize("height", [700, 900, 1100])
def test_the_rail_keeps_its_words_whole_at_every_height(site, height):
    every = [role for role in Role if role is not Role.GRADER]
    with site.page(*every, width=1440, height=height) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/queue")
        assert page.evaluate(CUT) == []
        rail = "e => [e.clientWidth, e.scrollWidth, e.offsetWidth - e.clientWidth]"
        inner, whole, bar = page.locator(".rail").evaluate(rail)
        assert whole <= inner, "it never goes sideways"
        assert bar <= 1, "no bar takes the words' room"
        if height >= 900:
            last = page.locator(".rail > div a").last.bounding_box()
            assert last is not None
            assert last["y"] + last["height"] <= height - 32, "all pages are in view"
