"""How an owner and its lanes speak: frames of JSON with a block of bytes behind it.

What people wrote stands in a frame, so a frame never shows itself. A frame that is too large or
is none ends the connection. Tests: tests/integration/test_comment_lanes.py.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass, field
from typing import Any, Final

HEAD: Final = struct.Struct(">II")
MOST: Final = 256 << 20
"""Bytes of a frame: a thousand messages of the longest text, escaped, are a tenth of it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing said."""

    said: dict[str, Any] = field(repr=False)
    block: bytes = field(default=b"", repr=False)


class Broken(ConnectionError):
    """The other side is gone, or says nonsense."""


def spell(said: dict[str, Any], block: bytes = b"") -> bytes:
    """A frame as bytes; half characters survive."""
    head = json.dumps(said, separators=(",", ":")).encode()
    return HEAD.pack(len(head), len(block)) + head + block


def send(to: socket.socket, said: dict[str, Any], block: bytes = b"") -> None:
    """Say something.

    Raises:
        Broken: nobody hears.
    """
    try:
        to.sendall(spell(said, block))
    except OSError:
        raise Broken from None


def hear(of: socket.socket) -> Frame:
    """Wait for the next frame.

    Raises:
        Broken: there is none.
    """
    head, block = HEAD.unpack(_exactly(of, HEAD.size))
    if head + block > MOST:
        raise Broken
    try:
        said = json.loads(_exactly(of, head))
    except (ValueError, RecursionError):
        raise Broken from None
    return Frame(said, _exactly(of, block))


def _exactly(of: socket.socket, size: int) -> bytes:
    held = bytearray(size)
    view, got = memoryview(held), 0
    while got < size:
        try:
            more = of.recv_into(view[got:])
        except OSError:
            raise Broken from None
        if not more:
            raise Broken
        got += more
    return bytes(held)
