"""Decisions over HTTP: for people alone, with what was shown as a guard, and problems that say why."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
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
    with serving(tmp_path_factory.mktemp("api")) as running:
        running.app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), MACHINE)
        yield running


@pytest.fixture
def cases(served: Served) -> list[Upload]:
    """Three copies of a picture that only this test knows."""
    seed = int(new_id()[:8], 16) % 1_000_000
    served.app.banks.add("KNOWN", [pdq_of(served.app, photo(seed))], MACHINE)
    return [submit(served.app, photo(seed), MACHINE, account=f"acct-{n}") for n in range(3)]


@pytest.fixture
def reviewer(served: Served) -> httpx.Client:
    return served.browser(Role.REVIEWER)


def test_preview_decide_read_and_undo(cases, reviewer):
    at = f"/v1/cases/{cases[0].case}/decisions"
    wanted = {"kind": "wrong_match"}
    shown = reviewer.post(f"{at}/preview", json=wanted).json()
    assert (shown["released"], shown["accounts"], shown["second"]) == (3, 3, False)
    assert {one["outcome"] for one in shown["touched"]} == {"released"}
    made = reviewer.post(at, json=wanted | {"effect": shown["effect"], "reason": "A logo."})
    assert made.status_code == 201
    assert made.json()["stands"] is True
    undone = reviewer.post(f"/v1/decisions/{made.json()['id']}/undo", json={"reason": "a slip"})
    assert undone.json()["undoes"] == made.json()["id"]
    rows = reviewer.get(at).json()["decisions"]
    assert [(r["kind"], r["stands"]) for r in rows] == [("wrong_match", False)] * 2


def test_what_was_not_shown_is_not_done(served, cases, reviewer):
    at = f"/v1/cases/{cases[0].case}/decisions"
    wanted = {"kind": "wrong_match"}
    shown = reviewer.post(f"{at}/preview", json=wanted).json()
    reviewer.post(f"/v1/cases/{cases[1].case}/decisions", json={"kind": "not_illegal"})
    refused = reviewer.post(at, json=wanted | {"effect": shown["effect"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    stale = reviewer.post(at, json=wanted | {"expected_version": 7})
    assert stale.json()["version"] == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kind": "illegal"}, "activity"),
        ({"kind": "illegal", "facts": {"item": {"activity": "penetrative", "x": 1}}}, "unknown"),
        ({"kind": "lawful_context", "facts": {"context": "picnic"}}, "context is one of"),
        ({"kind": "guilty"}, "kind"),
        ({"kind": "escalate", "reason": "x" * 2001}, "reason"),
        ({"kind": "escalate", "also": ["not an id"]}, "An id has the form"),
    ],
)
def test_what_is_wrong_is_said_in_words(cases, reviewer, body, words):
    refused = reviewer.post(f"/v1/cases/{cases[0].case}/decisions", json=body)
    assert refused.status_code in {404, 422}
    assert words in refused.json()["detail"]


def test_an_illegal_one_answers_when_it_was_known_and_facts_read_back(cases, reviewer):
    facts = {"role": "unknown", "item": {"activity": "penetrative"}}
    made = reviewer.post(
        f"/v1/cases/{cases[0].case}/decisions", json={"kind": "illegal", "facts": facts}
    ).json()
    assert made["knowledge_at"] == made["at"]
    assert made["facts"]["item"]["activity"] == "penetrative"


def test_comments_and_second_persons_need_a_case_that_waits_for_them(cases, reviewer):
    case = cases[0].case
    assert reviewer.post(f"/v1/cases/{case}/comments", json={"words": "see"}).status_code == 204
    for act in ("confirm", "refuse"):
        answer = reviewer.post(f"/v1/cases/{case}/decisions/{act}", json={})
        assert answer.status_code == 404
        assert "second person" in answer.json()["detail"]


def test_no_key_decides(served, cases):
    client = served.client(served.key())
    for path, body in (
        (f"/v1/cases/{cases[0].case}/decisions", {"kind": "not_illegal"}),
        (f"/v1/cases/{cases[0].case}/decisions/preview", {"kind": "not_illegal"}),
        (f"/v1/decisions/{new_id()}/undo", {}),
    ):
        assert client.post(path, json=body).status_code == 403
