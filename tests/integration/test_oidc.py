"""Protects signing in by the organisation's account, against a real service that lies on request.

The service is a process of its own (`tests/oidc_provider.py`). Each lie breaks one check of
OpenID Connect Core §3.1.3.7; every one must let nobody in.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from breakwater.access.provider import ProviderClient
from breakwater.model.access import Person, Role
from breakwater.records import people
from tests.integration.browsing import chromium, guarded
from tests.integration.served import OPERATOR, Served, serving
from tests.oidc_provider import CLIENT, SECRET

ROOT = Path(__file__).parents[2]


@dataclass
class Service:
    """The sign-in service: its address, and how it lies."""

    issuer: str

    def lie(self, how: str) -> None:
        httpx.post(f"{self.issuer}/lie", data={"lie": how}).raise_for_status()

    def asked(self) -> list[str]:
        found: list[str] = httpx.get(f"{self.issuer}/asked").json()["asked"]
        return found

    def approve(self, url: str, subject: str) -> str:
        """What a browser does there; answers the address it is sent back to."""
        assert url.startswith(f"{self.issuer}/authorize?")
        answer = httpx.post(url, data={"subject": subject})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.oidc_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Service(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture(scope="module")
def served(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("oidc"),
        oidc_issuer=service.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_name="Example",
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def honest(service: Service, served: Served) -> Iterator[None]:
    """After each test: no lie, and nothing remembered of one."""
    yield
    service.lie("")
    client_of(served)._known = None


def client_of(served: Served) -> ProviderClient:
    client = served.app.access._client
    assert client is not None
    return client


def browser(served: Served, person: Person) -> httpx.Client:
    """A browser that is signed in by a one-time link."""
    _, session = served.app.access.people.consume_link(
        served.app.access.people.link(person.id, "test")
    )
    return served.client(cookies={served.api.state.gate.cookie: session})


def sent(client: httpx.Client, path: str) -> str:
    """Leave by a link of ours; answers where to."""
    answer = client.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(client: httpx.Client, location: str) -> httpx.Response:
    """Come back; the service knows us as `localhost`, the test's client by number."""
    parts = urlsplit(location)
    return client.get(f"{parts.path}?{parts.query}")


def linked(served: Served, service: Service, subject: str) -> Person:
    """Somebody whose account is linked."""
    person = served.person(Role.REVIEWER)
    client = browser(served, person)
    answer = back(client, service.approve(sent(client, "/me/account"), subject))
    assert answer.status_code == 200, answer.text
    return person


def entered(client: httpx.Client) -> bool:
    return client.get("/queue", headers={"Accept": "application/json"}).status_code == 200


def test_an_account_is_linked_by_its_person_and_signs_in_from_then_on(
    served: Served, service: Service
) -> None:
    person = linked(served, service, "sam@example")
    assert served.app.access.people.get(person.id).credential == "account"
    client = served.client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    answer = back(client, service.approve(sent(client, "/login/account"), "sam@example"))
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text
    assert entered(client)
    newest = served.app.access.sessions.of_person(person.id)[0]
    assert (newest.method, newest.agent) == ("account", "Firefox on Linux")


def test_nobody_becomes_somebody_by_an_account_alone(served: Served, service: Service) -> None:
    client = served.client()
    answer = back(client, service.approve(sent(client, "/login/account"), "stranger"))
    assert answer.status_code == 401
    assert "Ask an administrator for a one-time link" in answer.text
    assert not entered(client)


LIES = [
    "another issuer", "another audience", "other audience too", "another nonce", "no nonce",
    "too old", "never ends", "from the future", "another token's hash", "no subject",
    "subject is a number", "subject is long", "another key", "another kind of key",
    "no signature", "our own secret", "the public key as secret", "changed", "mixed up", "no token",
    "sends elsewhere",
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_service_that_lies_lets_nobody_in(served: Served, service: Service, lie: str) -> None:
    linked(served, service, f"kim {LIES.index(lie)}")
    service.lie(lie)
    client = served.client()
    answer = back(client, service.approve(sent(client, "/login/account"), f"kim {LIES.index(lie)}"))
    assert answer.status_code == 401, answer.text
    assert not entered(client)


@pytest.mark.parametrize("lie", ["fails", "talks nonsense", "never stops"])
def test_a_service_that_breaks_is_said_to_be_away(
    served: Served, service: Service, lie: str
) -> None:
    service.lie(lie)
    client = served.client()
    answer = back(client, service.approve(sent(client, "/login/account"), "kim"))
    assert answer.status_code == 503
    assert "password or passkey" in answer.text


def test_a_new_key_is_looked_for_once_a_minute_and_then_signs_in(
    served: Served, service: Service
) -> None:
    linked(served, service, "ann")
    known = client_of(served)._known
    assert known is not None
    client_of(served)._known = replace(known, again=0.0)  # a minute later
    service.lie("new key")
    client = served.client()
    answer = back(client, service.approve(sent(client, "/login/account"), "ann"))
    assert answer.status_code == 200
    before = service.asked().count("/keys")
    service.lie("new key")
    answer = back(client, service.approve(sent(client, "/login/account"), "ann"))
    assert answer.status_code == 401
    assert service.asked().count("/keys") == before


def test_an_answer_is_only_good_for_the_browser_that_left(served: Served, service: Service) -> None:
    """Login CSRF and stolen codes: the code alone is worth nothing."""
    linked(served, service, "lee")
    mine, other = served.client(), served.client()
    location = service.approve(sent(mine, "/login/account"), "lee")
    assert back(other, location).status_code == 401
    sent(other, "/login/account")
    assert back(other, location).status_code == 401
    changed = location.replace("state=", "state=A")
    assert back(mine, changed).status_code == 401
    assert back(mine, location).status_code == 200
    assert entered(mine)


def test_an_answer_works_once(served: Served, service: Service) -> None:
    linked(served, service, "max")
    client = served.client()
    url = sent(client, "/login/account")
    cookie = dict(client.cookies)
    assert back(client, service.approve(url, "max")).status_code == 200
    again = served.client(cookies=cookie)
    assert back(again, service.approve(url, "max")).status_code == 401


def test_an_account_belongs_to_one_person(served: Served, service: Service) -> None:
    linked(served, service, "shared")
    client = browser(served, served.person(Role.REVIEWER))
    answer = back(client, service.approve(sent(client, "/me/account"), "shared"))
    assert answer.status_code == 409
    assert "somebody else" in answer.text


def test_linking_needs_the_session_that_left(served: Served, service: Service) -> None:
    person = served.person(Role.REVIEWER)
    client = browser(served, person)
    location = service.approve(sent(client, "/me/account"), "late")
    session = served.app.access.sessions.of_person(person.id)[0]
    with served.app.db.transaction() as tx:
        people.revoke_session(tx, session.id)
    assert back(client, location).status_code == 401
    assert served.app.access.oidc.of_person(person.id) == []


def test_somebody_who_left_does_not_come_in_by_their_account(
    served: Served, service: Service
) -> None:
    person = linked(served, service, "gone")
    served.app.access.people.deactivate(person.id, OPERATOR)
    client = served.client()
    answer = back(client, service.approve(sent(client, "/login/account"), "gone"))
    assert answer.status_code == 401
    assert not entered(client)


def test_the_question_carries_pkce_and_nothing_that_can_be_used_twice(
    served: Served, service: Service
) -> None:
    client = served.client()
    asked = [parse_qs(urlsplit(sent(client, "/login/account")).query) for _ in range(2)]
    for question in asked:
        assert question["code_challenge_method"] == ["S256"]
        assert question["scope"] == ["openid"]
        assert "client_secret" not in question
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_the_cookie_of_the_way_is_short_and_scripts_do_not_get_it(served: Served) -> None:
    answer = served.client().get("/login/account")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=300" in cookie


def test_without_a_service_there_is_no_way_there(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("alone")) as running:
        client = running.client()
        assert client.get("/login/account").status_code == 404
        assert "/login/account" not in client.get("/login").text


def test_a_browser_goes_there_and_back_and_is_in(served: Served, service: Service) -> None:
    """With a real browser: our session's cookie is strict, and the way back is from another site."""
    person = served.person(Role.REVIEWER, name="Robin Harbour")
    link = served.app.access.people.link(person.id, "test")
    ours = served.url.replace("127.0.0.1", "localhost")
    with chromium() as running, guarded(running) as watched:
        page = watched.page
        page.goto(f"{ours}/login/{link}")
        page.get_by_role("button", name="Sign in once").click()
        page.get_by_role("link", name="Sign in with Example from now on").click()
        page.get_by_label("Account").fill("robin@example")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Your sessions")).to_be_visible()
        expect(page.get_by_role("cell", name="Account at Example", exact=True)).to_be_visible()
        page.goto("about:blank")  # a page left open would ask for its news without a session
        page.context.clear_cookies()
        page.goto(f"{ours}/login")
        page.get_by_role("link", name="Sign in with Example").click()
        page.get_by_label("Account").fill("robin@example")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{ours}/")
        expect(page.get_by_text("Robin Harbour").first).to_be_visible()
