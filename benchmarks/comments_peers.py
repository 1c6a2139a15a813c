"""Statistics that run over a chat, ours and those it is compared with."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from breakwater.comments.evaluate import Course, Event
from breakwater.comments.sequential import ChatSums, Seen


class Skewness:
    """A published open design: mean minus median over deviation of the last minutes' scores.

    Reimplemented from its description: scores of the last five minutes, at least ten of them.
    """

    WINDOW_S = 300.0
    LEAST = 10
    EVERY = 5.0

    def __init__(self) -> None:
        self._held: deque[tuple[float, float]] = deque()
        self._value = -math.inf
        self._next = 0.0

    def take(self, event: Event) -> float:
        self._held.append((event.at, 1 / (1 + math.exp(-max(-30.0, min(30.0, event.nats))))))
        while event.at - self._held[0][0] > self.WINDOW_S:
            self._held.popleft()
        if event.at < self._next or len(self._held) < self.LEAST:
            return self._value
        self._next = event.at + self.EVERY
        scores = [score for _, score in self._held]
        spread = statistics.pstdev(scores)
        middle = statistics.median(scores)
        self._value = (statistics.fmean(scores) - middle) / spread if spread > 0 else 0.0
        return self._value


def ours(chat: Sequence[Event]) -> dict[str, Course]:
    """Our levels over a chat, from one run: message, author, stream."""
    sums = ChatSums()
    told = [sums.take(Seen(n, e.author, e.key, e.at, e.nats)) for n, e in enumerate(chat)]
    at = np.array([event.at for event in chat], dtype=np.float64)
    values = {
        "message": [one.message for one in told], "author": [one.author for one in told],
        "stream": [one.stream for one in told],
    }  # fmt: skip
    return {name: Course(at, np.array(held, dtype=np.float64)) for name, held in values.items()}


def together(levels: Mapping[str, Course], limits: Mapping[str, float]) -> Course:
    """All levels as the product runs them: the largest, as a share of its threshold."""
    shares = [levels[name].value / limits[name] for name in limits]
    return Course(next(iter(levels.values())).at, np.max(shares, axis=0))
