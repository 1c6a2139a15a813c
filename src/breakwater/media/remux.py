"""Original packets of a broadcast, put into a container that can be cut anywhere.

Packets of the pull go in, bytes come out in pieces; nothing is decoded or encoded. MPEG
transport stream where it carries the codecs, because it can be joined in the middle; else
Matroska, whose head must be kept in front. Runs inside the jail. Tests:
`tests/integration/test_live_pull.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import av
from av.error import FFmpegError

_TS_CODECS: Final = frozenset({
    "h264", "hevc", "mpeg2video", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus",
})  # fmt: skip
_PIECE: Final = 128 << 10
_PIECE_S: Final = 0.5
"""What is on its way when a broadcast is cut may be lost to its pre-roll: so much at most."""


class Remuxer:
    """One output; a packet that it cannot take is counted, never raised."""

    def __init__(self, streams: Iterable[Any]) -> None:
        """Take the streams of the pull."""
        wanted = list(streams)
        names = {one.codec_context.name for one in wanted if one.codec_context is not None}
        self.container = "mpegts" if names <= _TS_CODECS else "matroska"
        self._parts: list[bytes] = []
        self._size = 0
        self._sent_s = 0.0
        self.refused = 0
        options = {"live": "1", "cluster_time_limit": "1000"}
        if self.container == "mpegts":
            options = {"mpegts_flags": "resend_headers", "muxdelay": "0"}
        self._out = av.open(
            self, mode="w", format=self.container, options=options, buffer_size=32 << 10
        )
        self._to: dict[int, Any] = {}
        for one in wanted:
            try:
                self._to[one.index] = self._out.add_stream_from_template(one)
            except (FFmpegError, ValueError):
                continue  # each of its packets is refused

    def write(self, piece: bytes) -> int:
        """Called by the muxer."""
        self._parts.append(bytes(piece))
        self._size += len(piece)
        return len(piece)

    def put(self, packet: Any, *, video: bool) -> None:  # noqa: ARG002 - as `Original.put` asks it
        """Give it one packet; its times are those of the output afterwards."""
        to = self._to.get(packet.stream_index)
        if to is None or packet.dts is None:
            self.refused += 1
            return
        packet.stream = to
        try:
            self._out.mux(packet)
        except (FFmpegError, ValueError):
            self.refused += 1

    def take(self, time_s: float, *, key: bool) -> tuple[bytes, bool]:
        """What is ready, in pieces of about half a second, and whether a key frame is in it.

        Args:
            time_s: of the packet that was put last.
            key: a key frame was put, so what comes next can stand alone.
        """
        late = abs(time_s - self._sent_s) >= _PIECE_S
        if not self._parts or not (key or late or self._size >= _PIECE):
            return b"", False
        piece = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._sent_s = time_s
        return piece, key

    def close(self) -> tuple[bytes, bool]:
        """The rest; no key frame begins in it."""
        with suppress(FFmpegError, ValueError):
            self._out.close()
        piece = b"".join(self._parts)
        self._parts.clear()
        return piece, False
