"""Ten minutes with an alarm, which wait for who looks at them: ordinary ones teach.

Peaks come in with the chat they are of; they go out when people decided, or after a day in which
nobody found anything. Kept in snapshots, so that a restart forgets no decision that is still to
come: numbers, and our own ids of chats. Used by `engine`. Tests: tests/unit/test_comments_engine.py.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from breakwater.comments.calibrate import Band
from breakwater.model.comment import Level

MOST: Final = 5_000
"""Blocks that wait; the oldest is forgotten."""

SETTLED_S: Final = 86_400.0
"""An alarm nobody found anything in for so long was one of ordinary traffic."""


@dataclass(frozen=True, slots=True)
class Block:
    """Peaks of ten minutes.

    Attributes:
        service, lang, band: of its chat when they were over.
        at: seconds of its end, by the messages' clock.
        sources: keyed hash of the text or account that gave each peak.
    """

    service: str
    lang: str
    band: Band
    peaks: Mapping[Level, float]
    at: float
    sources: Mapping[Level, int] = field(default_factory=dict)


class Waiting:
    """Blocks of all chats of one engine, the oldest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._blocks: OrderedDict[tuple[str, float], Block] = OrderedDict()

    def add(self, stream: str, began: float, block: Block) -> None:
        """Keep one."""
        self._blocks[stream, began] = block
        while len(self._blocks) > MOST:
            self._blocks.popitem(last=False)

    def of(self, stream: str) -> list[Block]:
        """Those of a chat, which wait no more."""
        return [self._blocks.pop(key) for key in [one for one in self._blocks if one[0] == stream]]

    def settled(self, at: float) -> Iterator[Block]:
        """Those nobody answered within a day, which wait no more."""
        while self._blocks:
            key, block = next(iter(self._blocks.items()))
            if at - block.at < SETTLED_S:
                return
            del self._blocks[key]
            yield block

    def snapshot(self) -> list[list[Any]]:
        """All, for JSON."""
        return [
            [
                stream, began, one.service, one.lang, one.band.value,
                {level.value: peak for level, peak in one.peaks.items()}, one.at,
                {level.value: source for level, source in one.sources.items()},
            ]
            for (stream, began), one in self._blocks.items()
        ]  # fmt: skip

    def restore(self, kept: Sequence[Sequence[Any]]) -> None:
        """Take up those of a snapshot; raises what a wrong form raises."""
        for stream, began, service, lang, band, peaks, at, *more in kept:
            held = {Level(level): float(peak) for level, peak in peaks.items()}
            by = {Level(level): int(source) for one in more for level, source in one.items()}
            block = Block(str(service), str(lang), Band(band), held, float(at), by)
            self._blocks[str(stream), float(began)] = block
