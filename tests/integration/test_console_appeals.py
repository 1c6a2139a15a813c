"""Appeals in a real browser: found, read, answered by keys alone, in each theme and width."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from breakwater.banks.manage import NewBank
from breakwater.model.access import Role
from breakwater.model.appeal import AppealOutcome, Claim
from breakwater.model.bank import BankAction
from breakwater.records import appeals
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, Site, whole_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import pdq_of, submit

SHOTS = os.environ.get("SHOTS", "")
WORDS = "That is <b>my</b> garden & my dog; nobody else is in it."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with chromium() as browser, whole_site(tmp_path_factory.mktemp("site"), browser) as running:
        app = running.served.app
        app.banks.create(NewBank("OWN_LIST", action=BankAction.HOLD), MACHINE)
        for seed in (11, 12):
            app.banks.add("OWN_LIST", [pdq_of(app, photo(seed))], MACHINE)
            held = submit(app, photo(seed), MACHINE, account=f"acct-{seed}")
            app.review.appeals.file(
                MACHINE, held.id, claim=Claim.WRONG_MATCH, words=WORDS, account=f"acct-{seed}",
                language="en", reference=f"A-{seed}",
            )  # fmt: skip
        yield running


def look(page: Page, name: str) -> None:
    """Keep a picture for a person who looks, when SHOTS names a folder."""
    if SHOTS:
        page.wait_for_timeout(200)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_can_be_used_by_everybody(site: Site, width: int) -> None:
    roles = (Role.REVIEWER, Role.QA_LEAD)
    with site.page(*roles, width=width, height=900) as watched:
        page = watched.page
        upload = site.served.app.review.appeals.waiting()[-1].upload
        paths = {"appeals": "/appeals", "answered": "/appeals?answered=1", "rates": "/appeals/rates",
                 "appeal": "/appeals/2", "notice": f"/notices/{upload}"}  # fmt: skip
        for name, path in paths.items():
            page.goto(site.served.url + path)
            both_themes(page, f"{name} {width}")
            assert not scrolls_sideways(page), name
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                look(page, f"{name}-{width}-{scheme}")


def test_an_appeal_is_read_and_answered_by_keys_alone(site: Site) -> None:
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(site.served.url + "/")
        page.keyboard.press("g")
        page.keyboard.press("a")
        expect(page.locator("h1")).to_have_text("Appeals")
        expect(page.locator("#appeals tbody tr")).to_have_count(2)
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.locator("blockquote.said")).to_have_text(WORDS)
        assert page.locator("blockquote.said b").count() == 0
        expect(page.get_by_text("A machine; nobody has looked yet")).to_be_visible()
        page.keyboard.press("3")
        expect(page.locator("input[value=wrong_match]")).to_be_checked()
        page.keyboard.press("r")
        page.keyboard.type("An ordinary garden.")
        page.keyboard.press("Escape")
        look(page, "appeal-filled")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="Appeal 1 is answered")).to_be_visible()
        expect(page.locator("h1")).to_have_text("It is not what it was taken for")
        assert page.url.endswith("/appeals/2?done=1")
    with site.served.app.db.read() as tx:
        answer = appeals.by_number(tx, 1).answer
    assert answer is not None
    assert (answer.outcome, answer.reason) == (AppealOutcome.OVERTURNED, "An ordinary garden.")


def test_an_answer_without_its_choice_says_so_and_keeps_what_was_typed(site: Site) -> None:
    browser = site.served.browser(Role.REVIEWER)
    form = {
        "reason": "Because <i>it</i> is.",
        "answer": "",
        "csrf": browser.headers["X-CSRF-Token"],
    }
    answer = browser.post("/appeals/2/decision", data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "Choose an answer." in answer.text
    assert "Because &lt;i&gt;it&lt;/i&gt; is.</textarea>" in answer.text


def test_two_tabs_do_not_answer_one_appeal_twice(site: Site) -> None:
    browser = site.served.browser(Role.REVIEWER)
    form = {"reason": "It is listed.", "answer": "upheld", "csrf": browser.headers["X-CSRF-Token"]}
    first = browser.post("/appeals/2/decision", data=form)
    assert (first.status_code, first.headers["location"]) == (303, "/appeals?done=2")
    second = browser.post("/appeals/2/decision", data=form, headers={"Accept": "text/html"})
    assert second.status_code == 409
    assert "Appeal 2 is answered already." in second.text


def test_what_the_user_is_told_is_held_back_and_told_again(site: Site) -> None:
    upload = site.upload
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/notices/{upload.id}")
        expect(page.locator("#told")).to_contain_text("Your upload is not shown.")
        page.select_option("#f-days", "90")
        page.fill("#f-reason", "The police asked for it.")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#told")).to_contain_text("The police asked for it.")
        expect(page.locator("#told")).not_to_contain_text("Your upload is not shown.")
        look(page, "notice-held")
        page.select_option("#f-days", "0")
        page.fill("#f-reason", "It is over.")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#told")).to_contain_text("Your upload is not shown.")
