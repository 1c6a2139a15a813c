"""Which watcher watches which broadcasts, since when, and how busy it is; for operators.

Of this process's watchers alone: on PostgreSQL every process lists its own. Read by
`web.api.watchers`, the settings of live streams and `breakwater stream watchers`. Tests:
`tests/integration/test_watchers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from breakwater.live.watching.post import Post
from breakwater.live.watching.watching import Watching
from breakwater.model.ids import Id


@dataclass(frozen=True, slots=True)
class Watched:
    """One broadcast with a watcher.

    Attributes:
        since: when this pull began.
        sampling: `key`, `fast` or `full`.
        seen: share of its length that was looked at.
        last: when a frame was last looked at; None: none yet.
    """

    stream: Id
    label: str
    since: datetime
    sampling: str
    seen: float
    frames: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class WatcherLine:
    """One watcher process.

    Attributes:
        since: when it was started.
        cpu: mean share of one core since then, its own; its children have theirs.
        lost: messages dropped because the server was behind.
    """

    number: int
    process: int
    alive: bool
    since: datetime
    cpu: float
    lost: int
    streams: tuple[Watched, ...]


def watchers(watching: Watching, now: datetime) -> tuple[WatcherLine, ...]:
    """Every watcher of this process, with what it watches."""
    posts = watching.every()
    return tuple(
        WatcherLine(
            link.number, link.process.pid, link.alive, datetime.fromtimestamp(link.since, UTC),
            round(link.cpu_s / max(now.timestamp() - link.since, 1.0), 4), link.lost,
            tuple(_watched(post, now) for post in posts if post.link is link),
        )
        for link in watching.links()
    )  # fmt: skip


def unplaced(watching: Watching) -> int:
    """Broadcasts that wait for a watcher or another try."""
    return sum(post.link is None and post.over_at is None for post in watching.every())


def _watched(post: Post, now: datetime) -> Watched:
    last = None if post.seen.last is None else datetime.fromtimestamp(post.seen.last, UTC)
    return Watched(
        post.stream.id, post.stream.label, datetime.fromtimestamp(post.opened_at, UTC),
        post.sampling.value, round(post.seen.share(now.timestamp()), 4), post.frames, last,
    )  # fmt: skip
