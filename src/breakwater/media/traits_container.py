"""The order and kinds of a container's parts: what tells one program's files from another's.

Boxes of ISO base media (ISO/IEC 14496-12) and elements of Matroska (RFC 9559), names alone, bounded
in depth and number; of nothing is the content read. Editing and re-encoding change this order, and
so do platforms (Iuliani et al., "A video forensic framework for the unsupervised analysis of
MP4-like file container", 2019). Part of `media.traits`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from breakwater.model.link import Trait, TraitKind
from breakwater.model.media import MediaType

_MOST: Final = 400
_DEPTH: Final = 6
_INSIDE: Final = frozenset({
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"dinf", b"mvex", b"meta",
})  # fmt: skip
_REPEATED: Final = frozenset({b"moof", b"mdat", b"sidx", b"styp", b"prft", b"emsg"})
_MOST_BRANDS: Final = 16

_SEGMENT: Final = 0x18538067
_OPENED: Final = {_SEGMENT: "S", 0x1654AE6B: "T", 0xAE: "t", 0x1549A966: "I"}
_CLUSTER: Final = 0x1F43B675


def of_file(source: BinaryIO, kind: MediaType) -> list[Trait]:
    """The order of its parts as one trait; none of streams that have no parts."""
    source.seek(0, 2)
    size = source.tell()
    if kind is MediaType.MP4:
        names, brands = list(_boxes(source, 0, size, 0, [_MOST])), _brands(source)
        return _trait(f"mp4 {brands}".strip(), names)
    if kind is MediaType.MATROSKA:
        return _trait("matroska", list(_elements(source, 0, size, 0, [_MOST])))
    return []


def _trait(said: str, names: list[str]) -> list[Trait]:
    if not names:
        return []
    order = hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
    return [Trait(TraitKind.CONTAINER, f"{said} {order}", said)]


def _brands(source: BinaryIO) -> str:
    source.seek(0)
    head = source.read(16 + 4 * _MOST_BRANDS)
    if head[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    return " ".join(_name(one) for one in brands)


def _boxes(source: BinaryIO, at: int, end: int, depth: int, room: list[int]) -> Iterator[str]:
    """Names with their depth, in order; fragments count once."""
    last = b""
    while at + 8 <= end and room[0] > 0:
        source.seek(at)
        head = source.read(16)
        if len(head) < 8:
            return
        length, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1 and len(head) == 16:
            length, header = int.from_bytes(head[8:16], "big"), 16
        length = length or end - at
        if length < header:
            return
        room[0] -= 1
        if name not in _REPEATED or name != last:
            yield f"{depth}{_name(name)}"
        last = name if name in _REPEATED and last != b"moof" else last
        if name in _INSIDE and depth < _DEPTH:
            inner = (
                at + header + (4 if name == b"meta" and _has_version(source, at + header) else 0)
            )
            yield from _boxes(source, inner, min(at + length, end), depth + 1, room)
        elif name in {b"hdlr", b"stsd"}:
            source.seek(at + header)
            body = source.read(24)
            yield _name(body[8:12] if name == b"hdlr" else body[12:16])
        at += length


def _has_version(source: BinaryIO, at: int) -> bool:
    """Of `meta`: ISO gives it a version, QuickTime does not."""
    source.seek(at)
    return source.read(8)[4:8] != b"hdlr"


def _elements(source: BinaryIO, at: int, end: int, depth: int, room: list[int]) -> Iterator[str]:
    """Identifiers with their depth up to the first cluster."""
    while at < end and room[0] > 0:
        source.seek(at)
        head = source.read(12)
        if not head or not head[0]:
            return
        taken = 9 - head[0].bit_length()
        name, tail = int.from_bytes(head[:taken], "big"), head[taken:]
        if taken > 4 or not tail or not tail[0]:
            return
        more = 9 - tail[0].bit_length()
        length = int.from_bytes(tail[:more], "big") & ((1 << 7 * more) - 1)
        if length == (1 << 7 * more) - 1:
            length = end - at - taken - more
        room[0] -= 1
        yield f"{depth}{name:x}"
        if name == _CLUSTER:
            return
        inner = at + taken + more
        if name in _OPENED and depth < _DEPTH:
            yield from _elements(source, inner, min(inner + length, end), depth + 1, room)
        at = inner + length


def _name(code: bytes) -> str:
    """Four letters; what is none as hexadecimal digits."""
    said = code.decode("latin-1")
    return said.strip() if said.isprintable() and said.isascii() else code.hex()
