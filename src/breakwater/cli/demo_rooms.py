"""Rooms that nobody lives in: furnished boxes made from a seed, seen by any number of cameras.

In: a seed and a camera. Out: an RGB picture, each pixel by the ray through it: four walls with their
paper, pictures and a window, floor, ceiling, and furniture with grain, lit by one lamp. Two rooms
share nothing; two views of one share what both see, with true perspective and occlusion, so that
geometry can be tested on them. Read by the demo, the tests and `benchmarks/places.py`.
`tests/unit/test_demo_rooms.py` holds it to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.cli.demo_photos import clouds, photo

Field = NDArray[np.float32]
Paint = NDArray[np.float64]
WIDTH: Final = 640
HEIGHT: Final = 480
PER_METRE: Final = 180
"""Texels of a metre of wall."""

STYLES: Final = ("plain", "stripes", "bricks", "dots", "boards")


@dataclass(frozen=True, slots=True)
class Camera:
    """Where it stands and looks: metres from a corner of the floor, z up; degrees."""

    x: float
    y: float
    z: float
    yaw: float
    pitch: float = 0.0
    across: float = 68.0
    """Field of view, degrees over the width."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A box: its middle, half sizes and turn about the vertical, and what its sides look like."""

    middle: Field
    half: Field
    turn: float
    skin: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A box seen from inside, six skins (x low, x high, y low, y high, floor, ceiling)."""

    size: Field
    skins: tuple[NDArray[np.uint8], ...]
    blocks: tuple[Block, ...]
    lamp: Field


@lru_cache(maxsize=4)
def room(seed: int) -> Room:
    """Furnish one; the same seed gives the same room."""
    rng = np.random.default_rng([seed, 0x5200])
    size = np.array([*rng.uniform(3.2, 5.6, 2), rng.uniform(2.4, 2.9)], np.float32)
    paint = rng.uniform(110, 215) + rng.normal(0, 16, 3)
    style = STYLES[int(rng.integers(len(STYLES)))]
    spans = [(size[1], size[2]), (size[1], size[2]), (size[0], size[2]), (size[0], size[2])]
    walls = [
        _hung(rng, _covered(rng, w, h, style, paint), seed * 4 + n)
        for n, (w, h) in enumerate(spans)
    ]
    floor = _covered(
        rng,
        size[0],
        size[1],
        str(rng.choice(["boards", "dots"])),
        rng.uniform(70, 140) + rng.normal(0, 14, 3),
    )
    ceiling = _covered(rng, size[0], size[1], "plain", np.full(3, 225.0))
    blocks = tuple(_piece(rng, size) for _ in range(int(rng.integers(5, 9))))
    lamp = np.array([*(size[:2] * rng.uniform(0.3, 0.7, 2)), size[2] - 0.3], np.float32)
    return Room(size, (*walls, floor, ceiling), blocks, lamp)


def cameras(seed: int, count: int, *, apart: float = 6.0) -> list[Camera]:
    """Cameras of one room around what they all look at; each `apart` degrees from the one before.

    Args:
        seed: of the room, which the cameras follow.
        count: how many.
        apart: degrees between neighbours, as seen from what they look at.
    """
    inside = room(seed)
    rng = np.random.default_rng([seed, 0xCA3E])
    focus = inside.size * np.array([rng.uniform(0.35, 0.65), 0.98, 0.42])
    away = min(float(inside.size[1]) * 0.78, 3.6)
    found = []
    for n in range(count):
        turn = np.radians((n - (count - 1) / 2) * apart)
        reach = away * rng.uniform(0.88, 1.0)
        x = float(np.clip(focus[0] + reach * np.sin(turn), 0.25, inside.size[0] - 0.25))
        y = float(np.clip(focus[1] - reach * np.cos(turn), 0.25, inside.size[1] - 0.25))
        z = float(rng.uniform(1.25, 1.65))
        yaw = np.degrees(np.arctan2(focus[0] - x, focus[1] - y)) + rng.uniform(-3, 3)
        pitch = np.degrees(np.arctan2(focus[2] - z, np.hypot(focus[0] - x, focus[1] - y)))
        found.append(Camera(x, y, z, float(yaw), float(pitch), float(rng.uniform(62, 74))))
    return found


def seen(
    inside: Room, camera: Camera, *, light: int = 0, width: int = WIDTH, height: int = HEIGHT
) -> NDArray[np.uint8]:
    """What a camera sees: (height, width, 3) uint8 RGB.

    Args:
        inside: the room.
        camera: where from.
        light: seed of exposure, warmth and grain: another day.
        width: in pixels.
        height: in pixels.
    """
    rays = _rays(camera, width, height)
    origin = np.array([camera.x, camera.y, camera.z], np.float32)
    shown = _walls(inside, origin, rays)
    for block in inside.blocks:
        _before(block, origin, rays, shown)
    far, colour, normal = shown
    at = origin + rays * far[..., None]
    to_lamp = inside.lamp - at
    distance = np.linalg.norm(to_lamp, axis=2)
    facing = np.abs(np.einsum("hwc,hwc->hw", normal, to_lamp)) / np.maximum(distance, 0.1)
    shade = 0.55 + 0.9 * facing / (1 + 0.12 * distance**2)
    rng = np.random.default_rng([light, 0x116E])
    warm = np.array([rng.uniform(0.92, 1.12), 1.0, rng.uniform(0.88, 1.08)], np.float32)
    lit = colour * shade[..., None] * warm * rng.uniform(0.8, 1.15)
    lit = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), 0.6)
    grain = rng.normal(0, 2.5, (height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(lit + grain, 0, 255), np.uint8)


def laid_over(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The same platform's logo and chat bar over any picture: what must never link two."""
    rng = np.random.default_rng([seed, 0x0E7])
    out = picture.copy()
    height, width = out.shape[:2]
    bar = np.asarray(photo(seed + 900, width=width, height=height), np.uint8)
    side = int(width * 0.24)
    out[:, width - side :] = bar[:, :side] // 2 + 40
    for line in range(9):
        y = int(height * (0.1 + 0.09 * line))
        words = "".join(chr(int(c)) for c in rng.integers(97, 123, 11))
        cv2.putText(
            out, words, (width - side + 8, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (240, 240, 240), 1
        )
    logo = np.asarray(photo(seed + 901, width=96, height=96), np.uint8)
    out[12:108, 12:108] = logo
    return out


def _rays(camera: Camera, width: int, height: int) -> Field:
    """Directions through the pixels, y forwards at yaw 0, x right, z up: (h, w, 3), unit."""
    focal = width / 2 / np.tan(np.radians(camera.across) / 2)
    u = (np.arange(width) - width / 2 + 0.5) / focal
    v = (np.arange(height) - height / 2 + 0.5) / focal
    x, z = np.meshgrid(u, -v)
    pitch, yaw = np.radians(camera.pitch), np.radians(camera.yaw)
    y = np.cos(pitch) - z * np.sin(pitch)
    z = np.sin(pitch) + z * np.cos(pitch)
    rays = np.stack([x * np.cos(yaw) + y * np.sin(yaw), y * np.cos(yaw) - x * np.sin(yaw), z], 2)
    return np.asarray(rays / np.linalg.norm(rays, axis=2, keepdims=True), np.float32)


def _walls(inside: Room, origin: Field, rays: Field) -> tuple[Field, Field, Field]:
    """Distance, colour and normal of the wall that each ray meets."""
    with np.errstate(divide="ignore"):
        to = np.where(rays > 0, (inside.size - origin) / rays, -origin / rays)
    axis = np.argmin(to, axis=2)
    far = np.take_along_axis(to, axis[..., None], 2)[..., 0].astype(np.float32)
    at = origin + rays * far[..., None]
    positive = np.take_along_axis(rays, axis[..., None], 2)[..., 0] > 0
    colour = np.zeros((*far.shape, 3), np.float32)
    normal = np.zeros_like(colour)
    for a, (u, v) in enumerate(((1, 2), (0, 2), (0, 1))):
        for high in (False, True):
            here = (axis == a) & (positive == high)
            if here.any():
                skin = inside.skins[2 * a + high]
                colour[here] = _sampled(skin, at[here][:, u], at[here][:, v])
                normal[here, a] = 1.0
    return far, colour, normal


def _before(block: Block, origin: Field, rays: Field, shown: tuple[Field, Field, Field]) -> None:
    """Draw a block over what lies behind it."""
    far, colour, normal = shown
    c, s = np.cos(block.turn), np.sin(block.turn)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    start, way = turn @ (origin - block.middle), rays @ turn.T
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-block.half - start) / way, (block.half - start) / way
    near = np.minimum(one, two)
    enter, leave = near.max(axis=2), np.maximum(one, two).min(axis=2)
    here = (enter < leave) & (enter > 0.05) & (enter < far)
    if not here.any():
        return
    axis = np.argmax(near, axis=2)[here]
    at = start + way[here] * enter[here][:, None]
    u = np.where(axis == 0, at[:, 1], at[:, 0])
    v = np.where(axis == 2, at[:, 1], at[:, 2])
    offset = axis * 1.7
    colour[here] = _sampled(block.skin, u + 1.5 + offset, v + 1.5)
    out = np.zeros((len(axis), 3), np.float32)
    out[np.arange(len(axis)), axis] = 1.0
    normal[here] = out @ turn
    far[here] = enter[here]


def _sampled(skin: NDArray[np.uint8], u: Field, v: Field) -> Field:
    """Colours at metres of a skin, which repeats mirrored beyond its edge."""
    x = (u * PER_METRE).astype(np.float32)[:, None]
    y = (v * PER_METRE).astype(np.float32)[:, None]
    return _remapped(skin, x, y)


def _remapped(skin: NDArray[np.uint8], x: Field, y: Field) -> Field:
    """In pieces that OpenCV takes."""
    rows = [
        cv2.remap(
            skin,
            x[at : at + 30_000],
            y[at : at + 30_000],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        for at in range(0, len(x), 30_000)
    ]
    return np.asarray(np.concatenate(rows)[:, 0], np.float32)


def _covered(
    rng: np.random.Generator, width: float, height: float, style: str, paint: Paint
) -> NDArray[np.uint8]:
    """A surface: paint, its pattern, and the stains that make it one of a kind."""
    w, h = int(width * PER_METRE), int(height * PER_METRE)
    x, y = np.meshgrid(np.arange(w) / PER_METRE, np.arange(h) / PER_METRE)
    pattern = _pattern(style, x, y, rng.uniform(0.12, 0.3))
    stains = clouds(rng, w, h, coarsest=3)
    values = paint + (14 * pattern + 26 * stains)[..., None]
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _pattern(style: str, x: Paint, y: Paint, step: float) -> Paint:
    """What repeats on a surface, at metres across and up."""
    if style == "stripes":
        return np.asarray(np.sign(np.sin(x * np.pi / step)))
    if style == "dots":
        return np.asarray(np.sign(np.sin(x * np.pi / step) * np.sin(y * np.pi / step) - 0.6))
    if style == "bricks":
        joints = (x / step / 2 + 0.5 * (y // step)) % 1 < 0.06
        return np.where(((y / step) % 1 < 0.12) | joints, -2.0, 0.0)
    if style == "boards":
        grain = 0.6 * np.sin(y * 7 + 9 * np.sin((x // step) * 5))
        return np.asarray(grain - 2.0 * ((x / step) % 1 < 0.06))
    return np.zeros_like(x)


def _hung(rng: np.random.Generator, wall: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Pictures in frames on a wall, not over one another; row 0 is at the floor."""
    height, width = wall.shape[:2]
    at = int(rng.uniform(0.15, 0.5) * PER_METRE)
    n = 0
    while True:
        w, h = (int(v * PER_METRE) for v in rng.uniform((0.45, 0.4), (1.1, 0.9)))
        base = int(rng.uniform(1.05, 1.35) * PER_METRE)
        if at + w + 10 > width or base + h + 10 > height:
            return wall
        shown = np.asarray(photo(seed * 16 + n, width=w, height=h), np.uint8)[::-1]
        wall[base - 8 : base + h + 8, at - 8 : at + w + 8] = rng.integers(20, 90, 3)
        wall[base : base + h, at : at + w] = shown
        at += w + int(rng.uniform(0.25, 0.8) * PER_METRE)
        n += 1


def _piece(rng: np.random.Generator, size: Field) -> Block:
    """A cupboard, a table, a box: along the walls, so that cameras stand free."""
    half = rng.uniform((0.2, 0.18, 0.2), (0.55, 0.35, 0.75)).astype(np.float32)
    side = rng.integers(3)
    x = (half[0] + 0.1, size[0] - half[0] - 0.1, rng.uniform(0.6, size[0] - 0.6))[side]
    y = rng.uniform(size[1] * 0.55, size[1] - 0.5) if side < 2 else size[1] - half[1] - 0.05
    turn = float(rng.uniform(-0.25, 0.25))
    skin = _covered(
        rng,
        6.5,
        3.0,
        str(rng.choice(["boards", "plain", "stripes"])),
        rng.uniform(50, 170) + rng.normal(0, 20, 3),
    )
    return Block(np.array([x, y, half[2]], np.float32), half, turn, skin)
