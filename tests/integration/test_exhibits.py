"""Exhibits over HTTP and at the desk of commands: begun on the host, seen by investigators alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.cli.opening import HereDesk
from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.model.access import Permission, Role
from breakwater.model.case import CaseKind
from breakwater.records import audit, cases
from tests.builders_exhibits import seized
from tests.integration.conftest import photo
from tests.integration.served import OPERATOR, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("exhibits")) as running:
        yield running


@pytest.fixture(scope="module")
def taken(served, tmp_path_factory):
    """A set that a command had taken in through the API: one picture, one text."""
    folder = tmp_path_factory.mktemp("usb")
    seized(folder, {"a.png": photo(1), "b.txt": b"words"})
    served.person(Role.INVESTIGATOR, name="Ada Quist")
    key = served.app.access.keys.create(
        OPERATOR,
        name="host",
        service="",
        scopes=["metrics:read"],
        also=frozenset({Permission.DESK_SIGN}),
    )[1]
    body = {"reference": "K-2026-0815 / 3", "folder": str(folder)}
    host = served.client(key)
    assert host.post("/v1/exhibit-imports", json=body).status_code == 403
    made = host.post("/v1/exhibit-imports", json=body, params={"signed_by": "Ada Quist"})
    assert (made.status_code, made.json()["state"]) == (202, "taking")
    served.app.exhibiting.exhibits.turn()
    return made.json()["number"]


def test_an_investigator_sees_sets_files_and_one_path_at_a_time(served, taken) -> None:
    ours = served.browser(Role.INVESTIGATOR)
    (one,) = ours.get("/v1/exhibits").json()["sets"]
    assert (one["state"], one["offered"], one["taken"], one["bad"]) == ("done", 2, 1, 1)
    assert one == ours.get(f"/v1/exhibits/{taken}").json()
    files = ours.get(f"/v1/exhibits/{taken}/files").json()["exhibits"]
    assert [(f["reference"], f["state"]) for f in files] == [
        ("file 1", "unknown"),
        ("file 2", "bad"),
    ]
    (bad,) = ours.get(f"/v1/exhibits/{taken}/files", params={"state": "bad"}).json()["exhibits"]
    assert "no type that is decoded" in bad["fault"]
    page = ours.get(f"/v1/exhibits/{taken}/files", params={"limit": 1}).json()
    rest = ours.get(f"/v1/exhibits/{taken}/files", params={"after": page["after"]}).json()
    assert [f["number"] for f in rest["exhibits"]] == [files[1]["number"]]
    assert "a.png" not in ours.get(f"/v1/exhibits/{taken}/files").text
    assert ours.get(f"/v1/exhibit-files/{files[0]['number']}").json()["told"]["path"] == "a.png"


def test_nobody_else_sees_or_begins_anything(served, taken) -> None:
    key = served.client(served.key())
    for other in (key, served.browser(Role.REVIEWER, Role.GRADER, Role.ADMIN)):
        for path in ("/v1/exhibits", f"/v1/exhibits/{taken}", f"/v1/exhibits/{taken}/files",
                     "/v1/exhibit-files/1"):  # fmt: skip
            assert other.get(path).status_code == 403
    ours = served.browser(Role.INVESTIGATOR)
    body = {"reference": "x", "folder": "/"}
    assert ours.post("/v1/exhibit-imports", json=body).status_code == 403
    assert ours.get("/v1/exhibits/999").status_code == 404
    assert ours.get("/v1/exhibit-files/999").status_code == 404


def test_the_lead_of_a_set_has_its_page_and_is_closed_without_a_release(served, taken) -> None:
    with served.app.db.read() as tx:
        (case,) = cases.page(tx, kind=CaseKind.LEAD)
    ours = served.browser(Role.REVIEWER, Role.INVESTIGATOR)
    page = ours.get(f"/cases/{case.id}")
    assert page.status_code == 200
    assert "Exhibits K-2026-0815 / 3: 2 files, 0 of them known, 1 not readable." in page.text
    assert "Looked into" in page.text
    assert 'value="illegal"' not in page.text
    done = ours.post(f"/v1/cases/{case.id}/decisions", json={"kind": "illegal"})
    assert done.status_code == 422
    done = ours.post(f"/v1/cases/{case.id}/decisions", json={"kind": "not_illegal"})
    assert done.status_code == 201, done.text
    with served.app.db.read() as tx:
        assert cases.page(tx, kind=CaseKind.LEAD) == []


def test_a_command_takes_a_set_in_where_nothing_is_served(served, tmp_path) -> None:
    desk = HereDesk(served.app)
    seized(tmp_path / "stick", {"c.png": photo(2)})
    fields = {"reference": "K 2", "folder": str(tmp_path / "stick")}
    served.person(Role.INVESTIGATOR, name="Bo Reyes")
    served.person(Role.REVIEWER, name="Cy Reviewer")
    for name, error in (("Nobody", NotFound), ("Cy Reviewer", NotAllowed)):
        with pytest.raises(error):
            desk.take_exhibits(fields, name)
    done = desk.take_exhibits(fields, "Bo Reyes")
    assert (done["state"], done["taken"]) == ("done", 1)
    assert done["number"] in {one["number"] for one in desk.exhibit_sets()}
    assert desk.exhibits(done["number"], "known")["exhibits"] == []
    with pytest.raises(BadInput):
        desk.exhibits(done["number"], "odd")


def read_paths(served: Served) -> int:
    with served.app.db.read() as tx:
        return sum(one.action == "exhibits.read" for one in audit.page(tx, limit=500))


def test_paths_are_shown_to_those_who_ask_and_it_is_written_down(served, taken) -> None:
    ours, before = served.browser(Role.INVESTIGATOR), read_paths(served)
    plain = ours.get(f"/v1/exhibits/{taken}/files").json()["exhibits"]
    assert [one["path"] for one in plain] == ["", ""]
    page = ours.get(f"/links/exhibits/{taken}").text
    assert "file 1" in page
    assert "a.png" not in page
    assert read_paths(served) == before
    named = ours.get(f"/v1/exhibits/{taken}/files", params={"names": True}).json()["exhibits"]
    assert [one["path"] for one in named] == ["a.png", "b.txt"]
    assert read_paths(served) == before + 1
    page = ours.get(f"/links/exhibits/{taken}?names=1").text
    assert "a.png" in page
    assert "b.txt" in page
    assert read_paths(served) == before + 3, "what waits, and what could not be read"
    assert 'href="/cases/' in page
    assert "Looked into with its case" in page, "a test before this one closed it"
    auditor = served.browser(Role.AUDITOR)
    asked = auditor.get(f"/v1/exhibits/{taken}/files", params={"names": True})
    assert asked.status_code == 403


def test_a_command_shows_paths_in_an_investigators_name(served, taken) -> None:
    desk = HereDesk(served.app)
    assert [one["path"] for one in desk.exhibits(taken, "")["exhibits"]] == ["", ""]
    named = desk.exhibits(taken, "bad", names_for="Ada Quist")["exhibits"]
    assert [one["path"] for one in named] == ["b.txt"]
    with pytest.raises((NotAllowed, NotFound)):
        desk.exhibits(taken, "", names_for="Nobody")
