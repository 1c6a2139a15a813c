"""`/v1/appeals`, `/v1/reports` and notices over real HTTP: by whom, in which form, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from breakwater.banks.manage import NewBank
from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from breakwater.model.ids import new_id
from breakwater.model.upload import Upload
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE
from tests.integration.served import Served, serving
from tests.integration.test_intake import pdq_of, submit


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("appeals")) as running:
        app = running.app
        app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), MACHINE)
        for seed in range(1, 5):
            app.banks.add("KNOWN", [pdq_of(app, photo(seed))], MACHINE)
        yield running


def blocked(served: Served, seed: int) -> Upload:
    return submit(served.app, photo(seed), MACHINE, account=f"acct-{seed}")


def test_the_way_of_an_appeal(served: Served) -> None:
    upload = blocked(served, 1)
    key = served.client(served.key("appeal:write", "verdict:read", service="photos"))
    asked = {"upload": upload.id, "claim": "not_illegal", "words": "My words.", "language": "de",
             "reference": "A-1"}  # fmt: skip
    made = key.post("/v1/appeals", json=asked)
    assert made.status_code == 201, made.text
    assert "My words." not in made.text
    assert key.post("/v1/appeals", json=asked).json()["id"] == made.json()["id"]
    here = f"/v1/appeals/{made.json()['id']}"
    assert key.get(here).json()["state"] == "waiting"
    reviewer = served.browser(Role.REVIEWER)
    listed = reviewer.get("/v1/appeals").json()
    assert [a["id"] for a in listed["appeals"]] == [made.json()["id"]]
    said = {"outcome": "overturned", "ground": "not_illegal", "reason": "It is a boat."}
    done = reviewer.post(f"{here}/decision", json=said)
    assert done.status_code == 200, done.text
    again = reviewer.post(f"{here}/decision", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    told = key.get(here).json()
    assert (told["outcome"], told["notice"]["measure"]) == ("overturned", "appeal_overturned")
    assert "It is a boat." not in json.dumps(told)
    rates = served.browser(Role.QA_LEAD).get("/v1/appeals/rates").json()
    assert rates["bank"] == [
        {"name": "KNOWN", "decided": 1, "overturned": 1, "share": 1.0, "low": 0.2065, "high": 1.0}
    ]


def test_another_service_s_key_finds_nothing(served: Served) -> None:
    upload = blocked(served, 2)
    mine = served.client(served.key("appeal:write", "verdict:read", service="photos"))
    other = served.client(served.key("appeal:write", "verdict:read", service="video"))
    asked = {"upload": upload.id, "claim": "other"}
    assert other.post("/v1/appeals", json=asked).status_code == 404
    made = mine.post("/v1/appeals", json=asked).json()
    assert other.get(f"/v1/appeals/{made['id']}").status_code == 404
    assert other.get(f"/v1/verdicts/{upload.id}/notice").status_code == 404
    assert mine.get(f"/v1/verdicts/{upload.id}/notice").status_code == 200


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"claim": "other"}, 422),
        ({"upload": "no id", "claim": "other"}, 422),
        ({"upload": new_id(), "claim": "other"}, 404),
        ({"upload": new_id(), "claim": "because"}, 422),
        ({"upload": new_id(), "claim": "other", "language": "de_AT"}, 422),
        ({"upload": new_id(), "claim": "other", "words": "x" * 4001}, 422),
        ({"upload": new_id(), "claim": "other", "words": "nul \0"}, 422),
        ({"upload": new_id(), "claim": "other", "more": 1}, 422),
    ],
)
def test_what_cannot_be_an_appeal_is_refused_with_its_fault(served: Served, asked, code) -> None:
    answer = served.client(served.key("appeal:write")).post("/v1/appeals", json=asked)
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_notice_speaks_the_language_that_was_asked_for(served: Served) -> None:
    upload = blocked(served, 3)
    key = served.client(served.key("verdict:read"))
    german = key.get(f"/v1/verdicts/{upload.id}/notice", params={"language": "de-AT"}).json()
    assert (german["language"], german["measure"]) == ("de", "blocked")
    assert german["statement"]["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert key.get(f"/v1/verdicts/{upload.id}/notice").json()["language"] == "en"
    assert key.get(f"/v1/verdicts/{new_id()}/notice").status_code == 404


def test_the_way_of_a_report(served: Served) -> None:
    upload = blocked(served, 4)
    key = served.client(served.key("report:write", service="photos"))
    asked = {"service": "ignored", "concern": "extortion", "reporter": "acct-3", "item": "obj-5",
             "reference": "R-1", "words": "They want money."}  # fmt: skip
    made = key.post("/v1/reports", json=asked)
    assert made.status_code == 201, made.text
    assert key.post("/v1/reports", json=asked).json() == made.json()
    joined = key.post("/v1/reports", json=asked | {"reference": "R-2", "upload": upload.id})
    assert joined.json()["case"] == upload.case
    page = served.browser(Role.REVIEWER).get(f"/cases/{made.json()['case']}/reports")
    assert "They want money." in page.text
    assert "acct-3" not in page.text


@pytest.mark.parametrize(
    ("more", "code"),
    [({}, 422), ({"item": "x", "reporter": ""}, 422), ({"upload": "x"}, 422),
     ({"upload": new_id()}, 404), ({"item": "x", "concern": "noise"}, 422),
     ({"item": "x", "reporter_kind": "police"}, 422)],
)  # fmt: skip
def test_what_cannot_be_a_report_is_refused(served: Served, more, code) -> None:
    asked = {"service": "photos", "concern": "other", "reporter": "acct-3"} | more
    answer = served.client(served.key("report:write")).post("/v1/reports", json=asked)
    assert answer.status_code == code, answer.text
