"""Protects deciding by hand: by keys and without scripts, shown before it is done, undone in time.

A real browser over a real installation; axe on every state of the page.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.case import Case, CaseState
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, Site, until, whole_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import pdq_of, submit

K = DecisionKind


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("deciding"), browser) as made:
        yield made


@pytest.fixture
def fresh(site: Site, request: pytest.FixtureRequest) -> Upload:
    """A case of a picture that only this test knows."""
    seed = zlib.crc32(request.node.name.encode()) % 100_000 + 100
    site.served.app.banks.add("KNOWN", [pdq_of(site.served.app, photo(seed))], MACHINE)
    return submit(site.served.app, photo(seed), MACHINE, account=f"acct-{seed}")


def case_of(site: Site, upload: Upload) -> Case:
    with site.served.app.db.read() as tx:
        return cases.get(tx, Id(str(upload.case)))


def said_of(site: Site, upload: Upload) -> list[tuple[K, bool]]:
    with site.served.app.db.read() as tx:
        return [(d.kind, d.stands) for d in decisions.of_case(tx, Id(str(upload.case)))]


def go(site: Site, page: Page, upload: Upload) -> None:
    page.goto(f"{site.served.url}/cases/{upload.case}")
    expect(page.locator("form#decide")).to_be_visible()


def test_a_digit_and_enter_decide_and_z_takes_it_back(site, fresh):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        go(site, page, fresh)
        page.keyboard.press("Enter")
        assert said_of(site, fresh) == [], "Enter without a digit decides nothing"
        page.keyboard.press("1")
        expect(page.locator(".for-not_illegal")).to_contain_text("Undo for 30 seconds")
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_contain_text("Not illegal. 1 upload released.")
        assert str(fresh.case) not in page.url, "the next case is open"
        assert case_of(site, fresh).state is CaseState.CLOSED
        page.keyboard.press("z")
        page.wait_for_url(f"**/cases/{fresh.case}?done=*")
        assert case_of(site, fresh).state is CaseState.HELD, "it is theirs again"
        assert said_of(site, fresh) == [(K.NOT_ILLEGAL, False), (K.NOT_ILLEGAL, False)]


def test_illegal_asks_its_facts_by_digits_and_backspace_takes_one_back(site, fresh):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        go(site, page, fresh)
        for key in ("2", "Enter"):
            page.keyboard.press(key)
        assert said_of(site, fresh) == [], "facts are missing"
        page.locator("body").click(position={"x": 700, "y": 100})
        for key in ("4", "1", "Backspace", "3"):
            page.keyboard.press(key)
        checked = page.locator("#decide :checked").evaluate_all("all => all.map(i => i.value)")
        assert sorted(checked) == ["illegal", "penetrative", "unknown"]
        page.keyboard.press("r")
        page.keyboard.type("12 things, 3 words")
        assert page.locator("#reason").input_value() == "12 things, 3 words"
        page.keyboard.press("Shift+Enter")
        expect(page.locator("#history")).to_contain_text("Illegal · Penetration · Not known")
        assert f"/cases/{fresh.case}" in page.url, "it stays"
        expect(page.locator("#history .wrote").first).to_have_text("12 things, 3 words")


def test_without_scripts_the_bar_is_a_form(site, fresh):
    with site.page(Role.REVIEWER, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{fresh.case}")
        page.get_by_role("radio", name="Lawful context").check()
        page.get_by_role("radio", name="Medical").check()
        page.get_by_role("button", name="Save and stay").click()
        expect(page.locator("#history")).to_contain_text("Lawful context · Medical")
        page.get_by_role("button", name="Undo").click()
        until(lambda: case_of(site, fresh).state is CaseState.HELD)  # it is theirs again


def test_a_stack_is_shown_before_it_is_decided(site, fresh):
    copies = [
        submit(site.served.app, photo(1, form="JPEG", quality=77), MACHINE, account=f"acct-s{n}")
        for n in range(2)
    ]
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        go(site, page, copies[0])
        page.keyboard.press("d")
        expect(page.locator("#same")).to_be_focused()
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("look before you save")
        assert said_of(site, copies[0]) == [], "it is only shown"
        both_themes(page, "effect")
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_contain_text("uploads released")
        assert case_of(site, copies[1]).state is CaseState.CLOSED
        page.get_by_role("button", name="Undo").click()
        page.wait_for_url(f"**/cases/{copies[0].case}?done=*")
        assert case_of(site, copies[1]).state is CaseState.OPEN


def test_two_tabs_on_one_case_and_what_was_typed_is_kept(site, fresh):
    with site.page(Role.REVIEWER) as first, site.page(Role.REVIEWER) as second:
        second.allowed.append("409")
        go(site, first.page, fresh)
        go(site, second.page, fresh)
        first.page.keyboard.press("1")
        first.page.keyboard.press("Shift+Enter")
        expect(first.page.locator("#history")).to_contain_text("Not illegal")
        second.page.keyboard.press("1")
        second.page.get_by_role("textbox", name="Reason").fill("a beach")
        second.page.keyboard.press("Enter")
        expect(second.page.get_by_role("alert")).to_contain_text("decided this case at")
        expect(second.page.locator("#decide")).to_contain_text("a beach")
        assert len(said_of(site, fresh)) == 1


def test_comments_are_words_and_never_markup(site, fresh):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        go(site, page, fresh)
        page.keyboard.press("c")
        page.keyboard.type("<img src=x onerror=alert(1)> ☂ {{ 7*7 }}")
        page.keyboard.press("Enter")
        expect(page.locator("#history .wrote").first).to_have_text(
            "<img src=x onerror=alert(1)> ☂ {{ 7*7 }}"
        )
        assert page.locator("#history img").count() == 0


def test_who_may_not_decide_reads_why(site, fresh):
    with site.page(Role.REPORT_OFFICER) as watched:
        watched.page.goto(f"{site.served.url}/cases/{fresh.case}")
        expect(watched.page.locator("#decide")).to_contain_text("decides none")
        assert watched.page.locator("form#decide, #comment").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_deciding_can_be_done_by_everybody(site, fresh, width):
    with site.page(Role.REVIEWER, width=width) as watched:
        watched.allowed.append("403")  # a telephone gets no pictures
        page = watched.page
        go(site, page, fresh)
        page.locator("[value=illegal]").check()
        both_themes(page, f"deciding {width}")
        assert not scrolls_sideways(page)
        page.get_by_role("radio", name="Not illegal").check()
        page.get_by_role("button", name="Save and stay").click()
        expect(page.locator("#done")).to_be_visible()
        both_themes(page, f"decided {width}")
        assert len(page.content()) <= 40_960
