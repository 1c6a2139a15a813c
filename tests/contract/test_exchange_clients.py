"""Every built-in client keeps the contract, over real sockets, with a peer that misbehaves."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

import pytest

from breakwater.errors import FetchRefused, PeerFault, PeerRefused
from breakwater.exchange.clients import ncmec
from breakwater.exchange.ports import Setting
from breakwater.exchange.wire import PeerWire
from breakwater.model.bank import Opinion
from breakwater.model.exchange import Credentials, Gone, Offered, Word
from breakwater.model.ids import new_id
from breakwater.network.addresses import networks
from breakwater.testing.exchange_clients import ExchangeClientContract, folded, some_value
from breakwater.testing.fake_ncmec import FakeNcmec
from breakwater.testing.peer_server import Fault

LOOPBACK = networks(("127.0.0.0/8",))


def setting(peer, clock, folder, credentials, **options):
    wire = PeerWire(clock=clock, private=LOOPBACK, page_bytes=4 << 20, read_s=10.0)
    return Setting(peer.url, options, credentials, wire, clock, folder)


class NcmecStage:
    kind, whole, pages, rounds = "pdq", False, True, True

    def __init__(self, clock, folder):
        self.clock, self.folder = clock, folder
        self.peer = FakeNcmec(clock, page=10)
        self.peer.clock = clock

    def client(self, **options):
        keys = Credentials(user="harbour", password="lighthouse")
        options = {"from": "2026-01-01T00:00:00Z", "window_days": 40} | options
        return ncmec.MAKER.make(setting(self.peer, self.clock, self.folder, keys, **options))

    def offer(self, name, value):
        self.peer.put(name, {"pdq": value})

    def spoil(self, name):
        self.peer.put(name, {"pdq": "no hash"})

    def withdraw(self, name):
        self.peer.withdraw(name)

    def later(self):
        self.clock.advance(60)

    def told(self):
        return [f"{path} {body.decode()}" for path, body in self.peer.told]


class Contract(ExchangeClientContract):
    staged = None

    @pytest.fixture(autouse=True)
    def place(self, clock, tmp_path):
        self.clock, self.folder, self.stages = clock, tmp_path, []
        yield
        for one in self.stages:
            one.peer.close()

    def stage(self):
        self.stages.append(self.staged(self.clock, self.folder))
        return self.stages[-1]


class TestNcmec(Contract):
    staged = NcmecStage

    def test_a_clock_an_hour_off_misses_nothing(self):
        """Windows are of the server's time."""
        for hours in (-1, 1):
            stage = self.stage()
            stage.peer.clock = Off(self.clock, timedelta(hours=hours))
            stage.offer("a", some_value("pdq", "a"))
            stage.later()
            pages = list(stage.client().pull(""))
            assert set(folded(pages)) == {"42-a"}
            stage.offer("b", some_value("pdq", "b"))
            stage.later()
            pages += stage.client().pull(pages[-1].checkpoint)
            assert set(folded(pages)) == {"42-a", "42-b"}

    def test_a_server_whose_clock_was_put_back_is_followed(self):
        """A checkpoint in its future is brought back to its now."""
        stage = self.stage()
        stage.peer.clock = Off(self.clock, timedelta(hours=5))
        stage.later()
        pages = list(stage.client().pull(""))
        stage.peer.clock = self.clock
        stage.offer("a", some_value("pdq", "a"))
        stage.later()
        pages += stage.client().pull(pages[-1].checkpoint)
        assert set(folded(pages)) == {"42-a"}

    def test_an_entry_that_appears_late_is_not_missed(self):
        """It may carry a time that a window has covered already."""
        stage = self.stage()
        stage.later()
        pages = list(stage.client().pull(""))
        stage.peer.put(
            "late", {"pdq": some_value("pdq", "l")}, at=self.clock.now() - timedelta(seconds=70)
        )
        stage.later()
        pages += stage.client().pull(pages[-1].checkpoint)
        assert set(folded(pages)) == {"42-late"}

    def test_a_page_that_the_server_forgot_begins_the_window_anew(self):
        stage = self.stage()
        wanted = self._offered(stage)
        pages = []
        for page in stage.client().pull(""):
            pages.append(page)
            if len(pages) == 1:
                break
        stage.peer.fault = Fault.FORGETS
        stage.peer.page = 1000
        pages += stage.client().pull(pages[0].checkpoint)
        assert {v for one in folded(pages).values() for _, v, _ in one.signals} == wanted

    def test_ten_years_in_windows(self):
        """50,000 s apart or in one second: all come."""
        stage = self.stage()
        for n in range(60):
            at = self.clock.now() - timedelta(days=60 * n, seconds=200)
            stage.peer.put(f"y{n}", {"md5": some_value("md5", n).upper()}, at=at)
        client = stage.client(**{"from": "2014-01-01T00:00:00Z", "window_days": 90})
        assert len(folded(client.pull(""))) == 60

    def test_entities_and_document_types_are_refused(self):
        stage = self.stage()
        stage.offer("a", some_value("pdq", "a"))
        stage.later()
        stage.peer.fault = Fault.ENTITY

        self._fails(stage, PeerFault)

    def test_classification_member_and_what_others_said_come_with_it(self):
        stage = self.stage()
        said = (
            '<feedback lastUpdateTimestamp="2026-03-01T00:00:00Z"><negativeFeedback type="Md5">'
            '<reasons><reason guid="g" name="Wrong file" type="Md5"/><members timestamp="x">'
            '<member id="9">Nine</member></members></reasons></negativeFeedback></feedback>'
        )
        stage.peer.put(
            "a", {"md5": some_value("md5", 1), "tmk-pdqf": "x"}, classification="B2", more=said
        )
        stage.peer.put("v", {"sha1": some_value("sha1", 1)}, video=True)
        stage.peer.put("gone", {})
        stage.peer.withdraw("gone")
        stage.later()
        items = [one for page in stage.client().pull("") for one in page.items]
        picture, video = (one for one in items if isinstance(one, Offered))
        assert (picture.labels, picture.source) == (("B2", "media:image"), "Example Member")
        assert [(o.by, o.opinion.value, o.kind, o.note) for o in picture.opinions] == [
            ("9", "false_positive", "md5", "Wrong file")
        ]
        assert video.labels == ("A1", "media:video")
        assert [one.remote_id for one in items if isinstance(one, Gone)] == ["42-gone"]

    def test_feedback_that_is_refused_says_so(self):
        stage = self.stage()
        stage.peer.refuses_feedback = True

        word = Word(new_id(), "42-a", "md5", b"", Opinion.TRUE_POSITIVE, self.clock.now())
        assert stage.client().feedback([word]) == ["It answered 404."]


def test_peers_inside_are_reached_where_they_were_opened_alone(clock):
    """And nothing goes in the clear to the internet."""
    outside = [ipaddress.ip_address("93.184.216.34")]
    with FakeNcmec(clock) as peer:
        with pytest.raises(PeerRefused):
            PeerWire(clock=clock, private=LOOPBACK).call("GET", f"{peer.url}/v2/status")
        asked = len(peer.asked)
        for private in ((), networks(("10.0.0.0/8",))):
            with pytest.raises(FetchRefused):
                PeerWire(clock=clock, private=private).call("GET", f"{peer.url}/v2/status")
        assert len(peer.asked) == asked
    wire = PeerWire(clock=clock, private=LOOPBACK, resolve=lambda *_: outside)
    with pytest.raises(FetchRefused, match="https"):
        wire.call("GET", "http://hub.example/v2/status")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("9" * 30, 21_600.0),
     ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0), ("Sun, 01 Mar 2020 12:00:30 GMT", 0.0)],
)  # fmt: skip
def test_how_long_to_wait_is_read_as_a_number_or_a_date(clock, said, seconds):
    assert PeerWire(clock=clock).wait_of(said) == seconds


class Off:
    """A clock that is off."""

    def __init__(self, clock, by):
        self.clock, self.by = clock, by

    def now(self):
        return self.clock.now() + self.by
