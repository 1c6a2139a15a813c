"""What became of a child, through the public faces: the API, the host's command, pages, and who is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from breakwater.cli import owner, program
from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.exhibit import Exhibit, ExhibitState, SetKind
from breakwater.model.ids import Id, new_id
from breakwater.records import cases, exhibits, link_series
from tests import builders
from tests import builders_links as made
from tests.integration.browsing import chromium
from tests.integration.link_site import BLUE, RED, LinkSite, link_site
from tests.integration.served import OPERATOR
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

SAFE = "A child of series 2 is safe."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LinkSite]:
    with link_site(tmp_path_factory.mktemp("outcomes"), browser) as running:
        yield running


@pytest.fixture(scope="module")
def case(site: LinkSite) -> Id:
    """A case whose medium is in the series RED, as a file of a set of exhibits is."""
    with site.app.db.transaction() as tx:
        case = builders.case(tx)
        made.medium(tx, 701, case=case.id)
        made.medium(tx, 702)
        begun = exhibits.start(tx, reference="K 7", source="", kind=SetKind.FOLDER, by="test")
        (one,) = exhibits.add(tx, begun.number, [Exhibit("file 1", ExhibitState.UNKNOWN)])
        exhibits.linked(tx, one.number, 702)
        made.series(tx, 70, [701, 702], name="Attic")
        return case.id


def delivered(site: LinkSite, series: int) -> None:
    """What the worker does with what was said last."""
    body = {"series": series}
    event = Event(new_id(), EventType.SERIES_OUTCOME, new_id(), site.app.clock.now(), body=body)
    site.app.linking.outcomes.on_outcome(event)


def test_the_api_tells_children_apart_and_the_case_and_the_set_learn_it(site, case) -> None:
    here = site.served.browser(Role.INVESTIGATOR)
    path = "/v1/links/series/70"
    child = here.post(f"{path}/children", json={"label": "Child A"})
    assert child.status_code == 201, child.text
    which = child.json()["id"]
    for end in ("no_action", "safeguarded"):
        said = here.post(
            f"{path}/outcomes", json={"child": which, "outcome": end, "words": "By the unit."}
        )
        assert said.status_code == 201, said.text
    (one,) = here.get(f"{path}/children").json()["children"]
    assert one["outcome"] == "safeguarded"
    assert [each["outcome"] for each in one["said"]] == ["safeguarded", "no_action"]
    delivered(site, 70)
    page = here.get(f"/cases/{case}").text
    assert "A child of series 70 is safe." in page
    assert (
        "Ein Kind der Serie 70 ist in Sicherheit."
        in here.get(f"/cases/{case}", headers={"Accept-Language": "de"}).text
    )
    assert "Child A" not in page, "a label stays with the series"
    numbers = [one["number"] for one in here.get("/v1/exhibits").json()["sets"]]
    shown = here.get(f"/links/exhibits/{max(numbers)}").text
    assert "Child A" in shown
    assert "Safeguarded" in shown
    assert "told" in [one["what"] for one in here.get(path).json()["history"]]
    wrong = here.post(f"{path}/outcomes", json={"child": which, "outcome": "gone"})
    assert wrong.status_code == 422
    assert (
        here.post(f"{path}/outcomes", json={"child": new_id(), "outcome": "identified"}).status_code
        == 404
    )
    reviewer = site.served.browser(Role.REVIEWER)
    assert reviewer.get(f"{path}/children").status_code == 403
    assert reviewer.post(f"{path}/children", json={"label": "x"}).status_code == 403


def test_a_service_may_ask_to_be_told(site) -> None:
    admin = site.served.browser(Role.ADMIN)
    asked = {
        "url": "https://photos.example/hook",
        "events": ["series.outcome"],
        "service": "photos",
    }
    answer = admin.post("/v1/webhooks", json=asked)
    assert answer.status_code == 201, answer.text


def test_the_hosts_command_says_what_became_of_a_child_by_its_label(site, monkeypatch) -> None:
    app = site.app
    site.served.person(Role.INVESTIGATOR, name="Ida")
    also = frozenset({Permission.LINK_WRITE, Permission.LINK_READ, Permission.DESK_SIGN})
    key = app.access.keys.create(OPERATOR, name="own", scopes=MACHINE_SCOPES, also=also)[1]
    here = owner.Owner(site.served.url, key, site.served.url)
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(app.settings.data_dir))

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(program, ["links", *words])
        assert done.exit_code == code, done.output
        return done.output

    with owner.announced(app.settings.owner_token, here):
        assert "No child of series 3" in run("children", "3")
        assert "Child B" in run("child", "3", "Child B", "--signed-by", "Ida")
        said = run("outcome", "3", "Child B", "identified", "--signed-by", "Ida")
        assert "Child B: identified" in said
        (one,) = json.loads(run("children", "3", "--json"))
        assert one["outcome"] == "identified"
        run("outcome", "3", "Child C", "identified", "--signed-by", "Ida", code=1)
        assert "Nobody has said yet" in run("places", "3")
        where = ("--country", "NL", "--latitude", "52.371", "--longitude", "4.89")
        run("place", "3", *where, "--words", "A sign.", "--signed-by", "Ida")
        (there,) = json.loads(run("places", "3", "--json"))
        assert (there["country"], there["latitude"], there["certain"]) == ("NL", 52.37, False)
        assert "thought" in run("places", "3")
        alone = ("--latitude", "52.3", "--words", "A sign.", "--signed-by", "Ida")
        run("place", "3", "--country", "NL", *alone, code=1)
        lead = json.loads(run("lead", "3", "--signed-by", "Ida", "--json"))
        assert f"Case {lead['number']} is the lead of series 3." in run(
            "lead", "3", "--signed-by", "Ida"
        )
        run("lead", "4711", "--signed-by", "Ida", code=1)


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}])
def test_by_keys_alone_a_child_is_told_apart_and_an_outcome_is_said(site, size) -> None:
    label = f"Child {size['width']}"
    with site.page(**size) as watched:
        watched.allowed += ["422", "403", "400"]
        page = watched.page
        answer = page.goto(f"{site.served.url}/links/{RED}")
        page.get_by_label("Label, never a name").fill(label)
        page.keyboard.press("Enter")
        expect(page.locator("#children")).to_contain_text(label)
        page.locator("#children summary").focus()
        page.keyboard.press("Enter")
        row, form = page.locator("#children li", has_text=label), page.locator("#children")
        form.get_by_label("Child", exact=True).select_option(label=label)
        form.get_by_label("Outcome").select_option("safeguarded")
        form.get_by_label("Words for colleagues").fill("By the unit of the harbour.")
        if os.environ.get("LOOK"):
            page.screenshot(
                path=Path(os.environ["LOOK"]) / f"form {size['width']}.png", full_page=True
            )
        page.evaluate("scrollTo(0, 0)")  # nothing half behind the bar
        both_themes(page, f"outcome {size['width']}")
        assert not scrolls_sideways(page)
        page.keyboard.press("Enter")
        expect(row).to_contain_text("Safeguarded")
        expect(row).to_contain_text("By the unit of the harbour.")
        expect(page.locator("#history")).to_contain_text("It was said what became of a child")
        page.get_by_label("Label, never a name").fill(label)
        page.keyboard.press("Enter")
        expect(page.locator("#wrong")).to_contain_text("has this label already")
        page.locator("#places summary").focus()
        page.keyboard.press("Enter")
        page.get_by_label("What speaks for it").fill("The harbour bridge.")
        page.get_by_label("Country, by two letters").fill("se")
        page.get_by_label("Latitude, if known").fill("57,7089")
        page.get_by_label("Longitude, if known").fill("11.9746")
        page.evaluate("scrollTo(0, 0)")
        both_themes(page, f"place {size['width']}")
        if os.environ.get("LOOK"):
            page.screenshot(
                path=Path(os.environ["LOOK"]) / f"place {size['width']}.png", full_page=True
            )
        page.get_by_role("button", name="Save the place").click()
        expect(page.locator("#places")).to_contain_text("Sweden, 57.71, 11.97")
        expect(page.locator("#places svg title").first).to_have_text("Sweden: Thought")
        answer = page.goto(f"{site.served.url}/links/{BLUE}")
        assert len(answer.body()) <= HTML_BYTES


def test_a_series_with_a_lead_is_taken_as_vics_from_its_page(site, case) -> None:
    here = site.served.browser(Role.INVESTIGATOR)
    assert "Take it as VICS" not in here.get("/links/70").text
    with site.app.db.transaction() as tx:
        lead = cases.open(
            tx, kind=CaseKind.LEAD, subject=link_series.get(tx, 70).id, why="Media joined.",
            priority=Priority.LOW, by="linking",
        )  # fmt: skip
    page = here.get("/links/70").text
    assert f'href="/cases/{lead.id}/vics"' in page
    assert "Take it as VICS" in page
    shown = here.get(f"/cases/{lead.id}/vics")
    assert (shown.status_code, "1 file" in shown.text) == (200, True)
    assert here.get(f"/v1/cases/{lead.id}/vics").json()["left_out"] == 1
