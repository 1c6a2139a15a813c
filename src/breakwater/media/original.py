"""A transport stream kept as it came: its own bytes, cut where a key frame begins.

Bytes of the connection go in, pieces come out; nothing is taken apart or put together again, so
that sound, tables and all else stay as they were sent. What the demuxer says of a video packet
tells where a piece may end: never behind the beginning of a frame that may yet be a key frame.
Runs inside the jail. Fed by `media.live`, beside `media.remux` for what comes otherwise. Tests:
`tests/unit/test_media_original.py`.
"""

from __future__ import annotations

from typing import Any, Final

PACKET: Final = 188
_SYNC: Final = 0x47
_TABLES: Final = 4
"""Packets before a key frame among which its tables may be: they belong to it."""

_PIECE: Final = 512 << 10
_PIECE_S: Final = 0.5
_MOST: Final = 8 << 20
"""Bytes after which a piece ends anywhere: no frame is so large."""


class Original:
    """What came of one pull and is not given away yet."""

    container: Final = "mpegts"
    refused: Final = 0

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._begin = self._safe = 0
        self._sent_s = 0.0
        self._key = False

    def feed(self, body: bytes) -> None:
        """Take bytes as they come, before the demuxer has them."""
        self._bytes += body

    def put(self, packet: Any, *, video: bool) -> None:
        """A packet that the demuxer found: frames after it begin behind it."""
        if video and packet.pos is not None:
            self._safe = max(self._safe, int(packet.pos))

    def take(self, time_s: float, *, key: bool) -> tuple[bytes, bool]:
        """What can be given away, in pieces of about half a second, and whether a key frame is first.

        Args:
            time_s: of the packet that was put last.
            key: it was a key frame: what came before it is given away, and it begins the next.
        """
        end = self._safe - self._begin
        if len(self._bytes) > _MOST:
            end = len(self._bytes)
        elif key:
            end = self._tables(end)
        elif end < _PIECE and abs(time_s - self._sent_s) < _PIECE_S:
            return b"", False
        begun, self._key = self._key, key or (self._key and end <= 0)
        if end <= 0:
            return b"", False
        self._sent_s = time_s
        return self._cut(end), begun

    def close(self) -> tuple[bytes, bool]:
        """The rest, and whether a key frame is first in it."""
        return self._cut(len(self._bytes)), self._key

    def _tables(self, at: int) -> int:
        """Where the tables right before a frame begin; the frame's own place without them."""
        for before in range(1, _TABLES + 1):
            place = at - before * PACKET
            if place < 0 or self._bytes[place] != _SYNC:
                break
            if self._bytes[place + 1] & 0x1F == 0 and self._bytes[place + 2] == 0:
                return place
        return at

    def _cut(self, end: int) -> bytes:
        with memoryview(self._bytes) as held:
            piece = bytes(held[:end])
        del self._bytes[:end]
        self._begin += len(piece)
        return piece
