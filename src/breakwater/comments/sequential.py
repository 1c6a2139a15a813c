"""What the messages of one chat come to, one after another: by author, and over all of them.

Scored messages go in; after each one its levels come out: the message itself, its author (a
one-sided CUSUM with forgetting), the stream (a noisy-OR over authors), and a flood beside them.
An author's sum is bounded a message, discounted for copies, and normed by how much they write:

    n ← n·e^(−Δ/600);  L = min(nats, 3);  L > 0: L /= 1 + n;  n += 1;  z = log(1 + ½(e^L − 1))
    C ← max(0, C·e^(−Δ/1800) + z);  r ← r·e^(−Δ/600) + 1;  c = C / √(1 + r/2)
    S = Σ over authors of max(0, log(1 + .03(e^c − 1)) − log(1 + .03(e − 1)))

The published form takes two nats off each author, above 100 messages a minute only; one at every
speed finds more in fast chats (benchmarks/comments.py). More evidence in a message never lowers a
sum; the stream's is as last summed, at most four seconds ago. State is bounded; snapshots hold
sums, never text. Source: reference chat. Tests: tests/unit/test_comments_sequential.py.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from breakwater.comments.recent import Counts, Ids, Pace
from breakwater.errors import BadInput

BOUND: Final = 3.0
"""Nats that one message gives at most to a sum: no message alone decides."""

MIX: Final = 0.5
"""Of an author's messages, the share that carry evidence, if any does."""

SHARE: Final = 0.03
"""Of a chat's authors, the share that take part, if any does."""

AUTHOR_S, RATE_S, COPIES_S = 1800.0, 600.0, 600.0
CHANCE: Final = 1.0
"""Nats that an author comes to by chance: only what is over them counts for the stream."""

SILENT_S: Final = 1800.0
"""An author silent for so long is forgotten."""

AGAIN_S, STRONG = 4.0, 2.0
"""The stream is summed at evidence: at once for a strong message, else every four seconds."""

SUSPECTS: Final = 256
"""Authors with evidence that are kept at least; the weakest go first."""

AUTHORS: Final = 8_192
"""Authors without evidence whose rate is known."""

FORM: Final = 2


def _gain(nats: float) -> float:
    return math.log1p(MIX * math.expm1(nats))


def _part(nats: float) -> float:
    return math.log1p(SHARE * math.expm1(nats))


_LESS: Final = _part(CHANCE)


@dataclass(frozen=True, slots=True)
class Seen:
    """One scored message.

    Attributes:
        message: 64-bit keyed hash of its id; a message is counted once.
        author: 64-bit keyed hash of the account.
        skeleton: 64-bit key of the text as it is compared.
        at: seconds, of any clock that goes on; what is late counts as now.
        nats: calibrated log-likelihood ratio.
    """

    message: int
    author: int
    skeleton: int
    at: float
    nats: float


@dataclass(frozen=True, slots=True)
class Sums:
    """Where the levels stand after a message, in nats.

    Attributes:
        message: of this message, not bounded, not discounted.
        author: of its author, not normed: pasting and chatter do not dilute it.
        stream: of all authors; as last summed.
        flood: surprise of this minute against the chat's own quarter of an hour.
        per_minute: messages, smoothed over a minute.
        new: False for a message that was counted before.
    """

    message: float
    author: float
    stream: float
    flood: float
    per_minute: float
    new: bool = True


class _Author:
    """C, r and when, of one author."""

    __slots__ = ("at", "messages", "rate", "sum")

    def __init__(self, sum_: float, rate: float, at: float, messages: int) -> None:
        self.sum = sum_
        self.rate = rate
        self.at = at
        self.messages = messages

    def decayed(self, at: float) -> float:
        return self.sum * math.exp((self.at - at) / AUTHOR_S)


class ChatSums:
    """The sums of one chat. Not for several threads at once."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._suspects: dict[int, _Author] = {}
        self._others: OrderedDict[int, _Author] = OrderedDict()
        self._copies = Counts(COPIES_S)
        self._ids = Ids()
        self._pace: Pace | None = None
        self._summed_at = -math.inf
        self._stream = 0.0
        self.leader = 0
        """Keyed hash of who gave most of the stream's sum when it was last summed; 0: nobody."""

    def take(self, seen: Seen) -> Sums:
        """Count one message; the same message twice changes nothing.

        Raises:
            BadInput: a time or evidence that is no finite number.
        """
        if not (math.isfinite(seen.at) and math.isfinite(seen.nats)):
            raise BadInput("A message's time and evidence are finite numbers.")
        pace = self._pace
        if pace is None:
            pace = self._pace = Pace(seen.at)
        if not self._ids.add(seen.message):
            return self._sums(pace, seen.nats, self._author_now(seen.author, pace.at), new=False)
        pace.add(seen.at)
        at = pace.at
        bounded = min(seen.nats, BOUND)
        copies = self._copies.add(seen.skeleton, at)
        if bounded > 0.0:
            bounded /= 1.0 + copies
        gain = _gain(bounded)
        author = self._count(seen.author, gain, at)
        if gain > 0.0 and (bounded >= STRONG or at - self._summed_at >= AGAIN_S):
            self._stream, self._summed_at = self.stream(at), at
        return self._sums(pace, seen.nats, author.sum)

    def knows(self, message: int) -> bool:
        """Whether a message was counted lately."""
        return message in self._ids

    def at(self, at: float) -> float:
        """A time as this chat counts it: never before its last message."""
        return max(at, self._pace.at) if self._pace else at

    def stream(self, at: float) -> float:
        """The sum over authors at a time that is not before the last message."""
        total = most = 0.0
        for key, one in self._suspects.items():
            passed = at - one.at
            if passed < SILENT_S:
                fade = math.exp(-passed / AUTHOR_S)
                sum_ = one.sum * fade
                if sum_ > CHANCE:
                    rate = one.rate * (fade * fade * fade)  # RATE_S is a third of AUTHOR_S
                    part = _part(sum_ / math.sqrt(1.0 + rate / 2.0)) - _LESS
                    if part > 0.0:
                        total += part
                        if part > most:
                            most, self.leader = part, key
        return total

    def authors(self, at: float, count: int = 10) -> list[tuple[int, int, float]]:
        """(keyed hash, messages, evidence) of those who give most, the first first."""
        standing = [
            (key, one.messages, one.decayed(at))
            for key, one in self._suspects.items()
            if at - one.at < SILENT_S
        ]
        return heapq.nlargest(count, standing, key=lambda one: one[2])

    def author_clears_in(self, threshold: float) -> float:
        """Seconds of silence until what each author came to is under a threshold."""
        now = self.at(0.0)
        most = max((one.decayed(now) for one in self._suspects.values()), default=0.0)
        return AUTHOR_S * math.log(most / threshold) if 0.0 < threshold <= most else 0.0

    def clears_in(self, threshold: float, step_s: float = 15.0) -> float:
        """Seconds of silence until the stream's sum stays under a threshold."""
        now = self.at(0.0)
        held = [
            (one.sum, one.rate, now - one.at)
            for one in self._suspects.values()
            if now - one.at < SILENT_S
        ]
        if not held:
            return 0.0
        sums, rates, silent = np.array(held, dtype=np.float64).T
        passed = silent + np.arange(0.0, SILENT_S + step_s, step_s)[:, np.newaxis]
        fade = np.exp(-passed / AUTHOR_S)
        parts = np.log1p(SHARE * np.expm1(sums * fade / np.sqrt(1.0 + rates * fade**3 / 2.0)))
        parts = np.where(passed < SILENT_S, np.maximum(parts - _LESS, 0.0), 0.0)
        over = np.flatnonzero(parts.sum(axis=1) >= threshold)
        return float(over[-1] + 1) * step_s if over.size else 0.0

    def snapshot(self) -> dict[str, Any]:
        """Sums as plain numbers, for JSON; no text and no names."""
        rows = [
            [key, one.sum, one.rate, one.at, one.messages]
            for table in (self._suspects, self._others)
            for key, one in table.items()
        ]
        return {
            "form": FORM, "pace": self._pace.snapshot() if self._pace else None,
            "stream": self._stream, "leader": self.leader, "suspects": len(self._suspects),
            "summed_at": None if math.isinf(self._summed_at) else self._summed_at,
            "authors": rows, "copies": self._copies.snapshot(), "ids": self._ids.snapshot(),
        }  # fmt: skip

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> Self:
        """The sums as they were.

        Raises:
            BadInput: not a snapshot of this form.
        """
        made = cls()
        try:
            if kept["form"] != FORM:
                raise BadInput(f"These sums are of form {kept['form']}; this program reads {FORM}.")
            rows = [
                (int(key), _Author(float(sum_), float(rate), float(when), int(messages)))
                for key, sum_, rate, when, messages in kept["authors"]
            ]
            made._suspects = dict(rows[: int(kept["suspects"])])
            made._others = OrderedDict(rows[int(kept["suspects"]) :])
            made._stream, made.leader = float(kept["stream"]), int(kept.get("leader", 0))
            made._pace = None if kept["pace"] is None else Pace.restored(kept["pace"])
            summed = kept["summed_at"]
            made._summed_at = -math.inf if summed is None else float(summed)
            made._copies = Counts.restored(COPIES_S, kept["copies"])
            made._ids = Ids.restored(kept["ids"])
        except (KeyError, TypeError, ValueError):
            raise BadInput("These are not the sums of a chat.") from None
        return made

    def _count(self, key: int, gain: float, at: float) -> _Author:
        one = self._suspects.pop(key, None) or self._others.pop(key, None)
        if one is None or at - one.at >= SILENT_S:
            one = _Author(0.0, 0.0, at, 0)
        one.sum = max(0.0, one.decayed(at) + gain)
        one.rate = one.rate * math.exp((one.at - at) / RATE_S) + 1.0
        one.at = at
        one.messages += 1
        if one.sum > 0.0:
            self._suspects[key] = one
            if len(self._suspects) > 2 * SUSPECTS:
                self._keep_heaviest(at)
        else:
            self._others[key] = one
            if len(self._others) > AUTHORS:
                self._others.popitem(last=False)
        return one

    def _keep_heaviest(self, at: float) -> None:
        """A crowd of weak authors never pushes out a strong one."""
        speaking = [pair for pair in self._suspects.items() if at - pair[1].at < SILENT_S]
        kept = heapq.nlargest(SUSPECTS, speaking, key=lambda pair: pair[1].decayed(at))
        self._suspects = dict(kept)

    def _author_now(self, key: int, at: float) -> float:
        one = self._suspects.get(key)
        return one.decayed(at) if one else 0.0

    def _sums(self, pace: Pace, nats: float, author: float, *, new: bool = True) -> Sums:
        return Sums(nats, author, self._stream, pace.surprise(), pace.minute, new)
