"""StopNCII and Meta ThreatExchange keep the contract, and what is special about each."""

from __future__ import annotations

import json

import pytest
from tests.contract.test_exchange_clients import Contract, setting

from breakwater.errors import BadInput, PeerFault, PeerRefused
from breakwater.exchange.clients import stopncii, threatexchange
from breakwater.model.exchange import Credentials, Gone, Offered
from breakwater.testing.exchange_clients import folded, some_value, values
from breakwater.testing.fake_lists import FakeStopNcii, FakeThreatExchange


class StopNciiStage:
    kind, whole, pages, rounds = "pdq", False, True, True

    def __init__(self, clock, folder):
        self.clock, self.folder = clock, folder
        self.peer = FakeStopNcii(clock)
        self.said = {}

    def client(self):
        keys = Credentials(token="pier", second="quay")
        return stopncii.MAKER.make(setting(self.peer, self.clock, self.folder, keys))

    def offer(self, name, value):
        """Another hash is another record: the old one is withdrawn."""
        if name in self.said:
            self.withdraw(name)
        self.said[name] = value
        self.peer.put(value, kind="StopNCIISignalType.ImagePDQ")

    def spoil(self, name):
        self.peer.put("no hash")

    def withdraw(self, name):
        self.peer.put(self.said[name], status="Withdrawn")

    def later(self):
        self.clock.advance(60)

    def told(self):
        return [json.dumps(one) for one in self.peer.told]


class TestStopNcii(Contract):
    staged = StopNciiStage

    def test_deleted_ones_go_and_others_opinions_come(self):
        stage = self.stage()
        stage.peer.put(some_value("pdq", 1), CSPFeedbacks=[
            {"source": "A", "feedbackValue": "NotBlocked", "tags": ["meme"]},
            {"source": "B", "feedbackValue": "None", "tags": []},
        ])  # fmt: skip
        stage.peer.put(some_value("pdq", 2))
        stage.peer.put(some_value("pdq", 2), status="Deleted")
        stage.peer.put("x", kind="VideoTMK")
        stage.peer.put(some_value("md5", 3), kind="VideoMD5", status="Unknown")
        items = [one for page in stage.client().pull("") for one in page.items]
        assert [type(one) for one in items] == [Offered, Offered, Gone]
        assert [(o.by, o.opinion.value, o.note) for o in items[0].opinions] == [
            ("A", "false_positive", "meme")
        ]

    def test_both_keys_are_asked_for(self):
        stage = self.stage()
        with pytest.raises(BadInput, match="two keys"):
            stopncii.MAKER.make(
                setting(stage.peer, self.clock, self.folder, Credentials(token="a"))
            )


class ThreatExchangeStage:
    kind, whole, pages, rounds = "pdq", False, True, True

    def __init__(self, clock, folder):
        self.clock, self.folder = clock, folder
        self.peer = FakeThreatExchange(clock)

    def client(self):
        given = setting(
            self.peer, self.clock, self.folder, Credentials(token="pier"), privacy_group="123"
        )
        return threatexchange.MAKER.make(given)

    def offer(self, name, value):
        self.peer.put(name, value)

    def spoil(self, name):
        self.peer.put(name, "no hash")

    def withdraw(self, name):
        self.peer.put(name, "", should_delete=True)

    def later(self):
        self.clock.advance(60)

    def told(self):
        return ()


class TestThreatExchange(Contract):
    staged = ThreatExchangeStage

    def feeds_back(self, stage):
        return False

    def test_nobody_describes_it_or_all_say_harmless_and_it_is_gone(self):
        stage = self.stage()
        harmless = {"data": [{"id": "d", "owner": {"id": "8"}, "status": "NON_MALICIOUS"}]}
        stage.peer.put("a", some_value("pdq", 1), descriptors={"data": []})
        stage.peer.put("b", some_value("pdq", 1), descriptors=harmless)
        stage.peer.put("c", "http://example.org", kind="URI")
        mixed = {"data": [*harmless["data"], {"id": "e", "owner": {"id": "9"}, "status": "MALICIOUS",
                 "reactions": [{"key": "DISAGREE_WITH_TAGS", "value": "5,6"}]}]}  # fmt: skip
        stage.peer.put("d", some_value("md5", 1).upper(), kind="HASH_VIDEO_MD5", descriptors=mixed)
        items = [one for page in stage.client().pull("") for one in page.items]
        assert [(type(one), one.remote_id) for one in items] == [
            (Gone, "a"), (Gone, "b"), (Offered, "d"),
        ]  # fmt: skip
        assert [(o.by, o.opinion.value) for o in items[2].opinions] == [
            ("8", "false_positive"), ("5", "disputed"), ("6", "disputed"),
        ]  # fmt: skip

    def test_the_token_is_in_no_checkpoint_and_goes_nowhere_else(self):
        stage = self.stage()
        self._offered(stage)
        assert all("pier" not in page.checkpoint for page in stage.client().pull(""))
        stage.peer.elsewhere = True
        with pytest.raises(PeerFault, match="another address"):
            list(stage.client().pull(""))

    def test_a_wrong_token_is_refused(self):
        stage = self.stage()
        given = setting(
            stage.peer, self.clock, self.folder, Credentials(token="no"), privacy_group="1"
        )
        with pytest.raises(PeerRefused):
            threatexchange.MAKER.make(given).check()


def test_an_update_replaces_by_id(clock, tmp_path):
    stage = ThreatExchangeStage(clock, tmp_path)
    try:
        stage.offer("a", some_value("pdq", 1))
        stage.offer("a", some_value("pdq", 2))
        assert len(values(folded(stage.client().pull("")))) == 1
    finally:
        stage.peer.close()
