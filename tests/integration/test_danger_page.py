"""A child in danger now, in a real browser: clicks counted, and the report at a real receiver."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id, new_id
from breakwater.model.report import Report
from breakwater.model.stream import Alert
from breakwater.records import audit, cases, danger_calls, decisions, filings, streams
from breakwater.worker.loop import Worker
from tests.integration.browsing import chromium
from tests.integration.ispws_site import receiving
from tests.integration.live_site import until
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.wall_site import Site

ADDRESS, PORT = "81.2.69.142", 40123
MOST_CLICKS = 4
CONTACTS = """
[[contact]]
country = "GB"
name = "Police, emergency desk"
phone = "+44 20 7946 0001"
hours = "day and night"
[[contact]]
country = "SE"
name = "Police, Stockholm"
phone = "112"
[[contact]]
name = "Our own on-call lawyer"
phone = "+44 20 7946 0999"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    contacts = tmp_path_factory.mktemp("own") / "contacts.toml"
    contacts.write_text(CONTACTS)
    with (
        receiving(tmp_path_factory.mktemp("receiver")) as receiver,
        serving(
            tmp_path_factory.mktemp("site"), live_watch=False, unsafe_fast_disk=True,
            reports_email="safety@example.net", reports_platform="Clips",
            reports_ncmec_url=receiver.url, reports_ncmec_user=receiver.user,
            reports_ncmec_password=receiver.password, danger_contacts_file=contacts,
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
        ada = served.person(Role.REVIEWER, Role.REPORT_OFFICER, name="Ada")
        sam = served.person(Role.LIVE_MODERATOR, name="Sam")
        yield Site(served, browser, ada, sam), receiver
        worker.stop()


def broadcast(site: Site, name: str):
    """A broadcast that a watcher found something in, with its case."""
    machine = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")
    told = Sender(account="heron", address=ADDRESS, port=PORT)
    app = site.served.app
    made = app.live.streams.begin(machine, "", name, told)
    app.live.streams.alert(
        Alert(
            made.id, app.clock.now(), 10.0, "copy", "A known video appears.", frames=6, span_s=6.0,
            score=5.0, reference=new_id(),
        )
    )  # fmt: skip
    with app.db.read() as tx:
        found = streams.get(tx, made.id)
    assert found.case is not None
    return found


def of_case(site: Site, case: Id):
    with site.served.app.db.read() as tx:
        return filings.of_case(tx, case)


def test_one_person_files_from_the_live_wall_in_a_few_clicks(site, tmp_path) -> None:
    site, receiver = site
    stream = broadcast(site, "live/heron")
    clicks = 0
    with site.page(site.ada, f"/live?at={stream.label}") as watched:
        page = watched.page

        def click(what) -> None:
            nonlocal clicks
            clicks += 1
            what.click()

        click(page.get_by_role("link", name="Child in danger now"))
        expect(page.get_by_role("heading", name="Child in danger now")).to_be_visible()
        main = page.locator("main")
        expect(main).to_contain_text(ADDRESS)
        expect(main).to_contain_text(str(PORT))
        expect(main).to_contain_text("GB")
        first = page.locator(".contacts li").first
        expect(first).to_contain_text("Police, emergency desk")
        expect(page.locator(".script")).to_contain_text(f"{ADDRESS}, source port {PORT}")
        click(page.get_by_role("radio", name="Apparently a child broadcasts"))
        click(page.get_by_role("button", name="File the report now"))
        expect(page.locator(".sent")).to_contain_text("to NCMEC")
        assert clicks <= MOST_CLICKS
        (filed,) = until(lambda: [one for one in of_case(site, stream.case) if one.finished_at])
        page.get_by_role("link", name="Look again").click()
        expect(page.locator(".sent")).to_contain_text(filed.report_id)
        both_themes(page, "a child in danger")
        assert not scrolls_sideways(page)
        page.screenshot(path=str(tmp_path / "danger.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
        page.screenshot(path=str(tmp_path / "danger-390.png"), full_page=True)
    assert filed.urgent
    (received,) = [one for one in receiver.reports() if str(one["report_id"]) == filed.report_id]
    assert received["state"] == "finished"
    assert "A child is in danger now" in received["xml"]
    assert "<victim>" in received["xml"]
    assert ADDRESS in received["xml"]
    assert "personOrUserReportedPerson" not in received["xml"]
    with site.served.app.db.read() as tx:
        assert decisions.in_danger(tx, stream.case)
        report = Report.read(filings.report_of(tx, filed.id))
    assert report.files == ()
    assert [one.account for one in report.victims] == ["heron"]


def test_by_keys_alone_from_the_case_and_twice_is_one(site) -> None:
    site, receiver = site
    stream = broadcast(site, "live/coot")
    before = len(receiver.reports())
    with site.page(site.ada, f"/cases/{stream.case}") as watched:
        page = watched.page
        page.keyboard.press("e")
        expect(page.get_by_role("heading", name="Child in danger now")).to_be_visible()
        page.keyboard.press("1")
        expect(page.get_by_role("radio", name="An adult broadcasts, suspected")).to_be_checked()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".sent li")).to_have_count(1)
        page.get_by_text("File again").click()
        page.get_by_role("radio", name="An adult broadcasts, suspected").check()
        page.get_by_role("button", name="File the report now").click()
        expect(page.locator(".sent li")).to_have_count(1)
    until(lambda: all(one.state is FilingState.FINISHED for one in of_case(site, stream.case)))
    assert len(receiver.reports()) == before + 1
    with site.served.browser(Role.REVIEWER) as second:
        said = second.get(f"/cases/{stream.case}").text
    assert "Child in danger now: waits for a second person." in said
    assert "may be sent already" in said
    assert "is sent once it is confirmed" not in said


def test_a_moderator_files_without_seeing_the_address_and_writes_the_call_down(site) -> None:
    site, _ = site
    stream = broadcast(site, "live/teal")
    with site.page(site.sam, f"/cases/{stream.case}/danger", java_script_enabled=False) as watched:
        page = watched.page
        main = page.locator("main")
        expect(main).to_contain_text("GB")
        expect(main).not_to_contain_text(ADDRESS)
        expect(main).to_contain_text("Your role sees the country only")
        page.get_by_label("Whom you called").fill("Police, emergency desk")
        page.get_by_label("Name and reference you were given").fill("Sgt Example, 12/3456")
        page.get_by_role("button", name="Write it down").click()
        expect(page.locator(".calls")).to_contain_text("Sgt Example, 12/3456")
        expect(page.locator(".calls")).to_contain_text("Sam")
        page.get_by_role("radio", name="Not known who broadcasts").check()
        page.get_by_role("button", name="File the report now").click()
        expect(page.locator(".sent")).to_contain_text("to NCMEC")
    (filed,) = until(lambda: [one for one in of_case(site, stream.case) if one.finished_at])
    with site.served.app.db.read() as tx:
        report = Report.read(filings.report_of(tx, filed.id))
        (call,) = danger_calls.of_case(tx, stream.case)
        assert {"danger.read", "danger.call", "danger.file"} <= set(audit.actions(tx))
    assert (report.reported, report.victims) == ((), ())
    assert f"{ADDRESS} port {PORT}" in report.additional
    assert call.words == "Sgt Example, 12/3456"


def test_a_case_without_a_broadcast_or_creator_has_a_page_that_says_what_to_do(site) -> None:
    site, _ = site
    with site.served.app.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.HIGH
        ).id
    with site.page(site.ada, f"/cases/{case}/danger") as watched:
        expect(watched.page.locator("main")).to_contain_text("No address is known.")
        expect(watched.page.locator(".roles legend")).to_have_text("Whose account is it?")
        expect(watched.page.get_by_role("radio", name="Apparently a child")).to_be_visible()
