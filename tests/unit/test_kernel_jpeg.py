"""Plain JPEG is decoded bit for bit as libjpeg-turbo does it; everything else is left to it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.builders_jpeg import damages, decoded, drawn, jpegs, saved

from breakwater import kernel
from breakwater.kernel.jpeg import FASTER, plain_pixels

DATA = Path(__file__).parents[1] / "data"
COMPILED = [name for name in kernel.variants() if name != "twin"]


@pytest.fixture(params=COMPILED)
def variant(request):
    before = kernel.variant()
    kernel.use(request.param)
    yield request.param
    kernel.use(before)


@pytest.mark.usefixtures("variant")
def test_every_plain_kind_equals_libjpeg_turbo_bit_for_bit():
    for data, words in jpegs():
        for grey in (False, True):
            found = plain_pixels(data, grey=grey)
            assert found is not None, words
            assert np.array_equal(found, decoded(data, grey=grey)), (words, grey)


@pytest.mark.usefixtures("variant")
def test_photographs_equal_libjpeg_turbo_and_pillow_bit_for_bit():
    read = 0
    for path in sorted(DATA.rglob("*.jpg")):
        data = path.read_bytes()
        found = plain_pixels(data)
        if found is not None:
            read += 1
            assert np.array_equal(found, decoded(data)), path.name
            assert np.array_equal(found, np.asarray(Image.open(io.BytesIO(data)))), path.name
            luma = plain_pixels(data, grey=True)
            assert np.array_equal(luma, decoded(data, grey=True)), path.name
    assert read >= 10


@pytest.mark.usefixtures("variant")
def test_what_is_damaged_is_left_alone_unless_libjpeg_turbo_reads_it_without_a_warning():
    same = left = 0
    for data, words in jpegs():
        for bad in damages(data):
            found = plain_pixels(bad)
            if found is None:
                left += 1
                continue
            same += 1
            assert np.array_equal(found, decoded(bad)), words
    assert same > 50
    assert left > 50


def test_other_kinds_are_left_to_a_general_decoder():
    pixels = drawn(64, 48, 0)
    cmyk = io.BytesIO()
    Image.fromarray(pixels).convert("CMYK").save(cmyk, "JPEG")
    others = [
        saved(pixels, progressive=True), cmyk.getvalue(), saved(pixels, keep_rgb=True),
        saved(pixels[:, :7]), b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"GIF89a" + bytes(40),
    ]  # fmt: skip
    assert [plain_pixels(data) for data in others] == [None] * len(others)


def test_a_small_file_cannot_ask_for_a_large_picture():
    data = bytearray(saved(drawn(64, 48, 0)))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    assert plain_pixels(bytes(data)) is None


def test_coefficients_that_libjpeg_turbos_16_bits_do_not_hold_are_left_to_it():
    checks = np.indices((64, 64)).sum(axis=0) % 2 * np.uint8(255)
    data = bytearray(saved(np.repeat(checks[..., None], 3, axis=2).astype(np.uint8), quality=100))
    assert plain_pixels(bytes(data)) is not None
    table = data.index(b"\xff\xdb") + 5
    data[table : table + 64] = b"\xff" * 64
    assert plain_pixels(bytes(data)) is None


def test_every_interval_between_restarts_must_be_there_and_in_order():
    data = saved(drawn(64, 64, 0), restart_marker_blocks=2)
    marks = [at for at in range(len(data) - 1) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7]
    assert len(marks) == 7
    assert plain_pixels(data) is not None
    turned = bytearray(data)
    turned[marks[1] + 1] = 0xD0
    assert plain_pixels(bytes(turned)) is None
    assert plain_pixels(data[: marks[2]] + data[marks[2] + 2 :]) is None


def test_only_variants_that_are_faster_than_libjpeg_turbo_are_asked():
    before, data = kernel.variant(), saved(drawn(16, 16, 0))
    try:
        for name in kernel.variants():
            kernel.use(name)
            assert (kernel.jpeg_pixels(data) is not None) == (name in FASTER), name
            assert (plain_pixels(data) is not None) == (name != "twin"), name
    finally:
        kernel.use(before)


def test_the_room_for_the_pixels_must_be_exact():
    data, module = saved(drawn(16, 16, 0)), pytest.importorskip("breakwater.kernel._kernel")
    for size in (0, 767, 769):
        with pytest.raises(ValueError, match="exactly"):
            module.jpeg_pixels(data, False, bytearray(size))
    with pytest.raises(BufferError):
        module.jpeg_pixels(data, False, bytes(768))
