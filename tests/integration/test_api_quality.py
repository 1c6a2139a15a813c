"""Protects the figures over HTTP: for quality leads alone, with the reason where there is no figure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.model.access import Role
from tests.integration.grade_site import FACTS, grade_all, make_set, principal
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("quality") / "here") as running:
        yield running


def test_quality_over_http_from_answers_to_gold(served: Served):
    app = served.app
    people = [principal(served, served.person(Role.GRADER)) for _ in range(2)]
    number = make_set(app, 3, graders=2)
    for who in people:
        grade_all(app, who, number, lambda _: FACTS)
    lead = served.browser(Role.QA_LEAD)
    said = lead.get("/v1/quality", params={"set": number}).json()
    activity = next(one for one in said["agreement"] if one["measure"] == "activity")
    assert activity["alpha"] == {
        "value": None, "low": None, "high": None, "items": 0, "why": "no_variation",
    }  # fmt: skip
    assert said["waiting"] == []
    path = "/v1/quality/golds/1"
    assert lead.put(path, json={"reason": "three agree"}).json()["active"] is True
    assert lead.post(f"{path}/end", json={"reason": "well known"}).json()["active"] is False
    again = lead.post(f"{path}/end", json={"reason": "well known"})
    assert (again.status_code, again.json()["title"][:4]) == (409, "This")
    assert lead.get("/v1/quality", params={"set": 999}).status_code == 404
    assert lead.post("/v1/quality/alarms/x/end", json={"reason": "x"}).status_code == 404


def test_no_key_and_no_grader_reads_figures_about_people(served: Served):
    assert served.client(served.key()).get("/v1/quality").status_code == 403
    assert served.browser(Role.GRADER).get("/v1/quality").status_code == 403
    assert served.client().get("/v1/quality").status_code == 401


def test_hashing_anew_is_begun_by_who_runs_the_system(served: Served):
    admin = served.browser(Role.ADMIN)
    begun = admin.post("/v1/quality/rehash", json={"kind": "pdq"})
    assert (begun.status_code, begun.json()["items"] >= 0) == (202, True)
    assert admin.post("/v1/quality/rehash", json={"kind": "nothing"}).status_code == 422
    lead = served.browser(Role.QA_LEAD)
    assert lead.post("/v1/quality/rehash", json={"kind": "pdq"}).status_code == 403
