"""On call in a real browser: by thumb, by keys, without scripts, for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from breakwater.model.access import Person, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.duty import Call, CallKind, Outcome
from breakwater.model.ids import new_id
from breakwater.model.stream import Control, OrderState
from breakwater.records import duty, duty_calls, stream_orders, streams
from breakwater.records import outbox as events
from breakwater.review.duty.rota import Planned
from tests import builders
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

HOUR = timedelta(hours=1)
PLANNER = Principal(new_id(), "planner", Role.ADMIN.permissions)
PHONE = {"width": 390, "height": 844}


@dataclass
class Site:
    """A served installation with people on duty, and a browser."""

    served: Served
    browser: Browser
    ada: Person
    sam: Person
    boss: Person

    @contextmanager
    def page(self, who: Person, path: str = "/duty", **options: object) -> Iterator[Guarded]:
        """A signed-in person's page."""
        link = self.served.app.access.people.link(who.id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:  # type: ignore[arg-type]
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            watched.page.goto(self.served.url + path)
            yield watched

    def call(self, kind: CaseKind = CaseKind.UPLOAD, why: str = "An exact match") -> Call:
        with self.served.app.db.transaction() as tx:
            case = self.case(tx, kind, why)
            return self.served.app.review.on_call.caller.call(
                tx, CallKind.CASE, case.id, by="review"
            )

    def case(self, tx: object, kind: CaseKind, why: str = "Reports rise") -> Case:
        return builders.case(tx, kind=kind, why=why, priority=Priority.NOW)  # type: ignore[arg-type]

    def get(self, call: Call) -> Call:
        with self.served.app.db.read() as tx:
            return duty_calls.get(tx, call.id)

    def happened(self, kind: str) -> int:
        with self.served.app.db.read() as tx:
            return sum(e.type.value == kind for e in events.since(tx, 0, limit=999))

    def settle(self) -> None:
        """Nothing waits."""
        with self.served.app.db.transaction() as tx:
            for call in duty_calls.waiting(tx):
                duty_calls.answer(tx, call.id, outcome=Outcome.SETTLED, by="test")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place: Path = tmp_path_factory.mktemp("duty")
    with serving(place) as served, chromium() as browser:
        ada = served.person(Role.LIVE_MODERATOR, name="Ada Quist")
        sam = served.person(Role.REVIEWER, name="Sam Ortega")
        boss = served.person(Role.ADMIN, name="Kim Lind")
        now = served.app.clock.now()
        served.app.review.duty.plan(PLANNER, [
            Planned(ada.id, now - HOUR, now + 7 * HOUR, 1),
            Planned(sam.id, now - HOUR, now + 7 * HOUR, 2),
            Planned(sam.id, now + 7 * HOUR, now + 9 * HOUR, 1),
        ])  # fmt: skip
        yield Site(served, browser, ada, sam, boss)


@pytest.fixture
def site(whole: Site) -> Iterator[Site]:
    yield whole
    whole.settle()


def buttons(page: Page, word: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("button", name=word)


def test_a_call_is_acknowledged_on_a_telephone_by_one_tap_without_scripts(site: Site) -> None:
    call = site.call()
    with site.page(site.ada, width=390, height=844, java_script_enabled=False) as watched:
        page = watched.page
        box = buttons(page, "Acknowledge").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] < PHONE["height"] - 88, "above the fold and its bars"
        buttons(page, "Acknowledge").click()
        expect(page.locator("#said")).to_contain_text("Nobody else is called")
        assert buttons(page, "Acknowledge").count() == 0
        assert page.locator("canvas, img, video").count() == 0
    assert (site.get(call).outcome, site.get(call).answered_by) == (
        Outcome.ACKNOWLEDGED, site.ada.id,
    )  # fmt: skip


def test_a_call_appears_by_itself_is_answered_by_a_key_and_others_see_it_go(site: Site) -> None:
    with site.page(site.ada) as mine, site.page(site.sam, "/queue") as other:
        expect(mine.page.locator("#calls")).to_contain_text("Nobody is called now.")
        expect(mine.page.locator("#link")).to_have_text("Live")
        expect(other.page.locator("#link")).to_have_text("Live")
        call = site.call(why="Very close match: 4 of 256 bits differ (limit 31)")
        expect(mine.page.locator(".call")).to_contain_text("Very close match")
        expect(mine.page.locator(".call")).to_contain_text("Next person at")
        expect(other.page.locator("#ring p")).to_have_count(0)
        with site.served.app.db.transaction() as tx:
            duty_calls.ring(tx, call, site.sam.id, answer_by=tx.now + HOUR, send=False)
        expect(other.page.locator("#ring")).to_contain_text("You are called.")
        mine.page.keyboard.press("n")
        expect(mine.page.locator("#said")).to_contain_text("Acknowledged")
        expect(other.page.locator("#ring p")).to_have_count(0)
    assert site.get(call).answered_by == site.ada.id


def test_what_becomes_of_the_stream_is_said_by_itself(site: Site) -> None:
    app = site.served.app
    with app.db.transaction() as tx:
        stream = streams.start(tx, server="", name="live/1", sender=Sender(account="acct-1"))
        case = builders.case(tx, kind=CaseKind.STREAM, subject=stream.id, priority=Priority.NOW)
        streams.set_case(tx, stream.id, case.id)
        app.review.on_call.caller.call(tx, CallKind.CASE, case.id, by="review")
    with site.page(site.ada) as watched:
        card = watched.page.locator(".call")
        expect(buttons(watched.page, "Freeze the stream")).to_be_visible()
        expect(watched.page.locator("#link")).to_have_text("Live")
        with app.db.transaction() as tx:
            order = stream_orders.want(tx, stream, Control.FROZEN, by="policy", why="match")
        expect(card).to_contain_text("Being frozen")
        assert buttons(watched.page, "Freeze the stream").count() == 0
        with app.db.transaction() as tx:
            stream_orders.set_state(tx, order, OrderState.CONFIRMED)
        expect(card.locator(".state")).to_have_text("Frozen")


def test_who_is_slower_reads_who_was_quicker_on_the_same_page(site: Site) -> None:
    call = site.call()
    with site.page(site.ada, java_script_enabled=False) as watched:
        watched.allowed += ["409"]
        sam = Principal(site.sam.id, "Sam Ortega", frozenset(), person=site.sam.id)
        site.served.app.review.duty.acknowledge(sam, call.id)
        buttons(watched.page, "Acknowledge").click()
        expect(watched.page.locator("#wrong")).to_contain_text("Sam Ortega answered this at")
        expect(watched.page.locator("h1")).to_contain_text("You are called first")


def test_a_shift_is_handed_over_by_two_people(site: Site) -> None:
    with site.page(site.ada, width=390, height=844) as watched:
        page = watched.page
        page.keyboard.press("m")
        page.get_by_label("Colleague").select_option(label="Sam Ortega")
        buttons(page, "Offer your shift").click()
        expect(page.locator("#said")).to_contain_text("You stay on duty")
    with site.page(site.sam, "/") as watched:
        expect(watched.page.locator("#ring")).to_contain_text("A colleague offers their shift")
        watched.page.get_by_role("link", name="Open the page On call").click()
        expect(watched.page.locator(".call")).to_contain_text("Ada Quist asks Sam Ortega")
        buttons(watched.page, "Acknowledge").click()
        expect(watched.page.locator("h1")).to_contain_text("You are called first")
    with site.served.app.db.transaction() as tx:
        assert site.ada.id not in {one.person for one in duty.on_now(tx)}
        now = tx.now
        duty.plan(
            tx, person=site.ada.id, starts_at=now, ends_at=now + 6 * HOUR, rank=1, by="test"
        )  # fmt: skip


def test_the_rota_is_planned_on_the_page_and_a_mistake_is_said_there(site: Site) -> None:
    with site.page(site.boss) as watched:
        watched.allowed += ["422", "409"]
        page = watched.page
        form = page.locator("form[action='/duty/shifts']")
        form.get_by_label("Who").select_option(label="Ada Quist")
        form.get_by_label("From, in UTC").fill("2027-01-02T08:00")
        form.get_by_label("Until, in UTC").fill("2027-01-02T07:00")
        buttons(page, "Put the shift on the rota").click()
        expect(page.locator("#wrong")).to_contain_text("A shift ends after it begins.")
        now = site.served.app.clock.now()
        form.get_by_label("Who").select_option(label="Ada Quist")
        for label, hours in (("From, in UTC", 30), ("Until, in UTC", 38)):
            form.get_by_label(label).fill((now + hours * HOUR).strftime("%Y-%m-%dT%H:%M"))
        buttons(page, "Put the shift on the rota").click()
        expect(page.locator("#said")).to_contain_text("The shift is on the rota.")
        off = buttons(page, re.compile("Take off.*Ada Quist"))
        expect(off).to_have_count(1)
        off.click()
        expect(off).to_have_count(0)
        assert buttons(page, "Acknowledge").count() == 0
        assert buttons(page, "Send yourself a test page").count() == 0


def test_a_person_tests_their_own_pager_by_a_key(site: Site) -> None:
    with site.page(site.ada) as watched:
        watched.page.keyboard.press("t")
        expect(watched.page.locator(".call")).to_contain_text("Test page")
        expect(watched.page.locator("#on-duty")).to_contain_text("no answer yet")
        buttons(watched.page, "Acknowledge").click()
        expect(watched.page.locator("#on-duty")).not_to_contain_text("no answer yet")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_duty_can_be_used_by_everybody(site: Site, width: int) -> None:
    site.call(CaseKind.STREAM)
    everything = site.served.person(Role.ADMIN, Role.LIVE_MODERATOR)
    with site.page(everything, width=width) as watched:
        both_themes(watched.page, f"duty {width}")
        assert not scrolls_sideways(watched.page)
        german = {"name": "breakwater-language", "value": "de", "url": site.served.url}
        watched.page.context.add_cookies([german])  # type: ignore[list-item]
        watched.page.goto(f"{site.served.url}/duty")
        expect(buttons(watched.page, re.compile("Annehmen")).first).to_be_visible()
        assert not scrolls_sideways(watched.page)


def test_an_auditor_does_not_open_it(site: Site) -> None:
    browser = site.served.browser(Role.AUDITOR)
    for path in ("/duty", "/duty/ring"):
        assert browser.get(path).status_code == 403
    assert site.served.browser(Role.INVESTIGATOR).get("/duty").status_code == 200
    call = site.call()
    refused = site.served.browser(Role.INVESTIGATOR).post(f"/duty/calls/{call.id}/acknowledge")
    assert refused.status_code == 403
