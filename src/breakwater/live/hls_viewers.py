"""Who watches by HLS: those who lately asked for a playlist or segment, as `auth_request` tells.

A server that hands out files has no players to list; each request of a viewer is asked about here
(`live.hooks`), with address and port, so those of the last minute are remembered, in this process
and for that long only. What is preserved of a stopped broadcast names them too. Read by the
adapters of servers that hand out HLS.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from breakwater.live.ports import Peer
from breakwater.model.clock import Clock

KEPT_S: Final = 60.0
"""Longer than any player waits between two segments."""
MOST: Final = 200_000
"""Over all broadcasts; those who asked longest ago go first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One viewer, and when they first and last asked."""

    peer: Peer
    first: float
    last: float


class HlsViewers:
    """Viewers of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str, str], Seen] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def note(self, server: str, name: str, peer: Peer) -> None:
        """Somebody was given something."""
        if not peer.address:
            return
        now, key = self._clock.monotonic(), (server, name, peer.address)
        with self._lock:
            known = self._seen.pop(key, None)
            if known is None or now - known.last > KEPT_S:
                self._count += 1
                known = Seen(replace(peer, client=f"hls-{self._count}"), now, now)
            latest = replace(known.peer, port=peer.port or known.peer.port)
            self._seen[key] = Seen(latest, known.first, now)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)

    def of(self, server: str, name: str) -> tuple[Peer, ...]:
        """Who watches a broadcast, the first first."""
        now = self._clock.monotonic()
        with self._lock:
            found = [
                one
                for key, one in self._seen.items()
                if key[:2] == (server, name) and now - one.last <= KEPT_S
            ]
        found.sort(key=lambda one: one.first)
        return tuple(replace(one.peer, seconds=now - one.first) for one in found)
