"""The tree is RFC 6962's, however it grew; a proof that verifies is of that very leaf."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from breakwater.records.merkle import (
    EMPTY,
    Frontier,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_inclusion,
)

# Test inputs and roots of certificate-transparency-go, `merkletree` (RFC 6962).
INPUTS = [
    b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def recursive(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(recursive(leaves[:k]), recursive(leaves[k:]))


def test_the_published_roots_are_met():
    for size, root in enumerate(ROOTS, start=1):
        assert root_of([leaf_hash(data) for data in INPUTS[:size]]).hex() == root
    assert root_of([]) == EMPTY


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_the_growing_edge_is_the_recursive_tree(items: list[bytes]):
    leaves = [leaf_hash(item) for item in items]
    edge = Frontier()
    for leaf in leaves:
        edge = Frontier(edge.size, edge.packed())
        edge.append(leaf)
    assert edge.root() == recursive(leaves)
    assert edge.size == len(leaves)


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject):
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    at = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, at)
    assert verify_inclusion(leaves[at], at, size, proof) == root_of(leaves)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != at)) if size > 1 else None
    if other is not None:
        assert verify_inclusion(leaves[other], at, size, proof) != root_of(leaves)
        assert verify_inclusion(leaves[at], other, size, proof) != root_of(leaves)
