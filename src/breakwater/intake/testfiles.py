"""Always-match files: harmless pictures with which an integration proves its wiring.

As the EICAR file does for virus scanners: two small pictures, made here from nothing, whose
SHA-256 always answers "block" and "hold" to a *test* key. They are in no bank, and with an
ordinary key they are what they look like: two plain pictures.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from functools import cache

from breakwater.errors import NotFound
from breakwater.model.match import Action, Verdict

NAMES = ("block.png", "hold.png")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(shift: int) -> bytes:
    """A 64×64 grey weave, stored without compression so that it is the same for ever."""
    rows = b"".join(
        b"\0" + bytes(((x * (3 + shift)) ^ (y * 5)) & 0xFF for x in range(64)) for y in range(64)
    )
    packed = b"\x78\x01" + b"\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    packed += struct.pack(">I", zlib.adler32(rows))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


@cache
def files() -> Mapping[str, bytes]:
    """The files by name."""
    return {name: _png(shift) for shift, name in enumerate(NAMES)}


@cache
def _verdicts() -> Mapping[str, Verdict]:
    words = "An always-match test file, sent with a test key."
    return {
        hashlib.sha256(files()[name]).hexdigest(): Verdict(action, f"test.{action.value}", words)
        for name, action in zip(NAMES, (Action.BLOCK, Action.HOLD), strict=True)
    }


def verdict(sha256: str) -> Verdict | None:
    """The fixed verdict on an always-match file; None for every other file."""
    return _verdicts().get(sha256)


def content(name: str) -> bytes:
    """The bytes of one test file.

    Raises:
        NotFound: there are only `block.png` and `hold.png`.
    """
    try:
        return files()[name]
    except KeyError:
        raise NotFound(f"Test files: {', '.join(NAMES)}.") from None
