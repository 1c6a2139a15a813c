"""Protects imports that people start in the console: chosen or sent, watched, mended, taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from breakwater.errors import BadInput, Conflict, NotFound, TooLarge
from breakwater.model.access import Role
from breakwater.model.grading import SetState
from breakwater.records import gradesets
from breakwater.review.grading import folder as folders
from breakwater.review.grading.folder import ImportFolder
from tests.integration.browsing import chromium
from tests.integration.conftest import photo
from tests.integration.console_site import until
from tests.integration.grade_site import GradeSite, grade_site
from tests.integration.grading_sets import entry, vics


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradeSite]:
    with grade_site(tmp_path_factory.mktemp("sets") / "here", browser) as running:
        yield running


def place(site: GradeSite) -> Path:
    found = site.served.app.settings.sets_dir
    found.mkdir(exist_ok=True)
    return found


def imported(site: GradeSite, name: str, state: SetState = SetState.OPEN):
    """The set of this name, when the worker has read its file."""

    def found() -> bool:
        site.served.app.review.grade_sets.turn()
        return any(s.name == name and s.state is state for s in all_sets())

    def all_sets():
        with site.served.app.db.read() as tx:
            return gradesets.every(tx)

    until(found)
    return next(one for one in all_sets() if one.name == name)


def test_a_lead_chooses_a_file_and_watches_its_import(site):
    here = place(site)
    (here / "harbour-media").mkdir(exist_ok=True)
    for seed in (1, 2):
        (here / "harbour-media" / f"{seed}.png").write_bytes(photo(seed))
    vics(here / "harbour.json", [entry(1, "1.png"), entry(2, "2.png"), entry(3, "gone.png"), {}])
    with site.page(Role.QA_LEAD, name="Lena") as watched:
        page = watched.page
        page.goto(f"{site.served.url}/sets")
        page.select_option("#f-file", "harbour.json")
        page.select_option("#f-media", "harbour-media")
        page.fill("#f-source", "a partner")
        page.get_by_role("button", name="Begin the import").click()
        expect(page.locator("h1")).to_contain_text("harbour")
        one = imported(site, "harbour")
        expect(page.locator("#set")).to_contain_text("Open for graders")
        expect(page.get_by_role("row", name="Named without their file")).to_contain_text("1")
        expect(page.get_by_role("row", name="neither a hash nor a file")).to_contain_text("4")
        page.get_by_role("button", name="Close the set").click()
        expect(page.locator("#set")).to_contain_text("Closed")
    assert (one.rows_read, one.rows_bad, one.source) == (4, 1, "a partner")


def test_an_admin_sends_a_file_and_one_cut_short_goes_on_when_it_is_mended(site, tmp_path):
    good = b"path,md5\n" + b"".join(b"%d.jpg,%032x\n" % (n, n) for n in range(5))
    sent = tmp_path / "sent.csv"
    sent.write_bytes(good)
    with site.page(Role.ADMIN, name="Adam") as watched:
        page = watched.page
        page.goto(f"{site.served.url}/sets")
        page.set_input_files("#f-send", sent)
        expect(page.locator("#send-status")).to_contain_text("sent.csv is in the import folder")
        expect(page.locator("#f-file")).to_have_value("sent.csv")
        watched.allowed.append("409")
        page.set_input_files("#f-send", sent)
        expect(page.locator("#send-status")).to_contain_text("rename yours")
        page.get_by_role("button", name="Begin the import").click()
        one = imported(site, "sent")
        assert one.rows_read == 5
        cut = {"@odata.context": "x#Media", "value": [entry(n, f"{n}.jpg") for n in range(3)]}
        (place(site) / "cut.json").write_text(json.dumps(cut)[:-1])
        page.goto(f"{site.served.url}/sets")
        page.select_option("#f-file", "cut.json")
        page.get_by_role("button", name="Begin the import").click()
        imported(site, "cut", SetState.FAILED)
        page.reload()
        expect(page.get_by_role("alert").first).to_contain_text("ends before its end")


def test_nothing_is_chosen_and_a_file_that_went_away_is_said_on_the_page(site):
    with site.page(Role.QA_LEAD, name="Lena") as watched:
        watched.allowed.append("404")
        page = watched.page
        page.goto(f"{site.served.url}/sets")
        page.evaluate(
            "document.getElementById('f-file').add(new Option('../x.csv', '../x.csv', true, true))"
        )
        page.get_by_role("button", name="Begin the import").click()
        expect(page.locator("#wrong")).to_contain_text("no such file")


def test_graders_start_no_import(site):
    with site.page(Role.GRADER, name="Greta") as watched:
        watched.allowed.append("403")
        assert watched.page.goto(f"{site.served.url}/sets").status == 403


@pytest.mark.parametrize(
    "name", ["", "../x.csv", "a/b.csv", ".hidden.csv", "x.exe", "x.csv\n", "x" * 130 + ".csv"]
)
def test_only_names_of_files_in_the_folder_are_files(tmp_path, name):
    folder = ImportFolder(tmp_path / "sets")
    with pytest.raises(BadInput), folder.receiving(name) as take:
        take(b"x")
    with pytest.raises(NotFound):
        folder.file(name)
    if name:
        with pytest.raises(NotFound):
            folder.media(name)


def test_a_file_that_breaks_off_or_is_too_large_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST_SENT", 4)
    folder = ImportFolder(tmp_path / "sets")
    with pytest.raises(TooLarge), folder.receiving("a.csv") as take:
        take(b"12345")
    with pytest.raises(TypeError), folder.receiving("a.csv") as take:
        take(None)
    assert folder.files() == []
    with folder.receiving("a.csv") as take:
        take(b"1234")
        with pytest.raises(Conflict), folder.receiving("a.csv"):
            pass
    assert folder.files() == ["a.csv"]
    (tmp_path / "outside.csv").write_bytes(b"x")
    (folder.root / "link.csv").symlink_to(tmp_path / "outside.csv")
    assert folder.files() == ["a.csv"]
