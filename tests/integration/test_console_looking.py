"""Protects what is looked at: the clear picture exists while a key is held and at no other time.

In a real browser over a real installation with database, vault and jail.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.ids import new_id
from breakwater.model.user_report import Concern, ReporterKind
from breakwater.records import cases
from breakwater.review.queueing.reports import Told
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, PIXELS, Site, until, whole_site
from tests.integration.test_intake import submit

TAP = """() => new Promise((done) => {
  const space = (type) => document.body.dispatchEvent(new KeyboardEvent(type, { key: " ", code: "Space", bubbles: true }));
  space("keydown");
  setTimeout(() => { space("keyup"); done(); }, 60);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("console"), browser) as made:
        yield made


@pytest.fixture
def site(whole: Site) -> Site:
    whole.free()
    return whole


def test_the_picture_is_there_while_the_key_is_held_and_not_before_or_after(site):
    with site.page(Role.REVIEWER) as watched:
        page, before = site.open_case(watched), site.looks()
        assert page.evaluate(PIXELS) == 0
        page.keyboard.down("Space")
        until(lambda: page.evaluate(PIXELS) > 1000)
        page.keyboard.up("Space")
        assert page.evaluate(PIXELS) == 0
        until(lambda: any(asked.endswith("/end") for asked in watched.requests))
        assert site.looks() == before + 1
        assert page.locator("img, video").count() == 0


def test_a_tap_shows_nothing_and_asks_for_nothing(site):
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        page.evaluate(TAP)  # in the page, where no slow machine makes a hold of it
        page.wait_for_timeout(250)
        assert "POST /views" not in watched.requests
        assert page.evaluate(PIXELS) == 0


def test_hovering_and_focusing_everything_shows_nothing(site):
    with site.page(Role.REVIEWER) as watched:
        page, before = site.open_case(watched), site.looks()
        for node in page.locator(
            "main button:visible, main a:visible, .still:visible, .rail a:visible, .foot button:visible"
        ).all():
            node.hover(force=True)
            node.focus()
        for _ in range(30):
            page.keyboard.press("Tab")
        assert "POST /views" not in watched.requests
        assert site.looks() == before
        assert page.evaluate(PIXELS) == 0


@pytest.mark.parametrize("leave", ["blur", "escape", "back", "hidden"])
def test_leaving_in_any_way_takes_the_picture_away(site, leave):
    with site.page(Role.REVIEWER) as watched:
        watched.page.goto(f"{site.served.url}/queue")
        page = site.open_case(watched)
        page.keyboard.down("Space")
        until(lambda: page.evaluate(PIXELS) > 1000)
        if leave == "blur":
            page.evaluate("dispatchEvent(new Event('blur'))")
        elif leave == "escape":
            page.keyboard.press("Escape")
        elif leave == "hidden":
            page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
                          "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip
        else:
            page.go_back()
            page.go_forward()
            expect(page.locator("#reveal")).to_be_visible()
        assert page.evaluate(PIXELS) == 0
        page.keyboard.up("Space")


def test_a_telephone_reads_the_case_and_gets_no_picture(site):
    with site.page(Role.REVIEWER, width=390, height=844) as watched:
        watched.allowed.append("403")
        page, before = site.open_case(watched), site.looks()
        page.locator("#reveal").hover()
        page.mouse.down()
        expect(page.locator("#reveal-status")).to_contain_text("A telephone shows words")
        page.mouse.up()
        assert page.evaluate(PIXELS) == 0
        assert site.looks() == before


def test_holding_the_button_with_a_pointer_does_the_same(site):
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        page.locator("#reveal").hover()
        page.mouse.down()
        until(lambda: page.evaluate(PIXELS) > 1000)
        page.mouse.up()
        assert page.evaluate(PIXELS) == 0


def test_who_cannot_hold_a_key_presses_once_and_it_hides_by_itself(site):
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        page.keyboard.press("?")
        page.locator("#set-press").check()
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("Space")
        until(lambda: page.evaluate(PIXELS) > 1000)
        page.keyboard.press("Space")
        assert page.evaluate(PIXELS) == 0


def test_when_the_audit_log_cannot_be_written_nothing_is_shown(site):
    path = site.served.app.db.path
    with site.page(Role.REVIEWER) as watched:
        watched.allowed.append("503")
        page = site.open_case(watched)
        with sqlite3.connect(path) as raw:
            raw.execute("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")  # fmt: skip
        raw.close()
        try:
            page.keyboard.down("Space")
            expect(page.locator("#reveal-status")).to_contain_text("cannot be written")
            assert page.evaluate(PIXELS) == 0
            page.keyboard.up("Space")
        finally:
            with sqlite3.connect(path) as raw:
                raw.execute("DROP TRIGGER broken")
            raw.close()


def test_a_case_of_somebody_else_says_who_holds_it(site):
    other = site.served.person(Role.REVIEWER, name=f"Sam {new_id()[:8]}")
    with site.page(Role.REVIEWER) as watched:
        watched.allowed.append("409")
        page = site.open_case(watched)
        with site.served.app.db.transaction() as tx:
            cases.hold(tx, site.upload.case, by=other.id, until=tx.now.replace(year=2100))
        page.keyboard.down("Space")
        expect(page.locator("#reveal-status")).to_contain_text(f"{other.name} holds it")
        page.keyboard.up("Space")
        assert page.evaluate(PIXELS) == 0
        page.reload()
        assert f"With {other.name}" in page.inner_text("#case")
        assert page.locator("canvas:not(.uplot canvas)").count() == 0
        assert "holds this case and sees its pictures" in page.inner_text("#evidence")


def test_the_evidence_says_how_near_in_words_and_bits(site):
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        assert re.search(r"\d+ of 256 bits differ \(limit 31\)", page.inner_text("#pair-1"))
        assert page.locator(".grid .off").count() == 0, "nothing differs, so nothing is outlined"
        assert "Not shown to your role" in page.inner_text("#evidence")  # the known hash
        assert "Masked for your role" in page.inner_text("main")  # the address
        assert "203.0.113.77" not in page.content()


def test_bits_that_differ_are_outlined(site):
    upload = submit(site.served.app, photo(1, form="JPEG", quality=60), MACHINE)
    with site.page(Role.REVIEWER) as watched:
        watched.page.goto(f"{site.served.url}/cases/{upload.case}")
        assert watched.page.locator(".grid .off").count() == 1
        expect(watched.page.locator("#evidence")).to_contain_text("outlined at the left")


def test_an_admin_gets_neither_picture_nor_account_nor_hash(site):
    with site.page(Role.ADMIN) as watched:
        watched.page.goto(f"{site.served.url}/cases/{site.upload.case}")
        html = watched.page.content()
        assert watched.page.locator("canvas:not(.uplot canvas), #reveal").count() == 0
        for secret in ("acct-17", "203.0.113.77", "obj-1"):
            assert secret not in html
        with site.served.app.db.read() as tx:
            number = cases.get(tx, site.upload.case).number
        assert f"Case {number}" in html
        watched.page.goto(f"{site.served.url}/banks/KNOWN")
        assert "Hashes are not shown to your role." in watched.page.inner_text("main")


def test_a_wrong_address_is_nothing_here_with_the_way_back(site):
    with site.page(Role.REVIEWER) as watched:
        watched.allowed.append("404")
        for path in ("/nosuchpage", "/reports", "/routing", "/cases/"):
            answer = watched.page.goto(f"{site.served.url}{path}")
            assert answer is not None
            assert answer.status == 404, path
            assert "There is nothing here" in watched.page.inner_text("main")
            expect(watched.page.locator("#trouble a[href='/']")).to_be_visible()
    with guarded(site.browser) as watched:
        watched.page.goto(f"{site.served.url}/nosuchpage")
        watched.page.wait_for_url("**/login")


def test_the_phones_menu_fits_between_the_bars_and_scrolls(site):
    with site.page(Role.ADMIN, Role.REVIEWER, Role.QA_LEAD, width=390, height=844) as watched:
        watched.page.goto(f"{site.served.url}/")
        watched.page.locator(".rail .more summary").click()
        box = watched.page.locator(".rail .menu").bounding_box()
        assert box is not None
        assert box["y"] >= 48
        assert box["y"] + box["height"] <= 844 - 88
        expect(watched.page.locator(".rail .menu a[href='/appeals']")).to_be_in_viewport()
        last = watched.page.locator(".rail .menu button").last
        last.scroll_into_view_if_needed()
        expect(last).to_be_in_viewport()


def told(site, **facts):
    known = {"service": "photos", "reporter_kind": ReporterKind.USER, "reporter": "kim"}
    report = Told(**(known | {"concern": Concern.GROOMING} | facts))
    return site.served.app.review.reports.take(MACHINE, report)


def test_a_reported_case_shows_the_reporters_words_at_its_centre(site):
    made = told(site, item="obj-77", account="account-77", words="Please look at this account.")
    with site.page(Role.REVIEWER) as watched:
        watched.page.goto(f"{site.served.url}/cases/{made.case}")
        assert "Please look at this account." in watched.page.inner_text("#evidence")
        assert "There is no match to compare" not in watched.page.inner_text("main")
        assert watched.page.get_by_role("heading", name="File").count() == 0
    with site.page(Role.INVESTIGATOR) as watched:
        watched.page.goto(f"{site.served.url}/cases/{made.case}")
        assert "Please look at this" not in watched.page.inner_text("main")


def test_an_account_is_found_by_the_name_its_case_shows(site):
    made = told(site, item="obj-78", account="account-78")
    for role, finds in ((Role.REVIEWER, True), (Role.LIVE_MODERATOR, False)):
        with site.page(role) as watched:
            watched.allowed.append("404")  # a bare fragment names no icon
            watched.page.goto(f"{site.served.url}/find?q=account-78")
            links = watched.page.locator(f"[href='/cases/{made.case}'], [data-url*='{made.case}']")
            assert bool(links.count()) is finds, role


def test_single_verdicts_are_for_those_who_read_cases(site):
    for role, sees in ((Role.GRADER, False), (Role.AUDITOR, False), (Role.REVIEWER, True)):
        with site.page(role) as watched:
            watched.page.goto(f"{site.served.url}/")
            assert ("KNOWN" in watched.page.inner_text("main")) is sees, role
            assert watched.page.locator("#recent").count() == int(sees)
