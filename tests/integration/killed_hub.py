"""A hub and a member that are killed again and again, and those who write to the hub meanwhile.

`Pair` has both and kills them; a `Giver` gives, changes and takes back, a `Desk` of two curators
withdraws and reinstates, each repeating what was not answered. In the end each says what must stand.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from breakwater.exchange.clients.hub_files import Point
from breakwater.exchange.manage import NewFeed
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.exchange import Credentials
from breakwater.model.hub import Effect, Member, MemberKind, ReleaseRule
from breakwater.model.ids import new_id
from breakwater.records import banks, hub_lists, hub_members, hub_rules
from breakwater.settings import Settings, load
from tests.builders_hub import value
from tests.integration.hub_processes import opened
from tests.integration.installed import installed
from tests.ports import free_port

OPERATOR = Principal(new_id(), "operator", frozenset(Permission), person=new_id())
LIST, BANK = "SHARED", "FROM_HUB"
A_WEEK = 7 * 86_400


@dataclass
class Pair:
    """Both installations, and the process that forks them."""

    place: Path
    databases: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    pids: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    kills: int = 0

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self._found()
        self.forker = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.hub_processes"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def settings(self, who: str) -> Settings:
        """Of one of the two."""
        here = self.place / who
        known: dict[str, Any] = {
            "data_dir": here / "data", "root_key_file": here / "keys" / "root.key",
            "audit_dir": here / "checkpoints", "port": self.port,
            "database_url": self.databases.get(who, ""),
            "flood_entries_per_hour": 10**6, "exchange_private_networks": "127.0.0.0/8",
            "seat": "GB",
        }  # fmt: skip
        self.environment = {f"BREAKWATER_{k.upper()}": str(v) for k, v in known.items()}
        return load(**known | {"exchange_private_networks": ("127.0.0.0/8",)})

    def _found(self) -> None:
        """Members, list, rule and curators at the hub; the feed at the member."""
        for who in ("hub", "member"):
            (self.place / who / "keys").mkdir(parents=True)
            installed(self.settings(who))
        app = opened(self.settings("hub"))
        with app.db.transaction() as tx:
            hub_lists.share(tx, banks.create(tx, name=LIST))
            hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW))
            made = [
                hub_members.create(tx, name=name, kind=MemberKind.SERVICE, trusted=True)
                for name in ("A follower", "One giver", "Another giver")
            ]
        for one in made:
            self.tokens[one.name] = self._token(app, one)
        for name in ("Ada", "Bob"):
            person = app.access.people.create(name, [Role.QA_LEAD], OPERATOR)
            self.links.append(app.access.people.link(person.id, "test"))
        key = app.db.keys.public_key
        app.close()
        app = opened(self.settings("member"))
        with app.db.transaction() as tx:
            banks.create(tx, name=BANK)
        feed = NewFeed(
            "hub", "breakwater", BANK, self.url, {"key": base64.b64encode(key).decode()},
            Credentials(token=self.tokens["A follower"]), every_s=A_WEEK, vouch=True,
        )  # fmt: skip
        app.exchange.feeds.add(feed, OPERATOR)
        app.close()

    @staticmethod
    def _token(app: Any, member: Member) -> str:
        key, token = app.access.keys.create(
            OPERATOR, name=member.name, service="", scopes=["hub:pull", "hub:give"]
        )
        with app.db.transaction() as tx:
            hub_members.give_key(tx, member.id, key.id)
        return str(token)

    def start(self, who: str) -> None:
        """One of the two begins."""
        self.settings(who)
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        told = {"who": who, "environment": self.environment}
        self.forker.stdin.write(json.dumps(told) + "\n")
        self.forker.stdin.flush()
        self.pids[who] = int(json.loads(self.forker.stdout.readline())["pid"])

    def kill(self, who: str) -> None:
        """It ends wherever it is."""
        pid = self.pids.pop(who)
        os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                time.sleep(0.002)
        self.kills += 1

    def client(self, name: str) -> httpx.Client:
        """A member's own client."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def view(self) -> tuple[list[dict[str, Any]], int]:
        """What the hub has for its follower, and the last change of it."""
        found: dict[int, dict[str, Any]] = {}
        after = 0
        with self.client("A follower") as asked:
            while True:
                told = insisting(asked, "GET", f"/v1/hub/changes?after={after}&limit=50").json()
                for one in told["changes"]:
                    found.pop(one["number"], None)
                    if "value" in one:
                        found[one["number"]] = one | told["terms"][one["terms"]]
                after = told["through"]
                if after >= told["newest"]:
                    return list(found.values()), after

    def followed_to(self) -> int:
        """After which change the member goes on."""
        with sa.create_engine(self.settings("member").database).connect() as asked:
            told = asked.execute(sa.text("SELECT checkpoint FROM exchange_states")).scalar()
        return Point.read(str(told or "")).after

    def close(self) -> None:
        """End the processes."""
        for who in list(self.pids):
            self.kill(who)
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        self.forker.kill()
        self.forker.wait(timeout=30)
        self.forker.stdin.close()
        self.forker.stdout.close()


def insisting(asked: httpx.Client, way: str, path: str, **more: Any) -> httpx.Response:
    """Ask until there is an answer; what was asked may have been done before."""
    for _ in range(600):
        with suppress(httpx.TransportError):
            answer = asked.request(way, path, **more)
            if answer.status_code not in {429, 500, 502, 503, 504}:
                return answer
        time.sleep(0.05)
    raise AssertionError(f"No answer to {way} {path}.")


class Numbers:
    """Which number a value has now: a follower's own small copy of the list."""

    def __init__(self, asked: httpx.Client) -> None:
        self._asked = asked
        self._after = 0
        self._known: dict[int, str] = {}

    def of(self, wanted: str) -> int | None:
        """The number of a value, if it stands."""
        while True:
            path = f"/v1/hub/changes?after={self._after}"
            told = insisting(self._asked, "GET", path).json()
            for one in told["changes"]:
                self._known.pop(one["number"], None)
                if "value" in one:
                    self._known[one["number"]] = one["value"]
            self._after = told["through"]
            if self._after >= told["newest"]:
                return next((n for n, value in self._known.items() if value == wanted), None)


@dataclass
class Giver:
    """A member that gives and takes back."""

    pair: Pair
    name: str
    values: range
    chance: random.Random
    last: dict[int, str | None] = field(default_factory=dict)

    def act(self) -> None:
        """One thing more; when this returns the hub has said that it did it."""
        which = self.chance.choice(self.values)
        with self.pair.client(self.name) as asked:
            if self.last.get(which) is None or self.chance.random() < 0.4:
                self.give(asked, [which, self.chance.choice(self.values)])
                return
            number = Numbers(asked).of(value("md5", which))
            assert number is not None, "what a member gives stands"
            path = f"/v1/hub/lists/{LIST}/take-back"
            done = insisting(asked, "POST", path, json={"entries": [number], "reason": "Wrong."})
            assert done.status_code == 200, done.text
            self.last[which] = None

    def give(self, asked: httpx.Client, chosen: list[int]) -> None:
        """Give values, each request with a key of its own."""
        category = self.chance.choice(["A1", "A2", "B1"])
        rows = [{"md5": value("md5", one), "category": category} for one in chosen]
        done = insisting(
            asked, "POST", f"/v1/hub/lists/{LIST}/entries", json={"entries": rows},
            headers={"Idempotency-Key": str(new_id())},
        )  # fmt: skip
        assert done.status_code == 201, done.text
        self.last |= dict.fromkeys(chosen, category)


@dataclass
class Desk:
    """Two curators who withdraw values and bring them back."""

    pair: Pair
    values: range
    chance: random.Random
    stands: dict[int, bool] = field(default_factory=dict)
    former: dict[int, int] = field(default_factory=dict)
    signed: list[httpx.Client] = field(default_factory=list)

    def begin(self) -> None:
        """Both sign in."""
        for link in self.pair.links:
            made = httpx.Client(
                base_url=self.pair.url, follow_redirects=True, timeout=20,
                headers={"Origin": self.pair.url},
            )  # fmt: skip
            page = insisting(made, "POST", f"/login/{link}").text
            token = re.search(r'<meta name="csrf" content="([^"]+)"', page)
            assert token is not None, page[:500]
            made.headers["X-CSRF-Token"] = token[1]
            self.signed.append(made)
        self.stands = dict.fromkeys(self.values, True)

    def close(self) -> None:
        """Both leave."""
        for one in self.signed:
            one.close()

    def act(self) -> None:
        """One thing more, until it is so."""
        which = self.chance.choice(self.values)
        wanted = not self.stands[which]
        with self.pair.client("A follower") as asked:
            numbers = Numbers(asked)
            if not wanted:
                self.former[which] = numbers.of(value("md5", which)) or 0
                self._ask(self.former[which], "withdraw")
            while wanted and numbers.of(value("md5", which)) is None:
                for one in self.signed:
                    self._ask(self.former[which], "reinstate", one)
            assert (numbers.of(value("md5", which)) is not None) is wanted
        self.stands[which] = wanted

    def _ask(self, number: int, what: str, by: httpx.Client | None = None) -> None:
        path = f"/v1/hub/entries/{number}/{what}"
        done = insisting(by or self.signed[0], "POST", path, json={"reason": "Looked at."})
        assert done.status_code in {200, 202, 409}, done.text  # 409: it was done before


@contextmanager
def acting(people: list[Any]) -> Iterator[list[BaseException]]:
    """Have each act again and again until the block ends; what went wrong is answered."""
    over, wrong = threading.Event(), []

    def run(one: Any) -> None:
        try:
            while not over.is_set():
                one.act()
        except BaseException as error:  # noqa: BLE001 - told by the thread that asserts
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
