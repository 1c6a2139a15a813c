"""Pictures come out as a person sees them, and besides as existing tools hash them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.builders_media import blobs, encoded

from breakwater.media import image
from breakwater.media.failures import Unreadable, undecodable
from breakwater.media.image import oriented, pictures
from breakwater.model.media import Fault, MediaLimits, MediaType, Reason

LIMITS = MediaLimits()


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    image.prepare()


def decode(data: bytes, kind: MediaType, limits: MediaLimits = LIMITS) -> list[image.Picture]:
    return list(pictures(io.BytesIO(data), kind, limits))


@pytest.mark.parametrize("quality", [30, 95])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(320, 240), (33, 17), (1, 1)])
def test_the_fast_jpeg_decoder_equals_pillow_bit_for_bit(
    quality: int, subsampling: int, progressive: bool, size: tuple[int, int]
) -> None:
    data = encoded(
        blobs(1, *size), "JPEG", quality=quality, subsampling=subsampling, progressive=progressive
    )
    (one,) = decode(data, MediaType.JPEG)
    assert np.array_equal(one.frame.pixels, np.asarray(Image.open(io.BytesIO(data))))
    assert one.compatible is None


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied_and_the_unturned_pixels_kept(turn: int, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"exif": exif.tobytes()} | ({"lossless": True} if form == "WEBP" else {})
    data = encoded(blobs(2, 64, 40), form, **options)
    (one,) = decode(data, MediaType(f"image/{form.lower()}"))
    reference = Image.open(io.BytesIO(data))
    seen = np.asarray(ImageOps.exif_transpose(reference))
    assert np.array_equal(one.frame.pixels, seen)
    if turn != 1:
        assert one.compatible is not None
        assert np.array_equal(one.compatible, np.asarray(reference))


def test_orientation_of_an_array_equals_pillows() -> None:
    pixels = blobs(3, 20, 12)
    for turn in range(1, 9):
        whole = Image.fromarray(pixels)
        exif = whole.getexif()
        exif[0x0112] = turn
        assert np.array_equal(oriented(pixels, turn), np.asarray(ImageOps.exif_transpose(whole)))


def test_broken_exif_does_not_reject_a_good_picture() -> None:
    data = encoded(blobs(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert len(decode(data, MediaType.JPEG)) == 1


def test_a_palette_is_seen_in_colour_and_hashed_elsewhere_by_its_indices() -> None:
    whole = Image.fromarray(blobs()).quantize(64)
    (one,) = decode(encoded(whole, "PNG"), MediaType.PNG)
    assert np.array_equal(one.frame.pixels, np.asarray(whole.convert("RGB")))
    assert one.compatible is not None
    assert np.array_equal(one.compatible, np.asarray(whole))


def test_cmyk_is_seen_in_rgb_and_hashed_elsewhere_by_its_first_three() -> None:
    data = encoded(Image.fromarray(blobs()).convert("CMYK"), "JPEG", quality=95)
    (one,) = decode(data, MediaType.JPEG)
    reference = Image.open(io.BytesIO(data))
    assert np.array_equal(one.frame.pixels, np.asarray(reference.convert("RGB")))
    assert one.compatible is not None
    assert np.array_equal(one.compatible, np.asarray(reference)[:, :, :3])


def test_transparent_parts_are_seen_on_white() -> None:
    whole = Image.fromarray(blobs(4, 40, 40)).convert("RGBA")
    whole.putalpha(Image.fromarray(np.tril(np.full((40, 40), 255, np.uint8))))
    (one,) = decode(encoded(whole, "PNG"), MediaType.PNG)
    assert one.frame.pixels[0, 39].tolist() == [255, 255, 255]
    assert np.array_equal(one.frame.pixels[39, 0], np.asarray(whole)[39, 0, :3])
    assert one.compatible is not None
    assert np.array_equal(one.compatible, np.asarray(whole)[:, :, :3])


def test_deep_grey_keeps_its_picture() -> None:
    deep = (blobs(5)[:, :, 0].astype(np.uint16) << 8) | 0x55
    (one,) = decode(encoded(Image.fromarray(deep), "PNG"), MediaType.PNG)
    assert one.frame.pixels.dtype == np.uint8
    assert np.abs(one.frame.pixels.astype(int) - blobs(5)[:, :, 0]).max() <= 1
    assert one.compatible is None, "existing tools cannot hash it"


@pytest.mark.parametrize("mode", ["F", "I", "1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_tiff_mode_gives_a_picture(mode: str) -> None:
    whole = Image.fromarray(blobs())
    if mode in {"F", "I"}:
        whole = whole.convert("L")
    whole = Image.merge("LAB", whole.split()) if mode == "LAB" else whole.convert(mode)
    (one,) = decode(encoded(whole, "TIFF"), MediaType.TIFF)
    assert one.frame.pixels.shape[:2] == (240, 320)
    assert np.ptp(one.frame.pixels) > 100


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_every_frame_of_an_animation_is_decoded_with_its_time(form: str) -> None:
    frames = [Image.fromarray(blobs(6, 64, 48, step)) for step in range(5)]
    options = {} if form == "TIFF" else {"duration": 200}
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    found = decode(data, MediaType(f"image/{form.lower()}"))
    assert [one.frame.index for one in found] == list(range(5))
    if form in {"GIF", "PNG"}:
        assert found[-1].frame.time_s == pytest.approx(0.8)
    assert all(one.compatible is None for one in found[1:])
    for one, frame in zip(found, frames, strict=True):
        shown = one.frame.pixels if one.frame.pixels.ndim == 3 else one.frame.pixels[:, :, None]
        assert np.abs(shown.astype(int) - np.asarray(frame)).mean() < 12


def test_a_cap_on_pixels_stops_before_decoding() -> None:
    with pytest.raises(Unreadable) as caught:
        decode(encoded(blobs(), "PNG"), MediaType.PNG, MediaLimits(max_pixels=320 * 240 - 1))
    assert caught.value.outcome.reason is Reason.TOO_MANY_PIXELS


def test_a_cap_on_frames_is_no_partial_answer() -> None:
    frames = [Image.fromarray(blobs(6, 64, 48, step)) for step in range(4)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(Unreadable) as caught:
        decode(data, MediaType.GIF, MediaLimits(max_frames=3))
    assert caught.value.outcome.reason is Reason.TOO_MANY_FRAMES


@pytest.mark.parametrize(
    ("form", "options"),
    [("JPEG", {}), ("PNG", {}), ("GIF", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {}),
     ("AVIF", {}), ("HEIF", {})],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_half_a_file_is_never_a_whole_picture(form: str, options: dict, share: float) -> None:
    data = encoded(blobs(), form, **options)
    with pytest.raises(Exception) as caught:
        decode(data[: int(len(data) * share)], MediaType(f"image/{form.lower()}"))
    outcome = undecodable(caught.value)
    assert outcome.fault is Fault.BAD_MEDIA
    assert outcome.reason in {Reason.TRUNCATED, Reason.MALFORMED}


def test_only_the_named_format_is_tried() -> None:
    with pytest.raises(Exception) as caught:
        decode(encoded(blobs(), "PNG"), MediaType.GIF)
    assert undecodable(caught.value).reason is Reason.MALFORMED


def test_bytes_behind_a_jpeg_do_not_reject_it() -> None:
    data = encoded(blobs(), "JPEG")
    (one,) = decode(data + b"\0" * 100 + b"appended", MediaType.JPEG)
    assert one.frame.pixels.shape == (240, 320, 3)
