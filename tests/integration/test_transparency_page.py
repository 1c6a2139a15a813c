"""Figures and measures as auditors see and take them: pages, files, HTTP, at any width."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.spot import Candidate, Round, SpotAnswer, Stratum
from breakwater.records import audit, cases, people, spots, streams
from tests import builders
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An installation with a bank, flags that a person had, and spot checks for prevalence."""
    with serving(tmp_path_factory.mktemp("transparency")) as running:
        with running.app.db.transaction() as tx:
            builders.entry(tx, builders.bank(tx))
            ada = people.create(tx, name="Ada Quist").id
            for _ in range(7):
                case = cases.open(
                    tx, kind=CaseKind.UPLOAD, subject=new_id(), why="w", priority=Priority.HIGH,
                    service="clips", account="", by="intake",
                )  # fmt: skip
                cases.note(tx, case.id, by=ada, what="taken")
            stratum = Stratum("v0-known", 40, 400, 1, 0.5, 20)
            design = spots.design(tx, {"prevalence": "Counsel, note 7"})
            slot = int(tx.now.timestamp()) // 600
            made = Round(slot, design, "00", tx.now, 20, (stratum,), {})
            drawn = []
            for n in range(20):
                stream = streams.start(tx, server="", name=f"s{n}", sender=Sender(service="clips"))
                drawn.append((Candidate(stream.id, 10, new=False), stratum))
            for one in spots.add_round(tx, made, drawn, kept=timedelta(hours=72)):
                strip = spots.strip(tx, one.id, 1)
                spots.answer(tx, strip, SpotAnswer.NOTHING, by=new_id(), frames=3)
        yield running


@pytest.mark.parametrize("width", [1440, 390])
def test_an_auditor_reads_figures_and_measures_at_any_width(served, browser, width) -> None:
    site = Site(served, browser, None)
    with site.page(Role.AUDITOR, width=width, height=3000) as watched:
        page = watched.page
        page.goto(f"{served.url}/transparency")
        expect(page.get_by_role("heading", name="Transparency", exact=True)).to_be_visible()
        much = page.locator("section", has=page.locator("#much-title"))
        expect(much).to_contain_text("0 %, 95 %: 0 % to 16.8 %")
        expect(much).to_contain_text("Lawful basis: Counsel, note 7")
        row = page.get_by_role("row", name="Known videos")
        assert [cell.strip() for cell in row.locator("td").all_inner_texts()] == [
            "0",
            "0",
            "0",
            "0",
        ]
        assert page.locator("svg.plot").count() == 3, (
            "nothing was decided, so nothing is drawn of it"
        )
        both_themes(page, f"transparency {width}")
        assert not scrolls_sideways(page)
        page.get_by_label("First day (UTC)").fill("2026-01-31")
        page.get_by_label("Last day").fill("2026-01-01")
        watched.allowed.append("/transparency")
        page.get_by_label("Last day").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The period ends before it begins.")
        page.goto(f"{served.url}/transparency")
        page.get_by_role("link", name="Measures of Ofcom").click()
        known = page.locator(
            "li.card", has=page.get_by_text("Known material is found by perceptual")
        )
        expect(known).to_contain_text("active entries of pdq")
        expect(known.locator(".state")).to_have_text("On")
        both_themes(page, f"measures {width}")
        assert not scrolls_sideways(page)


def test_each_file_is_taken_by_those_who_may_and_written_down(served) -> None:
    auditor = served.browser(Role.AUDITOR)
    period = {"from": "2026-11-01", "to": "2027-11-01"}
    taken = auditor.get("/transparency/report", params=period | {"form": "csv"})
    assert taken.headers["content-disposition"] == (
        'attachment; filename="transparency_2026-11-01_2027-11-01.csv"'
    )
    rows = list(csv.reader(io.StringIO(taken.text)))
    assert ["flags", "all_day", "", "7", "", "", ""] in rows
    assert ["matches", "list", "live", "0", "", "", ""] in rows
    assert auditor.get("/transparency/report", params=period | {"form": "pdf"}).content.startswith(
        b"%PDF-"
    )
    told = auditor.get("/v1/transparency", params=period).json()
    assert told["waits"][0]["flags"] == 7
    assert told["prevalence"]["looked"] == 20
    code = auditor.get("/v1/compliance").json()
    assert next(one for one in code["measures"] if one["id"] == "hash_matching")["on"]
    assert auditor.get("/transparency/measures/report?form=pdf").content.startswith(b"%PDF-")
    assert auditor.get("/v1/compliance?code=arcep").status_code == 404
    assert auditor.get("/v1/transparency", params=period | {"to": "2026-10-01"}).status_code == 422
    with served.app.db.read() as tx:
        acts = audit.page(tx, action="transparency.report")
    assert {one.facts["form"] for one in acts} == {"csv", "pdf", "json"}
    reviewer = served.browser(Role.REVIEWER)
    for path in ("/transparency", "/transparency/report", "/transparency/measures"):
        assert reviewer.get(path, params=period | {"form": "csv"}).status_code == 403, path


def test_pages_stay_small(served) -> None:
    auditor = served.browser(Role.AUDITOR)
    for path in ("/transparency", "/transparency/measures"):
        answer = auditor.get(path)
        assert answer.status_code == 200
        assert len(answer.content) <= 40_000, (path, len(answer.content))
