"""A still shows as much as its level allows and not a pixel more."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.builders_media import blobs

from breakwater.media.stills import render
from breakwater.model.media import Level


def shown(pixels: np.ndarray, level: Level, watermark: str = "") -> Image.Image:
    image = Image.open(io.BytesIO(render(pixels, level, watermark)), formats=("WEBP",))
    image.load()
    return image


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("size", [(1600, 900), (900, 1600), (20, 10), (1, 3000)])
def test_it_fits_its_box_and_is_never_enlarged(level: Level, size: tuple[int, int]) -> None:
    image = shown(blobs(1, *size), level)
    assert image.width <= min(level.box[0], size[0])
    assert image.height <= min(level.box[1], size[1])


@pytest.mark.parametrize("level", [Level.S1, Level.S2, Level.S3])
def test_it_is_grey_below_s4(level: Level) -> None:
    pixels = np.asarray(shown(blobs(), level)).astype(int)
    assert np.abs(pixels[:, :, 0] - pixels[:, :, 2]).max() <= 3


def test_s4_has_colour() -> None:
    pixels = np.asarray(shown(blobs(), Level.S4)).astype(int)
    assert np.abs(pixels[:, :, 0] - pixels[:, :, 2]).max() > 50


def test_small_levels_are_means_of_boxes() -> None:
    pixels = blobs(2, 320, 180)
    grey = np.asarray(Image.fromarray(pixels).convert("L"), dtype=float)
    means = grey.reshape(18, 10, 32, 10).mean(axis=(1, 3))
    found = np.asarray(shown(pixels, Level.S1).convert("L"), dtype=float)
    assert found.shape == (18, 32)
    assert np.abs(found - means).mean() < 6


@pytest.mark.parametrize("level", [Level.S3, Level.S4])
def test_the_watermark_is_in_every_corner(level: Level) -> None:
    pixels = blobs(3, 960, 720)
    plain, marked = (np.asarray(shown(pixels, level, w)).astype(int) for w in ("", "a. person"))
    differs = np.abs(plain - marked).max(axis=2) > 12
    rows, columns = differs.shape
    for row in (slice(0, rows // 3), slice(rows // 3 * 2, rows)):
        for column in (slice(0, columns // 3), slice(columns // 3 * 2, columns)):
            assert differs[row, column].any()


def test_small_levels_carry_no_watermark() -> None:
    assert render(blobs(), Level.S1, "a. person") == render(blobs(), Level.S1)


def test_a_grey_picture_works_too() -> None:
    assert shown(blobs()[:, :, 0].copy(), Level.S4).size == (320, 240)
