"""Who watched in the last half hour, as media servers ask before each play: in memory only.

A server asks here at each play and every few seconds after it, and for each playlist and segment
(`live.hooks`). Who asked is remembered, in this process and for half an hour, so that a broadcast
that is stopped names those who saw it and left before; of one that is not, nothing is ever
written. A server that hands out files has no players to list: `fetching` are those who lately
asked. Read by adapters and, through `app`, by `enforcement.keeping`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from breakwater.live.ports import Call, Peer
from breakwater.model.broadcast import Viewer
from breakwater.model.clock import Clock

GONE_S: Final = 60.0
"""Longer than any player waits between two segments, or two updates: who asks later is new."""

KEPT_S: Final = 1_800.0
"""For so long a visit that ended is remembered: as comments are."""

MOST: Final = 200_000
"""Visits over all broadcasts, of those who watch and of those who left; the oldest go first."""

FETCH: Final = "fetch"
PLAY: Final = "play"
Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _Seen:
    """A visit, on the clock that only goes forward.

    Attributes:
        account, device: as a service's signed event told; else empty.
        first, last: when somebody asked for them first, and last.
    """

    peer: Peer
    account: str
    device: str
    first: float
    last: float


class Audience:
    """Visits of the last half hour."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock."""
        self._clock = clock
        self._seen: OrderedDict[Key, _Seen] = OrderedDict()
        self._of: dict[tuple[str, str], dict[Key, None]] = {}
        self._left: deque[tuple[Key, _Seen]] = deque(maxlen=MOST)
        self._count = 0
        self._lock = threading.Lock()

    def fetched(self, call: Call) -> None:
        """A viewer was given a playlist or a segment; they are told apart by address."""
        self._note(call, FETCH, call.peer.address)

    def plays(self, call: Call) -> None:
        """A player was let in, or may stay; players are told apart by connection."""
        self._note(call, PLAY, call.peer.client or call.peer.address)

    def fetching(self, server: str, name: str) -> tuple[Peer, ...]:
        """Who fetches a broadcast now, the first first."""
        now = self._clock.monotonic()
        with self._lock:
            mine = {key: self._seen[key] for key in self._of.get((server, name), ())}
            found = [
                one for key, one in mine.items() if key[2] == FETCH and now - one.last <= GONE_S
            ]
        found.sort(key=lambda one: one.first)
        return tuple(replace(one.peer, seconds=now - one.first) for one in found)

    def visits(self, server: str, name: str) -> tuple[Viewer, ...]:
        """Everyone who watched a broadcast in the last half hour, the first first."""
        now, wall = self._clock.monotonic(), self._clock.now()
        with self._lock:
            found = [self._seen[key] for key in self._of.get((server, name), ())]
            found += [one for key, one in self._left if key[:2] == (server, name)]
        found = [one for one in found if now - one.last <= KEPT_S]
        found.sort(key=lambda one: one.first)
        return tuple(
            Viewer(
                one.account, one.peer.address, one.peer.port,
                joined_at=wall - timedelta(seconds=now - one.first),
                left_at=wall - timedelta(seconds=now - one.last),
                agent=one.peer.agent, device=one.device,
            )
            for one in found
        )  # fmt: skip

    def _note(self, call: Call, how: str, who: str) -> None:
        if not call.peer.address:
            return
        now, key = self._clock.monotonic(), (call.server, call.name, how, who)
        with self._lock:
            known = self._seen.pop(key, None)
            if known is not None and now - known.last > GONE_S:
                self._left.append((key, known))
                known = None
            if known is None:
                self._count += 1
                client = call.peer.client or f"hls-{self._count}"
                known = _Seen(replace(call.peer, client=client), "", "", now, now)
            known.peer = replace(known.peer, port=call.peer.port or known.peer.port)
            known.account = call.account or known.account
            known.device = call.device or known.device
            known.last = now
            self._seen[key] = known
            self._of.setdefault(key[:2], {})[key] = None
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop what is too old or too much."""
        while len(self._seen) > MOST or now - next(iter(self._seen.values())).last > KEPT_S:
            key, _ = self._seen.popitem(last=False)
            self._of[key[:2]].pop(key, None)
            if not self._of[key[:2]]:
                del self._of[key[:2]]
        while self._left and now - self._left[0][1].last > KEPT_S:
            self._left.popleft()
