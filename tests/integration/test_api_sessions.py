"""Protects the way in over HTTP: cookies, CSRF, other sites' pages, and too many guesses."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.access import policy
from breakwater.model.access import Role
from breakwater.records import audit
from tests.integration.served import Served, serving

WORDS = "heron lantern quiet copper"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("sessions")) as running:
        yield running


def link(served: Served, *roles: Role) -> str:
    return served.app.access.people.link(served.person(*(roles or (Role.REVIEWER,))).id, "test")


def test_a_link_sets_a_cookie_that_scripts_and_other_sites_do_not_get(served: Served) -> None:
    client = served.client()
    answer = client.post("/v1/session/link", json={"token": link(served)})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert client.get("/v1/banks").status_code == 200


def test_a_link_works_once(served: Served) -> None:
    token = link(served)
    assert served.client().post("/v1/session/link", json={"token": token}).status_code == 200
    assert served.client().post("/v1/session/link", json={"token": token}).status_code == 401


def test_a_password_is_set_and_signs_in_and_out(served: Served) -> None:
    somebody = served.person(Role.REVIEWER, name="Kim Quiet")
    token = served.app.access.people.link(somebody.id, "test")
    _, session = served.app.access.people.consume_link(token)
    who = served.app.access.sessions.resume(session)
    assert who is not None
    csrf = {"X-CSRF-Token": served.api.state.gate.csrf(who)}
    first = served.client(cookies={served.api.state.gate.cookie: session}, headers=csrf)
    assert first.put("/v1/me/password", json={"password": "short"}).status_code == 422
    assert first.put("/v1/me/password", json={"password": WORDS}).status_code == 200
    second = served.client()
    body = {"name": "kim quiet", "password": WORDS}
    assert second.post("/v1/session/password", json=body).json()["name"] == "Kim Quiet"
    assert first.delete("/v1/session").status_code == 200
    assert first.get("/v1/banks").status_code == 401
    assert second.get("/v1/banks").status_code == 200


def test_an_unsafe_request_needs_the_session_s_own_token(served: Served) -> None:
    one, two = served.browser(Role.ADMIN), served.browser(Role.ADMIN)
    body = {"name": "CSRF_TEST"}
    for token in ("", "0" * 64, two.headers["X-CSRF-Token"]):
        answer = one.post("/v1/banks", json=body, headers={"X-CSRF-Token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert one.post("/v1/banks", json=body).status_code == 201


def test_another_site_s_page_changes_nothing(served: Served) -> None:
    browser = served.browser(Role.ADMIN)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.post("/v1/banks", json={"name": "EVIL"}, headers=headers).status_code == 403
    same = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/v1/banks", json={"name": "GOOD"}, headers=same).status_code == 201


def test_another_site_s_page_signs_nobody_in(served: Served) -> None:
    answer = served.client().post(
        "/v1/session/link", json={"token": link(served)}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_key_in_a_cookie_and_a_session_in_a_header_are_nobody(served: Served) -> None:
    browser = served.browser(Role.ADMIN)
    session = browser.cookies[served.api.state.gate.cookie]
    assert served.client(session).get("/v1/banks").status_code == 401
    wrong = served.client(cookies={served.api.state.gate.cookie: served.key()})
    assert wrong.get("/v1/banks").status_code == 401


def test_a_wrong_key_is_refused_even_beside_a_good_session(served: Served) -> None:
    browser = served.browser(Role.ADMIN)
    answer = browser.get("/v1/banks", headers={"Authorization": "Bearer bw_x"})
    assert answer.status_code == 401


def test_a_session_ended_by_an_administrator_is_over(served: Served) -> None:
    admin = served.browser(Role.ADMIN)
    made = admin.post("/v1/people", json={"name": "Lee", "roles": ["reviewer"]}).json()
    path = admin.post(f"/v1/people/{made['id']}/link").json()["path"]
    lee = served.client()
    lee.post("/v1/session/link", json={"token": path.rpartition("/")[2]}).raise_for_status()
    assert lee.get("/v1/banks").status_code == 200
    changed = admin.put(f"/v1/people/{made['id']}/roles", json={"roles": ["auditor"]})
    assert changed.json()["roles"] == ["auditor"]
    assert lee.get("/v1/banks").status_code == 401
    assert admin.delete(f"/v1/people/{made['id']}").json()["active"] is False


FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def test_a_session_that_turns_up_in_another_browser_is_over(served: Served) -> None:
    """Whoever took the cookie along gets nothing, and its owner learns of it by signing in."""
    admin = served.browser(Role.ADMIN)
    made = admin.post("/v1/people", json={"name": "Kim", "roles": ["reviewer"]}).json()
    path = admin.post(f"/v1/people/{made['id']}/link").json()["path"]
    kim = served.client()
    kim.headers.update(FIREFOX)
    kim.post("/v1/session/link", json={"token": path.rpartition("/")[2]}).raise_for_status()
    newer = {"user-agent": FIREFOX["user-agent"].replace("140", "141")}
    assert kim.get("/v1/banks", headers=newer).status_code == 200  # it was brought up to date
    taken = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/150.0.0.0 Safari/537.36"}
    assert kim.get("/v1/banks", headers=taken).status_code == 401
    assert kim.get("/v1/banks").status_code == 401
    with served.app.db.read() as tx:
        assert len(audit.page(tx, action="session.taken_along", actor=made["id"])) == 1


def test_no_administrator_raises_themselves(served: Served) -> None:
    admin = served.browser(Role.ADMIN)
    mine = admin.get("/v1/people").json()["people"]
    session = admin.cookies[served.api.state.gate.cookie]
    who = served.app.access.sessions.resume(session)
    assert who is not None
    assert who.id in {person["id"] for person in mine}
    for body in ({"roles": ["admin", "investigator"]}, {"roles": []}):
        assert admin.put(f"/v1/people/{who.id}/roles", json=body).status_code == 403
    assert admin.delete(f"/v1/people/{who.id}").status_code == 403


def test_too_many_wrong_proofs_from_one_address_wait(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("guesses")) as running:
        client: httpx.Client = running.client()
        answers = [
            client.post("/v1/session/link", json={"token": f"{n:043d}"})
            for n in range(policy.ADDRESS_FAILURES_PER_MINUTE + 10)
        ]
        codes = [answer.status_code for answer in answers]
        assert codes[0] == 401
        assert codes[-1] == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
