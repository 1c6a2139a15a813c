"""What people wrote in the last half hour, in memory only, and bounded.

Whoever looks at an alarm may see what led to it; everything else vanishes. What gave evidence
stands apart, so that a flood of chatter pushes out chatter: of all chats the one that holds most
gives way first. Nothing here is written, logged or shown by itself.
Tests: tests/unit/test_comment_texts.py.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

KEPT: Final = timedelta(minutes=30)
MOST_BYTES: Final = 64 << 20
PLAIN: Final = 2_000
WEIGHTY: Final = 512
"""Texts of one chat that gave no evidence, and that did."""

WORTH: Final = 0.1
"""Nats from which a message gives evidence, as in explanations."""

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


@dataclass(slots=True)
class _Chat:
    plain: deque[Text] = field(default_factory=deque)
    weighty: deque[Text] = field(default_factory=deque)
    size: int = 0


class Texts:
    """The texts of many chats."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty."""
        self._most = most_bytes
        self._chats: OrderedDict[str, _Chat] = OrderedDict()
        self.size = 0

    def add(self, chat: str, said: Text, *, nats: float) -> None:
        """Keep a text for half an hour, or as long as there is room."""
        mine = self._chats.setdefault(chat, _Chat())
        self._chats.move_to_end(chat)
        kept, most = (mine.weighty, WEIGHTY) if nats >= WORTH else (mine.plain, PLAIN)
        kept.append(said)
        mine.size += said.size
        self.size += said.size
        while kept and (len(kept) > most or said.at - kept[0].at > KEPT):
            self._drop(mine, kept)
        while self.size > self._most and self._give_way():
            pass

    def find(
        self, chat: str, messages: Collection[str] | None = None, since: datetime | None = None
    ) -> list[Text]:
        """Texts of a chat, the first first; of an edited message all it was."""
        mine = self._chats.get(chat)
        if mine is None:
            return []
        found = [
            one
            for kept in (mine.plain, mine.weighty)
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
            for kept in (mine.plain, mine.weighty):
                while kept and now - kept[0].at > KEPT:
                    self._drop(mine, kept)
            if not mine.size:
                del self._chats[name]

    def _give_way(self) -> bool:
        """Drop half of what the largest chat holds, chatter first; False: nothing is left."""
        largest = max(self._chats.values(), key=lambda one: one.size, default=None)
        if largest is None or not largest.size:
            return False
        kept = largest.plain or largest.weighty
        for _ in range((len(kept) + 1) // 2):
            self._drop(largest, kept)
        return True

    def _drop(self, mine: _Chat, kept: deque[Text]) -> None:
        gone = kept.popleft()
        mine.size -= gone.size
        self.size -= gone.size
