"""What is held, over real HTTP, in a real browser and by command: read, ordered, extended, ended by two."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from breakwater.app.checks_holds import evidence
from breakwater.cli import owner, program
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal, Role
from breakwater.model.ids import Id
from breakwater.records import audit, cases, holds, outbox, preservations
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.deciding import ILLEGAL, K
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    with serving(place, live_watch=False) as served, chromium() as browser:
        yield served, browser, place


def decided(served, data) -> Id:
    """A case that is illegal, and kept as the worker would keep it."""
    upload = submit(served.app, data, OPERATOR)
    who = somebody(served.app, Role.REVIEWER)
    served.app.review.decisions.decide(who, upload.case, K.ILLEGAL, reason="seen", facts=ILLEGAL)
    with served.app.db.read() as tx:
        events = outbox.since(tx, 0, limit=1000)
    for one in served.app.preserving.subscriptions:
        for event in events:
            if event.type in one.types:
                one.handle(event)
    served.app.preserving.keeper.turn()
    return Id(str(upload.case))


def of_case(served, case):
    with served.app.db.read() as tx:
        return holds.of_case(tx, case)


def signed_in(site, person, **options):
    served, browser, _ = site
    link = served.app.access.people.link(person.id, "test")
    _, session = served.app.access.people.consume_link(link)
    cookie = {
        "name": served.api.state.gate.cookie, "value": session, "url": served.url,
        "httpOnly": True, "sameSite": "Strict",
    }  # fmt: skip
    return guarded(browser, **options), cookie


def shot(page, name):
    if SHOTS:
        for scheme, width in (("dark", 1440), ("light", 1440), ("light", 390), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}_{scheme}_{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})


def test_an_order_is_entered_extended_and_released_by_two_without_a_script(site):
    served, _, _ = site
    case = decided(served, photo(1)[:400])
    ada = served.person(Role.REPORT_OFFICER, name="Ada")
    ben = served.person(Role.REPORT_OFFICER, name="Ben")
    context, cookie = signed_in(site, ada, java_script_enabled=False)
    with context as watched:
        watched.allowed += ["409"]
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(f"{served.url}/holds")
        expect(page.locator("main")).to_contain_text("The duty to preserve what is reported")
        page.get_by_role("link", name="Case 1").click()
        expect(page.locator("main")).to_contain_text("Everything that there was is kept.")
        expect(page.locator(".things")).to_contain_text("Media")
        page.get_by_text("Enter an order").click()
        page.get_by_label("Their reference").fill("12 Cr 34/26 – Landgericht Köln")
        page.locator("details[open]").get_by_label("Reason").fill("Order of the court")
        page.get_by_role("button", name="Hold it").click()
        expect(page.locator("main")).to_contain_text("12 Cr 34/26 – Landgericht Köln")
        report, court = of_case(served, case)
        page.locator(f"#hold-{report.number}").get_by_text("Keep longer").first.click()
        later = f"{report.ends + timedelta(days=30):%Y-%m-%d}"
        page.get_by_label("Until, as a day").fill(later)
        page.locator(f"#hold-{report.number}").get_by_label("Reason").fill("A linked case.")
        page.locator(f"#hold-{report.number}").get_by_role("button", name="Keep longer").click()
        expect(page.locator("main")).to_contain_text("Extended by a person")
        expect(page.locator(f"#hold-{report.number}")).to_contain_text(
            f"{of_case(served, case)[0].ends.year}, "
        )
        expect(page.locator(f"#hold-{report.number} dl")).to_contain_text("Ada, until")
        expect(page.locator(f"#hold-{report.number} dl")).to_contain_text("A linked case.")
        court_card = page.locator(f"#hold-{court.number}")
        court_card.get_by_text("Propose to release it").first.click()
        court_card.get_by_label("Reason").fill("The court let go.")
        court_card.get_by_role("button", name="Propose to release it").click()
        expect(court_card).to_contain_text("You cannot agree to what you proposed")
        assert court_card.get_by_role("button", name="Agree: end it").count() == 0
    context, cookie = signed_in(site, ben)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(f"{served.url}/cases/1/hold")
        both_themes(page, "a hold that waits for its end")
        shot(page, "hold")
        page.get_by_role("button", name="Agree: end it").click()
        expect(page.locator(f"#hold-{court.number}")).to_contain_text("The order was released")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
        both_themes(page, "a hold on a telephone")
        page.goto(f"{served.url}/cases/1")
        page.get_by_role("link", name="What is held").click()
        expect(page.get_by_role("heading", name="What is held", exact=True)).to_be_visible()
    assert [one.stands for one in of_case(served, case)] == [True, False]
    with served.app.db.read() as tx:
        said = {one.action for one in audit.page(tx, limit=200)}
    assert {"hold.open", "hold.keep", "hold.read", "hold.extend", "hold.end"} <= said


def test_the_list_says_what_failed_and_every_list_says_when_it_is_empty(site):
    served, _, _ = site
    case = decided(served, photo(2)[:400])
    with served.app.db.transaction() as tx:
        preservations.want(tx, case)
        for _ in range(3):
            preservations.failed(tx, case, "disk_full")
    eve = served.person(Role.REPORT_OFFICER, name="Eve")
    context, cookie = signed_in(site, eve)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(f"{served.url}/holds")
        expect(page.get_by_role("heading", name="Not kept yet")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("disk_full")
        both_themes(page, "the list of holds")
        shot(page, "holds")
        for word, void in (
            ("Due within a month", "Nothing comes due within a month."),
            ("Due now", "Nothing is due."),
            ("Orders", "No order stands."),
        ):
            page.get_by_role("link", name=word).click()
            expect(page.locator("main")).to_contain_text(void)
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
    (found,) = evidence(served.app.settings)
    assert (found.state, "disk_full" in found.found) == ("bad", True)
    with served.app.db.transaction() as tx:
        preservations.done(tx, case, again=None)
    (found,) = evidence(served.app.settings)
    assert found.state == "ok"


def test_programs_read_and_a_command_acts_in_a_persons_name(site, monkeypatch):
    served, _, _ = site
    case = decided(served, photo(3)[:400])
    served.person(Role.REPORT_OFFICER, name="Ida")
    with served.client(served.key(*MACHINE_SCOPES)) as client:
        assert client.get("/v1/holds").status_code == 403
    also = frozenset({Permission.HOLD_READ, Permission.HOLD_WRITE, Permission.DESK_SIGN})
    keys = served.app.access.keys
    key = keys.create(OPERATOR, name="own", scopes=MACHINE_SCOPES, also=also)[1]
    here = owner.Owner(served.url, key, served.url)
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(served.app.settings.data_dir))
    with served.app.db.read() as tx:
        number = cases.get(tx, case).number
    with owner.announced(served.app.settings.owner_token, here):

        def run(*words):
            done = CliRunner().invoke(program, ["holds", *words, "--json"], catch_exceptions=False)
            assert done.exit_code == 0, done.output
            return json.loads(done.stdout)

        made = run(
            "legal",
            str(number),
            "--reference",
            "K-7",
            "--reason",
            "Asked",
            "--signed-by",
            "Ida",
            "--request",
        )
        assert (made["kind"], made["ends"]) == ("request", None)
        listed = run("list")["holds"]
        report = next(one for one in listed if one["case"] == case and one["kind"] == "report")
        assert (report["case_number"], report["kept"] >= 3) == (number, True)
        shown = CliRunner().invoke(program, ["holds", "list"], catch_exceptions=False).output
        assert case not in shown
        until = "2035-01-01T00:00:00Z"
        longer = run(
            "extend", report["id"], "--until", until, "--reason", "Linked", "--signed-by", "Ida"
        )
        assert longer["ends"] == until
        ends = run("release", made["id"], "--reason", "They let go", "--signed-by", "Ida")
        assert ends["state"] == "stands"
    ben = served.person(Role.REPORT_OFFICER, name="Leo")
    holding = served.app.preserving.holding
    assert Id(made["id"]) in holding.listed().waiting
    who = Principal(ben.id, ben.name, Role.REPORT_OFFICER.permissions, person=ben.id)
    holding.confirm_end(who, Id(made["id"]))
    assert [one.stands for one in of_case(served, case)] == [True, False]
