"""What came lately, in bounded memory: ids that were counted, and fading counts of texts.

Two generations: when the younger is full the older goes. What is forgotten early, under a flood,
errs towards counting: a copy may weigh like a first one, and never the other way round, so that
no flood hides evidence. Tests: tests/unit/test_comments_sequential.py.
"""

from __future__ import annotations

import math
from typing import Any, Final, Self

IDS: Final = 16_384
TEXTS: Final = 8_192
"""Of one generation."""


class Ids:
    """Which of the last ids came before."""

    def __init__(self, size: int = IDS) -> None:
        self._size = size
        self._young: set[int] = set()
        self._old: set[int] = set()

    def add(self, key: int) -> bool:
        """Whether it is new."""
        if key in self._young or key in self._old:
            return False
        if len(self._young) >= self._size:
            self._old, self._young = self._young, set()
        self._young.add(key)
        return True

    def snapshot(self) -> list[list[int]]:
        """Both generations."""
        return [sorted(self._young), sorted(self._old)]

    @classmethod
    def restored(cls, kept: Any, size: int = IDS) -> Self:
        """As it was."""
        made = cls(size)
        young, old = kept
        made._young, made._old = set(map(int, young)), set(map(int, old))
        return made


class Counts:
    """How often each text came, fading.

    Args:
        fade_s: seconds in which a count falls to 1/e.
    """

    def __init__(self, fade_s: float, size: int = TEXTS) -> None:
        self._fade_s = fade_s
        self._size = size
        self._young: dict[int, tuple[float, float]] = {}
        self._old: dict[int, tuple[float, float]] = {}

    def add(self, key: int, at: float) -> float:
        """Count it; answers the count before this one, as faded by now."""
        before, when = self._young.get(key) or self._old.get(key) or (0.0, at)
        before *= math.exp((when - at) / self._fade_s)
        if key not in self._young and len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = (before + 1.0, at)
        return before

    def snapshot(self) -> list[list[list[float]]]:
        """Both generations."""
        return [
            [[key, count, at] for key, (count, at) in table.items()]
            for table in (self._young, self._old)
        ]

    @classmethod
    def restored(cls, fade_s: float, kept: Any, size: int = TEXTS) -> Self:
        """As it was."""
        made = cls(fade_s, size)
        young, old = kept
        made._young = {int(key): (float(count), float(at)) for key, count, at in young}
        made._old = {int(key): (float(count), float(at)) for key, count, at in old}
        return made
