"""Why an alarm rang: which messages gave how much, by whom, and what would clear it.

A ring for each chat holds, in memory only and for half an hour, the ids and weights of messages
that gave evidence; what people wrote stays with whoever keeps it. After a restart the sums go on
and the ring is empty, and an explanation says so. Source: reference chat, "Forms".
Tests: tests/unit/test_comments_engine.py.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from breakwater.comments.peaks import Solved
from breakwater.comments.sequential import ChatSums
from breakwater.model.comment import (
    AuthorEvidence,
    Contribution,
    Explanation,
    Level,
    Message,
    Share,
    Source,
)

KEPT: Final = timedelta(minutes=30)
RING: Final = 512
"""Contributions of one chat."""

WORTH: Final = 0.1
"""Nats under which a message explains nothing."""

SHOWN: Final = 10

LOST = "Sums went on through a restart; which messages gave them is known only since then."
ABSTAINED = (
    "Not calibrated here yet: only lists of the operator and what messages do are counted, "
    "against fixed thresholds."
)
UNUSED = "The model was not used: only lists of the operator and what messages do are counted."
UNCOUNTED = "No hours of this traffic were counted yet: the thresholds are fixed ones."
CAUTIOUS = "Few hours of this traffic were seen: the threshold is higher than it will be."
NOTES = (LOST, ABSTAINED, UNUSED, UNCOUNTED, CAUTIOUS)
"""What the engine may say of itself beside an alarm."""


class Ring:
    """What gave evidence in one chat lately."""

    def __init__(self) -> None:
        """Begin empty."""
        self._told: deque[Contribution] = deque(maxlen=RING)
        self._names: dict[int, str] = {}
        self.restored = False

    def add(self, message: Message, author: int, nats: float, by: tuple[Share, ...]) -> None:
        """Keep a message's weight; its text is not taken."""
        if nats < WORTH:
            return
        self._told.append(Contribution(message.id, message.author, message.at, nats, by))
        self._names[author] = message.author
        while self._told and message.at - self._told[0].at > KEPT:
            self._told.popleft()
        if len(self._names) > 2 * RING:
            living = {one.author for one in self._told}
            self._names = {key: name for key, name in self._names.items() if name in living}

    def heaviest(self) -> tuple[Contribution, ...]:
        """At most ten, the heaviest first."""
        return tuple(heapq.nlargest(SHOWN, self._told, key=lambda one: one.nats))

    def unweighed(self) -> bool | None:
        """Whether the model weighed none of what it holds; None: it holds nothing."""
        parts = [[share.source for share in one.by] for one in self._told]
        return all(Source.MODEL not in one for one in parts) if parts else None

    def explain(
        self,
        *,
        sums: ChatSums,
        at: float,
        level: Level,
        solved: Solved,
        rate: Callable[[float], float],
        lang: str,
        band: str,
        abstained: bool,
        fixed: bool,
    ) -> Explanation:
        """Everything a person is told beside an alarm.

        Args:
            sums: of this chat.
            at: seconds, of the sums' clock.
            level: that alarmed.
            solved: its threshold.
            rate: alarms per stream-hour that a threshold gives on ordinary traffic.
            lang: of the calibration.
            band: of the calibration.
            abstained: the model was not used.
            fixed: the threshold is a fixed one, for nothing is known of ordinary traffic.
        """
        names = self._names
        notes = [LOST] if self.restored else []
        if abstained:
            notes.append(ABSTAINED if fixed else UNUSED)
        elif fixed or solved.cautious:
            notes.append(UNCOUNTED if fixed else CAUTIOUS)
        return Explanation(
            alarms_per_hour=rate(solved.threshold),
            messages=self.heaviest(),
            authors=tuple(
                AuthorEvidence(names.get(key, ""), messages, evidence)
                for key, messages, evidence in sums.authors(at)
            ),
            clears_in_s=_clears_in(sums, level, solved.threshold),
            lang=lang, band=band, benign_hours=solved.hours, abstained=abstained,
            notes=tuple(notes),
        )  # fmt: skip


def _clears_in(sums: ChatSums, level: Level, threshold: float) -> float:
    """Of a message nothing fades, and what lies across fades by more than one law."""
    if level is Level.STREAM:
        return sums.clears_in(threshold)
    return sums.author_clears_in(threshold) if level is Level.AUTHOR else 0.0
