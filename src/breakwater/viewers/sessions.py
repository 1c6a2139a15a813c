"""Requests of one player made one session, with memory that does not grow with the log.

Requests for pieces of the same broadcast from the same address, agent, account and session id
belong together until nothing was asked for a minute. What is open when a stretch of the log ends
is handed over as it is; the rest of it joins it where sessions are kept. Used by
`viewers.reading`; tests: `tests/property/test_access_logs.py`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.watch import SAME_VISIT_S, SessionSource, Watched
from breakwater.viewers.fields import Line

MOST_OPEN: Final = 100_000
"""Sessions held at once: about 60 MB; those that asked longest ago are handed over first."""
MOST_PORTS: Final = 32
_GAP: Final = timedelta(seconds=SAME_VISIT_S)
_PIECE: Final = re.compile(
    r"(?:index|playlist|master|manifest|chunklist|stream|init|video|audio|chunk|seg|segment|media"
    r"|part|frag)[-_.]?[a-z]?[\d_.-]*|\d+",
    re.IGNORECASE,
)
"""What a file in a broadcast's own folder is called."""
_QUALITY: Final = re.compile(r"\d+p\d*|low|mid|high|src|source|v\d|audio|video|hls", re.IGNORECASE)
"""What a folder of one quality is called."""
_NUMBER: Final = re.compile(r"[-_](?:\d+|init|low|mid|hi|high|src|\d+p)$", re.IGNORECASE)
_Key = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """A session and the path of what was watched."""

    path: str
    watched: Watched


@dataclass(slots=True)
class _Open:
    first: datetime
    last: datetime
    requests: int = 0
    ports: dict[int, None] = field(default_factory=dict)


class Sessions:
    """Sessions that are open."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._open: OrderedDict[_Key, _Open] = OrderedDict()
        self._most = most
        self._done: list[Session] = []

    def add(self, line: Line) -> None:
        """Take one request."""
        key = (watched_path(line.path), line.address, line.agent, line.account, line.token)
        known = self._open.pop(key, None)
        if known is not None and not known.first - _GAP <= line.at <= known.last + _GAP:
            self._close(key, known)
            known = None
        known = known or _Open(line.at, line.at)
        known.first, known.last = min(known.first, line.at), max(known.last, line.at)
        known.requests += 1
        if line.port is not None and len(known.ports) < MOST_PORTS:
            known.ports[line.port] = None
        self._open[key] = known
        if len(self._open) > self._most:
            self._close(*self._open.popitem(last=False))

    def done(self) -> list[Session]:
        """Those that were handed over since the last call."""
        taken, self._done = self._done, []
        return taken

    def flush(self) -> list[Session]:
        """All of them, the open ones as they stand."""
        while self._open:
            self._close(*self._open.popitem(last=False))
        return self.done()

    def __len__(self) -> int:
        return len(self._open) + len(self._done)

    def _close(self, key: _Key, one: _Open) -> None:
        path, address, agent, account, token = key
        self._done.append(
            Session(
                path,
                Watched(
                    one.first, one.last, account, address, tuple(one.ports), agent, token,
                    source=SessionSource.LOG, requests=one.requests,
                ),
            )
        )  # fmt: skip


def watched_path(path: str) -> str:
    """What a piece belongs to: pieces of one broadcast, of every quality, have one answer.

    >>> [watched_path(p) for p in ("/hls/live/014/seg_17.ts", "/hls/014-17.ts", "/hls/014.m3u8")]
    ['hls/live/014', 'hls/014', 'hls/014']
    """
    folder, _, name = path.strip("/").rpartition("/")
    stem, _, kind = name.rpartition(".")
    piece = _PIECE.fullmatch(stem) and not (kind.lower() == "m3u8" and stem.isdigit())
    if folder and piece:
        upper, _, last = folder.rpartition("/")
        return upper if upper and _QUALITY.fullmatch(last) else folder
    short = _NUMBER.sub("", stem)
    return f"{folder}/{short or stem}".strip("/")


def names_of(path: str) -> tuple[str, ...]:
    """What the broadcast may be called at its media server, the longest first.

    >>> names_of("hls/live/014")
    ('hls/live/014', 'live/014', '014')
    """
    parts = path.split("/")[-4:]
    return tuple("/".join(parts[at:]) for at in range(len(parts)))
