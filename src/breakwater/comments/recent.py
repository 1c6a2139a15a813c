"""What came lately, in bounded memory: ids, fading counts of texts, how fast it comes, and keys.

Two generations: when the younger is full the older goes. What is forgotten early, under a flood,
errs towards counting: a copy may weigh like a first one, and never the other way round, so that
no flood hides evidence. Tests: tests/unit/test_comments_sequential.py.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final, Self

IDS: Final = 16_384
TEXTS: Final = 8_192
NAMES: Final = 32_768
"""Of one generation."""

MINUTE_S, QUARTER_S = 60.0, 900.0
USUAL_S: Final = 300.0
"""Before it was known so long, nothing has a usual pace that something could stand out from."""


def surprise(count: float, chance: float) -> float:
    """Nats of a Poisson count above its mean; 0 at or under it."""
    if count <= chance:
        return 0.0
    return count * math.log(count / max(chance, 1e-3)) - (count - chance)


class Pace:
    """How fast something comes: this minute, against the quarter of an hour around it.

    Attributes:
        began, at: seconds, when it is known from and when it last came.
        minute, quarter: counts that fall to 1/e in so long.
    """

    __slots__ = ("at", "began", "minute", "quarter")

    def __init__(self, began: float) -> None:
        """Begin with nothing seen."""
        self.began = self.at = began
        self.minute = self.quarter = 0.0

    def add(self, at: float) -> None:
        """It came once more; what is late counts as now."""
        passed = at - self.at
        if passed > 0.0:
            self.minute *= math.exp(-passed / MINUTE_S)
            self.quarter *= math.exp(-passed / QUARTER_S)
            self.at = at
        self.minute += 1.0
        self.quarter += 1.0

    def surprise(self) -> float:
        """Nats by which this minute stands out from the minutes before it."""
        known = self.at - self.began
        if known < USUAL_S:
            return 0.0
        usual = (self.quarter - self.minute) * MINUTE_S / min(QUARTER_S, known)
        return surprise(self.minute, max(1.0, usual))

    def snapshot(self) -> list[float]:
        """All of it."""
        return [self.began, self.at, self.minute, self.quarter]

    @classmethod
    def restored(cls, kept: Any) -> Self:
        """As it was."""
        began, at, minute, quarter = map(float, kept)
        made = cls(began)
        made.at, made.minute, made.quarter = at, minute, quarter
        return made


class Keys:
    """64-bit keyed hashes of names of one kind; those that came lately are not made again.

    Args:
        secret: at most 64 bytes.
        kind: at most 16 letters; equal names of two kinds have unlike hashes.
        size: names that are remembered, of one generation; 0: none.
    """

    def __init__(self, secret: bytes, kind: str, size: int = NAMES) -> None:
        self._begun = hashlib.blake2b(
            digest_size=8, key=secret, person=kind.encode().ljust(16, b"\0")
        )
        self._size = size
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def of(self, name: str) -> int:
        """Its hash."""
        found = self._young.get(name)
        if found is not None:
            return found
        found = self._old.get(name)
        if found is None:
            begun = self._begun.copy()
            begun.update(name.encode("utf-8", "surrogatepass"))
            found = int.from_bytes(begun.digest(), "big")
        if self._size:
            if len(self._young) >= self._size:
                self._old, self._young = self._young, {}
            self._young[name] = found
        return found


class Ids:
    """Which of the last ids came before."""

    def __init__(self, size: int = IDS) -> None:
        self._size = size
        self._young: set[int] = set()
        self._old: set[int] = set()

    def __contains__(self, key: int) -> bool:
        """Whether it came before."""
        return key in self._young or key in self._old

    def add(self, key: int) -> bool:
        """Whether it is new."""
        if key in self:
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
