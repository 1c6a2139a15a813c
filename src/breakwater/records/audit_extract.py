"""Entries of the audit log about some subjects, each with its way to a signed root.

Comes in: ids of what they are about and the size of a tree that a checkpoint signs. Goes out:
each entry's canonical JSON, whose leaf hash is in the tree, and its inclusion proof (RFC 6962
§2.1.1). The leaves are read once, in order, however many entries are proven. Read by
`reporting.packages`; contract test: `tests/contract/test_packages.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from breakwater.errors import Tampered
from breakwater.records import leaves, merkle
from breakwater.records.database import Tx
from breakwater.records.merkle import Frontier
from breakwater.records.tables import core

BATCH: Final = 5_000
AT_ONCE: Final = 500
"""Subjects of one query."""

_A: Final = core.audit


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry with its proof.

    Attributes:
        leaf: its canonical JSON: `SHA-256(0x00 ‖ leaf)` stands in the tree.
        proof: hashes from the leaf's sibling up to the root's.
    """

    number: int
    leaf: str
    proof: tuple[bytes, ...]


def extract(tx: Tx, subjects: Collection[str], size: int) -> list[Proven]:
    """Entries about subjects in the tree of `size` entries, ascending.

    Raises:
        Tampered: an entry is missing.
    """
    found = {}
    wanted = list(dict.fromkeys(subjects))
    for at in range(0, len(wanted), AT_ONCE):
        part = _A.c.subject.in_(wanted[at : at + AT_ONCE])
        for row in tx.execute(sa.select(_A).where(part, _A.c.number < size)):
            found[row.number] = leaves.leaf_data(
                number=row.number, at=row.at, actor=row.actor, action=row.action,
                subject=row.subject, facts=row.facts,
            ).decode()  # fmt: skip
    numbers = sorted(found)
    proofs = inclusion_proofs(_leaves(tx, size), size, numbers)
    return [
        Proven(number, found[number], tuple(proof))
        for number, proof in zip(numbers, proofs, strict=True)
    ]


def inclusion_proofs(
    hashes: Iterator[bytes], size: int, numbers: Sequence[int]
) -> list[list[bytes]]:
    """Proofs of some leaves in one pass over all of them.

    Args:
        hashes: every leaf hash in order; `size` of them are read.
        size: of the tree.
        numbers: ascending, each below `size`.

    Raises:
        Tampered: there are fewer leaves.
    """
    proofs: list[list[bytes]] = [[] for _ in numbers]
    if numbers:
        _walk(
            hashes, size, [(number, proof) for number, proof in zip(numbers, proofs, strict=True)]
        )
    return proofs


def _walk(hashes: Iterator[bytes], size: int, wanted: list[tuple[int, list[bytes]]]) -> bytes:
    """The root over the next `size` leaves; proofs of the wanted ones grow on the way up."""
    if not wanted or size == 1:
        edge = Frontier()
        for leaf in itertools.islice(hashes, size):
            edge.append(leaf)
        if edge.size != size:
            raise Tampered("The audit log has fewer entries than were signed.")
        return edge.root()
    half = 1 << ((size - 1).bit_length() - 1)
    left = [one for one in wanted if one[0] < half]
    right = [(number - half, proof) for number, proof in wanted if number >= half]
    first = _walk(hashes, half, left)
    second = _walk(hashes, size - half, right)
    for _, proof in left:
        proof.append(second)
    for _, proof in right:
        proof.append(first)
    return merkle.node_hash(first, second)


def _leaves(tx: Tx, size: int) -> Iterator[bytes]:
    last = -1
    while last + 1 < size:
        query = (
            sa.select(_A.c.number, _A.c.leaf)
            .where(_A.c.number > last, _A.c.number < size)
            .order_by(_A.c.number)
            .limit(BATCH)
        )
        rows = tx.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield bytes(row.leaf)
        last = rows[-1].number
