"""What a part answers to many queries: parallel arrays, joined and ordered by `index`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Found(NamedTuple):
    """Parallel arrays in no order: row of the query, entry number, distance."""

    query: NDArray[np.uint32]
    number: NDArray[np.uint32]
    distance: NDArray[np.uint16]


def found(query: Any = (), number: Any = (), distance: Any = ()) -> Found:
    """Make an answer of any integer arrays."""
    return Found(
        np.asarray(query, np.uint32), np.asarray(number, np.uint32), np.asarray(distance, np.uint16)
    )
