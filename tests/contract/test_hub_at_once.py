"""Many write while many follow and any of them dies between two steps: no row is missed or doubled.

Writers give, withdraw, hold, let go and change in transactions of which some end half way; followers
of both dialects keep a page whole or not at all. In the end each holds what the rows say, and heard
of each change once.
"""

from __future__ import annotations

import os
import random
import threading
import xml.etree.ElementTree as ET

import pytest
from tests.builders_feeds import Hub, rows, spelled

from breakwater.hub.feeds.changes import Changes
from breakwater.hub.feeds.clock import HubClock
from breakwater.hub.feeds.following import Following
from breakwater.hub.feeds.releases import Releases
from breakwater.hub.feeds.windows import Windows
from breakwater.model.bank import EntryStatus as S
from breakwater.records import banks, entries

pytestmark = pytest.mark.usefixtures("keyring")
ACTS = 400 if os.environ.get("LONG") == "1" else 25
WRITERS = 3
NS = "{https://hashsharing.ncmec.org/hashsharing/v2}"


class Killed(Exception):
    """The process ended here."""


class Writer:
    """Writes to the hub; some of its transactions end before they are done."""

    def __init__(self, hub: Hub, number: int) -> None:
        self.hub, self.chance = hub, random.Random(number)
        self.giver = hub.member(f"Giver {number}")
        self.mine: list[int] = []
        self.start = number * 100_000

    def run(self) -> None:
        for _ in range(ACTS):
            try:
                self.act()
            except Killed:
                self.start += 100

    def act(self) -> None:
        if not self.mine or self.chance.random() < 0.4:
            with self.hub.db.transaction() as tx:
                made = self.hub.give(
                    self.giver, rows(self.chance.randint(1, 9), self.start, "md5"), tx=tx
                )
                self.perhaps_die()
            self.mine += made
            self.start += 100
            return
        some = self.chance.sample(self.mine, min(3, len(self.mine)))
        with self.hub.db.transaction() as tx:
            for number in some:
                self.change(tx, number)
                self.perhaps_die()

    def change(self, tx, number: int) -> None:
        """Another status, or another label."""
        now = entries.get(tx, number).status
        if now is S.ACTIVE and self.chance.random() < 0.5:
            entries.override(tx, number, labels=[self.chance.choice(["x", "y"])])
            return
        wanted = self.chance.choice([S.WITHDRAWN, S.QUARANTINED, S.ACTIVE])
        if now.may_become(wanted) and now is not wanted:
            entries.set_status(tx, number, wanted, by="test")

    def perhaps_die(self) -> None:
        if self.chance.random() < 0.08:
            raise Killed


class Json:
    """A follower of our own feed."""

    def __init__(self, changes: Changes, who, seed: int) -> None:
        self.changes, self.who, self.chance = changes, who, random.Random(seed)
        self.place = 0
        self.held: dict[object, str] = {}
        self.heard: list[int] = []

    def page(self) -> bool:
        """The next page, kept whole or not at all; answers whether it was the last."""
        told = self.changes.page(self.who, self.place, self.chance.randint(1, 7))
        if self.chance.random() < 0.15:
            raise Killed
        for one in told.changes:
            self.heard.append(one["change"])
            self.held.pop(one["number"], None)
            if "value" in one:
                self.held[one["number"]] = one["value"]
        self.place = told.through
        return told.through >= told.newest


class Ncmec:
    """A follower by windows of time, each beginning where the one before it ended."""

    def __init__(self, windows: Windows, who, clock, seed: int) -> None:
        self.windows, self.who, self.clock = windows, who, clock
        self.chance = random.Random(seed)
        self.second = self.until = 0
        self.after = ""
        self.held: dict[object, str] = {}

    def page(self) -> bool:
        """The next page of this window, or of the next one up to now."""
        if not self.after:
            self.until = int(self.clock.now().timestamp())
        text = self.windows.entries(
            self.who, "all", spelled(self.second), spelled(self.until), self.after
        )
        if self.chance.random() < 0.15:
            raise Killed
        root = ET.fromstring(text)
        for one in root.iter():
            if one.tag.removeprefix(NS) in {"image", "video", "deletedImage", "deletedVideo"}:
                key = one.findtext(f"{NS}id")
                prints = one.find(f"{NS}fingerprints")
                self.held.pop(key, None)
                if prints is not None:
                    self.held[key] = prints[0].text or ""
        path = root.findtext(f"{NS}paging/{NS}next", "")
        self.after = path.split("start=")[1].split("&")[0] if path else ""
        if not self.after:
            self.second = self.until
        return not self.after


def follow(follower: Json | Ncmec) -> None:
    """Page by page up to the end, whoever dies."""
    while True:
        try:
            if follower.page():
                return
        except Killed:
            continue


def together(works) -> list[BaseException]:
    """Each on a thread of its own; answers what went wrong."""
    wrong: list[BaseException] = []

    def run(work) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told by the thread that asserts
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join(300)
    return wrong


def test_no_follower_misses_or_doubles_a_row(database, clock) -> None:
    hub = Hub(database)
    hub.list()
    hub.rule()
    following = Following(database, Releases(database))
    seconds = HubClock(database)
    changes, windows = Changes(database, following), Windows(database, following, seconds)
    followers: list[Json | Ncmec] = [Json(changes, hub.puller()[1], seed) for seed in range(2)]
    followers += [Ncmec(windows, hub.puller()[1], clock, seed) for seed in range(2)]
    writers = [Writer(hub, number) for number in range(WRITERS)]
    over = threading.Event()

    def writing(writer: Writer) -> None:
        try:
            writer.run()
        finally:
            done.append(writer)
            if len(done) == WRITERS:
                over.set()

    def reading(follower: Json | Ncmec) -> None:
        while not over.is_set():
            follow(follower)

    def passing() -> None:
        while not over.wait(0.02):
            clock.advance(1)

    done: list[Writer] = []
    works = [
        *(lambda one=one: writing(one) for one in writers),
        *(lambda one=one: reading(one) for one in followers),
        passing,
    ]
    assert together(works) == []
    seconds.turn()
    clock.advance(60)  # what came last is in a window that is over
    with database.read() as tx:
        every = entries.page(tx, banks.get(tx, "SHARED"), limit=100_000)
    stands = {one.number: one.value.hex() for one in every if one.status is S.ACTIVE}
    assert len(stands) > WRITERS
    for follower in followers:
        follow(follower)
        assert {int(str(key)): value for key, value in follower.held.items()} == stands
        if isinstance(follower, Json):
            assert follower.heard == sorted(set(follower.heard)), "none twice, none out of order"
