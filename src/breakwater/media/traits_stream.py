"""Encoders' own words and the pattern of picture groups: packets are read, nothing is decoded.

x264, x265 and Lavc write their version and settings into the first pictures; muxers write theirs
into tags. Phones and platforms use one pattern of key frames, rate and profile each, shared by
millions of files. Opened as `media.video` opens files. Part of `media.traits`.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import av
import av.container

from breakwater.media.video import FORMATS, OPTIONS
from breakwater.model.link import Trait, TraitKind
from breakwater.model.media import MediaType

_MOST_PACKETS: Final = 600
_MOST_BYTES: Final = 64 << 20
_HEADS: Final = 4
_HEAD: Final = 64 << 10
"""Bytes of the first pictures in which encoders name themselves."""

_WORDS: Final = re.compile(
    rb"(?:x26[45] (?:- core|\(build)|Lavc\d|XviD|DivX|SVT-AV1|libaom)[\x20-\x7e]{2,1500}"
)
_VERSION: Final = re.compile(r"x26[45] (?:- core|\(build) ?\d+")
_TAGS: Final = ("encoder", "handler_name", "writing_application", "muxing_application", "vendor_id")


def of_file(source: BinaryIO, kind: MediaType) -> list[Trait]:
    """Encoders' strings and the pattern of groups; nothing where it cannot be opened."""
    try:
        source.seek(0)
        with av.open(
            source, mode="r", format=FORMATS[kind], options=dict(OPTIONS), metadata_errors="replace"
        ) as container:
            found = list(_tagged(container))
            stream: Any = container.streams.best("video")
            if stream is not None and stream.codec_context is not None:
                found += _packets(container, stream)
            return found
    except Exception:  # noqa: BLE001 - hostile containers may raise anything; then there is none
        return []


def _tagged(container: Any) -> Iterator[Trait]:
    """What muxers and encoders wrote into tags, each once."""
    for tags in (container.metadata, *(one.metadata for one in container.streams)):
        for name, said in tags.items():
            if name.lower() in _TAGS and said.strip("[] 0"):
                yield Trait(TraitKind.ENCODER, f"{name.lower()} {said.strip().lower()}", said)


def _packets(container: Any, stream: Any) -> Iterator[Trait]:
    keys: list[int] = []
    behind: list[bool] = []
    heads = [bytes(stream.codec_context.extradata or b"")[:_HEAD]]
    newest, seen = -(1 << 62), 0
    for number, packet in enumerate(container.demux(stream)):
        if packet.pts is None or number >= _MOST_PACKETS or seen > _MOST_BYTES:
            break
        seen += packet.size
        if len(heads) <= _HEADS:
            heads.append(bytes(packet)[:_HEAD])
        if packet.is_keyframe:
            keys.append(number)
        behind.append(packet.pts < newest)
        newest = max(newest, packet.pts)
    yield from _spoken(b"\0".join(heads))
    if keys and len(behind) > 1:
        yield _groups(stream, keys, behind)


def _spoken(heads: bytes) -> Iterator[Trait]:
    """An encoder's name, version and settings; the settings as a sum, they are long."""
    for said in dict.fromkeys(match.decode("ascii").strip() for match in _WORDS.findall(heads)):
        named = _VERSION.match(said)
        total = hashlib.sha256(said.encode()).hexdigest()[:16]
        value = f"{named.group()} {total}" if named else said.lower()
        yield Trait(TraitKind.ENCODER, value[:120], said[:200])


def _groups(stream: Any, keys: list[int], behind: list[bool]) -> Trait:
    """Size, rate, profile, and how key frames and reordered ones follow one another."""
    context = stream.codec_context
    gaps = Counter(b - a for a, b in itertools.pairwise(keys))
    pace = "one"
    if gaps:
        most, count = gaps.most_common(1)[0]
        pace = str(most) if count >= 0.6 * sum(gaps.values()) else f"up to {max(gaps)}"
    run = longest = 0
    for late in behind:
        run = run + 1 if late else 0
        longest = max(longest, run)
    rate = stream.average_rate or stream.base_rate
    said = (
        f"{context.name} {context.profile or '-'} {context.width}x{context.height}"
        f" {float(rate or 0):.2f}/s key {pace} b {longest}"
    )
    return Trait(TraitKind.GOP, said.lower(), said)
