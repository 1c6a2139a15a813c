"""What watchers say, taken in: frames looked at, pulls that opened, went blind, or ended.

One message in; state of the broadcast's `Post` and alerts out. Called by `watching` in the
threads of its links, one broadcast always in the same. Tests:
`tests/integration/test_live_watching.py`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import LeaseLost, NotFound
from breakwater.live.preroll import Chunk
from breakwater.live.streams import Streams
from breakwater.live.watching import childwire
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.looking import Closer
from breakwater.live.watching.post import BROKEN, BROKEN_TRIES, WORRY_S, Post
from breakwater.live.watching.spotting import Spotted
from breakwater.live.watching.strips import Strips
from breakwater.model.clock import Clock
from breakwater.model.live import LiveFrame, PullEnd, Pulse
from breakwater.model.stream import Alert, Control, StreamState
from breakwater.observe import Metrics, logger
from breakwater.recognition.hunches import FOLLOWED_S
from breakwater.records import leases, stream_people, streams
from breakwater.records.database import Database
from breakwater.records.vault import Vault

TOLD_AGAIN_S: Final = 60.0

_log = logger("watching")


class Hearing:
    """Takes messages in.

    Attributes:
        takers: who takes what was asked for, by kind of message.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        metrics: Metrics,
        door: Streams,
        vault: Vault,
        strips: Strips,
    ) -> None:
        """Take what it stands on.

        Args:
            db: for the state of broadcasts.
            clock: of frames and leases.
            metrics: what is seen and lost.
            door: takes the alerts.
            vault: for stills of frame pairs.
            strips: takes the stills of spot checks.
        """
        self._db, self._clock, self._metrics, self._door = db, clock, metrics, door
        self.closer = Closer(db=db, clock=clock, vault=vault, tell=self._alert)
        self._strips = strips
        self._news = threading.Condition()
        self.takers: dict[str, Callable[[Post, Message], None]] = {
            **dict.fromkeys(("sound", "looked", "shots"), self.closer.told),
            "strip": strips.told,
        }

    def told(self, post: Post, message: Message) -> None:
        """Take one message of a broadcast.

        Raises:
            BadAnswer: it is not well formed: its child has been taken over, or is ours and wrong.
        """
        now = self._clock.now().timestamp()
        if message.kind == "frame":
            self._frame(post, childwire.frame(message), childwire.smallest(message))
        elif message.kind == "shape":
            if post.fresh:
                post.began_anew()
            post.opened(childwire.shape(message), now)
        elif message.kind == "pulse":
            self._pulse(post, childwire.pulse(message), now)
        elif message.kind == "chunk":
            said = message.fields
            post.ring.add(
                Chunk(
                    Path(str(said["path"])), message.block, float(said["at"]),
                    str(said["container"]), str(said["pull"]),
                )
            )  # fmt: skip
        elif message.kind == "still":
            with self._news:
                post.stills[str(message.fields["level"])] = childwire.small_still(message)
                self._news.notify_all()
        elif message.kind in self.takers:
            self.takers[message.kind](post, message)
        elif message.kind == "end":
            self.ended(post, childwire.end(message))

    def _pulse(self, post: Post, pulse: Pulse, now: float) -> None:
        """How it fares; packets that its pre-roll will lack are said once a pull, and counted."""
        before = post.pulse.refused if pulse.refused >= post.pulse.refused else 0
        if pulse.refused and not before:
            _log.warning("originals_refused", stream=post.stream.id, packets=pulse.refused)
        self._metrics.live_refused.inc(pulse.refused - before)
        post.pulse, post.pulse_at = pulse, now

    def _frame(self, post: Post, frame: LiveFrame, small: NDArray[np.uint8] | None) -> None:
        now = frame.at.timestamp()
        post.looked(frame.reference, now, frame.time_s)
        if small is not None:
            post.small = small
        self._metrics.live_frames.inc()
        if post.lost:
            post.lost = False
            self._set_state(post, StreamState.LIVE)
        for spotted in post.spotter.look(frame):
            post.worried_until = now + WORRY_S
            post.ring.hold(now)
            self.closer.pictures(post, spotted)
            self._alert(post, spotted)
        if post.spotter.curious:
            post.worried_until = max(post.worried_until, now + FOLLOWED_S)
        self.closer.saw(post, frame, time.monotonic())
        self.sample(post)
        self._metrics.live_frame_seconds.observe(self._clock.now().timestamp() - now)

    def ended(self, post: Post, end: PullEnd) -> None:
        """A pull ended; it is tried again unless the broadcast has ended too."""
        now = self._clock.now().timestamp()
        # To a puller a kick and a publisher that leaves look alike; the order says which it was.
        why = "cut" if post.stream.control is Control.CUT else end.why.value
        self._metrics.live_pull_ends.labels(why).inc()
        _log.info("pull_ended", stream=post.stream.id, why=why, detail=end.detail)
        with self._news:
            post.failed(end.why, now)
            self._news.notify_all()
        self._strips.ended(post)
        if end.why in BROKEN and post.tries == BROKEN_TRIES:
            self._alert_of(
                post, "undecodable", f"It cannot be decoded ({end.why.value}); a person must look."
            )

    def _alert_of(self, post: Post, kind: str, why: str) -> None:
        self._alert(post, Spotted(Alert(post.stream.id, self._clock.now(), post.last_s, kind, why)))

    def _alert(self, post: Post, spotted: Spotted) -> None:
        """Tell the door, which refuses when somebody else watches by now."""
        try:
            post.stream = self._door.alert(
                spotted.alert, segments=spotted.segments, matches=spotted.matches,
                looks=spotted.looks, lease=post.lease,
            )  # fmt: skip
        except LeaseLost:
            self._metrics.live_stale.inc()
            _log.warning("alert_refused", stream=post.stream.id, code=LeaseLost.code)
        except NotFound:
            return

    def _set_state(self, post: Post, state: StreamState) -> None:
        with contextlib.suppress(LeaseLost), self._db.transaction() as tx:
            tx.lock_changes()  # before the lease's row, as whoever takes the lease does
            leases.check(tx, post.lease)
            if streams.get(tx, post.stream.id).state is not StreamState.ENDED:
                streams.set_state(tx, post.stream.id, state)

    def tend(self, post: Post, now: float) -> None:
        """Notice once in a while that nothing can be seen; that is a case, not a gap."""
        self.sample(post)
        if now - post.told_blind_at < TOLD_AGAIN_S:
            return
        if post.blind(now):
            post.told_blind_at = now
            self._alert_of(post, "undecodable", "Packets come, and no picture can be made of them.")
        elif post.out_of_sight(now) and not post.lost and self._sends(post):
            post.lost, post.told_blind_at = True, now
            self._set_state(post, StreamState.LOST)
            self._alert_of(post, "lost", "It runs, and nobody sees it: it cannot be fetched.")

    def _sends(self, post: Post) -> bool:
        """Whether there is something to miss: somebody sends, and it can be fetched at all."""
        if not post.located:
            return False
        with self._db.read() as tx:
            return bool(post.stream.pull_url or stream_people.publishers(tx, post.stream.id))

    def sample(self, post: Post) -> None:
        """Look as closely as is wanted now."""
        wanted = post.wanted(self._clock.now().timestamp())
        if post.link is not None and wanted is not post.sampling:
            post.sampling = wanted
            post.link.sample(post.stream.id, post.epoch, wanted.value)

    def wait_end(self, post: Post, timeout_s: float) -> None:
        """Until its pull has ended and all that came of it was taken in, or the time is over."""
        with self._news:
            self._news.wait_for(lambda: post.link is None, timeout_s)

    def tell_seen(self, every: Sequence[Post], now: float) -> None:
        """How much of each running broadcast was seen so far."""
        posts = [post for post in every if post.over_at is None]
        shares = {post.stream.id: round(post.seen.share(now), 4) for post in posts}
        self._metrics.live_streams.set(sum(post.link is not None for post in posts))
        self._metrics.live_seen_share.set(sum(shares.values()) / len(shares) if shares else 1.0)
        if shares:
            with self._db.transaction() as tx:
                held = leases.standing(tx, [post.lease for post in posts])
                mine = [post.stream.id for post in posts if post.lease.key in held]
                if mine:
                    streams.seen(tx, {stream: shares[stream] for stream in mine})

    def ask_still(self, post: Post, level: str, timeout_s: float) -> bytes:
        """The present picture at a level; empty when none came in time."""
        with self._news:
            post.stills.pop(level, None)
            if post.link is None:
                return b""
            post.link.still(post.stream.id, post.epoch, level)
            self._news.wait_for(lambda: level in post.stills, timeout_s)
            return post.stills.get(level, b"")
