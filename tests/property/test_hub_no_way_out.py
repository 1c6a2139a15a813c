"""No way out of the hub gives what the rules forbid, and none misses what they allow.

Members, lists, rules and entries are drawn and changed at random; followers of every dialect go on
from where they were. After each round each of them holds exactly what a plain reading of the rules,
entry by entry, allows: withdrawn, held, expired, taken back, denied and newly released ones too.
"""

from __future__ import annotations

import csv
import io
import random
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders_feeds import Hub, rows, spelled

from breakwater.hub.feeds.changes import Changes
from breakwater.hub.feeds.clock import HubClock
from breakwater.hub.feeds.exports import Exports
from breakwater.hub.feeds.following import Following
from breakwater.hub.feeds.releases import Releases
from breakwater.hub.feeds.segments import Segments
from breakwater.hub.feeds.windows import Windows
from breakwater.hub.policy import Given, View
from breakwater.model import segment_file
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import Effect, MemberKind
from breakwater.model.hub_feed import Released
from breakwater.records import banks, entries, hub_given, hub_lists, hub_rules, jobs

NS = "{https://hashsharing.ncmec.org/hashsharing/v2}"
CATEGORIES = ("", "A1", "B2", "secret")
LISTS = ("ONE", "TWO", "THREE")


class Follower:
    """One member that follows in every dialect at once."""

    def __init__(self, world: World, principal, member) -> None:
        self.world, self.who, self.member = world, principal, member
        self.place, self.second = 0, 0
        self.json: dict[int, str] = {}
        self.xml: dict[str, str] = {}
        self.seen: list[tuple[int, int]] = []

    def follow_json(self) -> set[str]:
        while True:
            told = self.world.changes.page(self.who, self.place, self.world.draw.randint(1, 9))
            for one in told.changes:
                self.seen.append((one["number"], one["change"]))
                if "gone" in one:
                    self.json.pop(one["number"], None)
                else:
                    self.json[one["number"]] = one["value"]
            self.place = told.through
            if told.through == told.newest:
                return set(self.json.values())

    def follow_ncmec(self) -> set[str]:
        """The next window, up to now; the clock goes on afterwards, as clocks do."""
        self.world.clock.advance(30)
        now = int(self.world.clock.now().timestamp())
        after = ""
        while True:
            text = self.world.windows.entries(
                self.who, "all", spelled(self.second), spelled(now), after
            )
            root = ET.fromstring(text)
            for one in root.iter():
                kind = one.tag.removeprefix(NS)
                if kind in {"image", "video", "deletedImage", "deletedVideo"}:
                    key = f"{one.find(f'{NS}member').get('id')}-{one.findtext(f'{NS}id')}"
                    prints = one.find(f"{NS}fingerprints")
                    self.xml.pop(key, None)
                    if prints is not None:
                        self.xml[key] = prints[0].text
            path = root.findtext(f"{NS}paging/{NS}next", "")
            if not path:
                break
            after = path.split("start=")[1].split("&")[0]
        self.second = now
        return set(self.xml.values())

    def segments(self) -> set[str]:
        signed = self.world.segments.manifest(self.who)
        manifest = segment_file.verified(signed.manifest, signed.signature, signed.key)
        held: dict[int, str] = {}
        everything: set[str] = set()
        for listed in manifest.files:
            path, _ = self.world.segments.file(self.who, listed.name)
            data = path.read_bytes()
            segment_file.same(io.BytesIO(data), listed)
            for one in segment_file.read(data).news():
                if isinstance(one, Released):
                    held[one.number] = one.value.hex()
                    everything.add(one.value.hex())
                else:
                    held.pop(one.number, None)
        self.world.in_files = everything
        return set(held.values())

    def csv(self) -> set[str]:
        path = self.world.directory / "out.csv"
        self.world.exports.write(self.who, "csv", path)
        return {row["pdq"] for row in csv.DictReader(io.StringIO(path.read_text()))}


class World:
    """A hub, its givers and followers, and chance."""

    def __init__(self, database, clock, directory, seed: int) -> None:
        self.db, self.clock, self.directory = database, clock, directory
        self.draw = random.Random(seed)
        self.hub = Hub(database)
        for name in LISTS:
            self.hub.list(name, tlp="red" if name == "THREE" else "amber")
        self.givers = [self.hub.member(f"Giver {n}") for n in range(3)]
        self.releases = Releases(database)
        self.following = Following(database, self.releases)
        self.hub_clock = HubClock(database, most=7)
        self.windows = Windows(database, self.following, self.hub_clock)
        self.changes = Changes(database, self.following)
        self.segments = Segments(database, self.following, self.releases, directory / "segments")
        self.exports = Exports(database, self.following)
        self.followers = []
        for kind, country in ((MemberKind.SERVICE, "GB"), (MemberKind.POLICE, "DE")):
            member, who = self.hub.puller(kind=kind, country=country)
            self.followers.append(Follower(self, who, member))
        self.rules = [
            self.hub.rule(recipient_kind=MemberKind.SERVICE),
            self.hub.rule(recipient=self.followers[1].member.id),
        ]
        self.numbers: list[int] = []
        self.in_files: set[str] = set()
        self.made = 0

    def change(self) -> None:
        """One thing that happens at a hub."""
        what = self.draw.choice([
            self.give, self.give, self.rule, self.end, self.withdraw, self.hold, self.label,
            self.join, self.take_back, self.expire, self.give, self.end, self.label,
            *([self.licence] if self.draw.random() < 0.4 else []),
        ])  # fmt: skip
        what()
        self.clock.advance(self.draw.randint(1, 90))

    def give(self) -> None:
        count = self.draw.randint(1, 12)
        self.numbers += self.hub.give(
            self.draw.choice(self.givers), rows(count, self.made * 100), name=self.draw.choice(LISTS),
            category=self.draw.choice(CATEGORIES), labels=self.draw.choice([(), ("secret",), ("x",)]),
            expires_at=self.draw.choice([*[None] * 6, self.clock.now() + timedelta(minutes=8)]),
            status=self.draw.choice([EntryStatus.ACTIVE, EntryStatus.ACTIVE, EntryStatus.PROPOSED]),
        )  # fmt: skip
        self.made += 1

    def rule(self) -> None:
        draw = self.draw
        about = {
            "source": draw.choice([None, *(one.id for one in self.givers)]),
            "list": draw.choice([None, *(one.number for one in self.hub.lists.values())]),
            "recipient": draw.choice([None, None, *(one.member.id for one in self.followers)]),
            "category": draw.choice([None, None, *CATEGORIES[1:]]),
            "expires_at": draw.choice([None, None, self.clock.now() + timedelta(minutes=4)]),
        }
        effect = draw.choice([Effect.ALLOW, Effect.DENY])
        if effect is Effect.DENY:  # narrow ones, or nothing is left to look at
            about["category"] = draw.choice(CATEGORIES[1:])
            about["list"] = draw.choice([one.number for one in self.hub.lists.values()])
        self.rules.append(self.hub.rule(effect, **about))

    def end(self) -> None:
        """Mostly a denial; an allowance that ends is mostly made anew."""
        if not self.rules:
            return
        denials = [one for one in self.rules if one.effect is Effect.DENY]
        some = denials if denials and self.draw.random() < 0.8 else self.rules
        ended = self.draw.choice(some)
        self.hub.end_rule(ended)
        self.rules.remove(ended)
        if ended.effect is Effect.ALLOW and self.draw.random() < 0.7:
            about = {"recipient_kind": ended.recipient_kind, "recipient": ended.recipient}
            self.rules.append(self.hub.rule(**about))

    def one(self, *wanted: EntryStatus) -> int | None:
        with self.db.read() as tx:
            found = [n for n in self.numbers if entries.get(tx, n).status in wanted]
        return self.draw.choice(found) if found else None

    def withdraw(self) -> None:
        number = self.one(EntryStatus.ACTIVE, EntryStatus.QUARANTINED)
        if number:
            self.hub.withdraw(number)

    def hold(self) -> None:
        number = self.one(EntryStatus.ACTIVE, EntryStatus.QUARANTINED, EntryStatus.PROPOSED)
        if number:
            with self.db.transaction() as tx:
                before = entries.get(tx, number).status
                held = before is EntryStatus.ACTIVE
                after = EntryStatus.QUARANTINED if held else EntryStatus.ACTIVE
                entries.set_status(tx, number, after, by="test")

    def label(self) -> None:
        number = self.one(EntryStatus.ACTIVE)
        if number:
            own = self.draw.choice([
                {"labels": ["secret"]}, {"labels": []}, {"permitted_use": "research"},
                {"permitted_use": None}, {"permitted_use": None},
            ])  # fmt: skip
            with self.db.transaction() as tx:
                entries.override(tx, number, **own)

    def expire(self) -> None:
        number = self.one(EntryStatus.ACTIVE)
        if number:
            with self.db.transaction() as tx:
                entries.override(tx, number, expires_at=self.clock.now() + timedelta(seconds=50))

    def licence(self) -> None:
        with self.db.transaction() as tx:
            bank = banks.get(tx, self.draw.choice(LISTS))
            closed = bank.permitted_use != "detection"
            use = "detection" if closed else "research"
            banks.update(tx, replace(bank, permitted_use=use), expected_change=bank.change)

    def join(self) -> None:
        number = self.one(EntryStatus.ACTIVE)
        if number:
            with self.db.transaction() as tx:
                hub_given.give(
                    tx, self.draw.choice(self.givers).id, {number: self.draw.choice(CATEGORIES)},
                    import_number=None,
                )  # fmt: skip

    def take_back(self) -> None:
        number = self.one(EntryStatus.ACTIVE, EntryStatus.QUARANTINED)
        if number:
            with self.db.transaction() as tx:
                hub_given.take_back(tx, self.draw.choice(self.givers).id, [number])

    def settle(self) -> None:
        """What the worker does."""
        self.releases.turn()
        while found := jobs.claim(self.db, ["hub.move"], owner="test", lease_s=60):
            for job in found:
                self.releases.move(job.payload, 1, lambda _: None)
                with self.db.transaction() as tx:
                    jobs.finish(tx, job)

    def over(self) -> set[str]:
        """Values that are withdrawn or held: later files say so."""
        with self.db.read() as tx:
            known = [entries.get(tx, number) for number in self.numbers]
        gone = {EntryStatus.WITHDRAWN, EntryStatus.QUARANTINED}
        return {entry.value.hex() for entry in known if entry.status in gone}

    def allowed(self, member) -> set[str]:
        """A plain reading: each entry by itself."""
        out = set()
        with self.db.read() as tx:
            lists = hub_lists.every(tx, ended=True)
            for purpose in member.purposes:
                view = View.of(member, purpose, hub_rules.every(tx), tx.now, lists=lists)
                for number in self.numbers:
                    entry = entries.get(tx, number)
                    bank = next(b for b in self.hub.lists.values() if b.id == entry.bank)
                    given = [
                        Given(g.member, g.category) for g in hub_given.givers(tx, [number])[number]
                    ]
                    ruling = view.entry(
                        given, bank.number, entry.labels, permitted_use=entry.permitted_use,
                        expires_at=entry.expires_at,
                    )  # fmt: skip
                    if entry.status is EntryStatus.ACTIVE and ruling.allowed:
                        out.add(entry.value.hex())
        return out


@pytest.mark.parametrize("seed", range(3))
def test_every_follower_holds_exactly_what_the_rules_allow(
    database, keyring, clock, tmp_path, seed
):
    del keyring
    world = World(database, clock, tmp_path, seed)
    for _ in range(8):
        if not [rule for rule in world.rules if rule.effect is Effect.ALLOW]:
            world.rules.append(world.hub.rule())
        for _ in range(world.draw.randint(1, 8)):
            world.change()
            if world.draw.random() < 0.3:  # some look in between, before the worker had its turn
                one = world.draw.choice(world.followers)
                assert one.csv() == world.allowed(one.member)
                one.follow_json()
                one.follow_ncmec()
        for one in world.followers:
            assert one.csv() == world.allowed(one.member), "at once, whatever the worker does"
        world.settle()
        clock.advance(1_200)  # nothing runs out after this while we look
        world.settle()
        clock.advance(60)
        for one in world.followers:
            one.follow_ncmec()
            expected = world.allowed(one.member)
            assert one.follow_json() == expected
            assert one.segments() == expected
            assert world.in_files - expected <= world.over(), "no file holds what rules deny"
            assert one.follow_ncmec() == expected
            assert len(one.xml) == len(expected), "none stays under another name"
            assert one.csv() == expected
            assert len(one.seen) == len(set(one.seen)), "no change is told twice"
