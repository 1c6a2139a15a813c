"""A hub's packs at a member: taken like a pull, each once and in order; packs back count once."""

from __future__ import annotations

import base64
import json
import re

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests import builders
from tests.contract.exchange_house import House

from breakwater.errors import BadInput, Conflict, NotFound, Tampered
from breakwater.exchange.carried import Carried
from breakwater.exchange.clients import packs as client
from breakwater.exchange.taking import Taking
from breakwater.model import hub_pack, segment_file
from breakwater.model.bank import Opinion
from breakwater.model.exchange import Credentials
from breakwater.model.hub_feed import Gone, Terms, Why, hub_name
from breakwater.model.hub_pack import Pack
from breakwater.model.segment_file import Segment
from breakwater.records import banks, entries, exchange_feeds

pytestmark = pytest.mark.usefixtures("keyring")

HUB = Ed25519PrivateKey.generate()
KEY = HUB.public_key().public_bytes_raw()
SEAL = pyrage.x25519.Identity.generate()
TERMS = Terms(
    list="SHARED", category="A1", permitted_use="detection only", sources=(), source="A hotline"
)


class Island:
    """A member of a hub that writes what this test says."""

    def __init__(self, house) -> None:
        self.house, self.clock = house, house.clock
        self.carried = Carried(db=house.db, peers=house.peers, feeds=house.feeds)
        self.enter("island")

    def enter(self, name, **facts):
        said = {"key": base64.b64encode(KEY).decode(), "member": "7", "seal": str(SEAL.to_public())}
        self.house.add(
            _NoPeer(), name, "pack", options=said | facts.pop("options", {}),
            credentials=Credentials(), **{"feedback": True, "counts": True} | facts,
        )  # fmt: skip
        self.house.turn()

    def pack(self, after, upto, some=(), gone=(), *, reader="7", key=HUB) -> bytes:
        rows = [(n, upto, 0, False, 90, 255, builders.value("pdq", n)) for n in some]
        segment = Segment(
            hub_name(KEY), "view", after, upto, (TERMS,),
            (segment_file.section("pdq", rows),) if rows else (),
            segment_file.tombstones([Gone(upto, n, Why.WITHDRAWN) for n in gone]),
        )  # fmt: skip
        file = _Bytes()
        segment_file.write(segment, file)
        parts = {"entries.seg": bytes(file)}
        made = Pack(hub_name(KEY), reader, after, upto, self.clock.now(), parts)
        return hub_pack.write(made, key.sign)

    def take(self, data, name="island"):
        laid = self.carried.take(name, data, self.house.by)
        self.house.turn()
        return laid

    def held(self):
        return {value for _, value in self.house.active()}

    def back(self, given=(), name="island"):
        self.clock.advance(60)
        made = self.carried.give(name, given, self.house.by)
        return made, hub_pack.read(
            hub_pack.unsealed(made.data, str(SEAL)), made.key, reader=hub_name(KEY),
            place=made.number - 1,
        )  # fmt: skip


class _NoPeer:
    url = ""


class _Bytes(bytearray):
    def write(self, piece):
        self.extend(piece)


def vals(*numbers):
    return {builders.value("pdq", n) for n in numbers}


@pytest.fixture
def island(database, clock, tmp_path):
    house = House(database, clock, tmp_path)
    yield Island(house)
    house.running.close()


def test_packs_land_as_a_pull_does_and_a_withdrawal_lets_go(island):
    island.take(island.pack(0, 10, (1, 2, 3)))
    assert island.held() == vals(1, 2, 3)
    one = next(iter(island.house.active().values()))
    assert (one.source, one.permitted_use) == ("A hotline", "detection only")
    assert "A1" in one.labels
    laid = island.take(island.pack(10, 14, (4,), gone=(2,)))
    assert (laid.after, laid.upto) == (10, 14)
    assert island.held() == vals(1, 3, 4)
    state = island.house.state("island")
    assert (state.gone, state.bad, state.errors) == (1, 0, 0)
    assert state.reached == island.clock.now()
    assert not list(island.house.folder.glob("*.pack"))


def test_a_replay_a_gap_and_a_forgery_change_nothing_and_say_what_to_do(island):
    first, second = island.pack(0, 10, (1, 2)), island.pack(10, 14, (), gone=(1,))
    island.take(first)
    for data, error, words in (
        (first, Conflict, "already.*begins after 10"),
        (island.pack(11, 14, (5,)), Conflict, "missing.*begins after 10"),
        (island.pack(10, 14, (5,), key=Ed25519PrivateKey.generate()), Tampered, "not signed"),
        (island.pack(10, 14, (5,), reader="8"), BadInput, "somebody else"),
        (b"PK", BadInput, "not a pack"),
        (island.pack(4, 4), Conflict, "already|older"),
    ):
        with pytest.raises(error) as told:
            island.take(data)
        assert re.search(words, told.value.detail), told.value.detail
    assert island.held() == vals(1, 2)
    assert not list(island.house.folder.glob("*.pack"))
    island.take(second)
    assert island.held() == vals(2)


def test_a_pack_of_everything_after_one_that_was_lost_lets_go_of_what_it_lacks(island):
    island.take(island.pack(0, 10, (1, 2, 3)))
    island.take(island.pack(0, 30, (2, 3, 4)))
    assert island.held() == vals(2, 3, 4)
    island.take(island.pack(30, 31, (5,)))
    assert island.held() == vals(2, 3, 4, 5)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_kill_in_the_middle_of_a_pack_loses_and_doubles_nothing(island, monkeypatch, at):
    island.take(island.pack(0, 5, range(1, 9)))
    monkeypatch.setattr("breakwater.exchange.clients.hub_files.PAGE", 4)
    seen, real = [], Taking.page

    def dies(self, tx, feed, pull, page):
        seen.append(page)
        if len(seen) == at:
            raise KeyboardInterrupt
        return real(self, tx, feed, pull, page)

    island.carried.take("island", island.pack(0, 20, range(3, 15)), island.house.by)
    monkeypatch.setattr(Taking, "page", dies)
    with pytest.raises(KeyboardInterrupt):
        island.house.turn()
    monkeypatch.setattr(Taking, "page", real)
    island.clock.advance(3600)
    island.house.turn()
    assert island.held() == vals(*range(3, 15))
    with island.house.db.read() as tx:
        feed = exchange_feeds.get(tx, "island")
        assert json.loads(exchange_feeds.state(tx, feed).checkpoint)["after"] == 20


def test_what_people_say_goes_back_in_one_pack_and_a_lost_file_is_written_again(island):
    island.take(island.pack(0, 10, (1, 2)))
    with island.house.db.transaction() as tx:
        for one in entries.page(tx, _bank(tx), limit=9):
            entries.add_opinion(tx, one.number, Opinion.FALSE_POSITIVE, by="ada")
    with pytest.raises(NotFound):
        island.carried.again("island", island.house.by)
    made, pack = island.back([{"list": "SHARED", "md5": "9e107d9d372bb6826bd81d3542a419d6"}])
    assert (pack.writer, pack.after, pack.upto) == ("7", 0, 1)
    said = json.loads(pack.parts["feedback.json"])
    assert sorted((one["entry"], one["opinion"]) for one in said) == [
        (1, "negative"),
        (2, "negative"),
    ]
    assert json.loads(pack.parts["given.json"])[0]["list"] == "SHARED"
    assert island.carried.again("island", island.house.by).data == made.data
    with pytest.raises(BadInput, match="Nothing waits"):
        island.back()
    after, pack = island.back([{"list": "SHARED", "md5": "00" * 16}])
    assert (after.number, pack.after, after.feedback) == (2, 1, 0)
    assert len(list(island.house.folder.glob("*.sealed"))) == 1


def _bank(tx):
    return banks.get(tx, "LISTED")


def test_nothing_goes_over_a_line_and_without_the_policy_nothing_goes_back(island):
    island.enter("quiet", feedback=False, counts=False, options={"list": "OTHER"})
    island.take(island.pack(0, 10, (1,)))
    with island.house.db.transaction() as tx:
        for one in entries.page(tx, _bank(tx), limit=9):
            entries.add_opinion(tx, one.number, Opinion.TRUE_POSITIVE, by="ada")
        feed = exchange_feeds.get(tx, "island")
    island.clock.advance(60)
    assert island.house.telling.tell(feed) == 0
    with pytest.raises(BadInput, match="Nothing waits"):
        island.back(name="quiet")
    assert island.back()[0].feedback == 1


def test_what_a_feed_of_packs_must_say_is_asked_for(island):
    for options in ({"key": "AAAA"}, {"member": "Cove"}, {"seal": str(SEAL)}, {"page": 1}):
        with pytest.raises(BadInput):
            island.enter("other", options=options)
    with pytest.raises(BadInput, match="Entry 1"):
        island.back([{"list": "SHARED", "md5": "short"}])
    with pytest.raises(BadInput, match="names no list"):
        island.back([{"md5": "00" * 16}])
    with pytest.raises(NotFound):
        island.carried.take("nobody", b"", island.house.by)
    assert client.MAKER.offers.carried
