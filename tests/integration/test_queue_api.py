"""Protects the queue over HTTP: the same acts by API and by plain forms, and a page that is quick."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from breakwater.model.access import Role
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.records import cases
from tests import builders
from tests.integration.served import Served, serving

CROWD = """
INSERT INTO cases (id, number, kind, subject_id, why, priority, urgency, state, service,
                   opened_at, due_at, change, version, queue)
WITH RECURSIVE crowd (n) AS (SELECT 1000000 UNION ALL SELECT n + 1 FROM crowd LIMIT 100000)
SELECT printf('00000000-0000-7000-8000-%012d', n), n, 'upload',
       printf('00000000-0000-7000-8000-%012d', n), 'Words.', 'medium', 12, 'open', 'photos',
       strftime('%Y-%m-%d %H:%M:%f000', 'now'),
       strftime('%Y-%m-%d %H:%M:%f000', 'now', (n * 7919 % 100003) || ' seconds'),
       1, 1, 'q' || (n % 7)
FROM crowd
"""
"""A hundred thousand cases that wait in seven queues."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("queue")) as running:
        yield running


@pytest.fixture
def served(whole: Served) -> Served:
    """No case of the test before waits any more."""
    with whole.app.db.transaction() as tx:
        while waiting := cases.page(tx, limit=500):
            for case in waiting:
                cases.close(tx, case.id, by="test", reason="of the test before")
    return whole


def opened(served: Served, count: int = 1, **facts) -> list[Case]:
    with served.app.db.transaction() as tx:
        return [builders.case(tx, **facts) for _ in range(count)]


def reviewer(served: Served, name: str = "") -> tuple[httpx.Client, str]:
    """A browser and the id of its person."""
    who = served.person(Role.REVIEWER, name=name)
    link = served.app.access.people.link(who.id, "test")
    _, session = served.app.access.people.consume_link(link)
    known = served.app.access.sessions.resume(session)
    headers = {"X-CSRF-Token": served.api.state.gate.csrf(known), "Accept": "text/html"}
    return served.client(headers=headers, cookies={served.api.state.gate.cookie: session}), who.id


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_the_next_case_is_taken_kept_and_given_back(served: Served) -> None:
    me, my_id = reviewer(served)
    opened(served, priority=Priority.LOW)
    (stream,) = opened(served, kind=CaseKind.STREAM, priority=Priority.HIGH)
    taken = me.post("/v1/cases/next", json={}).json()
    assert (taken["id"], taken["held_by"]) == (stream.id, my_id)
    listed = me.get("/v1/cases").json()["cases"]
    assert listed[0]["number"] == stream.number
    assert me.post(f"/v1/cases/{stream.id}/keep").status_code == 200
    back = me.post(f"/v1/cases/{stream.id}/release", json={}).json()
    assert (back["state"], back["held_by"]) == ("open", None)


def test_nothing_for_me_is_no_content(served: Served) -> None:
    me, _ = reviewer(served)
    assert me.post("/v1/cases/next", json={}).status_code == 204


def test_a_case_of_somebody_else_is_refused_with_their_name(served: Served) -> None:
    (case,) = opened(served)
    sam, _ = reviewer(served, name=f"Sam {new_id()}")
    ada, _ = reviewer(served)
    sam.post(f"/v1/cases/{case.id}/take", json={"version": 1})
    headers = {"Accept": "application/json"}
    for act, body in (
        ("take", {}), ("skip", {"reason": "x"}), ("release", {}),
        ("hand-over", {"to": new_id(), "reason": "x"}), ("keep", None),
    ):  # fmt: skip
        told = ada.post(f"/v1/cases/{case.id}/{act}", json=body, headers=headers)
        assert told.status_code == 409, act
        assert "Sam" in told.json()["detail"], act


def test_pages_of_what_waits_follow_one_another(served: Served) -> None:
    me, _ = reviewer(served)
    made = opened(served, 5)
    seen, after = [], ""
    while True:
        page = me.get("/v1/cases", params={"limit": 2, "after": after}).json()
        seen += [case["number"] for case in page["cases"]]
        after = page["next"]
        if not after:
            break
    assert seen == [case.number for case in made]


def test_many_are_changed_as_shown_and_put_back(served: Served) -> None:
    me, _ = reviewer(served)
    made = opened(served, 3)
    wanted = {"kind": "priority", "value": "high", "cases": [case.id for case in made]}
    seen = me.post("/v1/cases/bulk/preview", json=wanted).json()
    assert [change["after"] for change in seen["changes"]] == ["high"] * 3
    stale = me.post("/v1/cases/bulk", json=wanted | {"token": "0" * 32, "reason": "x"})
    assert stale.status_code == 409
    done = me.post("/v1/cases/bulk", json=wanted | {"token": seen["token"], "reason": "a wave"})
    assert (done.status_code, done.json()["changed"]) == (201, 3)
    undone = me.post(f"/v1/cases/bulk/{done.json()['id']}/undo").json()
    assert undone == {"restored": 3, "left": []}
    both = wanted | {"filter": {}}
    assert me.post("/v1/cases/bulk/preview", json=both).status_code == 422


def test_forms_do_without_scripts_what_keys_do(served: Served) -> None:
    me, _ = reviewer(served)
    _, ada = reviewer(served, name=f"Ada {new_id()}")
    (case,) = opened(served)
    page = me.get(f"/cases/{case.id}/preview").text
    for act in ("skip", "hand-over", "escalate"):
        assert f'action="/cases/{case.id}/{act}"' in page
    told = me.post(f"/cases/{case.id}/escalate", data={"reason": ""})
    assert (told.status_code, "Say why, in a few words." in told.text) == (422, True)
    told = me.post(f"/cases/{case.id}/escalate", data={"reason": "a call"}, follow_redirects=True)
    assert f"Case {case.number} is more urgent now." in told.text
    body = {"to": ada, "reason": "my shift ends", "version": field(page, "version")}
    stale = me.post(f"/cases/{case.id}/hand-over", data=body)
    assert stale.status_code == 409
    assert "changed this case at" in stale.text
    given = me.post(f"/cases/{case.id}/hand-over", data=body | {"version": "2"})
    assert given.headers["location"] == f"/queue?said=handed&case={case.number}"
    assert "took this case at" in me.get(f"/cases/{case.id}/lease").text
    none = me.post("/queue/next", follow_redirects=True)
    assert "Nothing waits for you." in none.text


def test_a_bulk_act_by_form_is_shown_done_and_undone(served: Served) -> None:
    me, _ = reviewer(served)
    made = opened(served, 2)
    opened(served, service="elsewhere")
    chosen = {"what": "priority:low", "every": "1", "q": "photos"}
    shown = me.get("/queue/bulk", params=chosen)
    assert "2 cases become Low." in shown.text
    token = field(shown.text, "token")
    opened(served)
    again = me.post("/queue/bulk", data=chosen | {"token": token, "reason": "quiet"})
    assert (again.status_code, "3 cases become Low." in again.text) == (409, True)
    token = field(again.text, "token")
    done = me.post("/queue/bulk", data=chosen | {"token": token, "reason": "quiet"}, follow_redirects=True)  # fmt: skip
    assert "3 cases were changed." in done.text
    undo = re.search(r'action="(/queue/bulk/[^"]+/undo)"', done.text)
    assert undo
    assert "3 cases were put back." in me.post(undo[1], follow_redirects=True).text
    with served.app.db.read() as tx:
        assert cases.get(tx, made[0].id).priority is Priority.MEDIUM


def test_all_that_match_means_no_case_or_account_by_name(served: Served) -> None:
    """A search for one account is no filter of its whole service."""
    me, _ = reviewer(served)
    opened(served, 2)
    page = me.get("/queue", params={"q": "photos/river-otter-81"}).text
    assert 'name="every"' not in page
    chosen = {"what": "priority:low", "every": "1", "q": "photos/river-otter-81"}
    assert me.get("/queue/bulk", params=chosen).status_code == 422


def test_rules_are_tried_kept_and_set_live_by_who_leads(served: Served) -> None:
    lead, me = served.browser(Role.ADMIN), reviewer(served)[0]
    rules = {"rules": [{"name": "Photos", "when": {"services": ["photos"]}, "queue": "photos"}]}
    refused = me.get("/v1/routing", headers={"Accept": "application/json"})
    assert refused.status_code == 403
    tried = lead.post("/v1/routing/dry-run", json={"rules": rules}).json()
    assert tried["changed"] <= tried["cases"]
    made = lead.post("/v1/routing", json={"rules": rules, "note": "Photos apart"}).json()
    mode = f"/v1/routing/{made['number']}/mode"
    assert lead.put(mode, json={"mode": "shadow"}).json()["mode"] == "shadow"
    assert lead.get(f"/v1/routing/{made['number']}/shadow").json()["cases"] == 0
    assert lead.put(mode, json={"mode": "live"}).json()["mode"] == "live"
    assert '<option value="photos"' in me.get("/queue").text
    assert lead.put("/v1/routing/0/mode", json={"mode": "live"}).status_code == 200
    wrong = lead.post("/v1/routing", json={"rules": {"rule": []}, "note": "x"})
    assert (wrong.status_code, "there is no `rule`" in wrong.json()["detail"]) == (422, True)


def test_opt_outs_are_ones_own_and_told_to_nobody(served: Served) -> None:
    me, my_id = reviewer(served)
    lead = served.browser(Role.ADMIN)
    assert me.put("/v1/me/work", json={"opt_outs": ["video"]}).json()["opt_outs"] == ["video"]
    told = lead.put(f"/v1/people/{my_id}/skills", json={"skills": ["severe"]}).json()
    assert told == {"skills": ["severe"], "opt_outs": []}
    assert me.get("/v1/me/work").json() == {"skills": ["severe"], "opt_outs": ["video"]}
    assert "video" not in lead.get("/audit", headers={"Accept": "text/html"}).text


def test_the_page_is_quick_with_100_000_open_cases(served: Served) -> None:
    """300 ms are the limit (issue, "bad input"), deep in a queue and in a queue of nothing.

    The last test here: what it makes stays.
    """
    with served.app.db.transaction() as tx:
        tx.execute(sa.text(CROWD))
        tx.execute(sa.text("ANALYZE"))
    me, _ = reviewer(served)
    for address in ("/queue", "/queue?queue=q3", "/queue?queue=none", "/queue?state=mine"):
        each = [timed(me, address)]
        while min(each) >= 0.3 and len(each) < 30:  # others work on this machine too
            each.append(timed(me, address))
        assert min(each) < 0.3, f"{address}: {min(each) * 1000:.0f} ms"
    each = []
    for _ in range(4):
        begin = time.perf_counter()
        taken = me.post("/v1/cases/next", json={"queue": "q6"})
        each.append(time.perf_counter() - begin)
        assert (taken.status_code, taken.json()["number"] % 7) == (200, 6)
    assert min(each) < 0.3


def timed(client: httpx.Client, address: str) -> float:
    begin = time.perf_counter()
    assert client.get(address).status_code == 200
    return time.perf_counter() - begin
