"""A package from the page and the command line: proposed, agreed to by another, taken, receipted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from breakwater.model.ids import Id
from breakwater.records import packages
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.deciding import ILLEGAL, K
from tests.integration.packing import police
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    with serving(place, live_watch=False) as served, chromium() as browser:
        yield served, browser, place


@pytest.fixture(scope="module")
def whom():
    return police()


def decided(served) -> Id:
    upload = submit(served.app, photo(1)[:400], OPERATOR)
    who = somebody(served.app, Role.REVIEWER)
    served.app.review.decisions.decide(who, upload.case, K.ILLEGAL, reason="seen", facts=ILLEGAL)
    return Id(str(upload.case))


def page_of(site, person, **options):
    served, browser, _ = site
    link = served.app.access.people.link(person.id, "test")
    _, session = served.app.access.people.consume_link(link)
    watched = guarded(browser, **options)
    cookie = {
        "name": served.api.state.gate.cookie, "value": session, "url": served.url,
        "httpOnly": True, "sameSite": "Strict",
    }  # fmt: skip
    return watched, cookie


def made(served, case) -> None:
    with served.app.db.read() as tx:
        (found,) = packages.of_case(tx, case)
    served.app.packages.maker.run(found.id, 3, lambda _: None)


def test_two_people_hand_a_case_over_without_a_script(site, whom, tmp_path):
    served, _, place = site
    case = decided(served)
    url = f"{served.url}/cases/{case}/package"
    ada = served.person(Role.REPORT_OFFICER, name="Ada")
    ben = served.person(Role.INVESTIGATOR, name="Ben")
    context, cookie = page_of(site, ada, java_script_enabled=False)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(url)
        page.get_by_label("Recipient", exact=True).fill("Police of Ö")
        page.get_by_label("Country, by two letters").fill("gb")
        page.get_by_label("Public key (age1…)").fill(whom.key)
        page.get_by_label("Key for receipts, if they have one").fill(whom.receipt_key)
        page.get_by_role("button", name="Enter the key").click()
        page.get_by_role("checkbox", name="Police of Ö").check()
        page.get_by_label("Reason", exact=True).fill("They asked, file 12.")
        page.get_by_role("button", name="Propose it").click()
        expect(page.get_by_role("heading", name="Waits for a second person")).to_be_visible()
        assert page.get_by_role("button", name="Agree: make the package").count() == 0
    context, cookie = page_of(site, ben)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(url)
        both_themes(page, "a package waits")
        page.screenshot(path="/tmp/w7/pkg/waits.png", full_page=True)
        page.get_by_role("button", name="Agree: make the package").click()
        expect(page.locator("main")).to_contain_text("Being made")
        made(served, case)
        page.reload()
        expect(page.locator("main")).to_contain_text("Sealed")
        both_themes(page, "a sealed package")
        page.screenshot(path="/tmp/w7/pkg/sealed.png", full_page=True)
        with page.expect_download() as coming:
            page.get_by_role("link", name="Take the sealed file").click()
        coming.value.save_as(tmp_path / "taken.age")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path="/tmp/w7/pkg/narrow.png", full_page=True)
        assert not scrolls_sideways(page)
