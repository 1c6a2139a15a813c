"""Protects grading over HTTP: blind tasks, questions instead of errors, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from breakwater.cli.desk import OPERATOR
from breakwater.model.access import Role
from breakwater.review.grading import gold
from breakwater.review.grading.sets import NewSet
from tests.integration.conftest import photo
from tests.integration.grading_sets import entry, media, nearly, pictures, vics
from tests.integration.served import Served, serving

CHILD = {"age": "7-10", "sex": "female", "maturity": "prepubescent"}
FACTS = {"activity": "posing_or_nudity", "children": [CHILD]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gold, "SHARE", 0.0)
        with serving(tmp_path_factory.mktemp("grading")) as running:
            yield running


@pytest.fixture(scope="module")
def grader(served: Served) -> httpx.Client:
    return served.browser(Role.GRADER)


@pytest.fixture(scope="module")
def lead(served: Served) -> httpx.Client:
    return served.browser(Role.QA_LEAD)


@pytest.fixture(scope="module")
def number(served: Served, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A set of three pictures, a near copy of the first, and one that is not there."""
    folder: Path = tmp_path_factory.mktemp("set")
    files = pictures(3) | {"near.jpg": nearly(photo(1))}
    rows = [entry(at, name, Category=2) for at, name in enumerate([*files, "gone.png"], 1)]
    wanted = NewSet(vics(folder / "s.json", rows), media(folder / "m", files), source="a source")
    return served.app.review.grade_sets.load(OPERATOR, wanted).set_number


def post(client: httpx.Client, path: str, **body: Any) -> Any:
    answer = client.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def test_a_set_is_graded_from_the_first_item_to_its_codes(
    grader: httpx.Client, lead: httpx.Client, number: int
) -> None:
    (listed,) = grader.get("/v1/grading/sets").json()["sets"]
    assert (listed["number"], listed["total"], listed["waiting"]) == (number, 4, 3)
    task = post(grader, f"/v1/grading/sets/{number}/next")["task"]
    assert (task["position"], task["behind"], task["answer"]) == (1, 1, None)
    assert not {"source", "claims", "part", "why", "state"} & set(task)
    item = task["number"]
    odd = FACTS | {"children": [CHILD | {"age": "16-17"}]}
    asked = post(grader, f"/v1/grading/items/{item}/facts", facts=odd)
    assert (asked["kept"], asked["questions"][0]["code"]) == (False, "older_prepubescent")
    saved = post(grader, f"/v1/grading/items/{item}/facts", facts=FACTS, ms=2500)
    assert saved == {"kept": True, "questions": []}
    back = post(grader, f"/v1/grading/sets/{number}/back")["task"]
    assert back["answer"]["children"] == [CHILD]
    stack = post(grader, f"/v1/grading/sets/{number}/stack")["stack"]
    same = [member["number"] for member in stack["members"]]
    post(grader, f"/v1/grading/items/{item}/stack", same=same)
    for one in (item, *same):
        found = lead.get(f"/v1/grade-items/{one}").json()
        assert {code["scheme"]: code["codes"] for code in found["codes"]}["industry"] == ["A2"]
        assert found["claims"]["category"] == 2
        assert found["results"][-1]["how"] == "single"
    page = post(grader, f"/v1/grading/sets/{number}/page")["tasks"]
    looks = dict(
        zip((str(t["number"]) for t in page), ("not_pertinent", "cannot_tell"), strict=True)
    )
    post(grader, f"/v1/grading/sets/{number}/first-pass", looks=looks)
    assert post(grader, f"/v1/grading/sets/{number}/next") == {"task": None}
    assert grader.get("/v1/grading/disputes").json() == {"disputes": []}
    (one,) = lead.get("/v1/grade-sets").json()["sets"]
    assert (one["source"], one["counts"]) == ("a source", {"settled": 3, "open": 1, "missing": 1})


def test_tables_are_shown_tried_and_adopted(lead: httpx.Client, number: int) -> None:
    shown = {one["id"]: one for one in lead.get("/v1/schemes").json()["schemes"]}
    table = shown["uk_abc"]["table"] | {"version": "2030-01-01"}
    tried = post(lead, "/v1/schemes/try", table=table)
    assert (tried["scheme"], tried["changed"]) == ("uk_abc", 0)
    holed = lead.post("/v1/schemes/try", json={"table": table | {"rules": table["rules"][:-1]}})
    assert holed.status_code == 422
    assert "do not name the same" in holed.json()["detail"]
    assert post(lead, "/v1/schemes", table=table, reason="a test")["version"] == "2030-01-01"
    (waits,) = lead.get("/v1/schemes/proposals").json()["proposals"]
    assert (waits["scheme"], waits["changed"], waits["reason"]) == ("uk_abc", 0, "a test")
    own = lead.post("/v1/schemes/uk_abc/confirm", json={})
    assert (own.status_code, own.json()["code"]) == (409, "needs_second_person")
    assert post(lead, "/v1/schemes/uk_abc/refuse", note="mine")["version"] == "2030-01-01"
    known = table | {"version": shown["uk_abc"]["version"]}
    again = lead.post("/v1/schemes", json={"table": known | {"name": "Other"}, "reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_closed_set_says_so(lead: httpx.Client, grader: httpx.Client, number: int) -> None:
    assert post(lead, f"/v1/grade-sets/{number}/close")["state"] == "closed"
    refused = grader.post(f"/v1/grading/sets/{number}/next", json={})
    assert (refused.status_code, refused.json()["detail"]) == (409, f"Set {number} is closed.")
    assert post(lead, f"/v1/grade-sets/{number}/open")["state"] == "open"
    assert lead.get(f"/v1/grade-sets/{number}/bad-rows").json() == {"rows": []}


@pytest.mark.parametrize(
    "facts",
    [
        {}, {"activity": "other"}, FACTS | {"offenders": -1}, FACTS | {"offenders": 10**30},
        FACTS | {"children": [CHILD] * 51}, FACTS | {"children": [{"age": "7-10"}]},
        FACTS | {"segments": [{"start_s": 2, "end_s": 1, "activity": "none"}]},
        FACTS | {"segments": [{"start_s": 0, "end_s": 1, "activity": "none", "children": [7]}]},
        FACTS | {"nudity": True},
    ],
)  # fmt: skip
def test_what_is_not_facts_is_refused(grader: httpx.Client, facts: dict[str, Any]) -> None:
    answer = grader.post("/v1/grading/items/1/facts", json={"facts": facts})
    assert answer.status_code == 422, answer.text


def test_a_set_is_begun_by_the_host_and_by_nobody_else(served: Served, lead: httpx.Client) -> None:
    body = {"file": "/etc/hostname", "media": "/etc"}
    for client in (lead, served.browser(Role.ADMIN), served.client(served.key())):
        assert client.post("/v1/grade-imports", json=body).status_code == 403
