"""Reports to other recipients in a real browser: declared, sealed, handed over, receipt, clock, table."""

from __future__ import annotations

import io
import json
import tarfile

import pyrage
import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id
from breakwater.records import audit, filings
from breakwater.worker.loop import Worker
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.deciding import K
from tests.integration.live_site import until
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_filing import FOUND
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody
from tests.integration.wall_site import Site

KEY = pyrage.x25519.Identity.generate()
RECIPIENTS = f"""
[[recipient]]
name = "nca"
title = "National centre"
country = "GB"
kind = "clearing"
sink = "uk"
keys = ["{KEY.to_public()}"]
two_people = false
[[recipient]]
name = "lyon"
title = "Police, Lyon"
country = "FR"
keys = ["{KEY.to_public()}"]
two_people = false
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    own = tmp_path_factory.mktemp("own") / "recipients.toml"
    own.write_text(RECIPIENTS)
    with (
        serving(
            tmp_path_factory.mktemp("site"), live_watch=False, unsafe_fast_disk=True,
            reports_email="safety@example.net", reports_platform="Clips",
            reports_registered_as="Clips Ltd", recipients_file=own,
        ) as served,
        chromium() as browser,
    ):  # fmt: skip
        app = served.app
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs,
            turns=[one for one in app.turns if one.name.startswith("reporting")],
            metrics=app.metrics,
        )  # fmt: skip
        worker.start()
        ada = served.person(Role.REPORT_OFFICER, name="Ada")
        yield Site(served, browser, ada, ada)
        worker.stop()


@pytest.fixture(scope="module")
def case(site) -> Id:
    upload = submit(site.served.app, photo(1)[:400], OPERATOR)
    who = somebody(site.served.app, Role.REVIEWER)
    site.served.app.review.decisions.decide(who, upload.case, K.ILLEGAL, reason="x", facts=FOUND)
    until(lambda: of(site, upload.case))  # until then the page offers nothing
    return Id(str(upload.case))


def of(site, case, to=""):
    with site.served.app.db.read() as tx:
        return [one for one in filings.of_case(tx, case) if to in {"", one.destination}]


def test_a_report_is_declared_sealed_handed_over_and_filed_by_its_receipt(site, case, tmp_path):
    with site.page(site.ada, f"/cases/{case}/report") as watched:
        page = watched.page
        page.get_by_label("Recipient", exact=True).select_option("nca")
        page.get_by_role("button", name="Draft it for them").click()
        expect(page.locator("main")).to_contain_text("National centre")
        page.get_by_label("All reasonably available information").check()
        page.get_by_role("button", name="Send the report").click()
        (one,) = of(site, case, "nca")
        until(lambda: of(site, case, "nca")[0].state is FilingState.DESCRIBED)
        page.goto(f"{site.served.url}/cases/{case}/report?n={one.number}")
        with page.expect_download() as taken:
            page.get_by_role("link", name="Download it").click()
        sealed = tmp_path / "sealed"
        taken.value.save_as(sealed)
        with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed.read_bytes(), [KEY]))) as tar:
            said = json.load(tar.extractfile("report.json"))
        assert said["declaration"]
        assert said["fields"]["registering_party"] == ["Clips Ltd"]
        page.get_by_label("What the recipient gave").fill("NCA 4711")
        page.get_by_role("button", name="Write the receipt down").click()
        expect(page.locator("main")).to_contain_text("NCA 4711")
        expect(page.locator("main")).to_contain_text("Filed")
        both_themes(page, "a report to another recipient")
        assert not scrolls_sideways(page)
        page.screenshot(path=str(tmp_path / "report.png"), full_page=True)
    assert of(site, case, "nca")[0].state is FilingState.FINISHED
    with site.served.app.db.read() as tx:
        assert {"filing.declare", "filing.seal", "filing.parcel", "filing.receipt"} <= set(
            audit.actions(tx)
        )


def test_what_may_not_leave_is_refused_in_words_and_noted(site, case):
    with site.page(site.ada, f"/cases/{case}/report") as watched:
        watched.allowed.append("409")
        page = watched.page
        page.get_by_label("Recipient", exact=True).select_option("lyon")
        page.get_by_role("button", name="Draft it for them").click()
        (one,) = of(site, case, "lyon")
        page.goto(f"{site.served.url}/cases/{case}/report?n={one.number}")
        page.get_by_role("button", name="Send the report").click()
        expect(page.get_by_role("alert")).to_contain_text("Police, Lyon")
        expect(page.get_by_role("alert")).to_contain_text("National Crime Agency")
    assert of(site, case, "lyon")[0].state is FilingState.DRAFT


def test_every_report_stands_in_one_list_with_its_clock(site, case, tmp_path):
    with site.page(site.ada, "/filings") as watched:
        page = watched.page
        main = page.locator("main")
        expect(main).to_contain_text("Police, Lyon")
        both_themes(page, "all reports")
        page.screenshot(path=str(tmp_path / "filings.png"), full_page=True)
        page.get_by_role("link", name="Overdue").click()
        expect(main).to_contain_text("No report is overdue.")
        (late,) = of(site, case, "lyon")
        with site.served.app.db.transaction() as tx:
            filings.note(tx, late, due_at=tx.now.replace(year=tx.now.year - 1))
        page.reload()
        expect(main).to_contain_text("Police, Lyon")
        expect(page.locator(".nums .late")).to_have_text("1")
        page.get_by_role("link", name="Filed", exact=True).click()
        expect(main).to_contain_text("BW-")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
    (remind,) = [one for one in site.served.app.turns if one.name == "reporting.remind"]
    remind.run()
    officer = site.served.browser(Role.REPORT_OFFICER)
    (told,) = officer.get("/v1/filings", params={"late": True}).json()["filings"]
    assert told["destination"] == "lyon"
    measured = site.served.app.metrics.exposition().decode()
    assert 'breakwater_filings_overdue{destination="lyon"} 1.0' in measured


def test_the_table_says_the_basis_or_why_not(site, tmp_path):
    with site.page(site.ada, "/sendings?to=GB") as watched:
        page = watched.page
        expect(page.locator("main")).to_contain_text("Online Safety Act 2023 s.66")
        page.get_by_label("Country of the recipient").fill("FR")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("main")).to_contain_text("National Crime Agency")
        expect(page.locator("main")).to_contain_text("Stays here")
        both_themes(page, "what may be sent to whom")
        assert not scrolls_sideways(page)
        page.screenshot(path=str(tmp_path / "sendings.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
    officer = site.served.browser(Role.REPORT_OFFICER)
    said = officer.get("/v1/sendings", params={"to": "FR", "kind": "police", "data": "media"})
    assert said.json()["allowed"] is False
