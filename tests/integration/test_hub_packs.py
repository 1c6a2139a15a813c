"""A member without a network: packs out, feedback and entries in; each once, in order, unforged."""

from __future__ import annotations

import json

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater.errors import BadInput, Conflict, NotAllowed, Tampered
from breakwater.model import hub_pack, segment_file
from breakwater.model.hub import Effect, FeedbackKind, MemberState
from breakwater.model.hub_feed import Released, hub_name
from breakwater.model.hub_pack import Pack, unsealed
from breakwater.records import hub_feedback, hub_members
from breakwater.records.hub_feedback import day_of
from tests import builders, builders_feeds
from tests.builders_feeds import Hub, rows
from tests.integration.served import OPERATOR, serving

MINE = Ed25519PrivateKey.generate()
MY_KEY = MINE.public_key().public_bytes_raw()


class Island:
    """A member that packs reach by hand."""

    def __init__(self, served) -> None:
        self.app = served.app
        self.hub = Hub(served.app.db)
        self.hub.list()
        self.giver = self.hub.member("A hotline")
        self.member = self.hub.member("An island", trusted=True)
        builders_feeds.key_of(served, self.member)
        self.rule = self.hub.rule(recipient=self.member.id)
        self.identity = pyrage.x25519.Identity.generate()
        self.key = served.app.db.keys.public_key
        self.place, self.held = 0, {}

    def written(self, after: int | None = None) -> bytes:
        place = self.place if after is None else after
        age = [str(self.identity.to_public())]
        return self.app.feeds.packs.write(OPERATOR, self.member.id, place, age).data

    def read(self, sealed: bytes) -> None:
        data = unsealed(sealed, str(self.identity))
        pack = hub_pack.read(data, self.key, reader=str(self.member.number), place=self.place)
        for one in segment_file.read(pack.parts["entries.seg"]).news():
            if isinstance(one, Released):
                self.held[one.number] = one.value
            else:
                self.held.pop(one.number, None)
        self.place = pack.upto

    def reply(self, after: int, upto: int, **parts: object) -> bytes:
        said = {f"{name}.json": json.dumps(value).encode() for name, value in parts.items()}
        pack = Pack(
            str(self.member.number), hub_name(self.key), after, upto, self.app.clock.now(), said
        )
        return hub_pack.write(pack, MINE.sign)

    def take(self, data: bytes, key: bytes = MY_KEY):
        return self.app.feeds.packs.take(OPERATOR, self.member.id, data, key)


@pytest.fixture
def island(tmp_path):
    with serving(tmp_path) as served:
        yield Island(served)


def test_packs_bring_what_the_member_may_have_and_take_back_what_it_may_not(island):
    numbers = island.hub.give(island.giver, rows(20), category="A1")
    secret = island.hub.give(island.giver, rows(5, 100), category="secret")
    island.hub.rule(Effect.DENY, category="secret")
    island.read(island.written())
    assert sorted(island.held) == numbers
    assert not set(secret) & set(island.held)
    island.hub.withdraw(numbers[0])
    more = island.hub.give(island.giver, rows(2, 200))
    island.read(island.written())
    assert sorted(island.held) == sorted(numbers[1:] + more)


def test_a_replayed_pack_a_gap_and_another_s_pack_are_refused(island):
    island.hub.give(island.giver, rows(3))
    first = island.written()
    island.read(first)
    with pytest.raises(Conflict, match="already"):
        island.read(first)
    island.hub.give(island.giver, rows(3, 50))
    second = island.written()
    before, island.place = island.place, island.place - 1
    with pytest.raises(Conflict, match="missing"):
        island.read(second)
    island.place = before
    with pytest.raises(BadInput):
        unsealed(second, str(pyrage.x25519.Identity.generate()))
    island.read(second)


def test_feedback_and_entries_come_back_once(island):
    number = island.hub.give(island.giver, rows(1))[0]
    said = [{"entry": number, "kind": "pdq", "opinion": "affirmative", "reasons": []}]
    given = [
        {"list": "SHARED", "pdq": builders.value("pdq", n).hex(), "category": "B2"}
        for n in (70, 71)
    ]
    data = island.reply(0, 1, feedback=said, given=given)
    done = island.take(data)
    assert (done.upto, done.feedback, done.given) == (1, 1, 2)
    with island.hub.db.read() as tx:
        standing = hub_feedback.standing(tx, [number])[number]
    assert [(one.member, one.opinion) for one in standing] == [
        (island.member.id, FeedbackKind.AFFIRMATIVE)
    ]
    with pytest.raises(Conflict, match="already"):
        island.take(data)
    with pytest.raises(Conflict, match="missing"):
        island.take(island.reply(2, 3))
    assert island.take(island.reply(1, 2)).upto == 2


def test_counts_come_back_and_what_the_member_sees_no_more_is_passed_over(island):
    one, other = island.hub.give(island.giver, rows(2))
    island.hub.withdraw(other)
    hidden = island.hub.give(island.giver, rows(1, 40), category="secret")[0]
    island.hub.rule(Effect.DENY, category="secret")
    today = day_of(island.app.clock.now())
    said = [
        {"entry": number, "kind": "pdq", "opinion": "negative", "reasons": []}
        for number in (hidden, one, 4_000_000)
    ]
    met = [{"entry": number, "day": today, "matches": 7, "wrong": 2} for number in (one, hidden)]
    done = island.take(island.reply(0, 1, feedback=said, counts=met))
    assert (done.feedback, done.counted, done.passed) == (1, 1, 3)
    with island.hub.db.read() as tx:
        seen = hub_feedback.seen(tx, [one, hidden], since_day=today)
        assert hub_feedback.standing(tx, [hidden])[hidden] == []
    assert (seen[one].matches, seen[one].wrong, seen[hidden].matches) == (7, 2, 0)
    for bad in ([{"entry": one}], [{**met[0], "matches": -1}], {"entry": one}):
        with pytest.raises(BadInput):
            island.take(island.reply(1, 2, counts=bad))
    assert island.take(island.reply(1, 2)).upto == 2


def test_a_forged_pack_changes_nothing(island):
    number = island.hub.give(island.giver, rows(1))[0]
    said = [{"entry": number, "kind": "pdq", "opinion": "affirmative", "reasons": []}]
    data = island.reply(0, 1, feedback=said)
    with pytest.raises(Tampered):
        island.take(data, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with island.hub.db.read() as tx:
        assert hub_feedback.standing(tx, [number])[number] == []
    assert island.take(data).upto == 1


def test_nothing_is_packed_for_who_is_suspended_or_without_a_key(island):
    island.hub.give(island.giver, rows(1))
    with pytest.raises(BadInput):
        island.app.feeds.packs.write(OPERATOR, island.member.id, 0, [])
    with pytest.raises(BadInput):
        island.app.feeds.packs.write(OPERATOR, island.member.id, 0, [str(island.identity)])
    with island.hub.db.transaction() as tx:
        hub_members.set_state(tx, island.member.id, MemberState.SUSPENDED)
    with pytest.raises(NotAllowed):
        island.written()
