"""What a JPEG's head says of the program that wrote it: tables, subsampling, order of its parts.

Quantisation tables tell programs and settings apart, and cameras from most programs, but never one
camera from another (Farid, "Digital image ballistics from JPEG quantization", 2006). Only the parts
before the pixels are read. Source: ITU-T T.81, annex B. Part of `media.traits`.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from breakwater.model.link import Trait, TraitKind

_MOST: Final = 4 << 20
"""Bytes before the pixels: EXIF, profiles and previews."""
_MOST_PARTS: Final = 200
_TABLES, _HUFFMAN, _SCAN, _APP = 0xDB, 0xC4, 0xDA, 0xE0
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3})
_ALONE: Final = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_NAMES: Final = {_TABLES: "q", _HUFFMAN: "h", _SCAN: "s", 0xDD: "r", 0xFE: "c"}


def of_file(source: BinaryIO) -> list[Trait]:
    """Its tables with subsampling and the order of parts; nothing where the head is broken."""
    source.seek(0)
    head = source.read(_MOST)
    tables, huffman, order, sampling, progressive = [], [], [], "", ""
    for marker, body in _parts(head):
        order.append(f"a{marker - _APP}" if _APP <= marker < _APP + 16 else _NAMES.get(marker, "f"))
        if marker == _TABLES:
            tables.append(body)
        elif marker == _HUFFMAN:
            huffman.append(body)
        elif marker in _FRAMES and len(body) > 8:
            sampling = ",".join(
                f"{body[at + 1] >> 4}x{body[at + 1] & 15}" for at in range(6, len(body) - 2, 3)
            )
            progressive = "progressive" if marker == 0xC2 else "baseline"
    if not tables or not sampling:
        return []
    named = hashlib.sha256(b"|".join(tables)).hexdigest()[:16]
    coded = hashlib.sha256(b"|".join(huffman)).hexdigest()[:8] if progressive == "baseline" else "-"
    said = f"{progressive} {sampling} q {named}"
    return [Trait(TraitKind.TABLES, f"{said} h {coded} {''.join(order)}", said)]


def _parts(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers before the pixels with what they hold."""
    at = 2
    for _ in range(_MOST_PARTS):
        if at + 4 > len(head) or head[at] != 0xFF:
            return
        marker = head[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        (size,) = struct.unpack_from(">H", head, at + 2)
        yield marker, head[at + 4 : at + 2 + size]
        if marker == _SCAN or size < 2:
            return
        at += 2 + size
