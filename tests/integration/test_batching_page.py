"""The card of a report that stands for many accounts, in a real browser: offered, joined, said."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.filing import FilingState
from breakwater.records import filings
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.deciding import K
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_filing import FOUND
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody
from tests.integration.wall_site import Site

BODY = photo(1)[:400]
"""A broken picture, so that every upload of it comes before a person."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with (
        serving(
            tmp_path_factory.mktemp("site"), live_watch=False, unsafe_fast_disk=True,
            reports_email="safety@example.net", reports_platform="Clips", reports_viral_accounts=5,
        ) as served,
        chromium() as browser,
    ):  # fmt: skip
        ada = served.person(Role.REPORT_OFFICER, name="Ada")
        yield Site(served, browser, ada, ada)


def drafted(site, account):
    """An account's upload of the one file, decided and drafted."""
    app = site.served.app
    upload = submit(app, BODY, OPERATOR, account=account)
    facts = DecisionFacts(role=AccountRole.SUSPECT, item=FOUND.item)
    who = somebody(app, Role.REVIEWER)
    app.review.decisions.decide(who, upload.case, K.ILLEGAL, reason="seen", facts=facts)
    app.reporting.filings.draft(upload.case)
    return upload.case


def test_a_person_sees_that_a_file_is_viral_and_makes_one_report(site):
    cases = [drafted(site, f"acct-{n}") for n in range(3)]
    with site.page(site.ada, f"/cases/{cases[0]}/report") as watched:
        page = watched.page
        card = page.locator("section", has=page.get_by_role("heading", name="One report for many"))
        expect(card).to_contain_text("Drafts of 3 accounts about this very file wait.")
        button = card.get_by_role("button", name="It is viral: make one report of them")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("This report stands for every account")).to_be_visible()
        for n in range(3):
            expect(page.locator("dd").get_by_text(f"acct-{n}", exact=True)).to_be_visible()
        both_themes(page, "one report for many")
        for width in (1440, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert not scrolls_sideways(page)
    with site.served.app.db.read() as tx:
        rows = [one for case in cases for one in filings.of_case(tx, case)]
    assert sum(one.state is not FilingState.DROPPED for one in rows) == 1
