"""Large files come in parts: a cut line costs what it lost, and what is put together is checked."""

from __future__ import annotations

import hashlib
import re

import pytest
from tests.contract.exchange_house import LOOPBACK

from breakwater.errors import PeerFault, PeerRefused, Tampered, Unavailable
from breakwater.exchange.clients.parts import Parts
from breakwater.exchange.ports import Setting
from breakwater.exchange.wire import PeerWire
from breakwater.model.exchange import Credentials
from breakwater.model.segment_file import Listed
from breakwater.testing.peer_server import Fault, Peer, Reply

WHOLE = bytes(range(256)) * 1200
DIGEST = hashlib.sha256(WHOLE).hexdigest()


class Files(Peer):
    """Serves one file; `body` may become another, and `lies` about which part it sends."""

    def __init__(self, clock):
        super().__init__(clock)
        self.body, self.ignores, self.lies, self.sent = WHOLE, False, False, 0

    def reply(self, asked):
        tag = f'"{hashlib.sha256(self.body).hexdigest()}"'
        found = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if self.ignores or found is None or asked.headers.get("if-range") != tag:
            return Reply(200, self.body, headers={"ETag": tag})
        start = int(found[1])
        if start >= len(self.body):
            return Reply(416, b"no such part")
        start -= 7 if self.lies else 0
        said = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        return Reply(206, self.body[start:], headers={"ETag": tag, "Content-Range": said})


@pytest.fixture
def peer(clock):
    with Files(clock) as one:
        yield one


@pytest.fixture
def parts(peer, clock, tmp_path):
    wire = PeerWire(clock=clock, private=LOOPBACK)
    return Parts(Setting(peer.url, {}, Credentials(token="x"), wire, clock, tmp_path), "view")


LISTED = Listed("a.seg", 0, 9, 9, len(WHOLE), DIGEST)


def fetch(parts, peer, listed=LISTED):
    with parts.fetched(f"{peer.url}/a.seg", listed, {}) as data:
        return bytes(data)


def cut(parts, peer, at):
    peer.fault, peer.cut_at = Fault.CUT, at
    with pytest.raises(Unavailable):
        fetch(parts, peer)
    peer.fault = Fault.NONE


def test_a_line_cut_anywhere_goes_on_where_it_was(parts, peer, tmp_path):
    for at in (0, 1, 100_000, 65_536, 3):
        cut(parts, peer, at)
    assert fetch(parts, peer) == WHOLE
    have = 0
    for asked, came in zip(peer.asked, (0, 1, 100_000, 65_536, 3, None), strict=True):
        assert asked.headers.get("range", "bytes=0-") == f"bytes={have}-"
        have += came or 0
    assert not list(tmp_path.iterdir())


def test_a_peer_that_knows_no_parts_sends_the_whole(parts, peer):
    cut(parts, peer, 1000)
    peer.ignores = True
    assert fetch(parts, peer) == WHOLE


def test_parts_of_two_files_are_never_put_together(parts, peer, tmp_path):
    cut(parts, peer, 1000)
    peer.body = WHOLE[::-1]
    with pytest.raises(Tampered):
        fetch(parts, peer)
    assert not list(tmp_path.iterdir())
    peer.body = WHOLE
    assert fetch(parts, peer) == WHOLE


def test_another_part_than_was_asked_for_is_refused_and_nothing_of_it_kept(parts, peer, tmp_path):
    cut(parts, peer, 1000)
    peer.lies = True
    with pytest.raises(PeerFault, match="another part"):
        fetch(parts, peer)
    peer.lies = False
    assert fetch(parts, peer) == WHOLE


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.BUSY])
def test_words_of_a_peer_that_is_away_are_no_part_of_the_file(parts, peer, fault):
    cut(parts, peer, 1000)
    peer.fault = fault
    with pytest.raises(Unavailable):
        fetch(parts, peer)
    peer.fault = Fault.NONE
    assert fetch(parts, peer) == WHOLE
    assert peer.asked[-1].headers["range"] == "bytes=1000-"


def test_a_key_that_is_known_no_more_leaves_nothing_of_the_file_here(parts, peer, tmp_path):
    cut(parts, peer, 1000)
    peer.fault = Fault.REFUSED
    with pytest.raises(PeerRefused):
        fetch(parts, peer)
    assert not list(tmp_path.iterdir())


def test_a_file_longer_than_the_peers_is_asked_for_anew(clock, peer, tmp_path):
    path = tmp_path / "long"
    path.write_bytes(WHOLE + b"more")
    wire = PeerWire(clock=clock, private=LOOPBACK)
    assert wire.download(f"{peer.url}/a", path, part_of=DIGEST).status == 200
    assert path.read_bytes() == WHOLE


def test_what_came_whole_before_a_kill_is_not_asked_for_again(parts, peer):
    with parts.fetched(f"{peer.url}/a.seg", LISTED, {}):
        pass
    killed = parts.fetched(f"{peer.url}/a.seg", LISTED, {})
    killed.__enter__()
    asked = len(peer.asked)
    assert fetch(parts, peer) == WHOLE
    assert len(peer.asked) == asked


def test_files_that_are_listed_no_more_are_deleted(parts, peer, tmp_path):
    cut(parts, peer, 1000)
    (tmp_path / "of another.part").write_bytes(b"x")
    parts.tidy([LISTED])
    assert len(list(tmp_path.iterdir())) == 2
    parts.tidy([])
    assert [path.name for path in tmp_path.iterdir()] == ["of another.part"]
