"""A served hub and its follower killed at any point while members and curators write to the hub.

In the end the follower has each entry exactly once, as the hub has it, and matches nothing that was
taken back or withdrawn; and the hub has all that it said it took.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from breakwater.model.bank import EntryStatus
from breakwater.model.signal import Signal
from breakwater.records import banks, entries, exchange_feeds, exchange_items
from tests.builders_hub import value
from tests.integration.hub_processes import opened
from tests.integration.killed_hub import BANK, LIST, Desk, Giver, Pair, acting, insisting

LONG = os.environ.get("LONG") == "1"
KILLS = 40 if LONG else 4
OF_ONE, OF_BOTH, OF_DESK = range(8), range(4, 12), range(20, 24)
EVERY = {value("md5", one) for one in (*OF_ONE, *OF_BOTH, *OF_DESK)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    databases = {}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("postgres_template")
        databases = {who: server.create(template) for who in ("hub", "member")}
        databases = {who: server.url(name) for who, name in databases.items()}
    made = Pair(tmp_path, databases)
    yield made
    made.close()


@pytest.mark.timeout(1_200)
def test_a_follower_has_each_entry_once_whoever_is_killed(pair: Pair) -> None:
    draw = random.Random(7)
    one = Giver(pair, "One giver", OF_ONE, random.Random(1))
    another = Giver(pair, "Another giver", OF_BOTH, random.Random(2))
    desk = Desk(pair, OF_DESK, random.Random(3))
    pair.start("hub")
    pair.start("member")
    with pair.client("One giver") as asked:
        rows = [{"md5": value("md5", which), "category": "B1"} for which in OF_DESK]
        insisting(asked, "POST", f"/v1/hub/lists/{LIST}/entries", json={"entries": rows})
    desk.begin()
    with acting([one, another, desk]) as wrong, pair.client("One giver") as asked:
        while pair.kills < KILLS:
            if draw.random() < 0.8:  # else it may be killed while it starts
                insisting(asked, "GET", "/health")
            time.sleep(draw.uniform(0.0, 0.8))
            who = draw.choice(["hub", "hub", "member"])
            pair.kill(who)
            pair.start(who)
    desk.close()
    assert wrong == []
    view, newest = pair.view()
    given = {value("md5", which) for who in (one, another) for which, c in who.last.items() if c}
    stands = {value("md5", which) for which, there in desk.stands.items() if there}
    assert Counter(found["value"] for found in view) == Counter(given | stands)
    until(lambda: pair.followed_to() >= newest)
    pair.kill("member")
    same(pair, view)


def until(seen: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "The follower does not get in step."
        time.sleep(0.05)


def same(pair: Pair, view: list[dict[str, Any]]) -> None:
    """The member has what the hub has for it, nothing twice and nothing beside it."""
    app = opened(pair.settings("member"))
    try:
        with app.db.read() as tx:
            feed = exchange_feeds.get(tx, "hub")
            every = entries.page(tx, banks.get(tx, BANK), limit=100_000)
            known = exchange_items.some(tx, feed.number, after="", limit=100_000)
            kept = exchange_items.of_remote(tx, feed.number, known)
        alive = [found for found in every if found.status is not EntryStatus.WITHDRAWN]
        asked = sorted(EVERY)
        found = app.lookups.lookup([Signal("md5", bytes.fromhex(one)) for one in asked])
    finally:
        app.close()
    assert Counter(one.value.hex() for one in alive) == Counter(one["value"] for one in view)
    assert {str(one["number"]): [one["value"]] for one in view} == {
        remote: [known.value.hex() for known in some] for remote, some in kept.items()
    }
    categories = {one["value"]: one["category"] for one in view}
    assert {one.value.hex(): one.labels[0] for one in alive} == categories
    assert {one for one, rows in zip(asked, found, strict=True) if rows} == {
        one["value"] for one in view
    }
