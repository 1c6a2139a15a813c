"""Legal requests in a real browser and over the API: entered, approved by two, refused, counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from breakwater.cli.opening import HereDesk
from breakwater.model.access import Role
from breakwater.records import audit
from tests.integration.browsing import chromium, guarded
from tests.integration.served import serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

WHOLE = {
    "direction": "incoming", "party": "A court", "country": "GB", "basis": "order",
    "law": "An order of 12 March", "reference": "12-3", "scope": "Data of one account.",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("site"), live_watch=False) as running:
        yield running


def test_two_officers_handle_a_request_without_scripts_and_on_a_phone(served):
    with chromium() as browser:
        with guarded(browser) as watched:
            page = signed_in(served, watched.page, "Olga Ada")
            page.goto(f"{served.url}/requests")
            expect(page.locator("main")).to_contain_text("No request waits")
            page.get_by_label("Authority, or provider").fill("National Crime Agency")
            page.get_by_label("Its country, two letters").fill("GB")
            page.get_by_label("Legal basis: article, court, date").fill("Order of 12 March")
            page.get_by_label("Reference").fill("NCA-12-3")
            page.get_by_label("What is asked for").fill("Media and account data.")
            both_themes(page, "requests")
            page.get_by_role("button", name="Enter it").click()
            expect(page.get_by_role("heading", name="Legal request 1")).to_be_visible()
            page.get_by_role("button", name="Approve it").click()
            expect(page.locator("main")).to_contain_text("Another person agrees, or refuses")
            page.set_viewport_size({"width": 1440, "height": 2400})
            both_themes(page, "one request")
            page.set_viewport_size({"width": 390, "height": 844})
            assert not scrolls_sideways(page)
            page.goto(f"{served.url}/requests")
            assert not scrolls_sideways(page)
        with guarded(browser) as watched:
            page = signed_in(served, watched.page, "Olga Ben")
            page.goto(f"{served.url}/requests/1")
            page.get_by_role("button", name="Agree, as the second person").click()
            expect(page.locator("main")).to_contain_text("Approved: to be answered")
            steps = page.locator(".calls > li")
            expect(steps.nth(0)).to_contain_text("Agreed by a second personOlga Ben")
            expect(steps.nth(1)).to_contain_text("Approved by a first personOlga Ada")
            expect(steps.nth(2)).to_contain_text("EnteredOlga Ada")
            page.get_by_label("Reason of the refusal").fill("The order was lifted.")
            page.get_by_role("button", name="Write down the refusal").click()
            expect(page.locator("main")).to_contain_text("The order was lifted.")
            page.goto(f"{served.url}/requests?ended=1")
            expect(page.locator("main")).to_contain_text("Refused")
    with served.app.db.read() as tx:
        assert {"request.read", "request.confirm", "request.refuse"} <= set(audit.actions(tx))


def signed_in(served, page, name):
    officer = served.person(Role.REPORT_OFFICER, name=name)
    link = served.app.access.people.link(officer.id, "test")
    _, session = served.app.access.people.consume_link(link)
    page.context.add_cookies([{
        "name": served.api.state.gate.cookie, "value": session, "url": served.url,
        "httpOnly": True, "sameSite": "Strict",
    }])  # fmt: skip
    return page


def test_over_the_api_a_request_to_a_provider_is_sent_refused_and_counted(served):
    officer, investigator = served.browser(Role.REPORT_OFFICER), served.browser(Role.INVESTIGATOR)
    made = investigator.post("/v1/requests", json=WHOLE | {"direction": "outgoing"})
    assert (made.status_code, made.json()["state"]) == (201, "draft"), made.text
    url = f"/v1/requests/{made.json()['id']}"
    assert officer.post(f"{url}/steps", json={"to": "approve"}).status_code == 409
    sent = officer.post(f"{url}/steps", json={"to": "send", "words": "by post"})
    assert sent.json()["state"] == "sent"
    said = officer.post(f"{url}/steps", json={"to": "refuse", "words": "They want a treaty."})
    assert said.json()["state"] == "refused"
    whole = investigator.get(url).json()
    assert [step["what"] for step in whole["steps"]] == ["opened", "send", "refuse"]
    assert whole["scope"] == WHOLE["scope"]
    ended = investigator.get("/v1/requests?ended=true").json()["requests"]
    assert made.json()["id"] in {one["id"] for one in ended}
    now = served.app.clock.now()
    period = {"since": (now - timedelta(days=1)).isoformat(), "until": now.isoformat()}
    counts = served.browser(Role.AUDITOR).get("/v1/request-counts", params=period).json()["counts"]
    assert any(
        (c["direction"], c["state"], c["count"]) == ("outgoing", "refused", 1) for c in counts
    )
    assert HereDesk(served.app).request_counts(period) == counts


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "ZQ"}, {"country": "GBR"}, {"basis": "wish"}, {"due_at": "2000-01-01T00:00:00Z"},
        {"received_at": "2999-01-01T00:00:00Z"}, {"received_at": "2026-01-01T00:00:00"},
        {"scope": "x" * 10_001}, {"case": "nothing"}, {"reference": "a\u0000b"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(served, wrong):
    officer = served.browser(Role.REPORT_OFFICER)
    before = len(officer.get("/v1/requests").json()["requests"])
    assert officer.post("/v1/requests", json=WHOLE | wrong).status_code in {400, 404, 422}
    assert len(officer.get("/v1/requests").json()["requests"]) == before
    assert served.browser(Role.REVIEWER).get("/v1/requests").status_code == 403
