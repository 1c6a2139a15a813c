"""The demo's chat: half an hour of it over a live broadcast, and five accounts that sell something.

In: the stage of `cli.demo_live`. Out: its steps, and the alarm with its explanation. Time is
compressed: half an hour of a chat is sent in seconds, each message with its own time. What is
found is a surrogate, polite generated offers: it shows the machinery and is no claim about
finding abuse. Only the public HTTP API and the console's pages are used.
"""

from __future__ import annotations

import html
import json
import re
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from rich.markup import escape
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from breakwater.cli import demo_chat, demo_media
from breakwater.cli.demo_stage import Publisher
from breakwater.model.clock import SystemClock

if TYPE_CHECKING:
    from breakwater.cli.demo_live import Act

SERVER: Final = "demo-edge"
NAME: Final = "live/terrace"
NDJSON: Final = {"Content-Type": "application/x-ndjson"}
SURROGATE: Final = (
    "Surrogate: polite generated offers (“buy cheap followers”) stand in for what is looked for. "
    "It shows the machinery, and is no claim about finding abuse."
)
SHOWN: Final = 5
Row = dict[str, Any]

ITEM: Final = re.compile(r'<li[^>]*>\s*<p class="row"><strong>(.*?)</strong>(.*?)</li>', re.DOTALL)
NATS: Final = re.compile(r"<span>([^<]*nats)</span>")
QUOTE: Final = re.compile(r'<p class="quote"[^>]*>(.*?)</p>', re.DOTALL)
BY: Final = re.compile(r'</p>\s*<p class="meta">(.*?)</p>', re.DOTALL)
SIGNED: Final = re.compile(r'name="csrf" (?:content|value)="([^"]+)"')


class Listener:
    """The service's webhook: what it was told, signatures checked, until the block ends."""

    def __init__(self, port: int, secret: str) -> None:
        """Listen on this machine.

        Args:
            port: as the set-up told the server.
            secret: with which it signs.
        """
        self.told: list[Row] = []
        self._secret = secret
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(204 if outer.take(dict(self.headers.items()), body) else 400)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Keep one telling; False: it is not signed by our server."""
        small = {name.lower(): value for name, value in headers.items()}
        try:
            self.told.append(Webhook(self._secret).verify(body.decode(), small))
        except WebhookVerificationError:
            return False
        return True

    def measures(self, stream: str) -> list[str]:
        """What the chat of a broadcast was to be, in the order in which we heard it."""
        data = [one["data"] for one in self.told if one["type"] == "chat.measured"]
        return [one["measure"] for one in data if one["stream"] == stream and "measure" in one]

    def end(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Episode:
    """What was sent of the offers, and what came of it.

    Attributes:
        first, rang: moments of the chat: of the first offer, and when the alarm had rung.
        sent: offers until then; `total`: until the chat was paused.
        alarms: as the API answered, with the level, evidence and threshold of each.
        measures: that the answers asked for, each once, in order.
        sent_at: by our clock, when what rang the alarm, and what paused the chat, was sent.
    """

    first: str = ""
    rang: str = ""
    sent: int = 0
    total: int = 0
    held: int = 0
    alarms: list[Row] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)

    @property
    def chat_s(self) -> float:
        """Seconds of the chat from the first offer to the alarm."""
        if not self.rang:
            return 0.0
        return (
            datetime.fromisoformat(self.rang) - datetime.fromisoformat(self.first)
        ).total_seconds()


def play(on: Act, home: Path, stage: ExitStack, *, again: bool) -> None:
    """The story: ordinary chat, an episode without a loud message, an alarm, a pause, a call.

    Args:
        on: the stage and who is on it.
        home: the demo's folder.
        stage: the broadcast, and the service that hears of its chat, end with it.
        again: the broadcast has no end of its own.
    """
    on.terminal.say(
        f"\nViewers write to a broadcast (half an hour of chat in seconds). {SURROGATE}"
    )
    file = home / "terrace.flv"
    file.write_bytes(demo_media.quiet())
    hook = Listener(on.access.hook_port, on.access.hook_secret)
    stage.callback(hook.end)
    publisher = Publisher(file, f"{on.url}/{NAME}", again=again)
    stage.callback(publisher.end)
    found = on.step("another ordinary broadcast runs", on.stream, publisher.begun)
    if found:
        _told(on, str(found["id"]), hook)


def _told(on: Act, stream: str, hook: Listener) -> None:
    about = {"server": SERVER, "name": NAME, "account": "account-9", "service": "demo"}
    on.service.json("POST", "/v1/streams", json=about)
    minutes = list(demo_chat.minutes(SystemClock().now()))
    calm, busy = minutes[: demo_chat.WARM_MINUTES], minutes[demo_chat.WARM_MINUTES :]
    begun = time.monotonic()
    ordinary = [one for minute in calm for one in minute.messages]
    answer = _lines(on, stream, ordinary)
    on.step(
        f"{len(ordinary):,} ordinary messages as NDJSON: all weighed, nothing alarms",
        lambda: (answer["taken"], answer["unscored"], answer["alarms"], answer["measure"])
        == (len(ordinary), 0, [], "open"), begun,
    )  # fmt: skip
    episode = _episode(on, stream, busy)
    on.comments = _noted(stream, episode)
    _alarmed(on, episode)
    case = next((one["case"] for one in episode.alarms if one["case"]), "")
    _called(on, case, episode)
    _explained(on, case, episode)
    _paused(on, stream, hook, episode)


def _lines(on: Act, stream: str, messages: list[Row]) -> Row:
    body = "".join(json.dumps(one) + "\n" for one in messages).encode()
    path = f"/v1/streams/{stream}/comments"
    answer: Row = on.service.json("POST", path, content=body, headers=NDJSON)
    return answer


def _episode(on: Act, stream: str, minutes: list[demo_chat.Minute]) -> Episode:
    """Send on, in batches that end with an offer each, until the chat is paused."""
    seen = Episode()
    for minute in minutes:
        batch: list[Row] = []
        for one in minute.messages:
            batch.append(one)
            if one["id"] in minute.offers:
                _batch(on, stream, batch, seen)
                batch = []
                if seen.measures and seen.measures[-1] == "paused":
                    return seen
    return seen


def _batch(on: Act, stream: str, batch: list[Row], seen: Episode) -> None:
    """One batch and its answer."""
    offer, sent = batch[-1], time.monotonic()
    answer = on.service.json(
        "POST", f"/v1/streams/{stream}/comments", json={"messages": batch, "lang": "en"}
    )
    seen.first = seen.first or offer["at"]
    seen.total += 1
    seen.held += len(answer["held"])
    if answer["alarms"] and not seen.alarms:
        seen.rang, seen.sent = offer["at"], seen.total
        seen.sent_at["alarm"] = sent
    seen.alarms += answer["alarms"]
    if answer["measure"] != (seen.measures or ["open"])[-1]:
        seen.measures.append(answer["measure"])
        if answer["measure"] == "paused":
            seen.sent_at["paused"] = sent


def _noted(stream: str, seen: Episode) -> Row:
    """For the ledger."""
    return {
        "surrogate": SURROGATE, "stream": stream, "accounts": demo_chat.SELLERS,
        "offers_until_alarm": seen.sent, "chat_s_until_alarm": round(seen.chat_s, 1),
        "alarms": seen.alarms, "measures": seen.measures, "explanation": [], "told": [],
    }  # fmt: skip


def _alarmed(on: Act, seen: Episode) -> None:
    since = seen.sent_at.get("alarm", time.monotonic())
    on.step(
        f"{demo_chat.SELLERS} accounts make an offer each minute: an alarm after {seen.sent} of "
        f"them, {seen.chat_s:.0f} s of chat after the first",
        lambda: seen.alarms, since,
    )  # fmt: skip
    levels = {one["level"] for one in seen.alarms}
    on.step("no single message alarmed or was held before the pause",
            lambda: levels and "message" not in levels and seen.held == 0, since)  # fmt: skip
    for one in seen.alarms:
        on.terminal.say(
            f"      {one['level']}: evidence {one['evidence']:.1f} nats, alarms from "
            f"{one['threshold']:.1f} on"
        )


def _called(on: Act, case: str, seen: Episode) -> None:
    """Who is on duty is called, and says that they are on it."""
    since = seen.sent_at.get("alarm", time.monotonic())

    def waiting() -> Row:
        calls = on.desk.duty()["calls"]
        return next((one for one in calls if case and one["subject"] == case), {})

    call = on.step("the person on duty is called", waiting, since)
    if call:
        path = f"/v1/duty/calls/{call['id']}/acknowledge"
        answer = on.moderator.post(path, json={})
        on.step("they acknowledge, and nobody else is rung",
                lambda: answer.json().get("outcome") and not waiting(), since)  # fmt: skip


def _explained(on: Act, case: str, seen: Episode) -> None:
    """What the case's page says to who was called: which messages gave how much, and why."""
    since = seen.sent_at.get("alarm", time.monotonic())
    covered = on.moderator.get(f"/cases/{case}/chat")
    token = SIGNED.search(covered.text)
    asked = {"csrf": token[1] if token else ""}
    page = on.moderator.post(f"/cases/{case}/chat/words", data=asked)
    rows = explanation(page.text) if page.status_code == httpx.codes.OK else []
    on.comments["explanation"] = rows
    complete = [one for one in rows if one["by"] and one["nats"] and one["said"]]
    on.step(
        "the case says which messages gave how many nats, from which source, and that the model "
        "is a surrogate; words are covered until asked for",
        lambda: complete and "surrogate" in page.text and not QUOTE.search(covered.text), since,
    )  # fmt: skip
    for one in rows[:SHOWN]:
        on.terminal.say(
            f"      [dim]{one['nats']:>8}  {one['author']:9} “{escape(one['said'])}” "
            f"({escape(one['by'])})[/]"
        )


def explanation(page: str) -> list[Row]:
    """Messages that gave evidence, as the page of a case's chat shows them."""
    rows = []
    for author, rest in ITEM.findall(page):
        parts = [found[1] if (found := one.search(rest)) else "" for one in (NATS, QUOTE, BY)]
        nats, said, by = (html.unescape(one).strip() for one in parts)
        rows.append({"author": html.unescape(author), "nats": nats, "said": said, "by": by})
    return rows


def _paused(on: Act, stream: str, hook: Listener, seen: Episode) -> None:
    """Measures grow with the evidence; the service hears of each and the last one stands."""
    since = seen.sent_at.get("paused", time.monotonic())
    on.step(f"the chat is restrained with the evidence: {', '.join(seen.measures).replace('_', ' ')}",
            lambda: seen.measures[-1:] == ["paused"], since)  # fmt: skip
    on.step("the service hears by signed webhook that the chat is paused",
            lambda: "paused" in hook.measures(stream), since)  # fmt: skip

    def confirmed() -> bool:
        orders = on.service.json("GET", f"/v1/streams/{stream}/chat/orders")["orders"]
        return bool(orders) and (orders[0]["to"], orders[0]["state"]) == ("paused", "confirmed")

    on.step("the pause is confirmed", confirmed, since)
    on.step("words alone cut nothing: the broadcast runs",
            lambda: on.stream(stream)["state"] == "live" and on.stream(stream)["control"]
            not in {"frozen", "cut"}, since)  # fmt: skip
    on.comments["told"] = hook.measures(stream)
