"""Photo-like pictures made from a seed: ordinary scenes nobody photographed.

In: a seed. Out: RGB pictures of hills, streets and tables whose detail falls off with its
fineness as in photographs (about 1/f), so that a perceptual hash treats them as it treats
photographs: quality at least 80, any two further than 80 bits apart, small edits under 31.
Read by `demo_media`, the tests and the benchmarks. `tests/unit/test_demo_media.py` holds it
to that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Field = NDArray[np.float32]
WIDTH: Final = 1024
HEIGHT: Final = 768


def photo(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Make one picture; the same seed and size give the same pixels on one NumPy and Pillow."""
    return _photo(seed, width, height).copy()


@lru_cache(maxsize=16)
def _photo(seed: int, width: int, height: int) -> Image.Image:
    rng = np.random.default_rng([seed, 0xB4EA])
    scene = SCENES[seed % len(SCENES)]
    picture = scene(rng, width, height).filter(ImageFilter.GaussianBlur(0.7))
    grain = rng.normal(0.0, 2.0, (height, width, 1)).astype(np.float32)
    return _picture(np.asarray(picture, np.float32) + grain)


def clouds(rng: np.random.Generator, width: int, height: int, *, coarsest: int = 2) -> Field:
    """Fractal noise, -1..1: octaves of random grids, each half as strong as the one before."""
    total = np.zeros((height, width), np.float32)
    strength = 1.0
    for octave in range(7):
        cells = coarsest << octave
        grid = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
        total += strength * _stretch(grid, width, height)
        strength *= 0.62
    peak = float(np.abs(total).max())
    return total / peak


def _stretch(grid: Field, width: int, height: int) -> Field:
    smooth = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float32)


def _picture(values: Field) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


THINGS: Final = ("land", "wall", "fruit", "roof")
PAINTS: Final = {
    "sky": ((96, 150, 205), (130, 170, 215), (150, 160, 175), (235, 170, 120), (90, 110, 150)),
    "light": ((235, 225, 200), (250, 210, 165), (215, 228, 240), (240, 235, 225)),
    "land": ((74, 98, 56), (112, 122, 66), (96, 84, 64), (62, 84, 92), (140, 118, 80), (86, 70, 88)),
    "water": ((52, 88, 110), (70, 110, 118), (64, 76, 100)),
    "wall": (
        (176, 92, 70), (214, 188, 148), (226, 216, 200), (150, 138, 126),
        (198, 150, 96), (130, 152, 160), (172, 120, 110), (108, 100, 96),
    ),
    "roof": ((120, 62, 48), (76, 74, 80), (96, 80, 66)),
    "dark": ((38, 42, 52), (58, 52, 50)),
    "fruit": (
        (196, 52, 44), (232, 150, 40), (226, 204, 70), (110, 150, 60), (92, 46, 74),
        (240, 236, 226), (58, 96, 140), (200, 110, 120),
    ),
}  # fmt: skip


def _paint(rng: np.random.Generator, name: str) -> Field:
    """One of a thing's usual colours, never twice quite the same."""
    choices = PAINTS[name]
    base = np.asarray(choices[int(rng.integers(len(choices)))], np.float32)
    return (base * rng.uniform(0.8, 1.15) + rng.normal(0, 9, 3)).astype(np.float32)


def _ridge(rng: np.random.Generator, width: int, level: float, rough: float) -> Field:
    """A skyline: heights 0..1 along the width."""
    line = np.zeros(width, np.float32)
    strength = rough
    for octave in range(8):
        points = rng.uniform(-1, 1, (1, (3 << octave) + 1)).astype(np.float32)
        line += strength * _stretch(points, width, 1)[0]
        strength *= 0.55
    skyline: Field = np.clip(level + line, 0.02, 0.98)
    return skyline


def hills(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Sky with clouds and a sun, ridges one behind another, water in front."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    top, horizon = _paint(rng, "sky"), _paint(rng, "light")
    canvas = top + (horizon - top) * rows[..., None]
    canvas = canvas + 70 * np.clip(clouds(rng, width, height), -0.3, 1)[..., None]
    sun = rng.uniform((0.1, 0.05), (0.9, 0.4))
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    away = np.hypot((across - sun[0]) * width / height, rows - sun[1])
    canvas += (150 * np.exp(-((away / rng.uniform(0.04, 0.12)) ** 2)))[..., None]
    count = int(rng.integers(3, 6))
    for layer in range(count):
        level = 0.35 + 0.5 * layer / count + rng.uniform(-0.08, 0.08)
        ridge = _ridge(rng, width, level, rng.uniform(0.08, 0.2))
        ground = _paint(rng, "land") + 60 * clouds(rng, width, height, coarsest=5)[..., None]
        canvas = np.where((rows > ridge[None, :])[..., None], ground, canvas)
    shore = rng.uniform(0.8, 0.95)
    waves = np.sin(rows * 160 + 3 * clouds(rng, width, height, coarsest=4)) * 22
    water = _paint(rng, "water") + waves[..., None]
    canvas = np.where((rows > shore)[..., None], 0.35 * canvas[::-1] + 0.65 * water, canvas)
    return _with_things(rng, _picture(canvas), int(rng.integers(3, 9)))


def street(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A row of houses of many colours and heights, windows lit or dark, a road with stripes."""
    sky = _paint(rng, "sky") + 45 * clouds(rng, width, height)[..., None]
    picture = _picture(sky)
    draw = ImageDraw.Draw(picture)
    ground = int(height * rng.uniform(0.72, 0.86))
    left = -int(rng.integers(0, width // 10))
    while left < width:
        wide = int(rng.integers(width // 14, width // 5))
        top = int(rng.uniform(0.08, 0.5) * height)
        wall = _paint(rng, "wall")
        draw.rectangle((left, top, left + wide, ground), fill=_rgb(wall))
        if rng.random() < 0.5:
            peak = (left + wide // 2, top - int(rng.integers(height // 25, height // 8)))
            draw.polygon([(left, top), peak, (left + wide, top)], fill=_rgb(_paint(rng, "roof")))
        _windows(rng, draw, (left, top, left + wide, ground))
        left += wide + int(rng.integers(0, width // 40))
    draw.rectangle((0, ground, width, height), fill=_rgb(_paint(rng, "dark") * 1.7))
    for start in range(int(rng.integers(0, 80)), width, int(rng.integers(90, 160))):
        line = (ground + height) // 2
        draw.rectangle((start, line - 6, start + 50, line + 6), fill=(235, 230, 210))
    rough = clouds(rng, width, height, coarsest=3)[..., None]
    return _with_things(rng, _picture(np.asarray(picture, np.float32) + 42 * rough), 5)


def _windows(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = box
    across, down = int(rng.integers(24, 60)), int(rng.integers(30, 70))
    dark, lit = _paint(rng, "dark"), _paint(rng, "light")
    for x in range(left + across // 2, right - across // 2, across):
        for y in range(top + down // 2, bottom - down // 2, down):
            fill = _rgb(lit if rng.random() < 0.35 else dark)
            draw.rectangle((x, y, x + across // 2, y + down // 2), fill=fill)


def table(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Fruit, cups and boxes with light from one side, on cloth in front of a wall."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    edge = rng.uniform(0.35, 0.6)
    wall = _paint(rng, "wall") + 65 * clouds(rng, width, height, coarsest=3)[..., None]
    weave = np.sin(np.arange(width) / rng.uniform(12, 40)) * 18
    cloth = _paint(rng, "light") * 0.8 + 55 * clouds(rng, width, height, coarsest=4)[..., None]
    cloth = cloth + weave[None, :, None]
    canvas: Field = np.where((rows > edge)[..., None], cloth, wall).astype(np.float32)
    for _ in range(int(rng.integers(9, 16))):
        across, down = rng.uniform((0.05, edge - 0.15), (0.95, 0.95))
        _ball(rng, canvas, (across * width, down * height), rng.uniform(0.05, 0.17) * height)
    return _with_things(rng, _picture(canvas), 3)


def _ball(
    rng: np.random.Generator, canvas: Field, centre: tuple[float, float], radius: float
) -> None:
    """One round thing, shaded, with its shadow, drawn into the canvas."""
    height, width = canvas.shape[:2]
    squash = rng.uniform(0.7, 1.3)
    colour = _paint(rng, "fruit")
    reach = int(radius * 3)
    left, right = max(0, int(centre[0]) - reach), min(width, int(centre[0]) + reach)
    top, bottom = max(0, int(centre[1]) - reach), min(height, int(centre[1]) + reach)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    window = canvas[top:bottom, left:right]
    shadow = np.hypot(x - centre[0] - radius * 0.5, (y - centre[1] - radius * 0.8) * 3)
    window *= (1 - 0.5 * np.exp(-((shadow / (1.2 * radius)) ** 4)))[..., None]
    dx, dy = (x - centre[0]) / radius, (y - centre[1]) / (radius * squash)
    inside = dx * dx + dy * dy < 1
    light = np.clip(1.05 - np.hypot(dx + 0.4, dy + 0.5) * 0.55, 0.2, 1.2)
    window[inside] = (colour * light[..., None])[inside]


def _with_things(rng: np.random.Generator, picture: Image.Image, count: int) -> Image.Image:
    """Trees, posts and signs here and there: what makes one place unlike another."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    for _ in range(count):
        x, y = (int(v) for v in rng.uniform((0, height * 0.3), (width, height * 0.9)))
        tall = int(rng.uniform(0.06, 0.25) * height)
        fill = _rgb(_paint(rng, THINGS[int(rng.integers(len(THINGS)))]))
        shape = rng.integers(0, 3)
        if shape == 0:
            draw.rectangle((x - 5, y - tall, x + 5, y), fill=(60, 45, 35))
            draw.ellipse(
                (x - tall // 2, y - tall * 3 // 2, x + tall // 2, y - tall // 2), fill=fill
            )
        elif shape == 1:
            draw.polygon([(x, y - tall), (x - tall // 2, y), (x + tall // 2, y)], fill=fill)
        else:
            draw.rectangle((x, y - tall // 2, x + tall, y), fill=fill)
    return picture


def _rgb(colour: Field) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in np.clip(colour, 0, 255))
    return red, green, blue


SCENES: Final[tuple[Callable[[np.random.Generator, int, int], Image.Image], ...]] = (
    hills,
    street,
    table,
)
