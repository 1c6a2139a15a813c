"""The ring index over plain buffers, and linear scans: exact search within a Hamming radius.

In: codes of 256 bits (PDQ) or 64 bits (video keys) as rows of bytes. Out: rows and distances,
ordered by distance, then row; recall is 1.0 at every radius. An index is four arrays that do not
depend on their address, so a segment file can be mapped and served as it lies. Built and read by
`matching`. Source: Qin and Xiao, "Pigeonring: a principle for faster thresholded similarity
search", VLDB 2018. Contract tests: tests/property/test_ring_*.py, against brute force.
"""

from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.backend import chosen

Bytes: TypeAlias = NDArray[np.uint8]
Rows: TypeAlias = NDArray[np.uint32]
Distances: TypeAlias = NDArray[np.uint16]
Found: TypeAlias = tuple[Rows, Distances]
FoundMany: TypeAlias = tuple[Rows, Rows, Distances]
Code: TypeAlias = bytes | memoryview | Bytes

BUCKETS: Final = 65536
VERIFY_LIMIT: Final = 90  # of 256 bits: where video frames still match (video copy detection)
_NO_ROWS: Final[Rows] = np.empty(0, np.uint32)
_NO_DISTANCES: Final[Distances] = np.empty(0, np.uint16)


def ring_arrays(rows: int, width: int) -> tuple[Rows, NDArray[np.uint16], Rows]:
    """Empty arrays `off`, `key`, `ids` of the shapes that `ring_build` fills."""
    bands = width // 16
    return (
        np.empty((bands, BUCKETS + 1), np.uint32),
        np.empty((bands, rows), np.uint16),
        np.empty((bands, rows), np.uint32),
    )


def ring_build(
    codes: Bytes,
    width: int,
    off: Rows | None = None,
    key: NDArray[np.uint16] | None = None,
    ids: Rows | None = None,
) -> tuple[Rows, NDArray[np.uint16], Rows]:
    """Fill the arrays of a ring index over `codes`: per band a counting sort by its 16 bits.

    Args:
        codes: (rows, width / 8) bytes, contiguous.
        width: 256 or 64.
        off: (bands, 65537): where each bucket starts. Given arrays may be mapped files.
        key: (bands, rows): the next band's word, in bucket order.
        ids: (bands, rows): row numbers, in bucket order.

    Returns:
        The three arrays, filled.

    Raises:
        ValueError: a width or a size does not fit.
    """
    if off is None or key is None or ids is None:
        if not (off is None and key is None and ids is None):
            raise ValueError("give all of off, key and ids, or none")
        off, key, ids = ring_arrays(codes.nbytes // (width // 8 or 1), width)
    chosen.module.ring_build(codes, width, off, key, ids)
    return off, key, ids


class Ring:
    """A view over one index. It borrows the arrays: they must not change while it lives.

    Every search takes `deleted`, a bitset by row (`np.packbits(mask, bitorder="little")`). A ring
    made with `verify` (a 32-byte copy a row) can check candidates on it: give `verify` and
    `verify_limit`, and the distances are those of the 256-bit copy.
    """

    __slots__ = ("_view", "rows", "width")

    def __init__(
        self,
        codes: Bytes,
        off: Rows,
        key: NDArray[np.uint16],
        ids: Rows,
        *,
        width: int = 256,
        verify: Bytes | None = None,
    ) -> None:
        """Check the shapes and bucket starts of the arrays (about 1 ms) and hold them.

        Raises:
            ValueError: sizes do not fit each other, or bucket starts are damaged.
        """
        self._view: Any = chosen.module.Ring(codes, off, key, ids, width, verify)
        self.width = width
        self.rows = codes.nbytes // (width // 8)

    @classmethod
    def build(cls, codes: Bytes, *, width: int = 256, verify: Bytes | None = None) -> Self:
        """An index in memory: 96 bytes a row (64 bits: 24) and 4 MiB (1 MiB) besides the codes."""
        off, key, ids = ring_build(codes, width)
        return cls(codes, off, key, ids, width=width, verify=verify)

    @property
    def most_radius(self) -> int:
        """The largest radius the index can search: 47 of 256 bits, 15 of 64."""
        return 47 if self.width == 256 else 15

    def search(
        self,
        code: Code,
        radius: int,
        *,
        deleted: Bytes | None = None,
        verify: Code | None = None,
        verify_limit: int = VERIFY_LIMIT,
    ) -> Found:
        """All rows within `radius` of one code, nearest first."""
        return _pair(self._view.search(code, radius, deleted, verify, verify_limit))

    def first(
        self,
        code: Code,
        radius: int,
        *,
        deleted: Bytes | None = None,
        verify: Code | None = None,
        verify_limit: int = VERIFY_LIMIT,
    ) -> tuple[int, int] | None:
        """Any one row within `radius` and its distance, or None when there is none."""
        rows, distances = self._view.first(code, radius, deleted, verify, verify_limit)
        if not rows:
            return None
        return (int.from_bytes(rows, _ORDER), int.from_bytes(distances, _ORDER))

    def nearest(
        self,
        code: Code,
        k: int,
        radius: int,
        *,
        deleted: Bytes | None = None,
        verify: Code | None = None,
        verify_limit: int = VERIFY_LIMIT,
    ) -> Found:
        """The `k` nearest rows within `radius`; of equals, the lowest rows."""
        return _pair(self._view.nearest(code, radius, deleted, verify, verify_limit, k))

    def search_batch(
        self,
        codes: Bytes,
        radius: int,
        *,
        deleted: Bytes | None = None,
        verify: Bytes | None = None,
        verify_limit: int = VERIFY_LIMIT,
    ) -> FoundMany:
        """All (query, row, distance) of many codes, in the order of `search`, query by query."""
        return _triple(self._view.search_batch(codes, radius, deleted, verify, verify_limit))

    def self_join(self, radius: int, *, deleted: Bytes | None = None) -> FoundMany:
        """All pairs of rows within `radius`, the lower row first, each once."""
        return _triple(self._view.search_batch(None, radius, deleted, None, VERIFY_LIMIT))


def scan(codes: Bytes, query: Code, radius: int, *, width: int = 256) -> Found:
    """All rows of flat codes within `radius` of one code, without an index."""
    return _pair(chosen.module.scan(codes, width, query, radius)[1:])


def scan_many(codes: Bytes, queries: Bytes, radius: int, *, width: int = 256) -> FoundMany:
    """All (query, row, distance) of many codes over flat codes, without an index."""
    return _triple(chosen.module.scan(codes, width, queries, radius))


_ORDER: Final = "little" if np.little_endian else "big"


def _pair(found: tuple[bytes, bytes]) -> Found:
    rows, distances = found
    if not rows:
        return _NO_ROWS, _NO_DISTANCES
    return np.frombuffer(rows, np.uint32), np.frombuffer(distances, np.uint16)


def _triple(found: tuple[bytes, bytes, bytes]) -> FoundMany:
    queries, rows, distances = found
    if not rows:
        return _NO_ROWS, _NO_ROWS, _NO_DISTANCES
    return (np.frombuffer(queries, np.uint32), *_pair((rows, distances)))
