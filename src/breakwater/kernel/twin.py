"""The kernel's ring in NumPy: the oracle of the compiled one, and the fallback without it.

Same functions, arguments and answers as `_kernel`; PDQ's half is twin_pdq. The search follows
the ring index itself (Qin and Xiao, VLDB 2018), so that a host without a compiler still does not
scan everything. Contract tests: tests/property/test_ring_*.py runs both over the same cases.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.twin_pdq import luma64, pdq, pdq_dihedral, pdq_from_luma64
from breakwater.kernel.twin_text import text_features, text_fold, text_weigh
from breakwater.kernel.twin_views import shrink, view_hashes

__all__ = [
    "Ring",
    "jpeg_pixels",
    "jpeg_shape",
    "luma64",
    "pdq",
    "pdq_dihedral",
    "pdq_from_luma64",
    "ring_build",
    "scan",
    "shrink",
    "text_features",
    "text_fold",
    "text_weigh",
    "variant",
    "variants",
    "view_hashes",
]

BUCKETS: Final = 65536
PAIRS_AT_ONCE: Final = 1 << 22  # distances held at once in a scan: 32 MiB
MASKS: Final = np.array(
    [0]
    + [1 << a for a in range(16)]
    + [1 << a | 1 << b for a in range(16) for b in range(a + 1, 16)]
    + [
        1 << a | 1 << b | 1 << c
        for a in range(16)
        for b in range(a + 1, 16)
        for c in range(b + 1, 16)
    ],
    np.uint16,
)
MASK_COUNTS: Final = {-1: 0, 0: 1, 1: 17, 2: 137, 3: 697}


def variant() -> str:
    """The name of this implementation."""
    return "twin"


def jpeg_shape(_data: Any) -> None:
    """No file is read here: what the kernel leaves, a general decoder reads anyway."""


def jpeg_pixels(_data: Any, _grey: bool, _out: Any) -> bool:
    """Never; see `jpeg_shape`."""
    return False


def variants() -> tuple[str, ...]:
    """The names of the variants in this module."""
    return ("twin",)


def _matrix(buffer: Any, name: str, columns: int) -> NDArray[np.uint8]:
    view = memoryview(buffer)
    if view.itemsize != 1:
        raise TypeError(f"{name} needs items of 1 bytes, got {view.itemsize}")
    if view.nbytes % columns:
        raise ValueError(f"{name} is not a whole number of {columns}-byte rows below 2**32")
    if view.nbytes == 0:
        return np.empty((0, columns), np.uint8)
    return np.frombuffer(view, np.uint8).reshape(-1, columns)


def _bands(width: int) -> int:
    if width not in {64, 256}:
        raise ValueError(f"width must be 64 or 256, got {width}")
    return width // 16


def _sized(array: Any, name: str, kind: type[np.generic], size: int) -> NDArray[Any]:
    view = memoryview(array)
    if view.itemsize != np.dtype(kind).itemsize:
        raise TypeError(f"{name} needs items of {np.dtype(kind).itemsize} bytes")
    if view.nbytes != size * view.itemsize:
        raise ValueError(f"{name} needs {size * view.itemsize} bytes, got {view.nbytes}")
    return np.asarray(array).view(kind).reshape(-1) if view.nbytes else np.empty(0, kind)


def ring_build(codes: Any, width: int, off: Any, key: Any, ids: Any) -> None:
    """Fill the arrays of a ring index; see `breakwater.kernel.ring.ring_build`."""
    bands = _bands(width)
    words = _matrix(codes, "codes", width // 8).view(np.uint16)
    rows = len(words)
    starts = _sized(off, "off", np.uint32, bands * (BUCKETS + 1)).reshape(bands, -1)
    keys = _sized(key, "key", np.uint16, bands * rows).reshape(bands, rows)
    numbers = _sized(ids, "ids", np.uint32, bands * rows).reshape(bands, rows)
    for band in range(bands):
        order = np.argsort(words[:, band], kind="stable")
        counts = np.bincount(words[:, band], minlength=BUCKETS)
        starts[band, 0] = 0
        starts[band, 1:] = np.cumsum(counts)
        keys[band] = words[order, (band + 1) % bands]
        numbers[band] = order


def plan(bands: int, radius: int) -> tuple[list[int], list[int]]:
    """Thresholds of one band alone and of it with the next, for a radius."""
    total = radius + 1
    own = [(band + 1) * total // bands - band * total // bands - 1 for band in range(bands)]
    pair = [own[band] + own[(band + 1) % bands] + 1 for band in range(bands)]
    return own, pair


def _distances(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint16]:
    different = left.view(np.uint64) ^ right.view(np.uint64)
    distances: NDArray[np.uint16] = np.bitwise_count(different).sum(axis=-1, dtype=np.uint16)
    return distances


def _ordered(
    queries: NDArray[Any], rows: NDArray[Any], distances: NDArray[Any]
) -> tuple[bytes, bytes, bytes]:
    order = np.lexsort((rows, distances, queries))
    return (
        queries[order].astype(np.uint32).tobytes(),
        rows[order].astype(np.uint32).tobytes(),
        distances[order].astype(np.uint16).tobytes(),
    )


def scan(codes: Any, width: int, queries: Any, radius: int) -> tuple[bytes, bytes, bytes]:
    """All (query, row, distance) within the radius over flat codes."""
    _bands(width)
    if not 0 <= radius <= 256:
        raise ValueError(f"radius must be 0 to 256, got {radius}")
    matrix = _matrix(codes, "codes", width // 8)
    wanted = _matrix(queries, "queries", width // 8)
    step = max(1, PAIRS_AT_ONCE // max(1, len(matrix)))
    found: list[tuple[NDArray[Any], ...]] = []
    for at in range(0, len(wanted), step):
        distances = _distances(wanted[at : at + step, None, :], matrix[None, :, :])
        query, row = np.nonzero(distances <= radius)
        found.append((query + at, row, distances[query, row]))
    return _ordered(*_joined(found))


def _joined(parts: list[tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], ...]:
    if not parts:
        return tuple(np.empty(0, np.uint32) for _ in range(3))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


class Ring:
    """A view over the arrays of one index; see `breakwater.kernel.ring.Ring`."""

    def __init__(  # noqa: PLR0917 - the compiled type is positional
        self, codes: Any, off: Any, key: Any, ids: Any, width: int, verify: Any = None
    ) -> None:
        self.bands = _bands(width)
        self.codes = _matrix(codes, "codes", width // 8)
        self.rows = len(self.codes)
        starts = _sized(off, "off", np.uint32, self.bands * (BUCKETS + 1))
        self.off = starts.reshape(self.bands, -1).astype(np.int64)
        self.key = _sized(key, "key", np.uint16, self.bands * self.rows)
        self.ids = _sized(ids, "ids", np.uint32, self.bands * self.rows)
        self.copy = None if verify is None else _matrix(verify, "verify", 32)
        if self.copy is not None and len(self.copy) != self.rows:
            raise ValueError(f"verify needs {self.rows * 32} bytes, got {self.copy.nbytes}")
        for band, line in enumerate(self.off):
            if line[0] != 0 or line[-1] != self.rows or (np.diff(line) < 0).any():
                raise ValueError(f"the bucket starts of band {band} are damaged")

    def search(
        self, query: Any, radius: int, deleted: Any, verify: Any, limit: int
    ) -> tuple[bytes, bytes]:
        """All rows within the radius of one query."""
        if len(_matrix(query, "queries", self.bands * 2)) != 1:
            raise ValueError("search takes one query; search_batch takes several")
        return self.search_batch(query, radius, deleted, verify, limit)[1:]

    def first(
        self, query: Any, radius: int, deleted: Any, verify: Any, limit: int
    ) -> tuple[bytes, bytes]:
        """Any one row within the radius."""
        return self.nearest(query, radius, deleted, verify, limit, 1)

    def nearest(  # noqa: PLR0917 - the compiled type is positional
        self, query: Any, radius: int, deleted: Any, verify: Any, limit: int, k: int
    ) -> tuple[bytes, bytes]:
        """The k nearest rows."""
        if k < 1:
            raise ValueError(f"k must be 1 to 2147483647, got {k}")
        rows, distances = self.search(query, radius, deleted, verify, limit)
        return rows[: 4 * k], distances[: 2 * k]

    def search_batch(
        self, queries: Any, radius: int, deleted: Any, verify: Any, limit: int
    ) -> tuple[bytes, bytes, bytes]:
        """All (query, row, distance); without queries, the ring's own pairs."""
        most = (4 if self.bands == 4 else 3) * self.bands - 1
        if not 0 <= radius <= most:
            raise ValueError(f"radius must be 0 to {most}, got {radius}")
        wanted = self.codes if queries is None else _matrix(queries, "queries", self.bands * 2)
        copies = None if verify is None else _matrix(verify, "verify queries", 32)
        if copies is not None:
            self._check_verify(copies, len(wanted), limit)
        gone = self._deleted(deleted)
        found: list[tuple[NDArray[Any], ...]] = []
        for number, code in enumerate(wanted):
            if queries is None and gone[number]:
                continue
            rows = self._candidates(code, radius)
            distances = _distances(self.codes[rows], code)
            keep = (distances <= radius) & ~gone[rows]
            if queries is None:
                keep &= rows > number
            rows, distances = rows[keep], distances[keep]
            if copies is not None and self.copy is not None:
                distances = _distances(self.copy[rows], copies[number])
                rows, distances = rows[distances <= limit], distances[distances <= limit]
            found.append((np.full(len(rows), number), rows, distances))
        return _ordered(*_joined(found))

    def _check_verify(self, copies: NDArray[np.uint8], wanted: int, limit: int) -> None:
        if self.copy is None:
            raise ValueError("this ring has no 256-bit copy to verify on")
        if not 0 <= limit <= 256:
            raise ValueError(f"verify limit must be 0 to 256, got {limit}")
        if len(copies) != wanted:
            raise ValueError(f"verify queries needs {wanted * 32} bytes, got {copies.nbytes}")

    def _deleted(self, deleted: Any) -> NDArray[np.bool_]:
        if deleted is None:
            return np.zeros(self.rows, np.bool_)
        bits = np.unpackbits(np.frombuffer(deleted, np.uint8), bitorder="little")
        if len(bits) < self.rows:
            raise ValueError("tombstones needs one bit for every row")
        return bits[: self.rows].astype(np.bool_)

    def _candidates(self, code: NDArray[np.uint8], radius: int) -> NDArray[np.uint32]:
        """Rows that satisfy the ring's condition in some band, ascending, each once."""
        words = code.view(np.uint16)
        own, pair = plan(self.bands, radius)
        found = [np.empty(0, np.uint32)]
        for band in range(self.bands):
            masks = MASKS[: MASK_COUNTS[own[band]]]
            if not len(masks) or not self.rows:
                continue
            buckets = words[band] ^ masks
            starts, ends = self.off[band, buckets], self.off[band, buckets.astype(np.int64) + 1]
            sizes = ends - starts
            places = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            places += band * self.rows
            limits = np.repeat(pair[band] - np.bitwise_count(masks).astype(np.int64), sizes)
            following = np.bitwise_count(self.key[places] ^ words[(band + 1) % self.bands])
            rows = self.ids[places[following <= limits]]
            found.append(rows[rows < self.rows])
        return np.unique(np.concatenate(found))
