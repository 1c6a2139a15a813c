"""Comments through public faces only: a service with a key, a webhook, a person in Chromium.

A service sends half an hour of a broadcast's chat as NDJSON, compressed: nothing. Then five
accounts make polite offers, none of them alarming alone: an alarm within five minutes of chat,
somebody is called, the webhook asks for the chat to be paused and is signed. The person on duty
reads what was written only after asking for it, finds nothing illegal, and it is gone; of another
broadcast they decide the same to be illegal, and it stays. What is found is a surrogate, polite
generated advertising: it shows the machinery, and is no claim about finding abuse.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from breakwater.cli import demo_chat
from breakwater.model.chat import Measure
from tests.integration.browsing import chromium, guarded
from tests.integration.live_site import until
from tests.journey.test_live_story import signed_in, utc
from tests.journey.test_review import PASSWORD, follow
from tests.journey.test_wall import Installation

Row = dict[str, Any]
CANARY = "zirconmoss"
"""Written by an ordinary viewer: nobody keeps that."""
WITHIN_S = 300.0
REMOVED = "Removed: nothing was found."


@dataclass
class Service:
    """The service: its key, and what its webhook heard."""

    client: httpx.Client
    secret: str = ""
    told: list[Row] = field(default_factory=list)

    def begin(self, name: str) -> str:
        about = {"name": name, "account": f"acct-{name}", "service": "clips"}
        answer = self.client.post("/v1/streams", json=about)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def write(self, stream: str, messages: list[Row]) -> Row:
        """As NDJSON, a message a line."""
        lines = "".join(json.dumps(one) + "\n" for one in messages)
        answer = self.client.post(
            f"/v1/streams/{stream}/comments", content=lines,
            headers={"Content-Type": "application/x-ndjson"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        assert (found["taken"], found["unscored"]) == (len(messages), 0)
        return found

    def measures(self, stream: str) -> list[str]:
        data = [one["data"] for one in self.told if one["type"] == "chat.measured"]
        return [one["measure"] for one in data if one["stream"] == stream and "measure" in one]


@dataclass
class House:
    """An installation whose comments are weighed by the surrogate, a service, one on duty."""

    place: Installation
    service: Service
    link: str

    def calls(self) -> list[Row]:
        bearer = {"Authorization": f"Bearer {self.place.key}"}
        found: list[Row] = httpx.get(f"{self.place.url}/v1/duty", headers=bearer).json()["calls"]
        return found

    def kept(self, case: str) -> list[tuple[str, bool]]:
        """State of each captured comment of a case, and whether anything of it is there."""
        file = self.place.place / "data" / "breakwater.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as raw:
            rows = raw.execute("SELECT state, sealed, author_key, case_id FROM kept_comments")
            return [
                (state, sealed is not None or author is not None)
                for state, sealed, author, of in rows
                if of == case
            ]

    def written_anywhere(self, *words: str) -> list[str]:
        """Files and lines of the log in which one of these words stands."""
        found = [line for line in self.place.said if any(word in line for word in words)]
        for file in (self.place.place / "data").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                found += [f"{word} in {file.name}" for word in words if word.encode() in content]
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("comments")
    (place / "keys").mkdir()
    found = Installation(place)
    found.environment |= {
        "BREAKWATER_COMMENTS_PACKAGE": "surrogate", "BREAKWATER_UNSAFE_FAST_DISK": "true",
        "BREAKWATER_LIVE_WATCH": "false",
        "BREAKWATER_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip
    found.start()
    try:
        with contextlib.ExitStack() as stack:
            yield opened(found, stack)
    finally:
        found.stop()


def opened(found: Installation, stack: contextlib.ExitStack) -> House:
    """A key and a webhook for the service, made by an administrator; a person, put on duty."""
    admin = stack.enter_context(contextlib.closing(signed_in(found, found.link)))
    wanted = {"name": "chat", "service": "clips", "scopes": ["stream:write", "stream:read"]}
    made = admin.post("/v1/keys", json=wanted)
    assert made.status_code == 201, made.text
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    client = stack.enter_context(httpx.Client(base_url=found.url, headers=bearer, timeout=60))
    service = Service(client)
    hook = stack.enter_context(listening(service))
    wanted = {"url": hook, "service": "clips", "events": ["chat.measured"]}
    service.secret = admin.post("/v1/webhooks", json=wanted).json()["secret"]
    page = admin.post("/people", data={"name": "Mo", "roles": ["live_moderator"]}).text
    link = re.search(r"http://[^\s\"<]+/login/[A-Za-z0-9_-]+", page)
    assert link is not None, page[-3000:]
    found.command("duty", "set", "Mo", "--from", utc(hours=-1), "--until", utc(hours=8))
    return House(found, service, link[0])


@contextlib.contextmanager
def listening(service: Service) -> Iterator[str]:
    """Where the service is told; what is not signed fails."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.told.append(Webhook(service.secret).verify(body, headers))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chat() -> tuple[list[Row], list[demo_chat.Minute]]:
    """Ordinary chat up to now, as one list; then the minutes in which offers are made."""
    minutes = list(demo_chat.minutes(datetime.now(UTC)))
    calm = minutes[: demo_chat.WARM_MINUTES]
    ordinary = [one for minute in calm for one in minute.messages]
    seen = {"id": "canary", "author": "viewer-1", "text": f"hello {CANARY}", "lang": "en"}
    ordinary.append(seen | {"at": ordinary[-1]["at"]})
    return ordinary, minutes[demo_chat.WARM_MINUTES :]


@dataclass
class Episode:
    """What came of offers: their case, seconds of chat until the alarm, levels, messages held."""

    case: str = ""
    took_s: float = 0.0
    levels: set[str] = field(default_factory=set)
    held: int = 0


def episode(service: Service, stream: str, minutes: list[demo_chat.Minute], to: str) -> Episode:
    """Send minute by minute until somebody is to look and the chat is restrained so far."""
    seen, first = Episode(), ""
    for minute in minutes:
        answer = service.write(stream, list(minute.messages))
        first = first or next(one["at"] for one in minute.messages if one["id"] in minute.offers)
        seen.held += len(answer["held"])
        seen.levels |= {one["level"] for one in answer["alarms"]}
        if answer["alarms"] and not seen.case:
            seen.case = answer["alarms"][0]["case"]
            began, rang = (datetime.fromisoformat(at) for at in (first, minute.messages[-1]["at"]))
            seen.took_s = (rang - began).total_seconds()
        if seen.case and Measure(answer["measure"]).rank >= Measure(to).rank:
            return seen
    raise AssertionError(f"the chat was never {to}")


def test_an_episode_in_a_broadcasts_chat_from_offer_to_decision(house: House) -> None:
    service = house.service
    stream, second = service.begin("quay"), service.begin("pier")
    ordinary, busy = chat()
    answer = service.write(stream, ordinary)
    assert (answer["alarms"], answer["measure"]) == ([], "open")
    assert "case" not in {one["kind"] for one in house.calls()}

    first = episode(service, stream, busy, "paused")
    case = first.case
    assert 0.0 < first.took_s <= WITHIN_S
    assert "message" not in first.levels
    assert first.held == 0, "no message alone is loud"
    until(lambda: "paused" in service.measures(stream))
    until(lambda: case in {one["subject"] for one in house.calls()})
    assert until(lambda: house.kept(case))
    assert {state for state, _ in house.kept(case)} == {"captured"}

    with chromium() as browser, guarded(browser) as watched:
        page = watched.page
        follow(page, house.link)
        home = house.link.partition("/login/")[0]
        read(page, f"{home}/cases/{case}")
        page.goto(f"{home}/cases/{case}")
        page.keyboard.press("1")
        page.keyboard.press("Shift+Enter")
        expect(page.locator("main")).to_contain_text("Not illegal")
        until(lambda: "open" in service.measures(stream))

        ordinary, busy = chat()
        service.write(second, ordinary)
        other = episode(service, second, busy, "gated").case
        assert other != case
        illegal(page, f"{home}/cases/{other}")
        until(lambda: {state for state, _ in house.kept(other)} == {"preserved"})
        # Half a minute in which the decision could be taken back; then nothing of it is left.
        until(lambda: set(house.kept(case)) == {("removed", False)}, 120)
        page.goto(f"{home}/cases/{case}/chat")
        expect(page.locator(".told")).to_contain_text(REMOVED)
        expect(page.locator(".told .quote")).to_have_count(0)
        assert not any(one in page.content() for one in demo_chat.OFFERS)
        page.goto(f"{home}/cases/{other}/chat")
        page.get_by_role("button", name="Show what was written").click()
        assert page.locator(".told .quote").first.inner_text() in demo_chat.OFFERS
    assert set(house.kept(other)) == {("preserved", True)}
    assert not house.written_anywhere(CANARY, "seller-", *demo_chat.OFFERS)


def read(page: Page, case: str) -> None:
    """Why it alarmed stands on the page; what was written only after it was asked for."""
    page.goto(f"{case}/chat")
    main = page.locator("main")
    for words in ("A surrogate weighs here", "surrogate model +", "on it alarms", "Author 1"):
        expect(main).to_contain_text(words)
    assert not any(one in page.content() for one in demo_chat.OFFERS)
    page.get_by_role("button", name="Show what was written").click()
    assert page.locator(".told .quote").first.inner_text() in demo_chat.OFFERS


def illegal(page: Page, case: str) -> None:
    """It is illegal, and whoever broadcasts is to blame: signed, as it cuts."""
    page.goto(case)
    for key in ("2", "2", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Sign to cut the stream")).to_be_visible()
    expect(page.get_by_label("Your password, to sign")).to_be_focused()
    page.keyboard.type(PASSWORD + "\n")
