"""Known answers of what proves: digests, the log's tree, signatures, and the schema of reports.

Sources: FIPS 180-4 and RFC 1321 (digests), RFC 6962 and certificate-transparency-go (tree),
RFC 8032 section 7.1 (Ed25519), NCMEC's documentation as our schema states it (reports). The plain
Python of an evidence package is held to the same answers as the program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from lxml import etree

from breakwater.app.validation.answers import Answers
from breakwater.app.validation.findings import Finding
from breakwater.media.sandbox import JailPool
from breakwater.records import merkle
from breakwater.reporting.cybertipline.example import WRITTEN, documents
from breakwater.reporting.cybertipline.read import parsed
from breakwater.reporting.packages import verify
from breakwater.reporting.receiving import rules
from breakwater.reporting.receiving.answers import Refused

REPORTS = 25


def digests(_pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """MD5, SHA-1 and SHA-256 of the standards' own examples."""
    for one in answers.said["digests"]:
        for kind in ("md5", "sha1", "sha256"):
            found = hashlib.new(kind, one["of"].encode(), usedforsecurity=False).hexdigest()
            yield Finding.equal("Digests", f'{kind.upper()} of "{one["of"]}"', one[kind], found)


def tree(_pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """Roots of the log's tree, and proofs that an entry is in it, by both programs."""
    leaves = [bytes.fromhex(one) for one in answers.said["tree"]["leaves"]]
    hashes = [merkle.leaf_hash(one) for one in leaves]
    roots = answers.said["tree"]["roots"]
    for size, root in enumerate(roots, start=1):
        found = merkle.root_of(hashes[:size]).hex()
        yield Finding.equal("Log", f"root over {size} entries", root, found)
    for number, leaf in enumerate(leaves):
        proof = merkle.inclusion_proof(hashes, number)
        ours = merkle.verify_inclusion(hashes[number], number, len(leaves), proof)
        yield Finding.equal(
            "Log", f"proof of entry {number}", roots[-1], ours.hex() if ours else "none"
        )
        path = [one.hex() for one in proof]
        told = verify.root_of(leaf, number, len(leaves), path)
        yield Finding.equal("Log", f"proof of entry {number}, verify.py", roots[-1], told)
        moved = verify.root_of(leaf + b"\x00", number, len(leaves), path) == roots[-1]
        yield Finding.equal(
            "Log", f"entry {number} changed, verify.py", "detected", _noticed(accepted=moved)
        )


def signatures(_pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """Ed25519 signatures that are right, and the same with one bit changed."""
    ways: tuple[tuple[str, Callable[[bytes, bytes, bytes], bool]], ...] = (
        ("program", _signed),
        ("verify.py", verify.signed_by),
    )
    for one in answers.said["signatures"]:
        key, message = bytes.fromhex(one["key"]), bytes.fromhex(one["message"])
        signature = bytes.fromhex(one["signature"])
        spoilt = bytes([signature[0] ^ 1]) + signature[1:]
        for way, says in ways:
            told = "right" if says(key, message, signature) else "wrong"
            yield Finding.equal("Signatures", f"{one['name']}, {way}", "right", told)
            for what, found in (
                ("signature", says(key, message, spoilt)),
                ("message", says(key, message + b"\x00", signature)),
            ):
                yield Finding.equal(
                    "Signatures", f"{one['name']}, {what} changed, {way}", "detected",
                    _noticed(accepted=found),
                )  # fmt: skip


def _signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _noticed(*, accepted: bool) -> str:
    return "not detected" if accepted else "detected"


def reports(_pool: JailPool, _answers: Answers) -> Iterator[Finding]:
    """Example reports with every element are valid; without their first element they are not."""
    faults, unnoticed, count = 0, 0, 0
    for _, document in documents(REPORTS, seed=1):
        count += 1
        faults += not _valid(document)
        unnoticed += _valid(_spoilt(document))
    yield Finding.equal("Reports", f"valid of {count} documents", count, count - faults)
    yield Finding.equal("Reports", "spoilt documents that went unnoticed", 0, unnoticed)


def _spoilt(document: bytes) -> bytes:
    """The document without its first element."""
    root: Any = parsed(document)
    root.remove(root[0])
    spoilt: bytes = etree.tostring(root)
    return spoilt


def _valid(document: bytes) -> bool:
    """Whether those who receive reports would take it."""
    takes = rules.report if parsed(document).tag == "report" else rules.file_details
    try:
        takes(document, now=WRITTEN)
    except Refused:
        return False
    return True
