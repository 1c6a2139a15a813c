"""Protects what is told of people's work: their own to themselves, the team's of no fewer than five.

The API over real HTTP, the pages in a real browser by their own words and keys.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.records import cases, views
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("wellbeing"), support="Robin Vale, 555 0100, at any hour"
    ) as running:
        yield running


def saw(served: Served, person: Id, minutes: int, level: Level = Level.S3) -> None:
    with served.app.db.transaction() as tx:
        views.start(
            tx, person=person, item=new_id(), level=level, reason="x", cap_ms=minutes * 60_000
        )


def signed_in(served: Served, watched: Guarded, *roles: Role) -> Id:
    """Somebody new, signed in, in this browser."""
    person = served.person(*roles)
    _, session = served.app.access.people.consume_link(
        served.app.access.people.link(person.id, "test")
    )
    watched.page.context.add_cookies([{
        "name": served.api.state.gate.cookie, "value": session, "url": served.url,
        "httpOnly": True, "sameSite": "Strict",
    }])  # fmt: skip
    return person.id


def test_the_team_s_figures_are_told_of_five_people_and_not_of_four(served):
    lead = served.browser(Role.QA_LEAD)
    for count in range(1, 6):
        saw(served, served.person(Role.REVIEWER).id, 30)
        told = lead.get("/v1/wellbeing").json()
        assert (told["people"] is None) == (count < 5), count
    assert told["people"] == 5
    assert told["median_daily_minutes"] == 30.0
    assert told["share_at_cap"] == 0.0
    assert not set(told) & {"names", "persons"}


def test_a_person_is_told_where_they_stand_and_nobody_else_is(served):
    reviewer = served.browser(Role.REVIEWER)
    told = reviewer.get("/v1/me/exposure").json()
    assert (told["used_s"], told["cap_s"], told["closed"]) == (0, 14400, None)
    assert reviewer.get("/v1/wellbeing").status_code == 403
    assert reviewer.get("/v1/exposure/proposals").status_code == 403
    assert served.client(served.key()).get("/v1/me/exposure").status_code == 403


def test_a_break_over_the_api(served):
    reviewer = served.browser(Role.REVIEWER)
    assert reviewer.delete("/v1/me/breaks/current").status_code == 409
    assert reviewer.post("/v1/me/breaks", json={"minutes": 20}).status_code == 201
    assert reviewer.get("/v1/me/exposure").json()["closed"] == "break"
    assert reviewer.delete("/v1/me/breaks/current").status_code == 200
    assert reviewer.get("/v1/me/exposure").json()["closed"] is None


def test_limits_over_the_api_need_a_second_person_to_be_looser(served):
    reviewer, lead = served.browser(Role.REVIEWER), served.browser(Role.QA_LEAD)
    asked = reviewer.patch(
        "/v1/me/limits", json={"limits": {"daily": 270, "stretch": 45}, "reason": "Cover."}
    ).json()
    held = {limit["name"]: limit["value"] for limit in asked["limits"]}
    assert (held["daily"], held["stretch"]) == (240, 45)
    proposals = lead.get("/v1/exposure/proposals").json()["proposals"]
    (waits,) = [one for one in proposals if one["subject"] == asked["waits"]]
    assert waits["changes"] == {"daily": [240, 270]}
    path = f"/v1/exposure/proposals/{asked['waits']}"
    assert reviewer.post(f"{path}/confirm", json={}).status_code == 403
    assert lead.post(f"{path}/confirm", json={"note": "Agreed."}).status_code == 200
    held = {k["name"]: k["value"] for k in reviewer.get("/v1/me/limits").json()["limits"]}
    assert held["daily"] == 270
    assert reviewer.patch("/v1/me/limits", json={"limits": {"daily": 301}}).status_code == 422


def test_b_takes_a_break_from_anywhere_and_the_page_says_when_pictures_are_back(served, browser):
    with guarded(browser) as watched:
        page = watched.page
        signed_in(served, watched, Role.REVIEWER)
        page.goto(f"{served.url}/queue")
        page.keyboard.press("b")
        expect(page.get_by_role("heading", name="Time for a break")).to_be_visible()
        expect(page.locator("#back")).to_have_text("in 10 min")
        assert "Robin Vale, 555 0100" in page.inner_text("main")
        both_themes(page, "break 1440")
        page.get_by_role("button", name="End the break").click()
        expect(page.get_by_role("status").filter(has_text="The break is over")).to_be_visible()


def test_tighter_is_one_form_and_looser_waits_until_a_second_person_agrees(served, browser):
    with guarded(browser, height=1400) as mine, guarded(browser, height=1400) as theirs:
        person = signed_in(served, mine, Role.REVIEWER)
        name = served.app.access.people.get(person).name
        page = mine.page
        page.goto(f"{served.url}/wellbeing")
        page.get_by_label("Time with pictures in a shift").fill("200")
        page.get_by_label("Length of a break").fill("5")
        page.get_by_role("button", name="Save your limits").click()
        mine.allowed.append("422")
        expect(page.get_by_role("alert")).to_contain_text("Say why")
        expect(page.get_by_label("Time with pictures in a shift")).to_have_value("240")
        page.get_by_label("Time with pictures in a shift").fill("200")
        page.get_by_label("Length of a break").fill("5")
        page.get_by_label("Reason, needed for what is looser").fill("Short breaks suit me.")
        page.get_by_role("button", name="Save your limits").click()
        expect(page.get_by_text("Length of a break: from 10 to 5 minutes")).to_be_visible()
        expect(page.get_by_label("Time with pictures in a shift")).to_have_value("200")
        signed_in(served, theirs, Role.QA_LEAD)
        theirs.page.goto(f"{served.url}/wellbeing")
        asked = theirs.page.get_by_role("article", name=name)
        expect(asked).to_contain_text("Short breaks suit me.")
        both_themes(theirs.page, "second person 1440")
        asked.get_by_role("button", name="Agree").click()
        expect(theirs.page.get_by_role("status").filter(has_text="Agreed")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Length of a break")).to_have_value("5")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_can_be_used_by_everybody(served, browser, width):
    # So high that the line at the bottom, which sticks, covers no field: that is not what is asked.
    with guarded(browser, width=width, height=4000) as watched:
        person = signed_in(served, watched, Role.REVIEWER, Role.ADMIN)
        saw(served, person, 30)
        for name in ("wellbeing", "workstations", "break"):
            watched.page.goto(f"{served.url}/{name}")
            both_themes(watched.page, f"{name} {width}")
            assert not scrolls_sideways(watched.page), name
        watched.page.goto(f"{served.url}/wellbeing")
        assert watched.page.locator(".w-strip .seen").count() == 1
        watched.page.get_by_text("Show as table").first.click()
        expect(watched.page.get_by_role("cell", name="Pictures,")).to_be_visible()


def test_beyond_the_cap_a_live_case_is_opened_from_the_break_page_in_words(served, browser):
    with served.app.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=new_id(), why="A live stream matched.",
            priority=Priority.NOW,
        )  # fmt: skip
    with guarded(browser) as watched:
        page = watched.page
        person = signed_in(served, watched, Role.REVIEWER)
        saw(served, person, 240)
        page.goto(f"{served.url}/break")
        expect(page.get_by_role("heading", name="Enough for this shift")).to_be_visible()
        page.get_by_label(f"Case {case.number}: why it cannot wait").fill("Nobody else is there.")
        page.get_by_role("button", name="Open without pictures").click()
        page.wait_for_url(f"**/cases/{case.id}")


def test_g_w_opens_wellbeing_and_an_auditor_has_no_such_page(served, browser):
    with guarded(browser) as watched:
        signed_in(served, watched, Role.REVIEWER)
        watched.page.goto(served.url)
        watched.page.keyboard.press("g")
        watched.page.keyboard.press("w")
        expect(watched.page.get_by_role("heading", name="Your time with pictures")).to_be_visible()
    auditor = served.browser(Role.AUDITOR)
    assert "/wellbeing" not in auditor.get("/").text
    assert "Your role works without pictures." in auditor.get("/wellbeing").text
