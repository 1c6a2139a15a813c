"""HLS by our own reader: segments once each and in order, and no address that was not checked."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator

import av
import httpx
import pytest

from breakwater.errors import BadInput, FetchRefused
from breakwater.live import playlist as playlists
from breakwater.live.playlist import End, Hls, Relay, read
from breakwater.model.clock import SystemClock
from breakwater.network.fetch import Fetcher, FetchRules
from tests.integration.doors import Door, door
from tests.integration.rtmp import LOOPBACK, Rtmp, nginx
from tests.scripted_http import Scripted, scripted

HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


def hls(url: str) -> Hls:
    rules = FetchRules(max_bytes=playlists.MAX_SEGMENT, ports=(), private=LOOPBACK)
    return Hls(url, Fetcher(rules, SystemClock()), SystemClock())


def media(first: int, count: int, *, ended: bool = False, names: str = "{}.ts") -> bytes:
    lines = [f"#EXTINF:1.0,\n{names.format(first + i)}" for i in range(count)]
    end = "\n#EXT-X-ENDLIST" if ended else ""
    return (f"{HEAD}#EXT-X-MEDIA-SEQUENCE:{first}\n" + "\n".join(lines) + end).encode()


def test_each_segment_comes_once_and_in_order(server: Scripted) -> None:
    turns = iter([media(3, 4), media(3, 4), media(4, 4), media(5, 4), media(5, 4, ended=True)])
    server.answers["GET /live/index.m3u8"] = lambda _: (200, next(turns))
    server.anything = lambda asked: (200, asked.path.encode())
    pulled = hls(f"{server.url}/live/index.m3u8")
    assert [p.decode() for p in pulled.pieces()] == [f"/live/{n}.ts" for n in (5, 6, 7, 8)]
    assert pulled.end is End.ENDED


def test_the_best_variant_that_is_not_too_large_is_watched(server: Scripted) -> None:
    master = (
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS="avc1.64,mp4a.40"\nbig/i.m3u8\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=2500000\nmid/i.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=500000\nsmall/i.m3u8\n"
    )
    server.answers["GET /a.m3u8"] = (200, master.encode())
    server.answers["GET /mid/i.m3u8"] = (200, media(0, 1, ended=True))
    server.anything = lambda asked: (200, asked.path.encode())
    assert list(hls(f"{server.url}/a.m3u8").pieces()) == [b"/mid/0.ts"]


def test_our_pass_goes_along_on_the_same_host_alone(server: Scripted) -> None:
    text = media(0, 1).decode() + "\n#EXTINF:1,\nhttps://other.example/1.ts"
    found = read(text, f"{server.url}/live/i.m3u8?watch=pilot").segments
    assert found[0].url.endswith("/live/0.ts?watch=pilot")
    assert found[1].url == "https://other.example/1.ts"


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/x.ts", "file:///etc/passwd",
     "ftp://example.com/x.ts", "http://[::1]:22/x", "http://127.1/x", "http://user:pw@example.com/"],
)  # fmt: skip
def test_a_playlist_leads_nowhere_inside(server: Scripted, address: str) -> None:
    listed = media(0, 1, ended=True, names="{}.ts").decode().replace("0.ts", address)
    server.answers["GET /i.m3u8"] = (200, listed.encode())
    there = ipaddress.ip_address("127.0.0.1")
    rules = FetchRules(max_bytes=1000, ports=(), private=LOOPBACK)
    fetcher = Fetcher(rules, SystemClock(), resolve=_only_here)
    pulled = Hls(f"{server.url}/i.m3u8", fetcher, SystemClock())
    assert list(pulled.pieces()) == []
    assert pulled.skipped == 1
    assert there.is_loopback
    assert len(server.asked) == 1


def _only_here(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """No test asks a name server."""
    return [ipaddress.ip_address(host)]


@pytest.mark.parametrize(
    "text",
    ["", "x", "#EXTM3U8", HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:1,\na.ts',
     HEAD + '#EXT-X-MAP:URI="init.mp4"\n#EXTINF:1,\na.m4s', HEAD + "#EXTINF:nan,\na.ts",
     HEAD + "#EXT-X-MEDIA-SEQUENCE:-1\n", HEAD + "#EXT-X-MEDIA-SEQUENCE:1e300\n",
     HEAD + "#EXTINF:1,\nhttp://[::1\n", HEAD + "a\n" * 30_000,
     HEAD + "#EXT-X-BYTERANGE:10@0\n#EXTINF:1,\na.ts"],
)  # fmt: skip
def test_what_is_not_watched_is_refused(server: Scripted, text: str) -> None:
    with pytest.raises(BadInput):
        read(text, server.url)
    server.answers["GET /i.m3u8"] = (200, text.encode())
    pulled = hls(f"{server.url}/i.m3u8")
    assert list(pulled.pieces()) == []
    assert pulled.end is End.REFUSED


def test_a_playlist_without_end_is_refused_not_read(server: Scripted) -> None:
    server.answers["GET /i.m3u8"] = (200, b"#EXTM3U\n" + b"#x\n" * 400_000)
    pulled = hls(f"{server.url}/i.m3u8")
    assert list(pulled.pieces()) == []
    assert pulled.end is End.REFUSED


def test_silence_is_a_stall_and_a_lost_segment_is_not(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlists, "PATIENCE_S", 0.5)
    server.answers["GET /i.m3u8"] = (200, media(0, 2).replace(b"DURATION:1", b"DURATION:0"))
    server.answers["GET /1.ts"] = (200, b"one")
    pulled = hls(f"{server.url}/i.m3u8")
    assert list(pulled.pieces()) == [b"one"]
    assert (pulled.end, pulled.skipped) == (End.STALLED, 1)
    gone = hls(f"{server.url}/gone.m3u8")
    assert list(gone.pieces()) == []
    assert gone.end is End.STALLED


def test_a_playlist_at_a_private_address_is_never_offered() -> None:
    with pytest.raises(FetchRefused):
        Relay(SystemClock()).offer("file:///etc/passwd")
    relay = Relay(SystemClock())
    port = relay.offer("http://127.0.0.1:9/i.m3u8")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.recv(1) == b"", "refused: nothing comes"


@pytest.fixture(scope="module")
def asked() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(scope="module")
def running(asked: Door) -> Iterator[Rtmp]:
    with nginx(hook=asked.url) as made:
        asked.watch = made.secrets.watch
        yield made


def test_a_real_broadcast_is_relayed_even_while_it_is_frozen(
    running: Rtmp, asked: Door, wait_until
) -> None:  # fmt: skip
    publisher = running.push(name="live/hls")
    base = f"{running.config.hls_url}/live/hls/index.m3u8"
    wait_until(lambda: ".ts" in httpx.get(base).text)
    asked.frozen.add("live/hls")
    relay = Relay(SystemClock())
    port = relay.offer(f"{base}?watch={running.secrets.watch}", LOOPBACK)
    began = time.monotonic()
    with av.open(f"tcp://127.0.0.1:{port}", format="mpegts", timeout=(10, 10)) as pulled:
        stamps = []
        for packet in pulled.demux(video=0):
            if packet.pts is not None:
                stamps.append(packet.pts * packet.time_base)
            if len(stamps) >= 75 or time.monotonic() - began > 20:
                break
    assert len(stamps) >= 75
    assert stamps[-1] - stamps[0] > 2.5
    relay.close()
    publisher.stop()
    asked.frozen.clear()
