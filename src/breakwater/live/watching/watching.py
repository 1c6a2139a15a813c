"""Watches every broadcast: places it on a watcher, hears its frames, keeps what it showed.

The owner's side, in the server's process. A lease with a fencing epoch says who watches what: a
lost lease ends the watch, and whatever comes under an old epoch is dropped. A watcher that dies
is started anew and its broadcasts placed again at once; a pull that ends is tried again with
back-off; a broadcast that cannot be seen is an alert, not a gap. Tests:
`tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from breakwater.errors import BreakwaterError, NotFound
from breakwater.live.preroll import Ring
from breakwater.live.streams import Streams
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.hearing import Hearing
from breakwater.live.watching.held import Target
from breakwater.live.watching.link import Link
from breakwater.live.watching.post import Post, Seen, WatchRules
from breakwater.live.watching.spotting import Spotter
from breakwater.live.watching.strips import Strips
from breakwater.media.wire import BadAnswer
from breakwater.model.clock import Clock
from breakwater.model.copies import FramePrints
from breakwater.model.event import Event
from breakwater.model.ids import Id, new_id
from breakwater.model.live import Ending, Preroll, PullEnd
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.observe import Metrics, logger
from breakwater.records import leases, streams
from breakwater.records.database import Database
from breakwater.records.vault import Vault

LEASE_S: Final = 12.0
"""A dead owner's broadcasts are free after this; with the poll, watched again in 15 s."""

RENEW_S: Final = 3.0
POLL_S: Final = 2.0
TEND_S: Final = 0.25
SEEN_S: Final = 10.0
DRAIN_S: Final = 5.0
"""What was sent before an end may come later on a busy machine: it is looked at and kept too."""

KEPT_AFTER_END_S: Final = 600.0
"""Pre-roll and prints of a broadcast that ended: orders and preservation may still come."""

MOST: Final = 2_000
ALONE: Final = "owner"

_log = logger("watching")


class Watching:
    """Every broadcast that is watched by this process."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        metrics: Metrics,
        vault: Vault,
        door: Streams,
        locate: Callable[[Stream, int], Target],
        spotter: Callable[[Id], Spotter],
        rules: WatchRules,
    ) -> None:
        """Take what it stands on; `start` begins.

        Args:
            db: leases and broadcasts.
            clock: of frames and leases.
            metrics: what is watched, seen and lost.
            vault: where pre-rolls are preserved.
            door: takes the alerts.
            locate: where a broadcast is fetched, by how patient one must be; raises a
                `BreakwaterError` when it cannot be.
            spotter: makes what looks at one broadcast's frames.
            rules: how many watchers, and how much is kept.
        """
        self._db, self._clock, self._metrics = db, clock, metrics
        self._vault, self._locate, self._spotter, self._rules = vault, locate, spotter, rules
        # A SQLite file has one owner, so one that is left was left by a crash: no waiting.
        self._owner = ALONE if db.dialect == "sqlite" else f"watching-{new_id()}"
        self._posts: dict[Id, Post] = {}
        self._waiting: set[Post] = set()
        self._links: list[Link] = []
        self._lock = threading.RLock()
        self.strips = Strips(clock, self.post)
        self.hearing = Hearing(
            db=db, clock=clock, metrics=metrics, door=door, vault=vault, strips=self.strips
        )
        self._closing = False
        self._due: dict[str, float] = {}
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="placing")

    def start(self) -> None:
        """Start the watchers, once; what an earlier life left on disk has no keys, and goes."""
        with self._lock:
            if self._links or self._closing or not self._rules.watchers:
                return
            if (folder := self._rules.folder) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True, mode=0o700)
            self._links = [self._link(number) for number in range(self._rules.watchers)]

    def close(self) -> None:
        """End every watch; leases are given back."""
        with self._lock:
            self._closing = True
            posts, self._posts = list(self._posts.values()), {}
            links, self._links = self._links, []
        for link in links:
            link.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.hearing.closer.close()
        for post in posts:
            post.ring.drop()
            leases.release(self._db, post.lease)

    def turn(self) -> None:
        """Often: tries that are due; four times a second leases, who came or went, the rest."""
        now = self._clock.now().timestamp()
        if self._rules.watchers == 0 or self._closing:
            return
        self._try_again(now)
        if not self._is_due("tend", now, TEND_S):
            return
        if self._posts and self._is_due("renew", now, RENEW_S):
            self._renew()
        if self._is_due("poll", now, POLL_S):
            self._poll()
        for link in list(self._links):
            if link.kill_if_hung():
                _log.error("watcher_hung", watcher=link.number)
        for post in self.every():
            self._tend(post, now)
        if self._is_due("seen", now, SEEN_S):
            self.hearing.tell_seen(self.every(), now)

    def on_started(self, event: Event) -> None:
        """A broadcast began: watched at once."""
        with self._db.read() as tx:
            stream = streams.find(tx, event.subject)
        if stream is not None and self._rules.watchers:
            self._take(stream)

    def on_changed(self, event: Event) -> None:
        """Its risk, control or state is another."""
        with self._db.read() as tx:
            stream = streams.find(tx, event.subject)
        post = self._posts.get(event.subject)
        if post is None or stream is None:
            return
        stream = post.knows(stream)
        if stream.stopped:
            post.ring.hold(self._clock.now().timestamp())
        if stream.state is StreamState.ENDED:
            self._leave(post)
        elif event.body.get("joined") and post.link is None:
            post.came(self._clock.now().timestamp())
            self._waiting.add(post)
        else:
            self.hearing.sample(post)

    def preserve(self, stream: Id) -> Preroll | None:
        """Put the last minutes into the vault, durable when it returns; None when there are none.

        Raises:
            NotFound: no such stream.
        """
        post = self._drained(stream)
        if post is None:
            return None
        source = post.ring.source()
        blob = self._vault.put(source, purpose="evidence")  # type: ignore[arg-type] # reads as one
        if not source.size:
            self._vault.shred(blob)
            return None
        begun = post.seen.begun
        return Preroll(
            stream, blob, source.start_at - begun, source.end_at - begun, source.size,
            source.container, source.sha256,
        )  # fmt: skip

    def prints(self, stream: Id) -> Sequence[FramePrints]:
        """Reference prints of its last frames, the first first. Raises `NotFound`."""
        post = self._drained(stream)
        with self._lock:
            return () if post is None else tuple(post.prints)

    def post(self, stream: Id) -> Post:
        """How one broadcast is watched here.

        Raises:
            NotFound: it is not.
        """
        if (found := self._posts.get(stream)) is None:
            raise NotFound("This broadcast is not watched here.")
        return found

    def still(self, stream: Id) -> tuple[bytes, float] | None:
        """The newest small still and its age in seconds; None when there is none here."""
        post = self._posts.get(stream)
        picture = post.small_still() if post is not None else b""
        if post is None or post.seen.last is None or not picture:
            return None
        return picture, max(0.0, self._clock.now().timestamp() - post.seen.last)

    def ask_still(self, stream: Id, level: str, timeout_s: float) -> bytes:
        """The present picture at a level; empty when none came in time. See `showing`."""
        return self.hearing.ask_still(self.post(stream), level, timeout_s)

    def _try_again(self, now: float) -> None:
        for post in [one for one in tuple(self._waiting) if now >= one.again_at]:
            self._waiting.discard(post)
            if self._posts.get(post.stream.id) is post:
                self._tend(post, now)

    def every(self) -> list[Post]:
        """All broadcasts that are watched here."""
        with self._lock:
            return list(self._posts.values())

    def links(self) -> list[Link]:
        """Its watchers."""
        return list(self._links)

    def _is_due(self, what: str, now: float, every_s: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True

    def _link(self, number: int) -> Link:
        return Link(number, self._rules.folder, hear=self._hear, gone=self._gone)

    def _renew(self) -> None:
        held = self.every()
        kept = leases.renew_all(self._db, [post.lease for post in held], lease_s=LEASE_S)
        for post in held:
            if (lease := kept.get(post.lease.key)) is None:
                _log.warning("lease_lost", stream=post.stream.id)
                self._forget(post)
            else:
                post.lease = lease

    def _poll(self) -> None:
        """What hooks and events did not tell."""
        with self._db.read() as tx:
            running = {stream.id: stream for stream in streams.wall(tx, MOST)}
        for stream in running.values():
            if stream.id not in self._posts and stream.state is not StreamState.ENDED:
                self._take(stream)
        for post in self.every():
            now = running.get(post.stream.id)
            if now is not None:
                post.knows(now)
            if (now is None or now.state is StreamState.ENDED) and post.over_at is None:
                self._leave(post)

    def _take(self, stream: Stream) -> None:
        """Take a broadcast that nobody watches."""
        with self._lock:
            if stream.id in self._posts or self._closing or stream.state is StreamState.ENDED:
                return
        self.start()
        lease = leases.acquire(self._db, f"watch/{stream.id}", owner=self._owner, lease_s=LEASE_S)
        if lease is None:
            return
        rules = self._rules
        post = Post(
            stream, lease, Seen(stream.started_at.timestamp()), self._spotter(stream.id),
            Ring(rules.preroll_s, rules.preroll_bytes),
        )  # fmt: skip
        with self._lock:
            self._posts[stream.id] = post
        self._open(post)

    def _open(self, post: Post) -> None:
        """Fetch it, in a thread of its own: names must be resolved and servers asked."""
        post.again_at = float("inf")
        with contextlib.suppress(RuntimeError):  # closing
            self._threads.submit(self._place, post)

    def _place(self, post: Post) -> None:
        now = self._clock.now().timestamp()
        try:
            target = self._locate(post.stream, post.patience)
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, it is tried again
            if post.located:
                _log.info("not_located", stream=post.stream.id, code=_code(error))
            post.located = bool(post.stream.server or post.stream.pull_url)
            post.failed(Ending.REFUSED, now)
            return
        post.located = True
        with self._lock:
            live = [link for link in self._links if link.alive]
            if not live or post.over_at is not None or self._closing:
                post.failed(Ending.REFUSED, now)
                return
            held = [other.link for other in self._posts.values()]
            link = min(live, key=held.count)
            post.link, post.again_at, post.sampling = link, 0.0, post.wanted(now)
            post.opened_at, post.fresh = now, True
        link.watch(
            post.stream.id, post.epoch,
            replace(target, sampling=post.sampling.value, patience=post.patience),
        )  # fmt: skip

    def _tend(self, post: Post, now: float) -> None:
        """What one broadcast needs now."""
        if post.over_at is not None:
            if now - post.over_at > DRAIN_S and post.link is not None:
                link, post.link = post.link, None
                link.unwatch(post.stream.id, post.epoch)
            if now - post.over_at > KEPT_AFTER_END_S:
                self._forget(post)
            return
        if post.link is None and now >= post.again_at:
            self._open(post)
        self.hearing.tend(post, now)

    def _leave(self, post: Post) -> None:
        """It ended; what is on its way is still taken in, what it showed is kept for a while."""
        post.over_at = self._clock.now().timestamp()

    def _drained(self, stream: Id) -> Post | None:
        """How it is watched, once all of it was taken in where it was cut; a moment later at most."""
        with self._db.read() as tx:
            cut = streams.get(tx, stream).control is Control.CUT
        post = self._posts.get(stream)
        if post is not None and cut:
            self.hearing.wait_end(post, DRAIN_S)
        return post

    def _forget(self, post: Post) -> None:
        with self._lock:
            self._posts.pop(post.stream.id, None)
            self.hearing.closer.forget(post.stream.id)
            link, post.link = post.link, None
        if link is not None:
            link.unwatch(post.stream.id, post.epoch)
        post.ring.drop()
        if self._rules.folder is not None:
            shutil.rmtree(self._rules.folder / post.stream.id, ignore_errors=True)
        leases.release(self._db, post.lease)

    def _gone(self, link: Link) -> None:
        """A watcher died: another takes its place, its broadcasts are placed again at once."""
        with self._lock:
            if self._closing or link not in self._links:
                return
            _log.error("watcher_died", watcher=link.number)
            self._metrics.alarms.labels("watcher").inc()
            self._links[self._links.index(link)] = self._link(link.number)
            orphans = [post for post in self._posts.values() if post.link is link]
            for post in orphans:
                post.link = None
        for post in orphans:
            lease = leases.acquire(self._db, post.lease.key, owner=self._owner, lease_s=LEASE_S)
            if lease is None:
                self._forget(post)
                continue
            post.lease = lease
            self._open(post)

    def _hear(self, link: Link, message: Message) -> None:
        """Everything a watcher says, in its link's thread."""
        if message.kind in {"tick", "ready"}:
            return
        said = message.fields
        post = self._posts.get(Id(str(said.get("stream", ""))))
        if post is None or said.get("epoch") != post.epoch or post.link is not link:
            if post is not None and said.get("epoch") != post.epoch:
                self._metrics.live_stale.inc()
            return
        try:
            self.hearing.told(post, message)
            if message.kind == "end":
                self._waiting.add(post)
        except BadAnswer as error:
            _log.warning("child_told_nonsense", stream=post.stream.id, why=error.detail)
            self.hearing.ended(post, PullEnd(Ending.KILLED, error.detail))
            link.unwatch(post.stream.id, post.epoch)
        except Exception as error:  # noqa: BLE001 - one broadcast's fault must not silence a watcher
            self._metrics.alarms.labels("watching").inc()
            _log.exception("frame_failed", stream=post.stream.id, code=_code(error))


def _code(error: Exception) -> str:
    return error.code if isinstance(error, BreakwaterError) else type(error).__name__
