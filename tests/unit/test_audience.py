"""Who watched is remembered for half an hour, each visit once, and nothing is written."""

from __future__ import annotations

from datetime import timedelta

from breakwater.live import audience
from breakwater.live.audience import Audience
from breakwater.live.ports import Call, Peer


def asks(address: str, port: int | None = None, *, name: str = "live/014", **more: str) -> Call:
    return Call("edge", name, Peer(more.pop("client", ""), address, port), **more)


def test_each_viewer_once_with_the_newest_port(clock):
    seen = Audience(clock)
    for port in (50_001, 50_002, None):
        seen.fetched(asks("192.0.2.7", port))
        clock.advance(2)
    seen.fetched(asks("192.0.2.8", 50_001))
    seen.fetched(asks("192.0.2.9", 50_001, name="live/015"))
    seen.fetched(asks(""))
    told = seen.fetching("edge", "live/014")
    assert [(one.address, one.port) for one in told] == [
        ("192.0.2.7", 50_002),
        ("192.0.2.8", 50_001),
    ]
    assert told[0].seconds == 6
    assert len({one.client for one in told}) == 2
    assert not any("192" in one.client for one in told), "a client's id names no address"
    assert seen.fetching("other", "live/014") == ()


def test_who_left_does_not_watch_and_is_named_for_half_an_hour(clock):
    seen = Audience(clock)
    began = clock.now()
    seen.fetched(asks("192.0.2.7", 1))
    clock.advance(10)
    seen.fetched(asks("192.0.2.7", 1))
    clock.advance(61)
    assert seen.fetching("edge", "live/014") == ()
    seen.fetched(asks("192.0.2.7", 2))
    assert seen.fetching("edge", "live/014")[0].seconds == 0, "who comes back is new"
    first, second = seen.visits("edge", "live/014")
    assert (first.joined_at, first.left_at) == (began, began + timedelta(seconds=10))
    assert (first.port, second.port) == (1, 2)
    clock.advance(audience.KEPT_S - 60)
    assert [one.port for one in seen.visits("edge", "live/014")] == [2]
    clock.advance(61)
    assert seen.visits("edge", "live/014") == ()


def test_players_are_told_apart_by_connection_and_fetch_nothing(clock):
    seen = Audience(clock)
    for client in ("7", "8"):
        seen.plays(asks("192.0.2.7", client=client, account="acct-1"))
    clock.advance(5)
    seen.plays(asks("192.0.2.7", client="7", device="dev-1"))
    assert seen.fetching("edge", "live/014") == ()
    long, short = seen.visits("edge", "live/014")
    assert (long.account, long.device) == ("acct-1", "dev-1")
    assert (long.left_at - long.joined_at, short.left_at - short.joined_at) == (
        timedelta(seconds=5),
        timedelta(0),
    )


def test_a_flood_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(audience, "MOST", 100)
    seen = Audience(clock)
    for number in range(1_000):
        seen.fetched(asks(f"10.0.{number // 256}.{number % 256}", 1))
    assert len(seen.fetching("edge", "live/014")) == 100
    assert len(seen.visits("edge", "live/014")) == 100
