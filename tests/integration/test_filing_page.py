"""The page of a case's reports in a real browser: what is missing blocks, what is sent is seen, no script needed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id
from breakwater.records import audit, filings, outbox
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.deciding import K
from tests.integration.ispws_site import receiving
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_filing import FOUND
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with (
        receiving(tmp_path_factory.mktemp("receiver")) as receiver,
        serving(
            tmp_path_factory.mktemp("site"),
            live_watch=False,
            reports_email="safety@example.net",
            reports_platform="Clips",
            reports_ncmec_url=receiver.url,
            reports_ncmec_user=receiver.user,
            reports_ncmec_password=receiver.password,
        ) as served,
        chromium() as browser,
    ):
        yield served, browser, receiver


def decided(served) -> Id:
    """A case that a person called illegal."""
    upload = submit(served.app, photo(1)[:400], OPERATOR)
    who = somebody(served.app, Role.REVIEWER)
    served.app.review.decisions.decide(who, upload.case, K.ILLEGAL, reason="seen", facts=FOUND)
    return Id(str(upload.case))


def page_of(site, case, **options):
    served, browser, _ = site
    officer = served.person(Role.REPORT_OFFICER)
    link = served.app.access.people.link(officer.id, "test")
    _, session = served.app.access.people.consume_link(link)
    watched = guarded(browser, **options)
    return watched, session, f"{served.url}/cases/{case}/report"


def test_an_officer_sends_a_report_and_sees_it_filed(site):
    served, _, _ = site
    case = decided(served)
    context, session, url = page_of(site, case)
    with context as watched:
        watched.page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        watched.page.goto(url)
        page = watched.page
        page.get_by_role("button", name="Draft it now").click()
        expect(page.get_by_role("heading", name="What it does not say")).to_be_visible()
        expect(page.locator("main")).to_contain_text("reaches nobody")
        both_themes(page, "a report")
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Send the report").click()
        expect(page.locator("main")).to_contain_text("Being sent")
        assert served.app.reporting.sender.carry(of_case(served, case).id) is None
        assert of_case(served, case).state is FilingState.FINISHED
        expect(page.locator("#stands")).to_contain_text("Filed")
        expect(page.locator("#stands")).not_to_contain_text("Due")
        expect(page.locator("#sending")).to_contain_text("Nothing is left to be done by a person.")
        expect(page.get_by_role("heading", name="Every call")).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
    with served.app.db.read() as tx:
        assert "filing.read" in audit.actions(tx)


def of_case(served, case):
    with served.app.db.read() as tx:
        (found,) = filings.of_case(tx, case)
    return found


def seen_by(site, who, path):
    """A page as somebody else sees it."""
    served, browser, _ = site
    link = served.app.access.people.link(who.person, "test")
    _, session = served.app.access.people.consume_link(link)
    with guarded(browser, java_script_enabled=False) as watched:
        watched.page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        watched.page.goto(f"{served.url}{path}")
        return watched.page.content()


def test_a_filed_report_whose_decision_is_taken_back_waits_until_the_recipient_was_told(site):
    served, _, _ = site
    upload = submit(served.app, photo(5)[:400], OPERATOR)
    case = Id(str(upload.case))
    who = somebody(served.app, Role.REVIEWER)
    said = served.app.review.decisions.decide(who, case, K.ILLEGAL, reason="seen", facts=FOUND)
    with served.app.db.read() as tx:
        events = outbox.since(tx, 0, limit=1000)
    for one in served.app.preserving.subscriptions:
        for event in (event for event in events if event.type in one.types):
            one.handle(event)
    served.app.preserving.keeper.turn()
    context, session, url = page_of(site, case, java_script_enabled=False)
    with context as watched:
        page = watched.page
        page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        page.goto(url)
        page.get_by_role("button", name="Draft it now").click()
        page.get_by_role("button", name="Send the report").click()
        assert served.app.reporting.sender.carry(of_case(served, case).id) is None
        page.reload()
        expect(page.locator("main")).to_contain_text("Nothing is left to be done by a person.")
        served.app.review.decisions.undo(who, said.id)
        assert "The copy stays while it is held." in seen_by(site, who, f"/cases/{case}")
        page.goto(f"{served.url}/filings")
        expect(page.locator("main")).to_contain_text("Filed, and its decision was taken back")
        page.get_by_role("link", name="NCMEC").last.click()
        expect(page.locator("main")).to_contain_text("the recipient still has it")
        expect(page.locator("main")).not_to_contain_text("Nothing is left to be done")
        page.get_by_label("How they were told").fill("By telephone: noted.")
        page.get_by_role("button", name="Write down that they were told").click()
        expect(page.locator("main")).to_contain_text("The recipient was told: By telephone: noted.")
        page.goto(f"{served.url}/filings")
        expect(page.locator("main")).not_to_contain_text("its decision was taken back")
