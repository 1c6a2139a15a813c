"""HLS fetched by ourselves: a playlist's address in, the bytes of its segments out, as they come.

FFmpeg's own HLS reader follows whatever a playlist says; here each address goes through the rules
of `network.fetch`, sizes and counts are bounded, and only what the jail reads is taken: MPEG-TS,
not encrypted (RFC 8216). A master playlist is asked for its best variant that is not too large.
End, refusal and stall are told apart by `End`. `Relay` hands the bytes to a watcher through a
loopback port, so that the child that decodes them can connect nowhere. Tests:
`tests/integration/test_playlist.py`.
"""

from __future__ import annotations

import io
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urljoin, urlsplit

from breakwater.errors import BadInput, FetchFailed, FetchRefused, TooLarge
from breakwater.model.clock import Clock
from breakwater.network.addresses import Network
from breakwater.network.fetch import Fetcher, FetchRules, Resolve, system_resolve
from breakwater.observe import logger

MAX_PLAYLIST: Final = 1 << 20
MAX_SEGMENT: Final = 64 << 20
"""Ten seconds at 50 Mbit/s."""
MAX_LINES: Final = 20_000
MAX_BANDWIDTH: Final = 4_000_000
"""Bits a second of the variant that is watched; more shows nothing more to a fingerprint."""
BEHIND: Final = 2
"""Segments from the end at which watching begins."""
PATIENCE_S: Final = 20.0
"""No new segment for so long, or three target durations, is a stall."""
TRIES: Final = 3
ACCEPT_S: Final = 20.0

_ATTRIBUTE: Final = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_log = logger("live")


class End(StrEnum):
    """Why there are no more segments."""

    ENDED = "ended"
    REFUSED = "refused"
    STALLED = "stalled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece: its number in the broadcast and its address."""

    number: int
    url: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist as read.

    Attributes:
        segments: of a media playlist, oldest first.
        variants: of a master playlist: bits a second and address.
        target_s: longest segment.
        ended: nothing follows.
    """

    segments: tuple[Segment, ...] = ()
    variants: tuple[tuple[int, str], ...] = ()
    target_s: float = 6.0
    ended: bool = False


def read(text: str, base: str) -> Playlist:
    """Read a playlist.

    Args:
        text: of the playlist.
        base: its address; others are relative to it, and inherit its query on the same host.

    Raises:
        BadInput: it is none, or of a kind that is not watched.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U" or len(lines) > MAX_LINES:
        raise BadInput("This is no playlist.")
    tags: dict[str, str] = {}
    segments: list[Segment] = []
    variants: list[tuple[int, str]] = []
    first = 0
    for line in lines[1:]:
        if line.startswith("#EXT"):
            tag, _, value = line.partition(":")
            _refuse_unwatched(tag, value)
            tags[tag] = value
        elif line and not line.startswith("#"):
            where = _address(base, line)
            variant = tags.pop("#EXT-X-STREAM-INF", None)
            if variant is not None:
                variants.append((int(_number(_attributes(variant).get("BANDWIDTH", "0"))), where))
                continue
            first = int(_number(tags.get("#EXT-X-MEDIA-SEQUENCE", "0")))
            seconds = _number(tags.pop("#EXTINF", "0").split(",")[0])
            segments.append(Segment(first + len(segments), where, seconds))
    _number(tags.get("#EXT-X-MEDIA-SEQUENCE", "0"))
    target = min(60.0, max(0.5, _number(tags.get("#EXT-X-TARGETDURATION", "6"))))
    return Playlist(tuple(segments), tuple(variants), target, "#EXT-X-ENDLIST" in tags)


def _refuse_unwatched(tag: str, value: str) -> None:
    if tag in {"#EXT-X-MAP", "#EXT-X-BYTERANGE"}:
        raise BadInput("Only MPEG-TS segments of their own are watched.")
    if tag == "#EXT-X-KEY" and _attributes(value).get("METHOD") != "NONE":
        raise BadInput("Encrypted segments are not watched.")


@dataclass(slots=True, eq=False)
class Hls:
    """One broadcast's segments, in order, each once."""

    url: str
    fetcher: Fetcher
    clock: Clock
    stop: threading.Event = field(default_factory=threading.Event)
    end: End = End.CLOSED
    skipped: int = 0

    def pieces(self) -> Iterator[bytes]:
        """Bytes of each segment as it appears; `end` says afterwards why there are no more."""
        at, known = self.url, -1
        news = self.clock.monotonic()
        while not self.stop.is_set():
            playlist = self._patiently(at)
            if playlist is None:
                return
            if playlist.variants:
                at = chosen(playlist.variants)
                continue
            for segment in _fresh(playlist, known):
                known = segment.number
                news = self.clock.monotonic()
                yield from self._segment(segment)
            if playlist.ended:
                self.end = End.ENDED
                return
            if self.clock.monotonic() - news > max(PATIENCE_S, 3 * playlist.target_s):
                self.end = End.STALLED
                return
            self.stop.wait(min(3.0, max(0.2, playlist.target_s / 2)))

    def _patiently(self, at: str) -> Playlist | None:
        """The playlist, after a few tries; None when it is to be had no more."""
        for again in range(TRIES):
            try:
                return self._playlist(at)
            except FetchFailed:
                if self.stop.wait(0.5 * (again + 1)):
                    return None
            except (BadInput, FetchRefused, TooLarge) as refusal:
                _log.warning("playlist_refused", why=refusal.code)
                self.end = End.REFUSED
                return None
        self.end = End.STALLED
        return None

    def _playlist(self, at: str) -> Playlist:
        kept = io.BytesIO()
        self.fetcher.fetch(at, _Bounded(kept, MAX_PLAYLIST))
        try:
            text = kept.getvalue().decode("utf-8")
        except UnicodeDecodeError:
            raise BadInput("This is no playlist.") from None
        return read(text, at)

    def _segment(self, segment: Segment) -> Iterator[bytes]:
        kept = io.BytesIO()
        try:
            self.fetcher.fetch(segment.url, kept)
        except (FetchFailed, FetchRefused, TooLarge):
            self.skipped += 1  # gone already, or not for us: the next one is
            return
        yield kept.getvalue()


class Relay:
    """Broadcasts by HLS, each offered once at a loopback port as MPEG-TS."""

    def __init__(self, clock: Clock, *, resolve: Resolve = system_resolve) -> None:
        self._clock = clock
        self._resolve = resolve
        self._running: set[Hls] = set()
        self._lock = threading.Lock()

    def offer(self, url: str, private: tuple[Network, ...] = ()) -> int:
        """Begin to fetch; answers the port at which the first who connects gets the bytes.

        Args:
            url: of a playlist.
            private: blocks that need not be public.

        Raises:
            FetchRefused: it would never be fetched.
        """
        rules = FetchRules(
            max_bytes=MAX_SEGMENT, ports=(), private=private, read_s=6.0, total_s=20.0
        )
        fetcher = Fetcher(rules, self._clock, resolve=self._resolve)
        fetcher.check(url)
        hls = Hls(url, fetcher, self._clock)
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        listener.settimeout(ACCEPT_S)
        port: int = listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(hls, listener), name="hls", daemon=True).start()
        return port

    def _serve(self, hls: Hls, listener: socket.socket) -> None:
        with self._lock:
            self._running.add(hls)
        try:
            with listener:
                connection, _ = listener.accept()
            with connection:
                connection.settimeout(ACCEPT_S)
                for piece in hls.pieces():
                    connection.sendall(piece)
        except OSError:
            pass  # nobody came, or they have left
        finally:
            with self._lock:
                self._running.discard(hls)

    def close(self) -> None:
        """End all."""
        with self._lock:
            running = list(self._running)
        for hls in running:
            hls.stop.set()


class _Bounded:
    """A sink that ends what is too long."""

    def __init__(self, sink: io.BytesIO, most: int) -> None:
        self._sink = sink
        self._most = most

    def write(self, data: bytes) -> None:
        """Take some.

        Raises:
            TooLarge: more than that.
        """
        if self._sink.tell() + len(data) > self._most:
            raise TooLarge(f"At most {self._most} bytes.", limit=self._most)
        self._sink.write(data)


def _fresh(playlist: Playlist, known: int) -> tuple[Segment, ...]:
    """What is new behind a number; the last few at the beginning, or when it began anew."""
    began_anew = bool(playlist.segments) and playlist.segments[-1].number < known - 64
    if known < 0 or began_anew:
        return playlist.segments[-BEHIND:]
    return tuple(one for one in playlist.segments if one.number > known)


def chosen(variants: tuple[tuple[int, str], ...]) -> str:
    """The best variant that is not too large, else the smallest.

    >>> chosen(((9_000_000, "a"), (3_000_000, "b"), (800_000, "c")))
    'b'
    """
    fitting = [one for one in variants if one[0] <= MAX_BANDWIDTH]
    return max(fitting)[1] if fitting else min(variants)[1]


def _address(base: str, said: str) -> str:
    """Where a line of a playlist points; what has our pass keeps it on the same host."""
    try:
        where, from_ = urlsplit(urljoin(base, said)), urlsplit(base)
    except ValueError:
        raise BadInput("A playlist has an address that cannot be read.") from None
    if not where.query and where.netloc == from_.netloc:
        where = where._replace(query=from_.query)
    return where.geturl()


def _attributes(text: str) -> dict[str, str]:
    return {key: value.strip('"') for key, value in _ATTRIBUTE.findall(text)}


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadInput("A playlist has something else where a number belongs.") from None
    if not 0 <= value < 2**53:
        raise BadInput("A playlist has a number that cannot be.")
    return value


Offer = Callable[[str, tuple[Network, ...]], int]
"""`Relay.offer`, as those see it who only need a port."""
