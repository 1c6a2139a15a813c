"""The verifier's own arithmetic beside the libraries: Ed25519, PDQ in eight views, inclusion."""

from __future__ import annotations

import ast
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater import kernel
from breakwater.kernel import twin_pdq
from breakwater.records import merkle
from breakwater.reporting.packages import verify

RFC8032 = (
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
)  # fmt: skip


@pytest.mark.parametrize(("key", "message", "signature"), RFC8032)
def test_signatures_of_the_rfc(key, message, signature):
    public, said, signed = map(bytes.fromhex, (key, message, signature))
    assert verify.signed_by(public, said, signed)
    assert not verify.signed_by(public, said + b"x", signed)
    for at in (0, 31, 32, 63):
        bent = bytearray(signed)
        bent[at] ^= 1
        assert not verify.signed_by(public, said, bytes(bent))


def test_signatures_of_the_library_and_none_that_is_malleable():
    for n in range(5):
        key = Ed25519PrivateKey.generate()
        public, said = key.public_key().public_bytes_raw(), b"%d" % n
        signed = key.sign(said)
        assert verify.signed_by(public, said, signed)
        scalar = int.from_bytes(signed[32:], "little") + verify.Q
        assert not verify.signed_by(public, said, signed[:32] + scalar.to_bytes(32, "little"))
        assert not verify.signed_by(bytes(32 * [255]), said, signed)
        assert not verify.signed_by(public[:31], said, signed)


def pictures():
    rng = np.random.default_rng(3)
    yield rng.integers(0, 256, (480, 640, 3), np.uint8)
    yield rng.integers(0, 256, (64, 64), np.uint8)
    yield np.indices((211, 97)).sum(0).astype(np.uint8)
    yield np.full((70, 90, 3), 7, np.uint8)
    smooth = rng.integers(0, 256, (9, 11), np.uint8).repeat(40, 0).repeat(40, 1)
    yield np.ascontiguousarray(smooth)


def test_pdq_from_luma_is_the_kernels_in_all_views():
    for pixels in pictures():
        luma = kernel.luma64(pixels)
        found = verify.coefficients(values := array("f", luma.astype("<f4").tobytes()))
        hashes, quality = kernel.pdq_from_luma64(luma)
        assert verify.pdq_of(found, "original") == hashes.hex()
        assert verify.quality_of(values) == quality
        turned = [twin_pdq._bits(c) for c in twin_pdq._orientations(twin_pdq._coefficients(luma))]
        assert [verify.pdq_of(found, view) for view in verify.VIEWS] == [v.hex() for v in turned]
        if pixels.shape[:2] != (64, 64):  # of which all views are hashed filtered, the first not
            assert [v.hex() for v in kernel.pdq_dihedral(pixels)[0]] == [v.hex() for v in turned]


def test_its_table_of_cosines_is_the_kernels():
    table = np.array([list(row) for row in verify.DCT], np.float32)
    assert (table == twin_pdq.DCT).all()


def test_inclusion_is_that_of_the_log():
    for size in (1, 2, 7, 64, 100):
        leaves = [b"%d" % n for n in range(size)]
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        for at in range(0, size, 3):
            proof = [one.hex() for one in merkle.inclusion_proof(hashes, at)]
            assert verify.root_of(leaves[at], at, size, proof) == merkle.root_of(hashes).hex()
            for bad in ([*proof, "00" * 32], proof[:-1] or ["00" * 32]):
                try:
                    found = verify.root_of(leaves[at], at, size, bad)
                except ValueError:
                    continue
                assert found != merkle.root_of(hashes).hex()
    with pytest.raises(ValueError, match="not in a tree"):
        verify.root_of(b"x", 3, 3, [])


def test_it_needs_nothing_but_pythons_own_library():
    tree = ast.parse(Path(verify.__file__).read_text())
    named = {
        alias.name.partition(".")[0]
        for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    } | {
        str(node.module).partition(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)
    }  # fmt: skip
    assert named <= sys.stdlib_module_names
