"""What people wrote in the last half hour, in memory only, and bounded by bytes.

Whoever looks at an alarm may see what led to it; everything else vanishes. Where there is no room
for half an hour of all chats, the chat that holds most gives way first, and in it what gave the
least evidence: a flood of chatter pushes out chatter. What was let go early is counted, so that
it can be said. Nothing here is written, logged or shown by itself.
Tests: tests/unit/test_comment_texts.py.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

KEPT: Final = timedelta(minutes=30)
MOST_BYTES: Final = 64 << 20
"""Of one lane: half an hour of a hundred thousand messages."""

RELIEF: Final = 0.06
"""Share of the room that is freed at once, so that a full ring costs no more a message."""

WORTH: Final = 0.1
"""Nats from which a message gives evidence, as in explanations."""

TIERS: Final = (WORTH, 0.5, 1.0, 2.0)
"""Nats that part texts: of two in one chat, that of the lower tier goes first."""

OVERHEAD: Final = 400
"""Bytes that an entry takes beside its text, counted high."""


@dataclass(frozen=True, slots=True)
class Text:
    """One message as written."""

    message: str = field(repr=False)
    author: str = field(repr=False)
    at: datetime
    text: str = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes, counted high."""
        return OVERHEAD + 4 * (len(self.text) + len(self.author) + len(self.message))


def _tiers() -> list[deque[Text]]:
    return [deque() for _ in range(len(TIERS) + 1)]


@dataclass(slots=True)
class _Chat:
    tiers: list[deque[Text]] = field(default_factory=_tiers)
    size: int = 0


class Texts:
    """The texts of many chats.

    Attributes:
        size: bytes of all of them, counted high.
        let_go: texts that went before their half hour was over: chatter, and evidence.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty."""
        self._most = most_bytes
        self._chats: dict[str, _Chat] = {}
        self.size = 0
        self.let_go = [0, 0]

    def add(self, chat: str, said: Text, *, nats: float) -> None:
        """Keep a text for half an hour, or as long as there is room."""
        mine = self._chats.setdefault(chat, _Chat())
        kept = mine.tiers[sum(nats >= least for least in TIERS)]
        kept.append(said)
        mine.size += said.size
        self.size += said.size
        while kept and said.at - kept[0].at > KEPT:
            self._drop(mine, kept)
        if self.size > self._most:
            self._give_way()

    def find(
        self, chat: str, messages: Collection[str] | None = None, since: datetime | None = None
    ) -> list[Text]:
        """Texts of a chat, the first first; of an edited message all it was."""
        mine = self._chats.get(chat)
        if mine is None or (messages is not None and not messages):
            return []
        found = [
            one
            for kept in mine.tiers
            for one in kept
            if (messages is None or one.message in messages) and (since is None or one.at >= since)
        ]
        return sorted(found, key=lambda one: one.at)

    def forget(self, chat: str) -> None:
        """A chat ended."""
        gone = self._chats.pop(chat, None)
        if gone is not None:
            self.size -= gone.size

    def expire(self, now: datetime) -> None:
        """Drop what is older than half an hour, also where nobody writes any more."""
        for name in list(self._chats):
            mine = self._chats[name]
            for kept in mine.tiers:
                while kept and now - kept[0].at > KEPT:
                    self._drop(mine, kept)
            if not mine.size:
                del self._chats[name]

    def _give_way(self) -> None:
        """Make room: of the largest chat, each time anew, half of its lowest tier."""
        largest = [(-one.size, name) for name, one in self._chats.items()]
        heapq.heapify(largest)
        while self.size > self._most * (1.0 - RELIEF) and largest:
            mine = self._chats[largest[0][1]]
            tier = next((n for n, kept in enumerate(mine.tiers) if kept), None)
            if tier is None:
                heapq.heappop(largest)
                continue
            kept = mine.tiers[tier]
            for _ in range((len(kept) + 1) // 2):
                self._drop(mine, kept)
                self.let_go[tier > 0] += 1
            heapq.heapreplace(largest, (-mine.size, largest[0][1]))

    def _drop(self, mine: _Chat, kept: deque[Text]) -> None:
        gone = kept.popleft()
        mine.size -= gone.size
        self.size -= gone.size
