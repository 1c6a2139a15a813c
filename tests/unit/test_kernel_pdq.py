"""PDQ equals `pdqhash` 0.2.8 bit for bit, in every compiled variant and in the NumPy twin."""

import csv
import math
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image

from breakwater import kernel
from breakwater.kernel import twin_pdq

IMAGES = Path(__file__).parents[1] / "data" / "images"
PHOTOS = sorted(IMAGES.glob("*/*.jpg"))
SIZES = [
    *((1, 1), (1, 300), (4, 9), (5, 5), (5, 2000), (6, 7), (2000, 3), (3, 2000), (63, 65)),
    *((64, 64), (65, 63), (64, 65), (97, 101), (96, 96), (127, 129), (128, 128), (129, 127)),
    *((191, 193), (256, 255), (307, 211), (384, 640), (17, 1021), (1021, 17), (421, 419)),
    *((2048, 67), (2049, 40), (40, 2049), (4100, 23)),  # 16-bit sums just filled, and in two parts
]
CONTENTS = [
    *("noise", "grey noise", "gradient", "flat", "black", "white", "text", "checker", "soft"),
    "edge",
]


@pytest.fixture(params=kernel.variants())
def variant(request):
    before = kernel.variant()
    kernel.use(request.param)
    yield request.param
    kernel.use(before)


def photo(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def reference(pixels):
    vector, quality = pdqhash.compute(pixels)
    return np.packbits(vector).tobytes(), quality


def reference_dihedral(pixels):
    vectors, quality = pdqhash.compute_dihedral(pixels)
    return tuple(np.packbits(vector).tobytes() for vector in vectors), quality


def draw(content, rows, columns):
    random = np.random.default_rng(rows * 10_007 + columns)
    y, x = np.mgrid[:rows, :columns]
    if content == "noise":
        return random.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    plane = {
        "grey noise": lambda: random.integers(0, 256, (rows, columns)),
        "gradient": lambda: (x * 255 // columns + y * 255 // rows) // 2,
        "flat": lambda: np.full((rows, columns), 137),
        "black": lambda: np.zeros((rows, columns)),
        "white": lambda: np.full((rows, columns), 255),
        "text": lambda: np.where((y % 17 < 9) & (random.random((rows, columns)) < 0.4), 20, 240),
        "checker": lambda: ((x // 7 + y // 5) % 2) * 255,
        "soft": lambda: 128 + 90 * np.sin(x / 23 + 1) * np.cos(y / 31),
        "edge": lambda: np.where(x * rows > y * columns, 255, 0),
    }[content]()
    tint = np.array([1.0, 0.85, 0.6]) if content in {"soft", "flat"} else np.ones(3)
    return (plane[..., None] * tint).astype(np.uint8)


def pictures():
    for content in CONTENTS:
        for rows, columns in SIZES:
            yield f"{content} {rows}x{columns}", draw(content, rows, columns)


@pytest.fixture(scope="module")
def drawn():
    return [
        (name, pixels, reference(pixels), reference_dihedral(pixels)) for name, pixels in pictures()
    ]


def test_photographs_have_the_published_hashes(variant):
    for listed in IMAGES.glob("*/pdq.txt"):
        for row in csv.reader(listed.read_text().splitlines()):
            if row[0] == "file":
                continue
            found, quality = kernel.pdq(photo(listed.parent / row[0]))
            assert (found.hex(), quality) == (row[2], int(row[1])), row[0]


def test_odd_pictures_hash_as_the_reference_hashes_them(variant, drawn):
    assert len(drawn) >= 200
    wrong = [name for name, pixels, hashed, _ in drawn if kernel.pdq(pixels) != hashed]
    assert wrong == []


def test_all_eight_orientations_equal_the_reference(variant, drawn):
    wrong = [name for name, pixels, _, turned in drawn if kernel.pdq_dihedral(pixels) != turned]
    assert wrong == []


def test_photographs_orientations_equal_the_reference(variant):
    for path in PHOTOS[:: 7 if variant == "twin" else 2]:
        pixels = photo(path)
        assert kernel.pdq_dihedral(pixels) == reference_dihedral(pixels), path.name


def test_luma_pictures_hash_as_grey_rgb(variant):
    for rows, columns in SIZES:
        plane = draw("grey noise", rows, columns)[..., 0]
        assert kernel.pdq(plane) == reference(np.repeat(plane[..., None], 3, axis=2))


def test_the_hash_of_the_luma_is_the_hash_of_the_picture(variant):
    for rows, columns in ((64, 64), (97, 101), (421, 419)):
        pixels = draw("noise", rows, columns)
        assert kernel.pdq_from_luma64(kernel.luma64(pixels)) == kernel.pdq(pixels)


def test_the_luma_is_the_same_in_every_variant():
    pixels = draw("noise", 307, 211)
    lumas = []
    before = kernel.variant()
    for name in kernel.variants():
        kernel.use(name)
        lumas.append(kernel.luma64(pixels))
    kernel.use(before)
    assert all(np.array_equal(luma, lumas[0]) for luma in lumas)


def walk_error(length):
    window = (length + 127) // 128
    exponent = math.frexp(255 * (window + 1))[1]
    return 2.0 ** (exponent - 24) / math.sqrt(12) * math.sqrt(2 * length) / window


def test_the_fast_filter_errs_far_less_than_the_bound_it_is_trusted_within(drawn):
    """pdq.c trusts the fast filter within 10 deviations a pixel and 5 a coefficient."""
    compiled = pytest.importorskip("breakwater.kernel._kernel")
    pixel_share, coefficient_share = [], []
    for pixels in [*(photo(path) for path in PHOTOS), *(row[1] for row in drawn)]:
        rows, columns = pixels.shape[:2]
        if rows * columns < 96 * 96 or min(rows, columns) < 5:
            continue
        fast, exact, _ = compiled.pdq_probe(np.ascontiguousarray(pixels))
        fast, exact = (np.frombuffer(x, np.float32).reshape(64, 64) for x in (fast, exact))
        pixel = math.hypot(walk_error(rows), walk_error(columns))
        apart = twin_pdq._coefficients(fast).astype(float) - twin_pdq._coefficients(exact)
        pixel_share.append(np.abs(fast.astype(float) - exact).max() / (10 * pixel))
        coefficient_share.append(np.abs(apart).max() / (5 * math.hypot(8 * pixel, 1.5e-4)))
    assert len(pixel_share) > 100
    assert max(pixel_share) < 1 / 2
    assert max(coefficient_share) < 1 / 2


def test_most_photographs_take_the_fast_filter():
    compiled = pytest.importorskip("breakwater.kernel._kernel")
    slow = [compiled.pdq_probe(photo(path))[2] for path in PHOTOS]
    assert sum(slow) <= len(slow) // 4


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0, 3), (5, 5, 4), (5,), (5, 5, 3, 1)])
def test_other_shapes_are_refused(variant, shape):
    with pytest.raises(ValueError, match="shape"):
        kernel.pdq(np.zeros(shape, np.uint8))


def test_other_types_are_refused(variant):
    with pytest.raises(TypeError):
        kernel.pdq(np.zeros((70, 70, 3), np.float32))
    with pytest.raises(ValueError, match="finite"):
        kernel.pdq_from_luma64(np.full((64, 64), np.nan, np.float32))


def test_a_view_of_a_picture_hashes_as_its_copy(variant):
    pixels = draw("noise", 97, 101)
    assert kernel.pdq(pixels[:, ::-1]) == kernel.pdq(pixels[:, ::-1].copy())


def test_the_video_key_deals_the_low_frequencies_to_four_bands():
    one = np.zeros((1, 32), np.uint8)
    one[0, 31] = 1  # frequency (1, 1), the lowest of all: first bit of the first band
    assert kernel.video_key(one).tobytes().hex() == "0100000000000000"
    every = kernel.video_key(np.full((2, 32), 255, np.uint8))
    assert every.tobytes() == b"\xff" * 16
    bits = [
        kernel.video_key(np.packbits(np.eye(256, dtype=np.uint8)[255 - k])[None])
        for k in range(256)
    ]
    kept = {k for k, key in enumerate(bits) if np.bitwise_count(key).sum()}
    assert kept == {16 * i + j for i in range(8) for j in range(8)}
    with pytest.raises(ValueError, match="shape"):
        kernel.video_key(np.zeros((2, 31), np.uint8))
