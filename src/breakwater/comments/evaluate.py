"""How soon episodes are found, at how many false alarms: replay of chats, with bounds.

Benign chats and episodes come in as scored events; a statistic runs over them as it would live. A
threshold is solved on some streams, false alarms are counted on others, and episodes are laid into
others again. A false alarm is one per stream and ten minutes; an episode is found by the first
alarm after its first message, and a trial in which the chat alarmed already counts for nothing.
Bounds of rates are exact Poisson (Garwood 1936), those of shares by bootstrap over episodes.
Only numbers come out: a service can replay its own chats and share the table.
Source: reference chat, "What was measured". Tests: tests/unit/test_comments_evaluate.py.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from breakwater.comments.peaks import BLOCK_S
from breakwater.errors import BadInput

Floats = NDArray[np.float64]

HORIZON_S: Final = 600.0
"""An episode that was not found within this was missed."""

RESAMPLES: Final = 1_000
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Event:
    """One scored message.

    Attributes:
        author: any number that is the account's alone.
        key: of the skeleton.
        at: seconds from the stream's beginning, or from the episode's.
        nats: its evidence.
    """

    author: int
    key: int
    at: float
    nats: float


Chat = Sequence[Event]


class Statistic(Protocol):
    """Something that runs over a chat."""

    def take(self, event: Event) -> float:
        """Where it stands after a message; higher is more suspicious."""
        ...


Make = Callable[[], Statistic]


@dataclass(frozen=True, slots=True)
class Rate:
    """Events per hour with exact bounds.

    Attributes:
        count: events.
        hours: in which they were counted.
        low, high: of the rate, at 95 %.
    """

    count: int
    hours: float
    low: float
    high: float

    @classmethod
    def of(cls, count: int, hours: float) -> Rate:
        """With Garwood's interval.

        Raises:
            BadInput: no hours.
        """
        if hours <= 0:
            raise BadInput("A rate needs hours above zero.")
        tail = (1.0 - CONFIDENCE) / 2.0
        low = _mean_at(count - 1, 1.0 - tail) if count else 0.0
        return cls(count, hours, low / hours, _mean_at(count, tail) / hours)

    @property
    def per_hour(self) -> float:
        """Events per hour."""
        return self.count / self.hours


@dataclass(frozen=True, slots=True)
class Found:
    """Over all trials of one kind of episode.

    Attributes:
        seconds: to the alarm, by trial; None where it was missed.
        skipped: trials in which the chat alarmed before the episode began.
    """

    seconds: tuple[float | None, ...]
    skipped: int = 0

    def within(self, limit_s: float) -> float:
        """Share of trials found in time; 0 without trials."""
        hits = sum(1 for one in self.seconds if one is not None and one <= limit_s)
        return hits / len(self.seconds) if self.seconds else 0.0

    def bounds(self, limit_s: float, seed: int = 1) -> tuple[float, float]:
        """95 % interval of `within`, by bootstrap over trials."""
        if not self.seconds:
            return 0.0, 1.0
        draw = random.Random(seed)  # noqa: S311 - a resample, not a secret
        count = len(self.seconds)
        hits = [one is not None and one <= limit_s for one in self.seconds]
        shares = sorted(sum(draw.choices(hits, k=count)) / count for _ in range(RESAMPLES))
        cut = int(RESAMPLES * (1.0 - CONFIDENCE) / 2.0)
        return shares[cut], shares[-cut - 1]

    @property
    def median_s(self) -> float:
        """Of the trials that were found; infinite if fewer than half were."""
        ordered = sorted(math.inf if one is None else one for one in self.seconds)
        return ordered[len(ordered) // 2] if ordered else math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a statistic said over a chat.

    Attributes:
        at: (n,) float64 seconds, not falling.
        value: (n,) float64, after each message.
    """

    at: Floats
    value: Floats

    @property
    def hours(self) -> float:
        """From first to last message."""
        return float(self.at[-1] - self.at[0]) / 3_600.0 if self.at.size else 0.0

    @property
    def peaks(self) -> Floats:
        """The highest value of each ten minutes; minus infinity where nobody wrote."""
        if not self.at.size:
            return np.zeros(0)
        block = ((self.at - self.at[0]) // BLOCK_S).astype(np.intp)
        found = np.full(int(block[-1]) + 1, -np.inf)
        np.maximum.at(found, block, self.value)
        return found


def run(chat: Chat, make: Make) -> Course:
    """Let a statistic run over a chat as it would live."""
    statistic = make()
    value = np.array([statistic.take(event) for event in chat], dtype=np.float64)
    return Course(np.array([event.at for event in chat], dtype=np.float64), value)


def threshold(courses: Sequence[Course], target: float) -> float:
    """The lowest value that alarms at most `target` times a stream-hour on these chats.

    Raises:
        BadInput: no chats, or a target that is not above zero.
    """
    if target <= 0 or not any(course.at.size for course in courses):
        raise BadInput("A threshold needs chats and a rate above zero.")
    ordered = np.sort(np.concatenate([course.peaks for course in courses]))[::-1]
    allowed = int(target * sum(course.hours for course in courses))
    if allowed >= ordered.size:
        return float(ordered[-1])
    return math.nextafter(float(ordered[allowed]), math.inf)


def false_alarms(courses: Sequence[Course], at_least: float) -> Rate:
    """Alarms on benign chats, one for each ten minutes at most."""
    count = sum(int(np.count_nonzero(course.peaks >= at_least)) for course in courses)
    return Rate.of(count, sum(course.hours for course in courses))


def laid(chat: Chat, episode: Chat, at: float) -> list[Event]:
    """A chat with an episode that begins at `at`; nothing after which it could be found."""
    moved = (replace(one, at=one.at + at) for one in episode)
    end = at + episode[0].at + HORIZON_S
    both = heapq.merge(chat, moved, key=lambda one: one.at)
    return [one for one in both if one.at <= end]


def detect(trials: Iterable[tuple[Course, float]], at_least: float) -> Found:
    """When each trial alarmed.

    Args:
        trials: over a chat with an episode, and when the episode's first message came.
        at_least: the threshold.
    """
    seconds: list[float | None] = []
    skipped = 0
    for course, began in trials:
        over = course.at[course.value >= at_least]
        if np.any((over < began) & (over >= began - BLOCK_S)):
            skipped += 1
            continue
        after = over[(over >= began) & (over <= began + HORIZON_S)]
        seconds.append(float(after[0]) - began if after.size else None)
    return Found(tuple(seconds), skipped)


def _mean_at(count: int, probability: float) -> float:
    """The Poisson mean at which `count` or fewer have a probability."""
    low, high = 0.0, 10.0 + 3.0 * count
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _at_most(count, middle) > probability else (low, middle)
    return (low + high) / 2.0


def _at_most(count: int, mean: float) -> float:
    if mean == 0.0:
        return 1.0
    terms = (math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
    return math.fsum(terms)
