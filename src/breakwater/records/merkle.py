"""The tree of RFC 6962 §2.1, kept by its right edge so that an append is O(log n).

Leaf `SHA-256(0x00 ‖ data)`, inner node `SHA-256(0x01 ‖ left ‖ right)`. A `Frontier` is the
roots of the full subtrees, largest first: the bits of its size say how large each is.
Pure: bytes in, bytes out. Read by `records.audit`; tests: `tests/property/test_merkle.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
SIZE: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree's right edge."""

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        """Take up a stored edge.

        Raises:
            ValueError: not the edge of a tree of this size.
        """
        if len(packed) != SIZE * size.bit_count():
            raise ValueError("the stored edge does not fit the tree's size")
        self.size = size
        self.roots = [packed[at : at + SIZE] for at in range(0, len(packed), SIZE)]

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        bits = self.size
        while bits & 1:
            leaf = node_hash(self.roots.pop(), leaf)
            bits >>= 1
        self.roots.append(leaf)
        self.size += 1

    def packed(self) -> bytes:
        """As it is stored."""
        return b"".join(self.roots)

    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.roots:
            return EMPTY
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    edge = Frontier()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of RFC 6962 §2.1.1: what one needs to get from a leaf to the root."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), root_of(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), root_of(leaves[:half])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that the proof leads to (RFC 9162 §2.1.3.2); None when it fits no such tree."""
    if not 0 <= index < size:
        return None
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        at >>= 1
        last >>= 1
    return node if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
