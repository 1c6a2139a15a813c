"""A package from the page and the command line: proposed, agreed to by another, taken, receipted."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from breakwater.cli import owner, program
from breakwater.errors import NeedsSecondPerson, NotAllowed
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal, Role
from breakwater.model.ids import Id, new_id
from breakwater.model.sending import RecipientKind
from breakwater.records import audit, cases, packages, uploads
from breakwater.reporting.packages import notes, verify
from breakwater.reporting.packages.notes import ReceiptText
from breakwater.reporting.packages.packages import NewKey
from breakwater.review.grading.vics import VicsReader
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
    served, _, _ = site
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
        page.get_by_role("button", name="Agree: make the package").click()
        expect(page.locator("main")).to_contain_text("Being made")
        made(served, case)
        expect(page.locator("#made")).to_contain_text("Sealed")
        both_themes(page, "a sealed package")
        with page.expect_download() as coming:
            page.get_by_role("link", name="Take the sealed file").click()
        coming.value.save_as(tmp_path / "taken.age")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
        assert checked_file(tmp_path / "taken.age", whom, tmp_path / "out") == 0
        (package,) = served.app.packages.desk.of_case(principal(served, ben), case).packages
        receipt = notes.sign_receipt(
            ReceiptText(package.id, package.sha256, package.made_at, "Sgt. Ö"),
            pem=whom.pem, name="police.example",
        )  # fmt: skip
        page.get_by_label("The receipt, as the officer sent it").fill(receipt)
        page.get_by_role("button", name="Check and keep it").click()
        expect(page.locator("main")).to_contain_text("Sgt. Ö")


def many(served, count: int) -> Id:
    """A decided case of so many files."""
    case = decided(served)
    with served.app.db.transaction() as tx:
        first = uploads.by_account(tx, cases.get(tx, case).service, cases.get(tx, case).account)[0]
        for _ in range(count - 1):
            uploads.finish(tx, replace(first, id=new_id(), blob=None, case=case))
    return case


def test_investigators_take_a_case_as_vics_alone_or_with_another(site):
    served, _, _ = site
    few, more = many(served, 1), many(served, 11)
    ada = served.person(Role.INVESTIGATOR, name="Vera")
    ben = served.person(Role.INVESTIGATOR, name="Viktor")

    def fill(page):
        page.get_by_label("Legal reference").fill("K-2026-0815")
        page.get_by_label("Country it goes to, by two letters").fill("gb")

    def taken(page) -> VicsReader:
        with page.expect_download() as coming:
            page.get_by_role("button", name="Take the file").first.click()
        return VicsReader(io.BytesIO(coming.value.path().read_bytes()))

    context, cookie = page_of(site, ada, java_script_enabled=False)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(f"{served.url}/cases/{few}/package")
        page.get_by_role("link", name="Take it as VICS").click()
        fill(page)
        page.get_by_label("Whose categories").select_option("UK")
        reader = taken(page)
        assert (len(list(reader.rows())), reader.context) == (1, "UK")
        page.goto(f"{served.url}/cases/{more}/vics")
        expect(page.locator("main")).to_contain_text("11 files")
        fill(page)
        page.get_by_role("button", name="Propose it").click()
        expect(page.get_by_role("heading", name="Waits for a second person")).to_be_visible()
        assert page.get_by_role("button", name="Agree: it may be taken").count() == 0
    context, cookie = page_of(site, ben)
    with context as watched:
        watched.page.context.add_cookies([cookie])
        page = watched.page
        page.goto(f"{served.url}/cases/{more}/vics")
        both_themes(page, "a case as VICS waits")
        page.get_by_role("button", name="Agree: it may be taken").click()
        expect(page.get_by_role("heading", name="Two people agreed")).to_be_visible()
        assert len(list(taken(page).rows())) == 11
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)


def test_the_command_takes_few_files_and_proposes_more(site, monkeypatch):
    served, _, place = site
    few, more = many(served, 1), many(served, 11)
    served.person(Role.INVESTIGATOR, name="Vanja")
    also = frozenset({Permission.VICS_EXPORT, Permission.DESK_SIGN})
    key = served.app.access.keys.create(OPERATOR, name="own", scopes=MACHINE_SCOPES, also=also)[1]
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(served.app.settings.data_dir))
    with owner.announced(served.app.settings.owner_token, owner.Owner(served.url, key, served.url)):
        for case, second in ((few, False), (more, True)):
            out = place / f"{case}.json"
            words = ["vics", "export", str(case), "--out", str(out), "--reference", "K 1"]
            done = CliRunner().invoke(
                program, [*words, "--country", "GB", "--signed-by", "Vanja", "--json"]
            )
            if second:
                assert isinstance(done.exception, NeedsSecondPerson), done.output
                assert not out.exists()
            else:
                assert done.exit_code == 0, done.output
                assert len(list(VicsReader(io.BytesIO(out.read_bytes())).rows())) == 1


def principal(served, person):
    may = frozenset().union(*(role.permissions for role in person.roles))
    return Principal(person.id, person.name, may, person=person.id)


def checked_file(sealed, whom, where) -> int:
    return verify.main([str(whom.opened(sealed.read_bytes(), where))])


def test_commands_take_what_two_people_agreed_to(site, tmp_path, monkeypatch):
    served, _, place = site
    case, desk = decided(served), served.app.packages.desk
    cleo = served.person(Role.REPORT_OFFICER, name="Cleo")
    dan = served.person(Role.REPORT_OFFICER, name="Dan")
    served.person(Role.REVIEWER, name="Eve")
    malmo = police()
    new = NewKey("Police of Malmö", "GB", RecipientKind.POLICE, malmo.key, malmo.receipt_key)
    desk.add_key(principal(served, cleo), new)
    also = frozenset({Permission.DESK_SIGN, Permission.PACKAGE_EXPORT})
    _, token = served.app.access.keys.create(OPERATOR, name="desk", scopes=["bank:read"], also=also)
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(place / "data"))
    taken, receipt = tmp_path / "case.age", tmp_path / "receipt.txt"
    asking = [
        "export",
        str(case),
        "--to",
        "Police of Malmö",
        "--out",
        str(taken),
        "--reason",
        "Asked.",
    ]

    def run(*words):
        return CliRunner().invoke(program, [*words])

    with owner.announced(place / "data/owner.json", owner.Owner(served.url, token)):
        assert isinstance(run(*asking, "--signed-by", "Eve").exception, NotAllowed)
        assert isinstance(run(*asking, "--signed-by", "Cleo").exception, NeedsSecondPerson)
        assert isinstance(run(*asking, "--signed-by", "Dan").exception, NeedsSecondPerson)
        assert not taken.exists()
        package = desk.confirm(principal(served, dan), case)
        served.app.packages.maker.run(package.id, 3, lambda _: None)
        done = run(*asking, "--signed-by", "Cleo", "--json")
        assert done.exit_code == 0, done.output
        assert checked_file(taken, malmo, tmp_path / "out") == 0
        (tmp_path / "officer.key").write_bytes(malmo.pem)
        assert run("receipt", "sign", str(taken), "--package", package.id, "--officer", "Sgt. Ö",
                   "--key", str(tmp_path / "officer.key"), "--name", "police.example",
                   "--out", str(receipt)).exit_code == 0  # fmt: skip
        assert run("receipt", "record", str(receipt), "--signed-by", "Dan").exit_code == 0
    with served.app.db.read() as tx:
        rows = audit.page(tx, subject=package.id)
    told = [(row.action, row.actor) for row in reversed(rows)]
    assert told[-2:] == [("package.take", cleo.id), ("package.receipt", dan.id)]
