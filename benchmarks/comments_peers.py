"""Statistics that run over a chat, ours and those it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from breakwater.comments.evaluate import Course, Event, Floats
from breakwater.comments.sequential import ChatSums, Seen

LEVELS = {"message": "message rule", "author": "author sum", "stream": "stream sum"}
SKEWNESS = "skewness (reimplemented)"

WINDOW_S, LEAST, EVERY_S = 300.0, 10, 5.0
TIMES = 20.0
"""The peer's values lie within one: so many times as much, the steps in which peaks are counted
cost it nothing."""


def skewness(at: Floats, nats: Floats) -> Floats:
    """A published open design: mean minus median over deviation of the last minutes' scores.

    Reimplemented from its description: scores of the last five minutes, at least ten of them,
    every five seconds.
    """
    scores = 1.0 / (1.0 + np.exp(-np.clip(nats, -30.0, 30.0)))
    value = np.full(at.size, -1.0)
    begins = np.searchsorted(at, at - WINDOW_S)
    now = 0
    while now < at.size:
        held = scores[begins[now] : now + 1]
        found = value[now - 1] if now else -1.0
        if held.size >= LEAST:
            spread = float(held.std())
            found = (float(held.mean()) - float(np.median(held))) / spread if spread > 0 else 0.0
        further = int(np.searchsorted(at, at[now] + EVERY_S))
        value[now:further] = found
        now = max(now + 1, further)
    return value


def courses(chat: Sequence[Event]) -> dict[str, Course]:
    """Every level and the peer over a chat, by name."""
    return sourced(chat)[0]


def sourced(chat: Sequence[Event]) -> tuple[dict[str, Course], dict[str, list[int]]]:
    """The same, and what each value comes from: the text, its author, who gives most."""
    sums = ChatSums()
    told, leaders = [], []
    for n, e in enumerate(chat):
        told.append(sums.take(Seen(n, e.author, e.key, e.at, e.nats)))
        leaders.append(sums.leader)
    at = np.array([event.at for event in chat], dtype=np.float64)
    nats = np.array([event.nats for event in chat], dtype=np.float64)
    values: Mapping[str, Floats] = {
        LEVELS["message"]: nats,
        LEVELS["author"]: np.array([one.author for one in told], dtype=np.float64),
        LEVELS["stream"]: np.array([one.stream for one in told], dtype=np.float64),
        SKEWNESS: TIMES * skewness(at, nats),
    }
    texts = [event.key for event in chat]
    by = {
        LEVELS["message"]: texts, LEVELS["author"]: [event.author for event in chat],
        LEVELS["stream"]: leaders, SKEWNESS: texts,
    }  # fmt: skip
    return {name: Course(at, value) for name, value in values.items()}, by
