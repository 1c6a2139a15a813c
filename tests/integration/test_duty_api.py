"""`/v1/duty` over real HTTP, and `breakwater duty` on both desks: beside a server and alone."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from breakwater.app import build, set_up
from breakwater.cli import duty as cli
from breakwater.cli import owner
from breakwater.cli.opening import NoJail, at
from breakwater.cli.serve import OWNER_SCOPES
from breakwater.cli.terminal import Terminal
from breakwater.errors import BadInput, NotFound
from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.duty import CallKind
from breakwater.model.ids import new_id
from breakwater.records.rootkey import RootKey
from breakwater.settings import load
from tests import builders
from tests.integration.served import OPERATOR, Served, serving

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("duty-api")) as running:
        running.person(Role.LIVE_MODERATOR, name="Ada")
        running.person(Role.REVIEWER, name="Sam")
        running.person(Role.GRADER, name="Kim")
        yield running


@pytest.fixture(scope="module")
def planner(served: Served) -> httpx.Client:
    """A planning tool with a key of its own."""
    return served.client(served.key("duty:write"))


def shift(served: Served, person: str, begins: float, ends: float, rank: int = 1) -> dict:
    now = served.app.clock.now()
    moments = {"starts_at": begins, "ends_at": ends}
    return {"person": person, "rank": rank} | {
        name: (now + hours * HOUR).isoformat() for name, hours in moments.items()
    }


def test_a_planning_tool_sends_a_rota_whole_or_not_at_all(served: Served, planner) -> None:
    bad = [
        ([shift(served, "Kim", 0, 8)], 422, "bad_input"),
        ([shift(served, "Nobody", 0, 8)], 404, "not_found"),
        ([shift(served, "Ada", 8, 0)], 422, "bad_input"),
        ([shift(served, "Ada", 0, 8), shift(served, "Ada", 4, 9)], 409, "conflict"),
        ([], 422, "bad_input"),
        ([shift(served, "Ada", 0, 8) | {"rank": 10}], 422, "bad_input"),
        ([shift(served, "Ada", 0, 8) | {"starts_at": "soon"}], 422, "bad_input"),
    ]  # fmt: skip
    for shifts, status, code in bad:
        answer = planner.post("/v1/duty/shifts", json={"shifts": shifts})
        assert (answer.status_code, answer.json()["code"]) == (status, code), shifts
    assert planner.get("/v1/duty").json()["shifts"] == []
    good = [
        shift(served, "Ada", -1, 8),
        shift(served, "Sam", -1, 8, 2),
        shift(served, "Ada", 9, 12),
    ]
    made = planner.post("/v1/duty/shifts", json={"shifts": good})
    assert made.status_code == 201
    stands = planner.get("/v1/duty").json()
    assert [(one["name"], one["rank"]) for one in stands["now"]] == [("Ada", 1), ("Sam", 2)]
    assert len(stands["shifts"]) == 3
    assert stands["pager"] is False
    last = made.json()["shifts"][2]
    assert planner.delete(f"/v1/duty/shifts/{last['id']}").json()["name"] == "Ada"
    assert planner.delete(f"/v1/duty/shifts/{last['id']}").status_code == 409
    assert planner.delete(f"/v1/duty/shifts/{new_id()}").status_code == 404


def test_a_key_plans_and_only_people_answer(served: Served, planner) -> None:
    call = planner.post("/v1/duty/tests", json={"person": "Ada"}).json()
    assert (call["kind"], call["outcome"]) == ("test", None)
    path = f"/v1/duty/calls/{call['id']}/acknowledge"
    assert planner.post(path).status_code == 403
    assert served.browser(Role.LIVE_MODERATOR).post(path).status_code == 403
    assert served.client(served.key("bank:read")).get("/v1/duty").status_code == 403


def test_people_acknowledge_hand_over_and_freeze(served: Served, planner) -> None:
    with served.app.db.transaction() as tx:
        case = builders.case(tx, priority=Priority.NOW, kind=CaseKind.STREAM)
        call = served.app.review.on_call.caller.call(tx, CallKind.CASE, case.id, by="review")
    assert call.id in {one["id"] for one in planner.get("/v1/duty").json()["calls"]}
    first, second = served.browser(Role.REVIEWER), served.browser(Role.REVIEWER)
    answered = first.post(f"/v1/duty/calls/{call.id}/acknowledge")
    assert (answered.status_code, answered.json()["outcome"]) == (200, "acknowledged")
    late = second.post(f"/v1/duty/calls/{call.id}/acknowledge")
    assert (late.status_code, late.json()["outcome"]) == (409, "acknowledged")
    assert "answered this at" in late.json()["detail"]
    frozen = first.post("/v1/duty/freezes", json={"case": case.id})
    assert (frozen.status_code, frozen.json()) == (202, {"case": case.id, "wanted": True})
    offered = first.post("/v1/duty/handovers", json={"to": "Ada"})
    assert (offered.status_code, offered.json()["code"]) == (422, "bad_input")
    assert first.post("/v1/duty/freezes", json={"case": "1042"}).status_code == 404


@pytest.fixture
def alone(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `breakwater duty` where no server runs."""
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BREAKWATER_ROOT_KEY_FILE", str(tmp_path / "root.key"))
    monkeypatch.setenv("BREAKWATER_AUDIT_DIR", str(tmp_path / "checkpoints"))
    RootKey.create(tmp_path / "root.key")
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "breakwater.db")
    set_up(load())
    with contextlib.closing(build(load(), pool=NoJail(), decode=False)) as app:
        app.access.people.create("Ada", [Role.REVIEWER], OPERATOR)
    return lambda *words: CliRunner().invoke(cli.app, words)


def test_the_command_line_plans_shows_and_tests_without_a_server(alone, tmp_path) -> None:
    file = tmp_path / "rota.csv"
    day = "2027-01-01T"
    file.write_text(f"person,starts_at,ends_at\nAda,{day}08:00,soon\n", "utf-8")
    with pytest.raises(BadInput, match="Line 2: a moment is written"):
        raise alone("set", "--file", str(file)).exception
    with pytest.raises(NotFound):
        raise alone("set", "Sam", "--from", day + "08:00", "--until", day + "16:00").exception
    started = (datetime.now(UTC) - HOUR).isoformat()
    ends = (datetime.now(UTC) + HOUR).isoformat()
    file.write_text(f"person,starts_at,ends_at,rank\nAda,{started},{ends},2\n", "utf-8")
    assert "The shift is on the rota." in alone("set", "--file", str(file)).output
    stands = json.loads(alone("show", "--json").output)
    assert [(one["name"], one["rank"]) for one in stands["now"]] == [("Ada", 2)]
    assert "On duty: Ada." in alone("show").output
    assert json.loads(alone("test", "Ada", "--json").output)["kind"] == "test"


def test_the_command_line_works_through_a_running_server(served: Served) -> None:
    key = served.app.access.keys.create(OPERATOR, name="own", scopes=OWNER_SCOPES)[1]
    settings, here = served.app.settings, owner.Owner(served.url, key, served.url)
    with (
        owner.announced(settings.owner_token, here),
        at(settings, Terminal(as_json=True)) as desk,
    ):
        (made,) = desk.plan_shifts([shift(served, "Sam", 20, 22)])
        assert made["name"] == "Sam"
        assert made["id"] in {one["id"] for one in desk.duty()["shifts"]}
        assert desk.test_page("Sam")["kind"] == "test"
