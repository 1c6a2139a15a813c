"""Near copies among the entries of a list: stacks, found as entries come in.

New PDQ entries are joined with one another and with all earlier ones of their list by a ring index
over the new ones alone, a block at a time: memory is that of one block, however long the list is.
A few new ones ask the list's own index instead. Whoever is within `BITS` is of one cluster, and a
new entry that is near two clusters makes them one; the smallest number names it. How far a list
was gone through is kept with the clusters, so that a job that was killed goes on there. Exactly
equal values are one entry already. Contract: `tests/contract/test_hub_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel import Ring
from breakwater.matching.index import Index
from breakwater.model.bank import Bank
from breakwater.model.grading import NEAR_BITS
from breakwater.model.signal import PDQ
from breakwater.model.work import Beat
from breakwater.records import banks, hub_clusters, hub_lists, jobs
from breakwater.records.database import Database

CLUSTER_JOB: Final = "hub.cluster"

BITS: Final = NEAR_BITS
"""As near as pictures are that graders settle with one look; the kind's own limit (31) would join
what merely resembles."""

BLOCK: Final = 250_000
"""New entries at once: a ring of 32 MB."""

EARLIER: Final = 100_000
"""Earlier entries read at once."""

FEW: Final = 2_000
"""New entries up to which the list's index is asked, instead of reading the list."""

AT_ONCE: Final = 64
"""Queries of one search: their answers are bounded by 64 times the block."""

MOST_PAIRS: Final = 1_000_000
"""Answers of one search above which only the nearest are taken."""

NEAREST: Final = 32

Pairs = Iterator[tuple[int, int, int]]


class Clusters:
    """Finds near copies in shared lists."""

    def __init__(self, *, db: Database, index: Index, block: int = BLOCK) -> None:
        self._db = db
        self._index = index
        self._block = block

    def turn(self) -> None:
        """Queue every list that has entries nobody compared yet."""
        with self._db.read() as tx:
            behind = [
                one.bank_number for one in hub_lists.every(tx)
                if hub_clusters.newest(tx, one.bank_number, PDQ.name)
                > hub_clusters.compared(tx, one.bank_number)
            ]  # fmt: skip
        for number in behind:
            with self._db.transaction() as tx:
                jobs.enqueue(tx, CLUSTER_JOB, {"bank": number}, dedup_key=f"{CLUSTER_JOB}/{number}")

    def run(self, payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        """Compare what is new in one list, block by block, until nothing is."""
        with self._db.read() as tx:
            bank = banks.by_number(tx, int(payload["bank"]))
        while self.step(bank, lambda: beat(0.5)):
            pass

    def step(self, bank: Bank, beat: Callable[[], None] = lambda: None) -> int:
        """Compare one block; answers how many entries were in it, 0 at the end."""
        with self._db.read() as tx:
            after = hub_clusters.compared(tx, bank.number)
            numbers, values = hub_clusters.codes(
                tx, bank.number, PDQ.name, after=after, last=1 << 32, limit=self._block,
                quality=PDQ.min_quality,
            )  # fmt: skip
            newest = hub_clusters.newest(tx, bank.number, PDQ.name)
        last = int(numbers[-1]) if len(numbers) == self._block else max(newest, after)
        near = list(self._near(bank, numbers, values, after, beat)) if len(numbers) else []
        with self._db.transaction() as tx:
            tx.lock_changes()
            if hub_clusters.compared(tx, bank.number) != after:
                return len(numbers)  # another worker did this block
            known = hub_clusters.of_many(tx, {one for pair in near for one in pair[:2]})
            hub_clusters.join(tx, *joined(near, known))
            hub_clusters.compare_to(tx, bank.number, last)
        return len(numbers)

    def _near(
        self, bank: Bank, numbers: NDArray[np.uint32], values: NDArray[np.uint8], after: int,
        beat: Callable[[], None],
    ) -> Pairs:  # fmt: skip
        """Pairs within the bound: two numbers and their distance, the smaller number first."""
        ring = Ring.build(np.ascontiguousarray(values), width=PDQ.bits)
        yield from _pairs(ring, numbers, numbers, values, beat)
        if not after:
            return
        if len(numbers) <= FEW:
            yield from self._by_index(bank, numbers, values, after)
            return
        at = 0
        while True:
            with self._db.read() as tx:
                earlier, codes = hub_clusters.codes(
                    tx, bank.number, PDQ.name, after=at, last=after, limit=EARLIER,
                    quality=PDQ.min_quality,
                )  # fmt: skip
            if not len(earlier):
                return
            yield from _pairs(ring, numbers, earlier, codes, beat)
            at = int(earlier[-1])

    def _by_index(
        self, bank: Bank, numbers: NDArray[np.uint32], values: NDArray[np.uint8], after: int
    ) -> Pairs:
        """What the index of all banks knows, and what it does not: proposed entries."""
        found: list[tuple[int, int, int]] = []
        for number, value in zip(numbers.tolist(), values, strict=True):
            hits = self._index.search_one(PDQ.name, value.tobytes(), BITS)
            found += [(other, number, bits) for other, bits in hits if other <= after]
        with self._db.read() as tx:
            mine = hub_clusters.of_bank(tx, bank.number, {other for other, _, _ in found})
            waiting, codes = hub_clusters.proposed(tx, bank.number, PDQ.name, last=after)
        yield from (pair for pair in found if pair[0] in mine)
        if len(waiting):
            ring = Ring.build(np.ascontiguousarray(codes), width=PDQ.bits)
            yield from _pairs(ring, waiting, numbers, values, lambda: None)


def _pairs(
    ring: Ring, rows: NDArray[np.uint32], asking: NDArray[np.uint32],
    values: NDArray[np.uint8], beat: Callable[[], None],
) -> Pairs:  # fmt: skip
    """Who of those that ask is near to whom in the ring; each pair of one block once."""
    for start in range(0, len(asking), AT_ONCE):
        part = np.ascontiguousarray(values[start : start + AT_ONCE])
        queries, found, bits = ring.search_batch(part, BITS)
        if len(found) > MOST_PAIRS:
            queries, found, bits = _nearest(ring, part)
        left, right = asking[start + queries.astype(np.int64)], rows[found]
        keep = left != right
        low, high = np.minimum(left, right)[keep], np.maximum(left, right)[keep]
        yield from zip(low.tolist(), high.tolist(), bits[keep].tolist(), strict=True)
        if start % (AT_ONCE * 256) == 0:
            beat()


def _nearest(
    ring: Ring, part: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
    """The nearest of each, where very many are near."""
    queries, rows, bits = [], [], []
    for at, code in enumerate(part):
        found, distances = ring.nearest(code.tobytes(), NEAREST, BITS)
        queries += [at] * len(found)
        rows.append(found)
        bits.append(distances)
    return np.array(queries, np.uint32), np.concatenate(rows), np.concatenate(bits)


def joined(
    near: Sequence[tuple[int, int, int]], known: Mapping[int, int]
) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
    """Clusters that follow from pairs.

    Args:
        near: two entries and the bits in which they differ.
        known: clusters that stand, by entry.

    Returns:
        Each entry of the pairs with its cluster and the distance to its nearest; and clusters
        that are no more, with what they are part of now.
    """
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    nearest: dict[int, int] = {}
    for left, right, bits in near:
        for one in (left, right):
            nearest[one] = min(bits, nearest.get(one, bits))
        _unite(parent, root, (known.get(left, left), known.get(right, right), left, right))
    found = {one: (root(one), bits) for one, bits in nearest.items()}
    merged = {one: root(one) for one in set(known.values()) if root(one) != one}
    return found, merged


def _unite(parent: dict[int, int], root: Callable[[int], int], all_of: Iterable[int]) -> None:
    """One set of them, named by its smallest number."""
    roots = {root(one) for one in all_of}
    least = min(roots)
    for one in roots:
        parent[one] = least
