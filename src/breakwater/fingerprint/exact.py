"""Exact hashes of a file's bytes: MD5, SHA-1, SHA-256.

MD5 and SHA-1 are there because lists carry them; they say "the same file", never "not
tampered with". Uploads get theirs while they are spooled (`media.spool`); this is for files
that already lie somewhere. Tests: `tests/unit/test_fingerprint_exact.py`.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Final

from breakwater.model.signal import MD5, SHA1, SHA256, Signal

KINDS: Final = (MD5, SHA1, SHA256)
_STEP: Final = 1 << 20


def exact(source: BinaryIO) -> tuple[Signal, ...]:
    """MD5, SHA-1 and SHA-256 of everything from the present position on."""
    hashes = [hashlib.new(kind.name, usedforsecurity=False) for kind in KINDS]
    while part := source.read(_STEP):
        for one in hashes:
            one.update(part)
    return tuple(Signal(kind.name, one.digest()) for kind, one in zip(KINDS, hashes, strict=True))
