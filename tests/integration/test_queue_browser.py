"""Protects whoever works the queue: by keys alone, nothing moves under a hand, usable by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Principal, Role
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.event import EventType
from breakwater.records import cases, outbox
from tests import builders
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.console_site import until
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("queue")) as running:
        yield running


@pytest.fixture
def served(whole: Served) -> Served:
    """Six cases wait, each routed; those of the test before are closed."""
    with whole.app.db.transaction() as tx:
        for case in cases.page(tx, limit=500):
            cases.close(tx, case.id, by="test", reason="of the test before")
        for n in range(6):
            builders.case(
                tx, priority=list(Priority)[n % 4], service="photos" if n % 2 else "video"
            )
    route(whole)
    return whole


def route(served: Served) -> None:
    with served.app.db.read() as tx:
        told = outbox.since(tx, 0, limit=10_000, types={EventType.CASE_OPENED})
    for event in told:
        served.app.review.routing.heard(event)


def waiting(served: Served) -> list[Case]:
    with served.app.db.read() as tx:
        return cases.page(tx, limit=100)


def colleague(served: Served, name: str) -> Principal:
    who = served.person(Role.REVIEWER, name=name)
    return Principal(who.id, name, Role.REVIEWER.permissions, person=who.id)


@contextmanager
def at_work(served: Served, browser: Browser, *roles: Role, **options) -> Iterator[Guarded]:
    person = served.person(*(roles or (Role.REVIEWER,)))
    link = served.app.access.people.link(person.id, "test")
    _, session = served.app.access.people.consume_link(link)
    with guarded(browser, **options) as watched:
        watched.page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        yield watched


def test_the_next_case_opens_by_one_key_and_is_mine(served, browser):
    with at_work(served, browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        page.keyboard.press("n")
        page.wait_for_url("**/cases/*")
        first = waiting(served)[0]
        assert page.url.endswith(first.id)
        assert first.held_by is not None
        page.goto(f"{served.url}/queue?state=mine")
        expect(page.locator("#queue-rows tbody tr")).to_have_count(1)


def test_skip_hand_over_and_escalate_are_keys_with_a_reason(served, browser):
    sam = colleague(served, f"Sam {builders.some_id()}")
    with at_work(served, browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        first, second = waiting(served)[:2]
        page.keyboard.press("s")
        page.keyboard.type("I know the place")
        page.keyboard.press("Enter")
        expect(page.locator(".told")).to_contain_text(f"Case {first.number} was skipped.")
        page.keyboard.press("j")
        page.keyboard.press("m")  # quicker than the panel: it waits for the case under the bar
        expect(page.locator("#to")).to_be_focused()
        page.select_option("#to", sam.id)
        page.locator("#hand-why").fill("my shift ends")
        page.keyboard.press("Enter")
        expect(page.locator(".told")).to_contain_text(f"Case {second.number} was handed over.")
        until(lambda: "said=" not in page.url)  # said once, not at every load
        held = served.app.review.queue.held(sam)
        assert [case.number for case in held] == [second.number]


def test_many_are_chosen_shown_changed_and_put_back_by_keys(served, browser):
    before = [case.priority for case in waiting(served)]
    with at_work(served, browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        expect(page.locator("[data-chosen]")).to_have_text("Tick cases to change several.")
        page.keyboard.press("x")
        expect(page.locator("[data-chosen]")).to_have_text("1 case chosen.")
        page.keyboard.press("a")
        expect(page.locator("[data-chosen]")).to_have_text("6 cases chosen.")
        page.select_option("[name=what]", "priority:low")
        page.get_by_role("button", name="Show what would change").click()
        expect(page.locator("h1")).to_have_text("5 cases become Low.")
        page.get_by_label("Why").fill("a quiet night")
        page.get_by_role("button", name="Change 5 cases").click()
        expect(page.locator(".told")).to_contain_text("5 cases were changed.")
        assert {case.priority for case in waiting(served)} == {Priority.LOW}
        page.keyboard.press("z")
        expect(page.locator(".told")).to_contain_text("5 cases were put back.")
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.locator("#apply")).to_be_hidden()
        assert [case.priority for case in waiting(served)] == before


def test_nothing_moves_until_asked_and_ones_own_acts_are_no_news(served, browser):
    with at_work(served, browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        expect(page.locator("#link")).to_have_text("Live")
        rows = page.locator("#queue-rows tbody tr")
        for key in ("j", "j", "e"):  # the first two are at the top already
            page.keyboard.press(key)
        page.locator("#raise-why").fill("a colleague called")
        page.keyboard.press("Enter")
        expect(page.locator(".told")).to_contain_text("is more urgent now")
        expect(page.locator("#link")).to_have_text("Live")
        order = [rows.nth(n).get_attribute("id") for n in range(6)]
        expect(page.locator("#apply")).to_be_hidden()
        with served.app.db.transaction() as tx:
            made = builders.case(tx, kind=CaseKind.STREAM, priority=Priority.NOW)
        expect(page.locator("#apply-count")).to_have_text("1 change waiting")
        assert [rows.nth(n).get_attribute("id") for n in range(6)] == order
        page.keyboard.press(".")
        expect(rows.first).to_have_attribute("id", f"case-{made.number}")
        expect(page.locator("#apply")).to_be_hidden()


def test_a_lease_that_is_lost_says_who_took_the_case(served, browser):
    sam = colleague(served, f"Sam {builders.some_id()}")
    with at_work(served, browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        page.keyboard.press("n")
        page.wait_for_url("**/cases/*")
        expect(page.locator("#lease")).to_have_attribute("data-mine", "")
        expect(page.locator("#link")).to_have_text("Live")
        case = waiting(served)[0]
        with served.app.db.transaction() as tx:  # ten silent minutes, and a colleague
            cases.hold(tx, case.id, by=case.held_by, until=tx.now - timedelta(seconds=1))
        served.app.review.queue.take(sam, case.id)
        expect(page.locator("#lease")).to_contain_text(f"{sam.name} took this case at")
        expect(page.locator("#lease")).to_contain_text("Your notes are kept.")


def test_who_only_reads_the_queue_is_offered_no_acts(served, browser):
    with at_work(served, browser, Role.INVESTIGATOR) as watched:
        page = watched.page
        page.goto(f"{served.url}/queue")
        assert page.locator("form[method=post][action^='/queue'], .acts, .bulk").count() == 0
        page.keyboard.press("n")
        page.keyboard.press("s")
        assert [r for r in watched.requests if r.startswith("POST")] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_the_queue_can_be_used_by_everybody(served, browser, width):
    sam = colleague(served, f"Sam {builders.some_id()}")
    served.app.review.queue.take(sam, waiting(served)[1].id)
    chosen = "&".join(f"case={case.id}" for case in waiting(served))
    with at_work(served, browser, Role.REVIEWER, Role.ADMIN, width=width) as watched:
        page: Page = watched.page
        for path in (
            "/queue", "/queue/terms", "/queue/routing",
            f"/queue/bulk?what=priority:high&{chosen}",
        ):  # fmt: skip
            page.goto(served.url + path)
            if path == "/queue":
                page.keyboard.press("x")
                page.keyboard.press("s")
            both_themes(page, f"{path[:30]} {width}")
            assert not scrolls_sideways(page), path
