"""Strips of spot checks on their way from a watched broadcast: asked for, gathered, handed over.

In comes which broadcast, by the name of its draw; out go the stills of whole strips, or that
there is none. They wait here in memory for a second at most; `live.spots.checks` seals them. A
pull that ends, stalls or falls behind in the middle is no strip. Tests:
`tests/unit/test_live_strips.py`, `tests/integration/test_spots.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from breakwater.errors import NotFound
from breakwater.live.watching import childwire
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.post import Post
from breakwater.media.wire import BadAnswer
from breakwater.model.clock import Clock
from breakwater.model.ids import Id

PATIENCE_S: Final = 20.0
"""Longer than its own length a strip may take: until the next frame comes, and for a bad line."""


@dataclass(slots=True)
class Taking:
    """A strip that is being taken.

    Attributes:
        name: of the draw and its part.
        wanted: stills.
        until: wall seconds after which it is given up.
    """

    name: str
    wanted: int
    until: float
    stills: list[bytes] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Every still came."""
        return len(self.stills) >= self.wanted


class Strips:
    """Strips of broadcasts that are watched by this process."""

    def __init__(self, clock: Clock, post_of: Callable[[Id], Post]) -> None:
        """Take what it stands on.

        Args:
            clock: of patience.
            post_of: how a broadcast is watched here; raises `NotFound` when it is not.
        """
        self._clock, self._post_of = clock, post_of
        self._lock = threading.Lock()
        self._open: dict[Id, Taking] = {}

    def ask(self, stream: Id, name: str, *, stills: int, every_s: float) -> bool:
        """Begin to take one; False when the broadcast is not watched here, or not now.

        Args:
            stream: one that runs.
            name: by which it is handed over.
            stills: how many.
            every_s: seconds between them; while it lasts more than key frames are looked at.
        """
        try:
            post = self._post_of(stream)
        except NotFound:
            return False
        link = post.link
        if link is None or post.fresh or post.over_at is not None:
            return False  # a pull that has not opened yet hears nothing
        now = self._clock.now().timestamp()
        with self._lock:
            if stream in self._open:
                return False
            made = Taking(name, stills, now + stills * every_s + PATIENCE_S)
            self._open[stream] = made
        post.looked_until = made.until
        link.ask(stream, post.epoch, "strip", f"{name} {stills} {every_s}")
        return True

    def told(self, post: Post, message: Message) -> None:
        """A still came.

        Raises:
            BadAnswer: it is no picture, or nobody asked for it.
        """
        picture = childwire.small_still(message)
        stream, said = post.stream.id, message.fields
        with self._lock:
            taking = self._open.get(stream)
            if taking is None or said.get("name") != taking.name:
                return  # one that was given up
            had = len(taking.stills)
            if not picture or had == taking.wanted or said.get("n") != had:
                raise BadAnswer("A still of its strip is not the next one.")
            taking.stills.append(picture)
            if taking.whole:
                post.looked_until = 0.0

    def ended(self, post: Post) -> None:
        """A pull ended: what was begun is no strip."""
        with self._lock:
            taking = self._open.get(post.stream.id)
            if taking is not None and not taking.whole:
                taking.stills.clear()
                taking.until = 0.0
        post.looked_until = 0.0

    def over(self) -> list[Taking]:
        """Strips that are whole, and those that were given up; each is handed over once."""
        now = self._clock.now().timestamp()
        with self._lock:
            done = [one for one, taking in self._open.items() if taking.whole or taking.until < now]
            return [self._open.pop(stream) for stream in done]
