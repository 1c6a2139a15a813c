"""What was weighed and could not be kept: what is sent again is neither weighed nor rung anew.

It goes with the chat's next batch, which its sender repeats where this one failed. In memory,
bounded: a database that is away for long loses the oldest. Used by `live.hearing` and
`conversations`. Tests: tests/unit/test_comment_owed.py.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from breakwater.model.ids import Id
from breakwater.recognition.hearing.answers import LaneAnswer

MOST: Final = 1_000
"""Chats whose figures and alarms wait for a database that can be written to."""


class Owed:
    """Figures and alarms of batches that were not kept, by chat. For several threads."""

    def __init__(self) -> None:
        """Begin with nothing owed."""
        self._lock = threading.Lock()
        self._due: OrderedDict[Id, LaneAnswer] = OrderedDict()

    def keep(self, chat: Id, heard: LaneAnswer) -> None:
        """Remember a batch that was not kept, beside what is owed already."""
        with self._lock:
            due = self._due.get(chat)
            self._due[chat] = heard if due is None else _added(due, heard)
            self._due.move_to_end(chat)
            while len(self._due) > MOST:
                self._due.popitem(last=False)

    def with_what_is_due(self, chat: Id, heard: LaneAnswer) -> LaneAnswer:
        """What a batch weighs, with the figures and alarms that one before it left."""
        with self._lock:
            due = self._due.pop(chat, None)
        return heard if due is None else _added(due, heard)


def _added(due: LaneAnswer, heard: LaneAnswer) -> LaneAnswer:
    alarms = {one.level: one for one in (*due.alarms, *heard.alarms)}
    captured = {(one.message, one.text): one for one in (*heard.captured, *due.captured)}
    return replace(
        heard, scored=heard.scored + due.scored, failed=heard.failed + due.failed,
        nats=heard.nats + due.nats, alarms=tuple(alarms.values()),
        captured=tuple(captured.values()),
    )  # fmt: skip
