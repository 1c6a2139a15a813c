"""A file is what its first bytes say, and must be what its sender says."""

import pytest

from breakwater.media import golden
from breakwater.media.failures import Unreadable
from breakwater.media.magic import HEAD, agree, sniff
from breakwater.model.media import MediaType, Reason


@pytest.mark.parametrize("one", golden.files(), ids=lambda one: one.name)
def test_every_golden_file_is_recognised(one: golden.Golden) -> None:
    kind = sniff(one.open().read(HEAD))
    assert kind == one.type
    agree(one.type, kind)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", Reason.REFUSED_TYPE),
        (b"\xef\xbb\xbf  #EXTM3U\n", Reason.REFUSED_TYPE),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Reason.REFUSED_TYPE),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", Reason.REFUSED_TYPE),
        (b"<?xml version='1.0'?><MPD>", Reason.REFUSED_TYPE),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'>", Reason.REFUSED_TYPE),
        (b"%PDF-1.7", Reason.REFUSED_TYPE),
        (b"hello", Reason.UNKNOWN_TYPE),
        (b"BM" + bytes(30), Reason.UNKNOWN_TYPE),
        (b"RIFF\0\0\0\0AVI LIST", Reason.UNKNOWN_TYPE),
        (b"\x47" + bytes(1000), Reason.UNKNOWN_TYPE),
        (b"MZ\x90\0", Reason.UNKNOWN_TYPE),
    ],
)
def test_what_is_not_decoded_is_refused_with_its_reason(head: bytes, reason: Reason) -> None:
    with pytest.raises(Unreadable) as caught:
        sniff(head)
    assert caught.value.outcome.reason is reason


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"avif", MediaType.AVIF), (b"avis", MediaType.AVIF),
        (b"mif1\0\0\0\0avifmif1", MediaType.AVIF), (b"mif1\0\0\0\0heicmif1", MediaType.HEIF),
        (b"heic", MediaType.HEIF), (b"msf1\0\0\0\0hevc", MediaType.HEIF),
        (b"isom\0\0\2\0isomiso2avc1mp41", MediaType.MP4), (b"qt  ", MediaType.MP4),
    ],
)  # fmt: skip
def test_still_and_moving_iso_media_are_told_apart_by_their_brands(
    brands: bytes, kind: MediaType
) -> None:
    assert sniff((8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands) is kind


@pytest.mark.parametrize(
    "declared", ["", "application/octet-stream", "image/jpeg", "IMAGE/JPEG; q=1", "image/jpg"]
)
def test_a_type_that_is_undeclared_or_right_agrees(declared: str) -> None:
    agree(declared, MediaType.JPEG)


@pytest.mark.parametrize("declared", ["image/png", "video/mp4", "text/html", "nonsense"])
def test_a_wrong_declared_type_is_a_mismatch_that_names_the_content(declared: str) -> None:
    with pytest.raises(Unreadable) as caught:
        agree(declared, MediaType.JPEG)
    assert caught.value.outcome.reason is Reason.TYPE_MISMATCH
    assert caught.value.outcome.type is MediaType.JPEG
