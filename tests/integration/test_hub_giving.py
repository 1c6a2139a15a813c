"""Members give, take back and speak by API, in files of CSV and VICS; curators settle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from breakwater.model.access import Role
from breakwater.model.hub import REASONS, Effect, ReleaseRule
from breakwater.model.ids import new_id
from breakwater.records import banks, hub_lists, hub_rules
from tests.builders_hub import value
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("giving"), hub_hold_matches=10) as running:
        with running.app.db.transaction() as tx:
            hub_lists.share(tx, banks.create(tx, name="HARBOUR"))
            hub_lists.share(tx, banks.create(tx, name="SHUT"), open=False)
            hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW))
        yield running


@pytest.fixture(scope="module")
def lead(served) -> httpx.Client:
    return served.browser(Role.QA_LEAD)


@pytest.fixture(scope="module")
def second(served) -> httpx.Client:
    return served.browser(Role.QA_LEAD)


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def member(served, lead):
    """Makes members, trusted by default, each with a client of its own key."""
    count = iter(range(1, 100))

    def make(*, trusted: bool = True) -> tuple[dict[str, Any], httpx.Client]:
        made = ok(
            lead.post("/v1/hub/members", json={"name": f"M {next(count)}", "trusted": trusted}), 201
        )
        key = ok(lead.post(f"/v1/hub/members/{made['id']}/keys", json={"give": True}), 201)
        return made, served.client(key["token"])

    return make


def md5s(*seeds: object, **said: Any) -> list[dict[str, Any]]:
    return [{"md5": value("md5", seed), **said} for seed in seeds]


GIVE = "/v1/hub/lists/HARBOUR/entries"


def number_of(served, seed: object) -> int:
    with served.app.db.read() as tx:
        rows = tx.run(
            "SELECT number FROM entries WHERE value = ? AND status <> 2",
            bytes.fromhex(value("md5", seed)),
        )
    return int(rows[-1][0])


def test_a_member_gives_is_answered_the_same_again_and_takes_back(served, member) -> None:
    (one, key), (other, joins) = member(), member()
    body = {
        "entries": [
            *md5s("a", "b"),
            {"md5": "zz"},
            {"MD5": value("md5", "a").upper(), "category_uk": "b"},
        ]
    }
    first = ok(key.post(GIVE, json=body, headers={"Idempotency-Key": "k1"}), 201)
    assert (first["rows"], first["kept"], first["bad"], first["status"]) == (4, 2, 1, "active")
    assert first["reasons"][0][0] == 3
    again = ok(key.post(GIVE, json=body, headers={"Idempotency-Key": "k1"}), 201)
    assert (again["repeated"], again["import_number"]) == (True, first["import_number"])
    changed = key.post(GIVE, json={"entries": md5s("z")}, headers={"Idempotency-Key": "k1"})
    assert changed.status_code == 422
    assert ok(joins.post(GIVE, json={"entries": md5s("a")}), 201)["joined"] == 1
    number = number_of(served, "a")
    back = ok(key.post("/v1/hub/lists/HARBOUR/take-back", json={"entries": [number]}))
    assert back["taken_back"] == 1
    assert number_of(served, "a") == number
    batches = ok(key.get("/v1/hub/given"))["batches"]
    assert batches[0]["import_number"] == first["import_number"]
    assert one["id"] != other["id"]


def test_only_members_keys_give_and_only_where_it_is_open(served, lead, member) -> None:
    _, key = member()
    machine = served.client(served.key("hub:give"))
    assert machine.post(GIVE, json={"entries": md5s("c")}).status_code == 403
    assert lead.post(GIVE, json={"entries": md5s("c")}).status_code == 403
    assert key.post("/v1/hub/lists/SHUT/entries", json={"entries": md5s("c")}).status_code == 403
    assert key.post("/v1/hub/lists/NONE/entries", json={"entries": md5s("c")}).status_code == 404
    assert key.get("/v1/hub/queue").status_code == 403
    many = {"entries": md5s(*range(1_001))}
    assert key.post(GIVE, json=many).status_code == 422


def test_a_csv_file_of_a_member_and_one_in_its_name(served, lead, member) -> None:
    made, key = member()
    file = "\ufeffmd5,category_uk,status\r\n" + "".join(
        f"{value('md5', f'f{n}')},A,\r\n" for n in range(30)
    )
    done = ok(key.post("/v1/hub/lists/HARBOUR/imports", content=file.encode() + b"nothing,A,\r\n"))
    assert (done["rows"], done["kept"], done["bad"]) == (31, 30, 1)
    other = "md5\n" + value("md5", "g1") + "\n"
    where = f"/v1/hub/lists/HARBOUR/imports/{made['number']}"
    assert ok(lead.post(where, content=other.encode(), params={"signed": True}))["kept"] == 1
    assert key.post(where, content=other.encode()).status_code == 403
    assert lead.post("/v1/hub/lists/HARBOUR/imports/999", content=b"md5\n").status_code == 404


def vics(context: str, *media: dict[str, Any]) -> bytes:
    said = (
        f"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{context}/$metadata#Media"
    )
    return b"\xef\xbb\xbf" + json.dumps({"@odata.context": said, "value": list(media)}).encode()


def test_a_vics_set_gives_only_what_its_table_calls_abuse_material(served, member) -> None:
    made, key = member()
    entries = [
        {"MediaID": 1, "Category": 1, "MD5": value("md5", "v1").upper(), "SelfGenerated": "true"},
        {"MediaID": 2, "Category": 0, "MD5": value("md5", "v2")},
        {"mediaid": 3, "category": "1", "md5": value("md5", "v3"), "IsSuspected": "False"},
        {"MediaID": 4, "MD5": value("md5", "v4")},
        {"MediaID": 5, "Category": 3, "MD5": value("md5", "v5")},
        {"MediaID": 6, "Category": 1, "MD5": value("md5", "v1")},
        {"MediaID": 7, "Category": 1, "MD5": "short"},
    ]
    url = "/v1/hub/lists/HARBOUR/imports"
    done = ok(key.post(url, content=vics("US", *entries), params={"vics": True}))
    assert (done["rows"], done["kept"], done["bad"]) == (7, 2, 4)
    assert "not abuse material" in done["reasons"][0][1]
    with served.app.db.read() as tx:
        ((labels,),) = tx.run(
            "SELECT i.labels FROM imports i JOIN entries e ON e.import_number = i.number "
            "WHERE e.value = ?", bytes.fromhex(value("md5", "v1")),
        )  # fmt: skip
    assert "self_generated" in str(labels)
    unknown = ok(
        key.post(
            url,
            content=vics("CUSTOM", entries[0] | {"MD5": value("md5", "w")}),
            params={"vics": True},
        )
    )
    assert (unknown["kept"], unknown["bad"]) == (0, 1)
    broken = key.post(url, content=vics("US", *entries)[:-9], params={"vics": True})
    assert broken.status_code == 422
    assert made["trusted"]


def test_members_speak_report_and_a_curator_settles(served, lead, second, member) -> None:
    (_, giver), (_, one), (_, other) = member(), member(), member()
    ok(giver.post(GIVE, json={"entries": md5s("s1"), "category": "A"}), 201)
    number = number_of(served, "s1")
    word = {"entry": number, "kind": "md5", "opinion": "negative", "reasons": [REASONS[0].id]}
    for key in (one, other):
        ok(key.post("/v1/hub/feedback", json=word), 201)
    assert ok(one.get("/v1/hub/feedback"))["feedback"][0]["entry"] == number
    today = served.app.clock.now().date().isoformat()
    count = {
        "counts": [
            {"entry": number, "day": today, "matches": 9},
            {"entry": 10**6, "day": today, "matches": 9},
        ]
    }
    for key in (one, other):
        assert ok(key.post("/v1/hub/counts", json=count))["passed_over"] == 1
    held = ok(lead.get("/v1/hub/queue", params={"why": "traffic"}))
    assert held["waiting"]["conflict"] >= 1
    (question,) = [q for q in held["questions"] if q["question"]["entry"] == number]
    assert (question["status"], question["list_name"]) == ("quarantined", "HARBOUR")
    where = f"/v1/hub/queue/{question['question']['id']}/settle"
    assert giver.post(where, json={"outcome": "keep"}).status_code == 403
    done = ok(lead.post(where, json={"outcome": "withdraw", "note": "a meme"}))
    assert done["question"]["outcome"] == "withdraw"
    look = ok(lead.get(f"/v1/hub/entries/{number}"))
    assert (look["status"], look["value"]) == ("withdrawn", value("md5", "s1"))
    assert {line["what"] for line in look["history"]} >= {
        "came",
        "feedback",
        "asked",
        "settled",
        "moved",
    }
    assert look["score"]["terms"]["denied"] < 0
    body = {"reason": "it was not"}
    assert ok(lead.post(f"/v1/hub/entries/{number}/reinstate", json=body))["waits"]
    assert lead.post(f"/v1/hub/entries/{number}/reinstate", json=body).status_code == 409
    back = ok(second.post(f"/v1/hub/entries/{number}/reinstate", json=body))
    assert (back["waits"], back["status"]) == (False, "active")
    assert back["number"] > number
