"""The client of another breakwater hub keeps the contract; with the real hub, segments and all."""

from __future__ import annotations

import base64
import json

import httpx
import pytest
from tests import builders_feeds
from tests.builders_feeds import rows
from tests.contract.exchange_house import LOOPBACK
from tests.contract.test_exchange_clients import Contract, setting
from tests.integration.served import serving

from breakwater.errors import PeerFault
from breakwater.exchange.clients import hub
from breakwater.exchange.wire import PeerWire
from breakwater.model.bank import Opinion
from breakwater.model.exchange import Credentials, DayCount, Gone, Word
from breakwater.model.ids import new_id
from breakwater.records import hub_segments
from breakwater.testing.exchange_clients import folded, some_value, values
from breakwater.testing.fake_hub import FakeHub


class HubStage:
    kind, whole, pages, rounds = "pdq", False, True, True

    def __init__(self, clock, folder):
        self.clock, self.folder = clock, folder
        self.peer = FakeHub(clock)
        self.numbers = {}

    def client(self, **options):
        keys = Credentials(token="pier")
        return hub.Hub(setting(self.peer, self.clock, self.folder, keys, **options), page=10)

    def _number(self, name):
        return self.numbers.setdefault(name, len(self.numbers) + 1)

    def offer(self, name, value):
        """A value is an entry for ever: another value is another entry."""
        if name in self.numbers:
            self.withdraw(name)
            del self.numbers[name]
            self.numbers[f"{name} before"] = 0
        self.peer.offer(self._number(name), self.kind, value)

    def spoil(self, name):
        self.peer.offer(self._number(name), self.kind, "no hash")

    def withdraw(self, name):
        self.peer.put(self._number(name), gone="withdrawn")

    def later(self):
        self.clock.advance(60)

    def told(self):
        return [json.dumps(one) for one in self.peer.told]


class TestHub(Contract):
    staged = HubStage

    def test_what_binds_an_entry_comes_with_it(self):
        stage = self.stage()
        stage.offer("a", some_value("pdq", 1))
        (one,) = folded(stage.client().pull("")).values()
        assert one.labels == ("A1", "series:boats", "tlp:amber")
        assert (one.permitted_use, one.source) == ("detection", "A hotline")
        assert folded(stage.client(list="OTHER").pull("")) == {}

    def test_known_harmless_ones_and_unknown_terms_are_not_taken(self):
        stage = self.stage()
        stage.peer.offer(1, "pdq", some_value("pdq", 1), negative=True)
        stage.peer.offer(2, "pdq", some_value("pdq", 2), terms=7)
        (page,) = stage.client().pull("")
        assert page.items[0] == Gone("1")
        assert page.items[1].place == "entry 2"
        assert folded([page]) == {}

    def test_a_hub_that_was_restored_is_read_anew_as_a_whole(self):
        stage = self.stage()
        wanted = self._offered(stage, 30)
        pages = list(stage.client().pull(""))
        del stage.peer.rows[4]
        anew = list(stage.client().pull(pages[-1].checkpoint.replace("30", "99")))
        assert anew[0].restarts
        assert anew[-1].whole
        assert len(values(folded(anew, folded(pages))) & wanted) == 29
        assert json.loads(anew[-1].checkpoint) == {"after": 30, "anew": False}

    def test_a_hub_that_resets_time_and_again_is_given_up(self):
        stage = self.stage()
        self._offered(stage)
        stage.peer.resets = True
        with pytest.raises(PeerFault, match="anew"):
            list(stage.client().pull('{"after":5,"anew":false}'))
        assert len(stage.peer.asked) == 2

    def test_counts_go_as_days(self):
        stage = self.stage()
        stage.client().counts([DayCount("7", 20_000, 3, 1)])
        assert stage.peer.counted == [{"entry": 7, "day": "2024-10-04", "matches": 3, "wrong": 1}]


@pytest.fixture
def real(tmp_path):
    with serving(tmp_path / "hub") as served:
        yield Real(served)


class Real:
    """A served hub with a giver, and ourselves as a member."""

    def __init__(self, served):
        self.served = served
        self.hub = builders_feeds.Hub(served.app.db)
        self.hub.list()
        self.giver, self.us = self.hub.member("A hotline"), self.hub.member("A service")
        self.hub.rule(recipient=self.us.id)
        self.token = builders_feeds.key_of(served, self.us)
        self.key = base64.b64encode(served.app.db.keys.public_key).decode()

    @property
    def url(self):
        return self.served.url

    @property
    def door(self):
        return {"Authorization": f"Bearer {self.token}"}

    def client(self, clock, folder, token="", **options):
        keys = Credentials(token=token or self.token)
        return hub.Hub(setting(self, clock, folder, keys, **options), page=10)


@pytest.mark.parametrize("signed", [True, False])
def test_the_real_hub_is_followed_with_its_withdrawals(real, clock, tmp_path, signed):
    options = {"key": real.key} if signed else {}
    numbers = real.hub.give(real.giver, rows(40), category="A1")
    client = real.client(clock, tmp_path, **options)
    assert client.check().ok
    pages = list(client.pull(""))
    wanted = {value for _, value, _ in rows(40)}
    assert values(folded(pages)) == wanted
    assert {one.labels[0] for one in folded(pages).values()} == {"A1"}
    real.hub.withdraw(numbers[0])
    real.hub.give(real.giver, rows(5, 100))
    pages += client.pull(pages[-1].checkpoint)
    stands = folded(pages)
    assert len(stands) == 44
    assert str(numbers[0]) not in stands
    said = Word(new_id(), str(numbers[1]), rows(40)[0][0], b"", Opinion.FALSE_POSITIVE, clock.now())
    assert list(client.feedback([said])) == [""]
    client.counts([DayCount(str(numbers[1]), 20_500, 2)])
    assert not list(tmp_path.glob(".*.part"))


def test_segments_of_another_key_are_refused(real, clock, tmp_path):
    real.hub.give(real.giver, rows(10))
    other = base64.b64encode(bytes(range(32))).decode()
    client = real.client(clock, tmp_path, key=other)
    assert not client.check().ok
    with pytest.raises(PeerFault, match="not signed"):
        list(client.pull(""))


def test_another_members_key_gets_nothing_of_ours(real, clock, tmp_path):
    real.hub.give(real.giver, rows(10))
    stranger = real.hub.member("Another")
    token = builders_feeds.key_of(real.served, stranger)
    got = list(real.client(clock, tmp_path, token=token).pull(""))
    assert folded(got) == {}


def test_a_segment_goes_on_at_the_byte_where_it_was_cut(real, clock, tmp_path):
    real.hub.give(real.giver, rows(400), category="A1")
    said = httpx.get(f"{real.url}/v1/hub/segments", headers=real.door).json()
    (listed,) = json.loads(said["manifest"])["files"]
    url = f"{real.url}/v1/hub/segments/{listed['name']}"
    wire = PeerWire(clock=clock, private=LOOPBACK)
    whole, part = tmp_path / "whole", tmp_path / "part"
    wire.download(url, whole, headers=real.door)
    for tag, status in ((listed["sha256"], 206), ("another", 200)):
        part.write_bytes(whole.read_bytes()[:1000])
        assert wire.download(url, part, headers=real.door, part_of=tag).status == status
        assert part.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("built_anew", [True, False])
def test_what_is_withdrawn_while_a_first_list_is_read_is_gone_here(
    real, clock, tmp_path, built_anew
):
    """A file that is built anew says nothing of what it lacks."""
    numbers = real.hub.give(real.giver, rows(40), category="A1")
    client = real.client(clock, tmp_path, key=real.key)
    taken = [next(iter(client.pull("")))]
    assert len(folded(taken)) == 40
    real.hub.withdraw(numbers[3])
    if built_anew:
        with real.served.app.db.transaction() as tx:
            for view in {path.parent.name for path in tmp_path.rglob("*.seg")}:
                hub_segments.end_view(tx, view)
    pages = list(client.pull(taken[-1].checkpoint))
    assert (pages[0].restarts, pages[-1].whole) == (built_anew, True)
    assert str(numbers[3]) not in folded([*taken, *pages])
    assert len(folded([*taken, *pages])) == 39
