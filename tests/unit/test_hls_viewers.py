"""Viewers of HLS are those who lately asked, each once, and they are forgotten soon."""

from __future__ import annotations

from breakwater.live import hls_viewers
from breakwater.live.hls_viewers import HlsViewers
from breakwater.live.ports import Peer


def test_each_viewer_once_with_the_newest_port(clock):
    seen = HlsViewers(clock)
    for port in (50_001, 50_002, None):
        seen.note("edge", "live/014", Peer("", "192.0.2.7", port))
        clock.advance(2)
    seen.note("edge", "live/014", Peer("", "192.0.2.8", 50_001))
    seen.note("edge", "live/015", Peer("", "192.0.2.9", 50_001))
    seen.note("edge", "live/014", Peer("", ""))
    told = seen.of("edge", "live/014")
    assert [(one.address, one.port) for one in told] == [
        ("192.0.2.7", 50_002),
        ("192.0.2.8", 50_001),
    ]
    assert told[0].seconds == 6
    assert len({one.client for one in told}) == 2
    assert not any("192" in one.client for one in told), "a client's id names no address"
    assert seen.of("other", "live/014") == ()


def test_who_left_is_forgotten(clock):
    seen = HlsViewers(clock)
    seen.note("edge", "live/014", Peer("", "192.0.2.7", 1))
    clock.advance(61)
    assert seen.of("edge", "live/014") == ()
    seen.note("edge", "live/014", Peer("", "192.0.2.7", 2))
    assert seen.of("edge", "live/014")[0].seconds == 0, "who comes back is new"


def test_a_flood_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(hls_viewers, "MOST", 100)
    seen = HlsViewers(clock)
    for number in range(1_000):
        seen.note("edge", "live/014", Peer("", f"10.0.{number // 256}.{number % 256}", 1))
    assert len(seen.of("edge", "live/014")) == 100
