"""What goes over the socket between the parent and a jailed child.

A request is JSON from the parent, sent with the media's file descriptor. An answer is two
lengths, a JSON header and a block of fixed records; the parent reads it as untrusted input
(a child may have been taken over): sizes are capped, every field is checked, nothing is ever
unpickled. Tests: `tests/unit/test_media_wire.py`.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, BinaryIO, Final

from breakwater.errors import BreakwaterError
from breakwater.model.media import Fault, MediaLimits, MediaType, Reason, Undecodable
from breakwater.model.signal import (
    MD5,
    SHA1,
    SHA256,
    Fingerprint,
    Fingerprints,
    Signal,
    View,
    kind_named,
)

LENGTHS: Final = struct.Struct("<II")
MAX_HEADER: Final = 64 << 10
MAX_BLOCK: Final = 32 << 20
_RECORD: Final = struct.Struct("<BBBBid")
_VIEWS: Final = tuple(View)
_NO_FRAME: Final = -1
_MAX_SIDE: Final = 1 << 20


class BadAnswer(BreakwaterError):
    """A jailed child answered something that is not well formed. It was ended."""

    code = "bad_answer"


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do inside the jail.

    Attributes:
        op: name of the handler in the entry module.
        type: what the magic said.
        limits: caps of this decode.
        args: numbers and words the handler needs.
        source: the media, read only.
    """

    op: str
    type: MediaType
    limits: MediaLimits
    source: BinaryIO
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back: a small header and a block of bytes."""

    header: Mapping[str, Any]
    block: bytes = b""


def request(op: str, kind: MediaType, limits: MediaLimits, args: Mapping[str, Any]) -> bytes:
    """Write a request; its length goes in front."""
    body = json.dumps({"op": op, "type": kind, "limits": asdict(limits), "args": dict(args)})
    data = body.encode()
    return struct.pack("<I", len(data)) + data


def read_job(body: bytes, source: BinaryIO) -> Job:
    """Read a request inside the child; it comes from the parent and is trusted."""
    fields = json.loads(body)
    limits = MediaLimits(**fields["limits"])
    return Job(fields["op"], MediaType(fields["type"]), limits, source, fields["args"])


def write_answer(answer: Answer) -> bytes:
    """Spell an answer for the socket."""
    header = json.dumps(dict(answer.header)).encode()
    return LENGTHS.pack(len(header), len(answer.block)) + header + answer.block


def lengths(prefix: bytes) -> tuple[int, int]:
    """Read and check the two lengths of an answer.

    Raises:
        BadAnswer: over the caps.
    """
    header, block = LENGTHS.unpack(prefix)
    if header > MAX_HEADER or block > MAX_BLOCK:
        raise BadAnswer("Its lengths are over the caps.")
    return header, block


def read_answer(header: bytes, block: bytes) -> Answer:
    """Read the parts of an answer in the parent.

    Raises:
        BadAnswer: the header is not a JSON object.
    """
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError):
        raise BadAnswer("Its header is not JSON.") from None
    if not isinstance(fields, dict):
        raise BadAnswer("Its header is not an object.")
    return Answer(fields, block)


def failure(outcome: Undecodable) -> Answer:
    """An `Undecodable` as an answer."""
    return Answer({"failed": outcome.reason, "fault": outcome.fault, "detail": outcome.detail})


def read_failure(answer: Answer, kind: MediaType) -> Undecodable | None:
    """The `Undecodable` in an answer; None when it succeeded.

    Raises:
        BadAnswer: unknown reason or fault.
    """
    if "failed" not in answer.header:
        return None
    try:
        reason, fault = Reason(answer.header["failed"]), Fault(answer.header["fault"])
        detail = answer.header["detail"]
    except (ValueError, KeyError):
        raise BadAnswer("Its reason is unknown.") from None
    if not isinstance(detail, str):
        raise BadAnswer("Its detail is not text.")
    return Undecodable(reason, fault, detail[:200], kind)


def write_fingerprints(prints: Fingerprints) -> Answer:
    """Spell fingerprints: a table of kinds in the header, one record each in the block."""
    kinds = sorted({item.signal.kind for item in prints.items})
    parts = []
    for item in prints.items:
        parts.append(
            _RECORD.pack(
                kinds.index(item.signal.kind), item.quality, _VIEWS.index(item.view),
                item.compatible, _NO_FRAME if item.frame is None else item.frame,
                math.nan if item.time_s is None else item.time_s,
            )
        )  # fmt: skip
        parts.append(item.signal.value)
    header = {
        "type": prints.type, "width": prints.width, "height": prints.height,
        "frames": prints.frames, "duration_s": prints.duration_s, "kinds": kinds,
        "coverage": prints.coverage,
    }  # fmt: skip
    return Answer(header, b"".join(parts))


def read_fingerprints(answer: Answer, kind: MediaType) -> Fingerprints:
    """Read and check fingerprints from a child.

    Raises:
        BadAnswer: a field is missing, of another type or out of its range.
    """
    header = answer.header
    try:
        kinds = [kind_named(_text(name)) for name in header["kinds"]]
        coverage = _text(header["coverage"])
        if coverage not in {"all", "sampled", "key_frames"}:
            raise BadAnswer("Its coverage is unknown.")
        items = tuple(_records(answer.block, kinds))
        return Fingerprints(
            kind.value,
            _whole(header["width"], _MAX_SIDE),
            _whole(header["height"], _MAX_SIDE),
            _whole(header["frames"], 1 << 31),
            seconds(header["duration_s"]),
            items,
            coverage,
        )
    except (KeyError, TypeError, ValueError, IndexError, struct.error) as error:
        raise BadAnswer(f"Its fingerprints are not well formed ({type(error).__name__}).") from None


def with_exact(prints: Fingerprints, digests: tuple[bytes, bytes, bytes]) -> Fingerprints:
    """Put MD5, SHA-1 and SHA-256 in front: made by the parent, which nobody has taken over."""
    exact = tuple(
        Fingerprint(Signal(kind.name, value))
        for kind, value in zip((MD5, SHA1, SHA256), digests, strict=True)
    )
    return replace(prints, items=exact + prints.items)


def _records(block: bytes, kinds: list[Any]) -> list[Fingerprint]:
    """Every record of a block; raises what `read_fingerprints` turns into `BadAnswer`."""
    items: list[Fingerprint] = []
    at = 0
    while at < len(block):
        number, quality, view, compatible, frame, time_s = _RECORD.unpack_from(block, at)
        kind = kinds[number]
        at += _RECORD.size
        value = block[at : at + kind.size]
        at += kind.size
        if len(value) != kind.size or quality > 100 or compatible > 1 or frame < _NO_FRAME:
            raise BadAnswer("A record is out of its range.")
        whole = frame == _NO_FRAME
        items.append(
            Fingerprint(
                Signal(kind.name, value), quality, None if whole else frame,
                None if whole else seconds(time_s), _VIEWS[view], bool(compatible),
            )
        )  # fmt: skip
    return items


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadAnswer("A field is not text.")
    return value


def _whole(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise BadAnswer("A field is not a whole number in its range.")
    return value


def seconds(value: object) -> float:
    """A number of seconds from a child.

    Raises:
        BadAnswer: it is none.
    """
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e9:
        raise BadAnswer("A field is not a number of seconds.")
    return float(value)


def receive_exactly(connection: socket.socket, size: int) -> bytes:
    """Read `size` bytes, or fewer at the end of the stream."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            break
        parts += part
    return bytes(parts)
