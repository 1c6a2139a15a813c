"""Running a hub over real HTTP: two people, a member's key, another's, and what each may see."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.model.access import Role
from breakwater.model.bank import EntryStatus
from breakwater.records import banks, entries
from tests import builders
from tests.integration.served import Served, serving

WHY = {"reason": "By agreement."}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture(scope="module")
def one(served) -> httpx.Client:
    return served.browser(Role.QA_LEAD)


@pytest.fixture(scope="module")
def two(served) -> httpx.Client:
    return served.browser(Role.ADMIN)


def made(answer: httpx.Response, status: int = 201):
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def cove(served, one) -> dict:
    return made(one.post("/v1/hub/members", json={"name": "Cove", "country": "DE", "contact": "x"}))


def test_a_list_goes_to_a_member_once_two_people_agreed(served, one, two, cove) -> None:
    with served.app.db.transaction() as tx:
        bank = banks.create(tx, name="HARBOUR")
        entries.add(tx, bank, [builders.signal() for _ in range(3)])
    assert made(one.put("/v1/hub/lists/HARBOUR", json={}), 200)["tlp"] == "amber"
    ask = {"member": cove["id"]}
    assert made(one.post("/v1/hub/simulate", json=ask), 200)["released"] == 0
    rule = {"list": "HARBOUR", "recipient_country": "DE"}
    thought = made(one.post("/v1/hub/simulate", json=ask | {"extra": rule}), 200)
    assert (thought["released"], thought["lines"][0]["words"]) == (3, "A rule allows it.")
    waits = made(one.post("/v1/hub/rules", json=rule | WHY))["waits"]
    assert waits["facts"]["recipient_country"] == "DE"
    where = f"/v1/hub/rules/{waits['subject']}"
    assert one.post(f"{where}/confirm").status_code == 409
    assert made(two.post(f"{where}/confirm"), 200)["category"] is None
    assert made(one.post("/v1/hub/simulate", json=ask), 200)["released"] == 3
    only = made(one.post("/v1/hub/simulate", json=ask | {"entry": 1}), 200)
    assert (only["released"], only["lines"][0]["why"]) == (1, "allowed")
    with served.app.db.transaction() as tx:
        entries.set_status(tx, 1, EntryStatus.QUARANTINED, by="x")
    only = made(one.post("/v1/hub/simulate", json=ask | {"entry": 1}), 200)
    (line,) = only["lines"]
    assert (only["released"], line["allowed"], line["why"]) == (0, False, "quarantined")
    assert line["words"] == "It is held. Otherwise: A rule allows it."
    with served.app.db.transaction() as tx:
        entries.set_status(tx, 1, EntryStatus.ACTIVE, by="x")
    assert [each["id"] for each in made(one.get("/v1/hub/rules"), 200)["rules"]] == [
        waits["subject"]
    ]
    assert made(one.post(f"{where}/end", json=WHY), 200)["rule"]["ended_at"]
    assert made(one.post("/v1/hub/simulate", json=ask), 200)["released"] == 0


def test_a_members_key_sees_its_member_alone_and_changes_nothing(served, one, cove) -> None:
    other = made(one.post("/v1/hub/members", json={"name": "Reed", "kind": "hotline"}))
    keys = {}
    for member in (cove, other):
        answer = one.post(f"/v1/hub/members/{member['id']}/keys", json={"give": member is other})
        keys[member["name"]] = made(answer)["token"]
    mine = served.client(keys["Cove"])
    seen = made(mine.get("/v1/hub/self"), 200)
    assert (seen["member"]["name"], seen["member"]["contact"]) == ("Cove", "")
    assert [key["name"] for key in seen["keys"]] == ["Cove: feed"]
    assert made(served.client(keys["Reed"]).get("/v1/hub/self"), 200)["member"]["name"] == "Reed"
    for path in ("members", f"members/{other['id']}", "lists", "rules", "publications", "health"):
        assert mine.get(f"/v1/hub/{path}").status_code == 403
    assert mine.post("/v1/hub/members", json={"name": "X"}).status_code == 403
    assert mine.post("/v1/hub/rules", json=WHY).status_code == 403
    assert mine.post("/v1/hub/simulate", json={"member": other["id"]}).status_code == 403
    nobodys = served.client(served.key("hub:pull"))
    assert nobodys.get("/v1/hub/self").status_code == 403
    key = made(one.get(f"/v1/hub/members/{cove['id']}"), 200)["keys"][0]["id"]
    assert made(one.delete(f"/v1/hub/keys/{key}"), 200)["revoked_at"]
    assert mine.get("/v1/hub/self").status_code == 401


def test_words_that_are_none_are_refused(one, cove) -> None:
    for body in (
        {"name": ""}, {"name": "X", "country": "de"}, {"name": "X", "kind": "friend"},
        {"name": "X", "purposes": ["fun"]}, {"name": "X", "number": 4},
    ):  # fmt: skip
        assert one.post("/v1/hub/members", json=body).status_code == 422
    for body in ({"list": "nowhere"}, {"list": "NOWHERE"}, {"recipient": cove["id"][:-1]}, {"effect": "maybe"}):  # fmt: skip
        assert one.post("/v1/hub/rules", json=body | WHY).status_code in {404, 422}
    assert one.post("/v1/hub/members", json={"name": "Cove"}).status_code == 409
    stale = {"name": "Bay", "change": cove["change"] - 1}
    assert one.patch(f"/v1/hub/members/{cove['id']}", json=stale).status_code == 409
    gone = one.patch(f"/v1/hub/members/{cove['id']}", json={"state": "suspended", "trusted": True})
    assert (gone.json()["state"], gone.json()["trusted"]) == ("suspended", True)
