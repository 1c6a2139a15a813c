"""Frames of broadcasts to operators' classifiers: some, within a budget; scores become alerts.

The share of a core that an operator gives buys so many pictures a second, by what one was
measured to cost; the calm broadcasts send every k-th frame that is looked at, risky and new ones
every frame, those that waited longest for their risk first. Asking, scoring and telling never
wait for one another: a classifier that is slow or dead delays no frame and no alert of others. A
score at its threshold is an alert of the kind `classifier`, which raises risk and sampling and
orders nothing (`live.policy`); a score that is missing lowers nothing. Used by `watching`; tests:
`tests/unit/test_live_classifying.py`, `tests/integration/test_live_classifiers.py`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import BreakwaterError, LeaseLost, NotFound
from breakwater.live.streams import Streams
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.post import Post
from breakwater.media.wire_pixels import read_pictures
from breakwater.model.classifier import Picture, Score, Tally
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.model.stream import Alert
from breakwater.observe import Metrics, logger
from breakwater.recognition.scoring import Scorers
from breakwater.records import classifiers
from breakwater.records.database import Database

TURN_S: Final = 0.25
WAITING: Final = 16
"""Pictures that wait for the scorers; more are dropped, their broadcasts asked again."""

ANSWER_S: Final = 8.0
"""A picture that did not come by then is asked for again: longer than a key frame takes."""

CALM: Final = 0.25
"""Risk below which only every k-th frame is scored (`live.policy`: `medium_at`)."""

AGAIN_S: Final = 60.0
MORE: Final = 0.05
"""A score over its threshold is told again after a minute, or when it is this much higher."""

FLUSH_S: Final = 5.0
LEAST_COST_S: Final = 0.002
"""What a picture costs before anything was measured: making and sending it takes this long."""

_log = logger("classifiers")


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """How much is scored.

    Attributes:
        share: of one core, 0 to 1.
        every: of a calm broadcast's frames every so many-th.
    """

    share: float = 0.25
    every: int = 3


@dataclass(slots=True)
class Budget:
    """Seconds of a core that may be spent, refilled as time goes by."""

    share: float
    left_s: float = 0.0
    at: float = 0.0

    def afford(self, now: float, cost_s: float) -> int:
        """How many pictures of this cost there are seconds for now; never saved for long."""
        gone = max(0.0, now - self.at) if self.at else 1.0
        self.at = now
        self.left_s = min(self.left_s + gone * self.share, max(self.share, cost_s))
        return max(0, int(self.left_s / cost_s))

    def spend(self, seconds: float) -> None:
        """It took so long; what was too much is paid back before the next."""
        self.left_s -= seconds


@dataclass(slots=True)
class _Turn:
    """When a broadcast was scored, and what was told of it."""

    asked_at: float = 0.0
    asked_frames: int = 0
    pending: bool = False


@dataclass(slots=True)
class _Told:
    at: float
    value: float


class Classifying:
    """Every broadcast's pictures, and what was said of them."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        metrics: Metrics,
        door: Streams,
        scorers: Scorers,
        rules: ScoreRules,
    ) -> None:
        """Take what it stands on; the thread that scores starts with the first picture.

        Args:
            db: for sums.
            clock: of alerts.
            metrics: what is scored.
            door: takes the alerts.
            scorers: the classifiers that are on.
            rules: how much.
        """
        self._db, self._clock, self._metrics = db, clock, metrics
        self._door, self._scorers, self._rules = door, scorers, rules
        self._budget = Budget(rules.share)
        self._turns: dict[Id, _Turn] = {}
        self._told: dict[tuple[Id, Id], _Told] = {}
        self._sums: dict[tuple[Id, Id], Tally] = {}
        self._fresh: set[tuple[Id, Id]] = set()
        self._waiting: queue.Queue[tuple[Post, Picture]] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._next_turn = self._flushed_at = 0.0

    def turn(self, posts: Sequence[Post], now: float) -> None:
        """Ask the next broadcasts for a picture, as many as the budget has room for."""
        if now < self._next_turn or not self._scorers.any:
            return
        self._next_turn = now + TURN_S
        self._forget({post.stream.id for post in posts})
        cost = max(self._scorers.cost_s, LEAST_COST_S)
        room = self._budget.afford(now, cost)
        room -= expected(self._turns, now) + self._waiting.qsize()
        for post in due(posts, self._turns, self._rules.every, now)[: max(0, room)]:
            if post.link is None:
                continue
            mine = self._turns.setdefault(post.stream.id, _Turn())
            mine.asked_at, mine.asked_frames, mine.pending = now, post.frames, True
            post.link.ask(post.stream.id, post.epoch, "pixels", str(self._scorers.side))

    def take(self, post: Post, message: Message) -> None:
        """A picture came. Raises `BadAnswer` when it is not well formed."""
        pictures = read_pictures(message.fields, message.block)
        mine = self._turns.get(post.stream.id)
        if mine is None or not mine.pending:
            return  # nobody asked
        mine.pending = False
        self._start()
        for one in pictures[:1]:
            with suppress(queue.Full):
                at = post.offset_s + one.time_s
                self._waiting.put_nowait((post, Picture(one.pixels, at)))

    def close(self) -> None:
        """Stop scoring; sums are written."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="classifying", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with suppress(queue.Empty):
                    self._score(*self._waiting.get(timeout=0.5))
                self._flush()
            except Exception as error:  # noqa: BLE001 - one broadcast's fault must not silence the rest
                self._metrics.alarms.labels("classifying").inc()
                code = error.code if isinstance(error, BreakwaterError) else type(error).__name__
                _log.exception("scoring_failed", code=code)
        with suppress(BreakwaterError):
            self._flush(force=True)

    def _score(self, post: Post, picture: Picture) -> None:
        began = self._clock.monotonic()
        scores = self._scorers.score(picture, post.stream.jurisdiction)
        self._budget.spend(max(self._clock.monotonic() - began, LEAST_COST_S))
        now = self._clock.now()
        for one in scores:
            key = post.stream.id, one.classifier
            known = self._sums.get(key) or self._known(*key)
            self._sums[key] = known.with_score(one, now)
            self._fresh.add(key)
            self._count(one)
            if one.over and self._news(key, one, now.timestamp()):
                self._flush(force=True)
                self._alert(post, one, self._sums[key].over, now)

    def _count(self, one: Score) -> None:
        how = one.trouble.value if one.trouble else "over" if one.over else "under"
        self._metrics.classifier_scores.labels(one.card.id, how).inc()
        if one.trouble is None:
            self._metrics.classifier_seconds.observe(one.ms / 1000)

    def _known(self, stream: Id, classifier: Id) -> Tally:
        """What was summed before this process watched it."""
        with self._db.read() as tx:
            for whose, found in classifiers.tallies(tx, stream):
                if whose.id == classifier:
                    return found
        return Tally(classifier, stream)

    def _news(self, key: tuple[Id, Id], one: Score, now: float) -> bool:
        told = self._told.get(key)
        if told is not None and now - told.at < AGAIN_S and one.value < told.value + MORE:
            return False
        self._told[key] = _Told(now, one.value if told is None else max(one.value, told.value))
        return True

    def _alert(self, post: Post, one: Score, frames: int, now: datetime) -> None:
        """Tell the door, which refuses when somebody else watches by now."""
        alert = Alert(
            post.stream.id, now, one.time_s, "classifier", one.words, frames=frames,
            score=one.value * one.card.weight, reference=one.classifier,
        )  # fmt: skip
        try:
            self._door.alert(alert, lease=post.lease)
        except LeaseLost:
            self._metrics.live_stale.inc()
        except NotFound:
            return

    def _flush(self, *, force: bool = False) -> None:
        now = self._clock.monotonic()
        if not self._fresh or (not force and now - self._flushed_at < FLUSH_S):
            return
        self._flushed_at = now
        fresh, self._fresh = self._fresh, set()
        with self._db.transaction() as tx:
            classifiers.keep(tx, [self._sums[key] for key in fresh if key in self._sums])

    def _forget(self, watched: set[Id]) -> None:
        """What is not watched here any more."""
        for gone in [key for key in self._turns if key not in watched]:
            del self._turns[gone]
        for table in (self._told, self._sums):
            for key in [key for key in list(table) if key[0] not in watched]:
                if key not in self._fresh:
                    table.pop(key, None)


def due(posts: Sequence[Post], turns: dict[Id, _Turn], every: int, now: float) -> list[Post]:
    """Whose next picture is wanted, the one first that waited longest for its risk."""

    def wait(post: Post) -> float:
        mine = turns.get(post.stream.id)
        return (now - mine.asked_at if mine else AGAIN_S) * (1.0 + 9.0 * post.stream.risk)

    return sorted((one for one in posts if _wanted(one, turns, every, now)), key=wait, reverse=True)


def expected(turns: Mapping[Id, _Turn], now: float) -> int:
    """Pictures that may still come: of a broadcast that ended since, none does."""
    return sum(one.pending and now - one.asked_at < ANSWER_S for one in turns.values())


def _wanted(post: Post, turns: dict[Id, _Turn], every: int, now: float) -> bool:
    if post.link is None or post.over_at is not None or not post.frames:
        return False
    mine = turns.get(post.stream.id)
    if mine is None:
        return True
    if mine.pending:
        mine.pending = now - mine.asked_at < ANSWER_S
        return not mine.pending
    step = every if post.stream.risk < CALM else 1
    return post.frames - mine.asked_frames >= step
