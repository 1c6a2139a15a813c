"""The embedded `Bus`: wakes threads of this process when something was committed.

Carries hints only; whoever waits reads SQL afterwards, so a lost hint costs time, never work.
Fed by `Tx.emit` after commit; read by the worker, server-sent events and the index feeder.
"""

from __future__ import annotations

import threading
from collections import defaultdict


class LocalBus:
    """Topics as counters under one condition; satisfies `model.ports.Bus`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._seen: defaultdict[str, int] = defaultdict(int)

    def notify(self, topic: str) -> None:
        """Say that something of this topic was committed."""
        with self._condition:
            self._seen[topic] += 1
            self._condition.notify_all()

    def count(self, topic: str) -> int:
        """How often the topic was notified: read it before SQL, hand it to `wait_past`."""
        with self._condition:
            return self._seen[topic]

    def wait(self, topic: str, timeout_s: float) -> bool:
        """Sleep until the topic is notified anew; False when the time ran out."""
        return self.wait_past(topic, self.count(topic), timeout_s)

    def wait_past(self, topic: str, count: int, timeout_s: float) -> bool:
        """Sleep until the topic was notified more often than `count`: no hint falls between."""
        with self._condition:
            return self._condition.wait_for(lambda: self._seen[topic] > count, timeout_s)
