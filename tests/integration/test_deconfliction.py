"""Who else works on the same file, through the public faces: a member's key, people, the host's command."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from breakwater.cli import owner, program
from breakwater.cli.opening import HereDesk
from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

FILES = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(9)]
OURS = {"reference": "Our 3", "contact": "Desk"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("who"), reports_platform="Reed") as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def key_of(served: Served, name: str, **body: object) -> str:
    lead = served.browser(Role.QA_LEAD)
    made = lead.post("/v1/hub/members", json={"name": name, "kind": "police", "contact": "x"})
    answer = lead.post(f"/v1/hub/members/{made.json()['id']}/keys", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_members_and_people_here_learn_of_each_other(served: Served) -> None:
    cove = served.client(key_of(served, "Cove", deconflict=True))
    dune = served.client(key_of(served, "Dune", give=True))
    here = served.browser(Role.INVESTIGATOR)
    question = {"reference": "C/1", "contact": "Unit 4", "sha256s": FILES[:3]}
    assert cove.post("/v1/deconfliction", json=question).json() == {"entered": 3, "overlaps": []}
    refused = dune.post("/v1/deconfliction", json=question)
    assert (refused.status_code, "link:deconflict" in refused.text) == (403, True)
    said = here.post("/v1/links/deconfliction", json=OURS | {"sha256s": FILES[2:5]}).json()
    (one,) = said["overlaps"]
    assert (one["other"], one["other_reference"], one["contact"]) == ("Cove", "C/1", "Unit 4")
    assert one["sha256s"] == [FILES[2]]
    (theirs,) = cove.get("/v1/deconfliction").json()["overlaps"]
    assert (theirs["other"], theirs["other_reference"], theirs["files"]) == ("Reed", "Our 3", 1)
    leads = served.browser(Role.INVESTIGATOR).get("/v1/cases", params={"kind": "lead"}).json()
    assert [one["why"] for one in leads["cases"]] == ["Cove works on 1 file of Our 3 too, as C/1."]
    case = here.get(f"/cases/{leads['cases'][0]['id']}")
    assert "Another organisation works on the same file" in case.text
    gone = cove.delete("/v1/deconfliction", params={"reference": "C/1"})
    assert gone.json() == {"files": 3}
    assert here.get("/v1/links/deconfliction").json()["overlaps"] == []


def test_what_is_no_question_is_said(served: Served) -> None:
    key = served.client(key_of(served, "Fen", deconflict=True))
    for wrong in ({"sha256s": ["ab"]}, {"sha256s": []}, {"reference": "", "sha256s": FILES}):
        answer = key.post("/v1/deconfliction", json=OURS | wrong)
        assert answer.status_code == 422, answer.text
    here = served.browser(Role.INVESTIGATOR)
    assert here.post("/v1/links/deconfliction", json=OURS).status_code == 422
    assert here.post("/v1/links/deconfliction", json=OURS | {"series": 99}).status_code == 404
    assert served.browser(Role.REVIEWER).get("/v1/links/deconfliction").status_code == 403


def test_the_hosts_command_enters_lists_and_takes_back(served: Served, monkeypatch) -> None:
    served.person(Role.INVESTIGATOR, name="Ida")
    also = frozenset({Permission.LINK_WRITE, Permission.DESK_SIGN})
    key = served.app.access.keys.create(OPERATOR, name="own", scopes=MACHINE_SCOPES, also=also)[1]
    here = owner.Owner(served.url, key, served.url)
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(served.app.settings.data_dir))
    files = served.app.settings.data_dir / "files.txt"
    files.write_text("\n".join(FILES[5:8]))

    def run(*words: str) -> str:
        done = CliRunner().invoke(program, ["links", "deconflict", *words, "--signed-by", "Ida"])
        assert done.exit_code == 0, done.output
        return done.output

    with owner.announced(served.app.settings.owner_token, here):
        said = run("enter", "Ida 1", "--contact", "Desk", "--file", str(files))
        assert "3 new files stand under Ida 1" in said
        assert "Nobody else" in said
        (stands,) = (
            one
            for one in json.loads(run("list", "--json"))["entered"]
            if one["reference"] == "Ida 1"
        )
        assert stands["files"] == 3
        assert "3 files of Ida 1" in run("end", "Ida 1")
    desk = HereDesk(served.app)
    body = OURS | {"sha256s": FILES[5:6]}
    assert desk.links("deconflict", None, body, signer="Ida")["entered"] == 1
    assert desk.links("deconflict_end", signer="Ida", reference="Our 3")["files"] >= 1


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_at_any_width(served: Served, browser, width: int) -> None:
    member = served.client(key_of(served, f"Fjord {width}", deconflict=True))
    member.post(
        "/v1/deconfliction", json={"reference": "F/9", "contact": "Duty desk", "sha256s": FILES[8:]}
    )
    served.browser(Role.INVESTIGATOR).post(
        "/v1/links/deconfliction", json=OURS | {"sha256s": FILES[8:]}
    )
    with Site(served, browser, None).page(Role.INVESTIGATOR, width=width, height=1400) as watched:
        page = watched.page
        page.goto(f"{served.url}/links/deconfliction")
        expect(page.locator("main")).to_contain_text(f"Fjord {width}")
        both_themes(page, f"deconfliction {width}")
        assert not scrolls_sideways(page)
        if os.environ.get("LOOK"):
            page.screenshot(path=Path(os.environ["LOOK"]) / f"deconf {width}.png", full_page=True)
        watched.allowed += ["Failed to load resource"]  # the refusal of a series that is not there
        page.get_by_label("Your reference of the case").fill("K 9")
        page.get_by_label("Whom to call").fill("Unit 4")
        page.get_by_label("Number of a series").fill("404")
        page.get_by_role("button", name="Enter it").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("404")
        expect(page.get_by_label("Your reference of the case")).to_have_value("K 9")
        page.get_by_role("button", name="Take it back: Our 3").press("Enter")
        expect(page.locator("p.bar")).to_contain_text("taken back")
    assert len(served.browser(Role.INVESTIGATOR).get("/links/deconfliction").content) <= 40_000
