"""The folding table: `folding.txt` as the arrays that the kernel reads.

In: the text table made by `tools/make_folding.py` (Unicode 15.0: compatibility forms, case, all
of UTS 39's look-alikes, classes). Out: blocks of 256 code points, cells, and a pool of what they
become; laid out as kernel/text.h says. Models name the version they were trained for.
Tests: tests/unit/test_comment_folding.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

TABLE: Final = Path(__file__).with_name("folding.txt")
CODES: Final = 0x110000
KINDS: Final = ("gap", "letter", "mark", "overlay", "invisible", "emoji", "broken")
SCRIPTS: Final = ("none", "latin", "cyrillic", "greek", "east", "other")
FLAGS: Final = {"-": 0, "f": 1 << 6, "c": 1 << 7}


@dataclass(frozen=True, slots=True, eq=False)
class Folding:
    """The table in the kernel's layout.

    Attributes:
        version: of the table; another one folds otherwise.
        unicode: whose characters it knows.
        folded: how many characters become something else.
        blocks: (4352,) which block of cells 256 code points have.
        cells: (n * 256,).
        pool: code points that others become.
    """

    version: int
    unicode: str
    folded: int
    blocks: NDArray[np.uint16]
    cells: NDArray[np.uint32]
    pool: NDArray[np.uint32]

    @property
    def tables(self) -> tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint32]]:
        """As the kernel takes them."""
        return self.blocks, self.cells, self.pool


def _spans(words: list[str]) -> list[tuple[int, int]]:
    pairs = (word.partition("-") for word in words)
    return [(int(low, 16), int(high or low, 16) + 1) for low, _, high in pairs]


@lru_cache(maxsize=1)
def folding() -> Folding:
    """The shipped table; read once."""
    facts: dict[str, str] = {}
    cells = np.zeros(CODES, np.uint32)
    pool: list[int] = []
    folded = 0
    for line in TABLE.read_text("ascii").splitlines():
        word, *rest = line.split()
        if word == "kind":
            cell = KINDS.index(rest[0]) | SCRIPTS.index(rest[1]) << 3
            for low, high in _spans(rest[2:]):
                cells[low:high] = cell
        elif word == "map":
            target = [int(one, 16) for one in rest[0].split(",")]
            cell = FLAGS[rest[1]] | len(target) << 8 | len(pool) << 13
            pool += target
            for low, high in _spans(rest[2:]):
                cells[low:high] |= np.uint32(cell)
                folded += high - low
        elif word != "#":
            facts[word] = rest[0]
    distinct: dict[bytes, int] = {}
    blocks = [distinct.setdefault(one.tobytes(), len(distinct)) for one in cells.reshape(-1, 256)]
    return Folding(
        int(facts["version"]), facts["unicode"], folded,
        np.array(blocks, np.uint16), np.frombuffer(b"".join(distinct), np.uint32),
        np.array(pool, np.uint32),
    )  # fmt: skip
