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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from breakwater.comments.calibrate import BLOCK_S
from breakwater.errors import BadInput

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


def hours(chats: Iterable[Chat]) -> float:
    """Stream-hours, from first to last message of each."""
    return sum(chat[-1].at - chat[0].at for chat in chats if chat) / 3_600.0


def peaks(chat: Chat, make: Make) -> Iterator[float]:
    """The statistic's highest value in each ten minutes of a chat."""
    statistic, start, best = make(), chat[0].at if chat else 0.0, -math.inf
    for event in chat:
        while event.at - start >= BLOCK_S:
            yield best
            start, best = start + BLOCK_S, -math.inf
        best = max(best, statistic.take(event))
    if chat:
        yield best


def threshold(chats: Sequence[Chat], make: Make, target: float) -> float:
    """The lowest value that alarms at most `target` times a stream-hour on these chats.

    Raises:
        BadInput: no chats, or a target that is not above zero.
    """
    if target <= 0 or not chats:
        raise BadInput("A threshold needs chats and a rate above zero.")
    found = sorted((one for chat in chats for one in peaks(chat, make)), reverse=True)
    allowed = int(target * hours(chats))
    if allowed >= len(found):
        return found[-1]
    return math.nextafter(found[allowed], math.inf)


def false_alarms(chats: Sequence[Chat], make: Make, limit: float) -> Rate:
    """Alarms on benign chats, one for each ten minutes at most."""
    count = sum(1 for chat in chats for one in peaks(chat, make) if one >= limit)
    return Rate.of(count, hours(chats))


def laid(chat: Chat, episode: Chat, at: float) -> list[Event]:
    """A chat with an episode that begins at `at`."""
    moved = (replace(one, at=one.at + at) for one in episode)
    return list(heapq.merge(chat, moved, key=lambda one: one.at))


def seconds_to(chat: Chat, episode: Chat, at: float, make: Make, limit: float) -> float | None:
    """Seconds from an episode's first message to the first alarm; None: missed.

    Raises:
        LookupError: the chat alarmed within ten minutes before the episode.
    """
    statistic, began = make(), at + episode[0].at
    for event in laid(chat, episode, at):
        if event.at > began + HORIZON_S:
            return None
        over = statistic.take(event) >= limit
        if over and event.at >= began:
            return event.at - began
        if over and event.at >= began - BLOCK_S:
            raise LookupError(at)
    return None


def detect(trials: Iterable[tuple[Chat, Chat, float]], make: Make, limit: float) -> Found:
    """Run every trial: a chat, an episode, and where it begins in seconds."""
    seconds: list[float | None] = []
    skipped = 0
    for chat, episode, at in trials:
        try:
            seconds.append(seconds_to(chat, episode, at, make, limit))
        except LookupError:
            skipped += 1
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
