"""The type of a file by its first bytes, and whether that agrees with what was declared.

Runs in the parent: it compares prefixes and parses nothing. Playlists and documents that can
name other files (m3u8, ffconcat, sdp, mpd, svg) are refused by name, so that no decoder ever
guesses one. Tests: `tests/unit/test_media_magic.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.media.failures import Unreadable
from breakwater.model.media import MediaType, Reason, media_type

HEAD: Final = 1024
"""Bytes of a file's start that `sniff` wants to see."""

UNDECLARED: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Content types by which a sender says nothing."""

_PREFIXES: Final = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
    (b"II*\0", MediaType.TIFF),
    (b"MM\0*", MediaType.TIFF),
    (b"II+\0\x08\0", MediaType.TIFF),
    (b"MM\0+\0\x08", MediaType.TIFF),
    (b"\x1aE\xdf\xa3", MediaType.MATROSKA),
    (b"FLV\x01", MediaType.FLV),
)

_REFUSED: Final = (
    b"#extm3u", b"ffconcat", b"v=0", b"<?xml", b"<svg", b"<mpd", b"<!doctype", b"<html",
    b"[playlist]", b"<smil", b"<asx", b"[reference]", b"rtsptext", b"%!ps", b"%pdf",
    b"http://", b"https://", b"file:", b"<smoothstreamingmedia", b"push graphic-context",
)  # fmt: skip

_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_MOV_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof"})
_AVIF: Final = frozenset({b"avif", b"avis"})
_HEIF: Final = frozenset({
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
})  # fmt: skip


def sniff(head: bytes) -> MediaType:
    """Name the type by the first `HEAD` bytes.

    Raises:
        Unreadable: EMPTY, REFUSED_TYPE or UNKNOWN_TYPE.
    """
    if not head:
        raise Unreadable(Reason.EMPTY)
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return MediaType.BMP
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[4:8] in _MOV_BOXES:
        return MediaType.MP4
    if _is_transport_stream(head):
        return MediaType.MPEGTS
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\0").lower()
    if text.startswith(_REFUSED):
        raise Unreadable(Reason.REFUSED_TYPE)
    raise Unreadable(Reason.UNKNOWN_TYPE)


def agree(declared: str, found: MediaType) -> None:
    """Check the sender's content type against the content.

    Raises:
        Unreadable: TYPE_MISMATCH; a type that is not decoded here never agrees.
    """
    if declared.split(";", 1)[0].strip().lower() in UNDECLARED:
        return
    if media_type(declared) is not found:
        raise Unreadable(Reason.TYPE_MISMATCH, f"The content is {found.value}.", kind=found)


def _brand(head: bytes) -> MediaType:
    """ISO base media: still pictures name themselves among the brands (ISO/IEC 23008-12)."""
    end = min(max(int.from_bytes(head[:4], "big"), 16), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end - 3, 4))]
    if brands[0] in _AVIF or (brands[0] in {b"mif1", b"msf1", b"miaf"} and _AVIF & set(brands)):
        return MediaType.AVIF
    if brands[0] in _HEIF:
        return MediaType.HEIF
    return MediaType.MP4


def _is_transport_stream(head: bytes) -> bool:
    """Sync bytes 188 apart (192 with a time code in front), as many as the head can show."""
    for step, first in ((188, 0), (192, 4)):
        syncs = head[first::step]
        if len(syncs) > 1 and set(syncs) == {0x47}:
            return True
    return False
