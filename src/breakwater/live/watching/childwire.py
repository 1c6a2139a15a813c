"""What jailed children say of broadcasts, read as untrusted input.

A child may have been taken over by what it decodes: sizes are capped, every field is checked,
nothing is unpickled. Watchers forward a child's message as it came, with `stream`, `epoch` and
`at` put in front; the owner reads it here. Written by `recognition.watch_task`. Tests:
`tests/integration/test_live_pull.py`.
"""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.media import wire
from breakwater.media.wire import BadAnswer
from breakwater.model.copies import FramePrints
from breakwater.model.ids import Id
from breakwater.model.live import Ending, LiveFrame, LiveShape, PullEnd, Pulse
from breakwater.model.media import Level
from breakwater.model.signal import PDQ, Fingerprint, Signal, View

MAX_MESSAGE: Final = 8 << 20
_READ: Final = 1 << 18
_VIEWS: Final = tuple(View)
_MOST_VIEWS: Final = 128
_HASH: Final = 32
_MAX_SIDE: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its kind, its fields, its bytes."""

    kind: str
    fields: Mapping[str, Any]
    block: bytes = b""


class Inbox:
    """Messages out of a stream of bytes that come in any pieces."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, connection: socket.socket) -> bool:
        """Read what is there without waiting; False at the end of the stream."""
        try:
            body = connection.recv(_READ, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._bytes += body
        return bool(body)

    def messages(self) -> Iterator[Message]:
        """Every whole message.

        Raises:
            BadAnswer: over the caps, or not an object with a kind.
        """
        head = wire.LENGTHS.size
        while len(self._bytes) >= head:
            header, block = wire.lengths(bytes(self._bytes[:head]))
            if block > MAX_MESSAGE:
                raise BadAnswer("Its message is over the cap.")
            whole = head + header + block
            if len(self._bytes) < whole:
                return
            with memoryview(self._bytes) as seen:  # a piece of the original is copied once
                spelled, body = (
                    bytes(seen[head : head + header]),
                    bytes(seen[head + header : whole]),
                )
            answer = wire.read_answer(spelled, body)
            del self._bytes[:whole]
            kind = answer.header.get("t")
            if not isinstance(kind, str):
                kind = "end" if "failed" in answer.header else ""
            yield Message(kind, answer.header, answer.block)


def spell(kind: str, block: bytes = b"", **fields: Any) -> bytes:
    """A message between owner and watcher."""
    return wire.write_answer(wire.Answer({"t": kind, **fields}, block))


def forward(message: Message, *, stream: Id, epoch: int, at: float) -> bytes:
    """A child's message with whose it is."""
    said = {**message.fields, "t": message.kind, "stream": stream, "epoch": epoch, "at": at}
    header = json.dumps(said).encode()
    return wire.LENGTHS.pack(len(header), len(message.block)) + header + message.block


def frame(message: Message) -> LiveFrame:
    """Read a frame.

    Raises:
        BadAnswer: a field is missing or out of its range.
    """
    said = message.fields
    try:
        number, time_s = _whole(said["n"], 1 << 40), _number(said["time"], 1e9)
        width, height = _whole(said["width"], _MAX_SIDE), _whole(said["height"], _MAX_SIDE)
        qualities = [_whole(one, 100) for one in said["quality"]]
        counts = [_whole(said[name], _MOST_VIEWS) for name in ("query", "reference")]
        block, at = message.block, 0
        prints: list[Fingerprint] = []
        for quality in qualities[:2]:
            prints += _eight(block[at : at + 8 * _HASH], quality, number, time_s)
            at += 8 * _HASH
        views = []
        for count in counts:
            size = count * (_HASH + 2)
            views.append(_views(block[at : at + size], count, time_s))
            at += size
        return LiveFrame(
            stream=Id(str(said["stream"])), epoch=int(said["epoch"]), number=number,
            time_s=time_s, at=datetime.fromtimestamp(float(said["at"]), UTC),
            key=said["key"] is True, width=width, height=height, prints=tuple(prints),
            query=views[0], reference=views[1], work_ms=_number(said["ms"], 1e7),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"Its frame is not well formed ({type(error).__name__}).") from None


def smallest(message: Message) -> NDArray[np.uint8] | None:
    """The (h, w) grey of a frame's message that a still of level S1 shows; None when there is none.

    Raises:
        BadAnswer: it is larger than such a still.
    """
    sides = message.fields.get("still")
    most_wide, most_high = Level.S1.box
    if not isinstance(sides, list) or len(sides) != 2:
        raise BadAnswer("Its still has no size.")
    rows, columns = _whole(sides[0], most_high), _whole(sides[1], most_wide)
    if not rows * columns:
        return None
    if len(message.block) < rows * columns:
        raise BadAnswer("Its still is not whole.")
    return np.frombuffer(message.block[-rows * columns :], np.uint8).reshape(rows, columns)


def small_still(message: Message) -> bytes:
    """The still of an answer; empty when there is none.

    Raises:
        BadAnswer: what stands there is no WebP picture.
    """
    picture = message.block
    if not picture:
        return b""
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP":
        raise BadAnswer("Its still is not a WebP picture.")
    return picture


def shape(message: Message) -> LiveShape:
    """Read what a broadcast says of itself. Raises `BadAnswer`."""
    said = message.fields
    words = [str(said.get(name, ""))[:20] for name in ("video", "audio", "container")]
    try:
        width, height = _whole(said["width"], _MAX_SIDE), _whole(said["height"], _MAX_SIDE)
    except KeyError:
        raise BadAnswer("Its shape is not whole.") from None
    return LiveShape(words[0], width, height, words[1], words[2])


def pulse(message: Message) -> Pulse:
    """Read how a pull fares. Raises `BadAnswer`."""
    said = message.fields
    try:
        counts = [_whole(said.get(name, 0), 1 << 50) for name in ("packets", "bytes")]
        times = [_number(said.get(name, 0.0), 1e9) for name in ("media", "wall", "cpu")]
        bad, looked, refused = (
            _whole(said.get(name, 0), 1 << 50) for name in ("bad", "looked", "refused")
        )
    except TypeError:
        raise BadAnswer("Its pulse is not well formed.") from None
    return Pulse(counts[0], counts[1], times[0], times[1], bad, looked, times[2], refused)


def end(message: Message) -> PullEnd:
    """Read why a pull ended; what it does not know is `broken`."""
    said = message.fields
    try:
        why = Ending(said["why"])
    except (KeyError, ValueError):
        why = Ending.BROKEN
    detail = str(said.get("detail", ""))[:200]
    try:
        return PullEnd(why, detail, pulse(message))
    except BadAnswer:
        return PullEnd(why, detail)


def _eight(block: bytes, quality: int, number: int, time_s: float) -> list[Fingerprint]:
    if len(block) != 8 * _HASH:
        raise BadAnswer("Its hashes are cut short.")
    return [
        Fingerprint(
            Signal(PDQ.name, block[at * _HASH : (at + 1) * _HASH]), quality, number, time_s, view
        )
        for at, view in enumerate(_VIEWS)
    ]


def _views(block: bytes, count: int, time_s: float) -> FramePrints:
    if len(block) != count * (_HASH + 2):
        raise BadAnswer("Its views are cut short.")
    table = np.frombuffer(block, np.uint8)
    hashes = table[count : count + count * _HASH].reshape(count, _HASH)
    return FramePrints(time_s, table[:count], hashes, table[count + count * _HASH :])


def _whole(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise BadAnswer("A field is not a whole number in its range.")
    return value


def _number(value: object, largest: float) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > largest:
        raise BadAnswer("A field is not a number in its range.")
    return float(value)
