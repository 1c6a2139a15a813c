"""Protects the people at the screen, in a real browser over a real installation.

Signing in, keys, palette, live updates: nothing moves under a hand, one stream serves every tab,
and the strict policy holds on every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from tests.console_samples import SampleParts, create
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.browsing import served as serve_samples
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE, Site, until, whole_site
from tests.integration.test_intake import submit


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
        expect(watched.page.locator("main")).to_contain_text("used or has expired")


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
        # of every word that is typed there is a list: Enter goes to what is marked
        page.locator('#palette-list [data-url="/banks/KNOWN"][aria-selected="true"]').wait_for()
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
        expect(page.locator("#link")).to_have_text("Live")
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
        before = parts.opened
        leaders[0].page.close()
        rest = [tab for tab in tabs if tab is not leaders[0]]
        until(lambda: parts.opened > before and parts.open == 1)
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
