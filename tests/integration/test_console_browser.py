"""Protects the people at the screen, in a real browser over a real installation.

The clear picture exists while a key is held and at no other time; nothing moves under a hand;
the strict policy holds on every page; one stream serves every tab.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.banks.manage import NewBank
from breakwater.model.access import MACHINE_SCOPES, Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.ids import new_id
from breakwater.model.upload import Upload
from breakwater.records import cases, views
from tests.console_samples import SampleParts, create
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.browsing import served as serve_samples
from tests.integration.conftest import photo
from tests.integration.served import Served, serving
from tests.integration.test_intake import pdq_of, submit

MACHINE = Principal(new_id(), "photos", MACHINE_SCOPES, service="photos")
PIXELS = """() => { const c = document.querySelector('[data-evidence]:not([hidden]) [data-clear]');
  if (!c.width || !c.height) return 0;
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((n, v) => n + (v > 0), 0); }"""


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something; the browser's own waiting needs `eval`, which the policy forbids."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@dataclass
class Site:
    """A served installation with one blocked upload, and a browser to look at it."""

    served: Served
    browser: Browser
    upload: Upload

    @contextmanager
    def page(self, *roles: Role, **options: object) -> Iterator[Guarded]:
        """A signed-in person's page."""
        link = self.served.app.access.people.link(self.served.person(*roles).id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:  # type: ignore[arg-type]
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            yield watched

    def open_case(self, watched: Guarded) -> Page:
        watched.page.goto(f"{self.served.url}/cases/{self.upload.case}")
        expect(watched.page.locator("#reveal")).to_be_visible()
        return watched.page

    def looks(self, level: str = "s3") -> int:
        with self.served.app.db.read() as tx:
            return sum(row.level.value == level for row in views.of_item(tx, self.upload.id))

    def free(self) -> None:
        """Give the case back, so that the next person may look."""
        path = self.served.app.db.path
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE cases SET held_by = NULL, held_until = NULL, state = 'open'")
        raw.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("console")) as running:
        app = running.app
        app.banks.create(
            NewBank("KNOWN", purpose="For tests", action=BankAction.BLOCK, verified=True), MACHINE
        )
        app.banks.add("KNOWN", [pdq_of(app, photo(1))], MACHINE)
        upload = submit(app, photo(1, form="JPEG", quality=80), MACHINE)
        submit(app, photo(2), MACHINE)
        submit(app, photo(3)[:300], MACHINE, account="acct-18")
        yield Site(running, browser, upload)


@pytest.fixture
def site(whole: Site) -> Site:
    whole.free()
    return whole


def test_a_one_time_link_lets_in_once_and_asks_for_a_password(site):
    person = site.served.person(Role.REVIEWER, name="Ada Quist")
    token = site.served.app.access.people.link(person.id, "test")
    with guarded(site.browser) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/login/{token}")
        page.goto(f"{site.served.url}/login/{token}")  # opening it again does not use it up
        page.get_by_role("button", name="Sign in once").click()
        page.wait_for_url("**/me/credential")
        page.get_by_label(re.compile("New password")).fill("four quiet harbour words")
        page.get_by_role("button", name="Save the password").click()
        page.wait_for_url(f"{site.served.url}/")
        page.locator(".person summary").click()
        page.locator(".person").get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login")
        page.get_by_label("Name").fill("Ada Quist")
        page.get_by_label("Password").fill("four quiet harbour words")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{site.served.url}/")
    with guarded(site.browser) as watched:
        watched.allowed.append("401")
        watched.page.goto(f"{site.served.url}/login/{token}")
        watched.page.get_by_role("button", name="Sign in once").click()
        assert "used or has expired" in watched.page.inner_text("main")


def test_a_wrong_password_says_so_and_nothing_more(site):
    with guarded(site.browser) as watched:
        watched.allowed.append("401")
        watched.page.goto(f"{site.served.url}/queue")
        watched.page.wait_for_url("**/login")
        watched.page.get_by_label("Name").fill("Nobody")
        watched.page.get_by_label("Password").fill("not the password")
        watched.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(watched.page.locator("#wrong")).to_have_text("The name or the password is wrong.")


def test_every_page_of_a_real_installation_is_free_of_faults(site):
    with site.page(Role.ADMIN, Role.REVIEWER, Role.QA_LEAD) as watched:
        for path in ("/", "/queue", f"/cases/{site.upload.case}", "/cases/1", "/banks",
                     "/banks/KNOWN", "/audit", "/audit?action=session.start", "/break",
                     "/queue?priority=high", "/queue?q=1", "/queue?q=photos/acct-17"):  # fmt: skip
            answer = watched.page.goto(site.served.url + path)
            assert answer is not None
            assert answer.status == 200, path
            assert len(answer.body()) <= 40_960, path
            expect(watched.page.locator("#link")).to_have_text("Live")


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
        page.keyboard.press("Space", delay=60)
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
    with site.served.app.db.transaction() as tx:
        cases.hold(tx, site.upload.case, by=other.id, until=tx.now.replace(year=2100))
    with site.page(Role.REVIEWER) as watched:
        watched.allowed.append("409")
        page = site.open_case(watched)
        assert f"Held by {other.name}" in page.inner_text("#case")
        page.keyboard.down("Space")
        expect(page.locator("#reveal-status")).to_contain_text(f"{other.name} holds it")
        page.keyboard.up("Space")
        assert page.evaluate(PIXELS) == 0


def test_the_evidence_says_how_near_in_words_and_bits(site):
    with site.page(Role.REVIEWER) as watched:
        page = site.open_case(watched)
        assert re.search(r"\d+ of 256 bits differ \(limit 31\)", page.inner_text("#pair-1"))
        assert page.locator(".grid .off").count() == 1
        assert "Not shown to your role" in page.inner_text("#evidence")  # the known hash
        assert "Masked for your role" in page.inner_text("main")  # the address
        assert "203.0.113.77" not in page.content()


def test_an_admin_gets_neither_picture_nor_account_nor_hash(site):
    with site.page(Role.ADMIN) as watched:
        watched.page.goto(f"{site.served.url}/cases/{site.upload.case}")
        html = watched.page.content()
        assert watched.page.locator("canvas, #reveal").count() == 0
        for secret in ("acct-17", "203.0.113.77", "obj-1"):
            assert secret not in html
        with site.served.app.db.read() as tx:
            number = cases.get(tx, site.upload.case).number
        assert f"Case {number}" in html
        watched.page.goto(f"{site.served.url}/banks/KNOWN")
        assert "Hashes are not shown to your role." in watched.page.inner_text("main")


def test_keys_move_open_and_go_and_are_dead_in_fields(site):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/queue")
        first = page.locator('tr[aria-selected="true"]').get_attribute("id")
        page.keyboard.press("j")
        second = page.locator('tr[aria-selected="true"]').get_attribute("id")
        assert first != second
        expect(page.locator("#preview h2")).to_have_text(f"Case {second.split('-')[1]}")
        assert f"at={second.split('-')[1]}" in page.url
        page.keyboard.press("/")
        page.keyboard.type("jk?gb")
        assert page.locator("#f-q").input_value() == "jk?gb"
        assert page.locator('tr[aria-selected="true"]').get_attribute("id") == second
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.wait_for_url("**/cases/**")
        page.keyboard.press("g")
        page.keyboard.press("b")
        page.wait_for_url("**/banks")


def test_the_palette_finds_what_one_may_open_and_nothing_else(site):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(site.served.url)
        page.keyboard.press("Control+k")
        page.locator("#palette[open]").wait_for()
        page.keyboard.type("known")
        page.locator('#palette-list [data-url="/banks/KNOWN"]').wait_for()
        assert page.locator('#palette-list [data-url="/audit"]').count() == 0
        page.keyboard.press("Enter")
        page.wait_for_url("**/banks/KNOWN")


def test_a_key_can_be_changed_and_letters_turned_off(site):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/queue")
        page.keyboard.press("?")
        page.locator('[data-remap="queue.down"]').click()
        page.keyboard.press("y")
        page.locator("#keys").get_by_role("button", name="Close").click()
        first = page.locator('tr[aria-selected="true"]').get_attribute("id")
        page.keyboard.press("y")
        assert page.locator('tr[aria-selected="true"]').get_attribute("id") != first
        page.keyboard.press("?")
        page.locator("#set-letters").uncheck()
        page.locator("#keys").get_by_role("button", name="Close").click()
        now = page.locator('tr[aria-selected="true"]').get_attribute("id")
        page.keyboard.press("k")
        assert page.locator('tr[aria-selected="true"]').get_attribute("id") == now


def test_a_new_case_is_told_and_waits_until_somebody_asks(site):
    with site.page(Role.REVIEWER) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/queue")
        expect(page.locator("#link")).to_have_text("Live")
        order = page.locator("#queue-rows tbody tr").evaluate_all("rows => rows.map(r => r.id)")
        page.locator("#queue-rows a").first.focus()
        submit(site.served.app, photo(1, form="JPEG", quality=70), MACHINE, account="acct-30")
        expect(page.locator("#apply-count")).to_contain_text("waiting")
        assert (
            page.locator("#queue-rows tbody tr").evaluate_all("rows => rows.map(r => r.id)")
            == order
        )
        page.keyboard.press(".")
        expect(page.locator("#queue-rows tbody tr")).to_have_count(len(order) + 1)
        expect(page.locator("#apply")).to_be_hidden()


def test_dark_and_light_are_kept_for_the_next_page(site):
    with site.page(Role.REVIEWER, color_scheme="light") as watched:
        page = watched.page
        page.goto(site.served.url)
        page.locator(".person summary").click()
        with page.expect_response("**/me/theme"):
            page.locator('.person [data-theme-set="dark"]').click()
        page.goto(f"{site.served.url}/queue")
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_order_stays_under_a_hand_while_events_pour_in(browser):
    parts = SampleParts()
    with serve_samples(create(parts=parts)) as url, guarded(browser) as watched:
        page = watched.page
        page.goto(f"{url}/queue")
        page.keyboard.press("j")
        focused = page.evaluate("document.activeElement.closest('tr').id")
        order = page.locator("#queue-rows tbody tr").evaluate_all("rows => rows.map(r => r.id)")
        for number in range(50):
            parts.live.put(f"case-opened {number}")
        expect(page.locator("#apply-count")).to_contain_text("50 changes waiting")
        assert (
            page.locator("#queue-rows tbody tr").evaluate_all("rows => rows.map(r => r.id)")
            == order
        )
        assert page.evaluate("document.activeElement.closest('tr').id") == focused
        page.keyboard.press(".")
        expect(page.locator("#apply")).to_be_hidden()
        assert page.evaluate("document.activeElement.closest('tr').id") == focused


def test_seven_tabs_share_one_stream_and_another_takes_over(browser):
    parts = SampleParts()
    with serve_samples(create(parts=parts)) as url:
        context = browser.new_context()
        tabs = [Guarded(context.new_page()) for _ in range(7)]
        for tab in tabs:
            tab.page.goto(f"{url}/queue")
            expect(tab.page.locator("#link")).to_have_text("Live")
        leaders = [tab for tab in tabs if "GET /events" in tab.requests]
        assert len(leaders) == 1
        leaders[0].page.close()
        rest = [tab for tab in tabs if tab is not leaders[0]]
        rest[0].page.wait_for_timeout(700)
        parts.live.put("case-opened 1")
        for tab in rest:
            expect(tab.page.locator("#apply-count")).to_contain_text("waiting")
            tab.check()
        context.close()


def test_a_lost_stream_is_said_and_found_again(browser):
    with guarded(browser) as watched:
        watched.allowed += ["Failed to load resource", "net::ERR"]
        with serve_samples(create()) as url:
            watched.page.goto(f"{url}/queue")
            expect(watched.page.locator("#link")).to_have_text("Live")
            watched.page.context.set_offline(True)
            watched.page.route("**/events", lambda route: route.abort())
        expect(watched.page.locator("#offline")).to_contain_text("Live updates stopped at")
