"""What people do to a clip before they send it again: 14 named attacks, 10 families at random.

Each is a function of all frames of a query (RGB, HEIGHT x WIDTH) and a generator; `speed` is
query seconds per original second. The named ones were known when the thresholds were set; the
families, each with parameters drawn anew for every clip, were not used for any of them.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.copies_clips import HEIGHT, SIZE, WIDTH, Movie, Picture, Random, branded

Frames = list[Picture]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to change a query; `kbit` is what x264 may spend a second."""

    name: str
    change: Callable[[Frames, Random], Frames]
    speed: float = 1.0
    kbit: int = 120
    family: bool = False


def each(change: Callable[[Picture], Picture]) -> Callable[[Frames, Random], Frames]:
    """The same change on every frame."""
    return lambda frames, _random: [np.ascontiguousarray(change(frame)) for frame in frames]


def bordered(picture: Picture, across: float, down: float, paint: int = 0) -> Picture:
    """Shrunken inside bars that take these shares of each side."""
    size = (round(WIDTH * (1 - 2 * across)), round(HEIGHT * (1 - 2 * down)))
    whole = np.full((HEIGHT, WIDTH, 3), paint, np.uint8)
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    whole[top : top + size[1], left : left + size[0]] = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA
    )
    return whole


def cropped(picture: Picture, share: float) -> Picture:
    """Without that share of the width and height, blown up again."""
    x, y = round(WIDTH * share / 2), round(HEIGHT * share / 2)
    return cv2.resize(picture[y : HEIGHT - y, x : WIDTH - x], SIZE, interpolation=cv2.INTER_LINEAR)


def turned(picture: Picture, degrees: float, scale: float = 1.0) -> Picture:
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, scale)
    return cv2.warpAffine(picture, matrix, SIZE)


def small(picture: Picture, width: int) -> Picture:
    """Through a small size and back."""
    less = cv2.resize(picture, (width, width * HEIGHT // WIDTH), interpolation=cv2.INTER_AREA)
    return cv2.resize(less, SIZE, interpolation=cv2.INTER_LINEAR)


def grey_gamma(picture: Picture, gamma: float) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    table = (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return np.repeat(table[grey][..., None], 3, axis=2)


def retimed(speed: float) -> Callable[[Frames, Random], Frames]:
    """Played at another speed; `speed` > 1 is slower."""

    def change(frames: Frames, _random: Random) -> Frames:
        count = int(len(frames) * speed)
        return [frames[min(len(frames) - 1, int(n / speed))] for n in range(count)]

    return change


def inset(frames: Frames, random: Random) -> Frames:
    """Inside another moving picture, at 60 % of each side."""
    other = Movie(int(random.integers(1 << 40, 1 << 41)), len(frames) / 12)
    size = (round(WIDTH * 0.6), round(HEIGHT * 0.6))
    left, top = int(random.integers(0, WIDTH - size[0])), int(random.integers(0, HEIGHT - size[1]))
    whole = []
    for number, frame in enumerate(frames):
        around = other.frame(number)
        around[top : top + size[1], left : left + size[0]] = cv2.resize(
            frame, size, interpolation=cv2.INTER_AREA
        )
        whole.append(around)
    return whole


def screen(frames: Frames, random: Random) -> Frames:
    """Filmed from a screen by hand: perspective, moiré, glow, blur, noise, a shaking hand."""
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    inner = corners * random.uniform(0.82, 0.96) + random.uniform(0, 14, (4, 2)).astype(np.float32)
    waves = np.sin(np.arange(WIDTH) * random.uniform(0.8, 2.0))[None, :, None]
    waves = 1 + random.uniform(0.02, 0.06) * waves * np.sin(np.arange(HEIGHT) * 0.9)[:, None, None]
    blur, noise = float(random.uniform(0.5, 1.3)), float(random.uniform(2, 7))
    alpha, beta = float(random.uniform(0.65, 0.95)), float(random.uniform(5, 35))
    whole = []
    for frame in frames:
        shake = random.normal(0, 0.8, (1, 2)).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(corners, (inner + shake).astype(np.float32))
        seen = cv2.GaussianBlur(
            cv2.warpPerspective(frame, matrix, SIZE, borderValue=(18, 18, 20)), (0, 0), blur
        )
        grain = cv2.resize(random.normal(0, noise, (HEIGHT // 2, WIDTH // 2)), SIZE)[..., None]
        whole.append((seen * waves * alpha + beta + grain).clip(0, 255).astype(np.uint8))
    return whole


def glass(frames: Frames, random: Random) -> Frames:
    """Seen through uneven glass."""
    reach, period = random.uniform(1.5, 5), random.uniform(20, 70)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    phase = random.uniform(0, 6, 2)
    across = (x + reach * np.sin(y / period * 6.28 + phase[0])).astype(np.float32)
    down = (y + reach * np.cos(x / period * 6.28 + phase[1])).astype(np.float32)
    return [
        cv2.remap(f, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for f in frames
    ]


def subtitled(frames: Frames, random: Random) -> Frames:
    """Letterboxed, with subtitles that change."""
    share, rng = (
        float(random.uniform(0.06, 0.14)),
        np.random.default_rng(int(random.integers(1 << 40))),
    )
    whole, words = [], ""
    for number, frame in enumerate(frames):
        if number % 30 == 0:
            words = "".join(rng.choice(list("abcdefghi klmno prst"), 26))
        picture = bordered(frame, 0, share)
        cv2.putText(picture, words, (60, HEIGHT - 30), 0, 0.55, (250, 250, 120), 2, cv2.LINE_AA)
        whole.append(picture)
    return whole


def colours(frames: Frames, random: Random) -> Frames:
    """Channels scaled, shifted and mixed."""
    mix = np.eye(3) * random.uniform(0.6, 1.3, 3) + random.uniform(-0.15, 0.15, (3, 3))
    shift = random.uniform(-30, 30, 3)
    return [cv2.transform(f, np.hstack([mix, shift[:, None]])) for f in frames]


def dropped(frames: Frames, random: Random) -> Frames:
    """Frames are lost in bursts; the last one stands in for them."""
    whole, held = [], 0
    for number, frame in enumerate(frames):
        if held > 0:
            held -= 1
            whole.append(whole[-1])
            continue
        whole.append(frame)
        if number and random.random() < 0.08:
            held = int(random.integers(2, 14))
    return whole


def grained(frames: Frames, random: Random) -> Frames:
    """Noise and a change of contrast."""
    noise, alpha = float(random.uniform(6, 18)), float(random.uniform(0.6, 1.4))
    return [
        ((f.astype(np.float32) - 128) * alpha + 128 + random.normal(0, noise, (HEIGHT, WIDTH, 1)))
        .clip(0, 255)
        .astype(np.uint8)
        for f in frames
    ]  # fmt: skip


def shaken(frames: Frames, random: Random) -> Frames:
    """Zoomed in a little and shaking."""
    zoom, reach = float(random.uniform(1.04, 1.15)), float(random.uniform(1, 4))
    path = np.cumsum(random.normal(0, reach / 2, (len(frames), 2)), axis=0)
    path = (path - path.mean(0)).clip(-8, 8)
    whole = []
    for frame, move in zip(frames, path, strict=True):
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), float(move[0]) / 6, zoom)
        matrix[:, 2] += move
        whole.append(cv2.warpAffine(frame, matrix, SIZE, borderMode=cv2.BORDER_REFLECT))
    return whole


def blurred_sides(frames: Frames, random: Random) -> Frames:
    """Set on its own blurred enlargement, as phones do."""
    share, whole = float(random.uniform(0.08, 0.2)), []
    for frame in frames:
        back = cv2.GaussianBlur(cropped(frame, 0.3), (0, 0), 12)
        across = round(WIDTH * share)
        size = (WIDTH - 2 * across, round(HEIGHT * (1 - 2 * share)))
        top = (HEIGHT - size[1]) // 2
        back[top : top + size[1], across : across + size[0]] = cv2.resize(
            frame, size, interpolation=cv2.INTER_AREA
        )
        whole.append(back)
    return whole


def stickers(frames: Frames, random: Random) -> Frames:
    """Coloured stickers over parts of it."""
    spots = [
        (tuple(int(v) for v in random.integers((20, 20), (WIDTH - 20, HEIGHT - 20))),
         int(random.integers(10, 30)), tuple(int(v) for v in random.integers(0, 256, 3)))
        for _ in range(int(random.integers(2, 6)))
    ]  # fmt: skip
    whole = [frame.copy() for frame in frames]
    for picture, (middle, reach, paint) in itertools.product(whole, spots):
        cv2.circle(picture, middle, reach, paint, -1, cv2.LINE_AA)
    return whole


def flicker(frames: Frames, random: Random) -> Frames:
    """Light that breathes, and dark corners."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    corners = 1 - random.uniform(0.2, 0.5) * (x**2 + y**2)[..., None] / 2
    beat, depth = random.uniform(0.1, 0.8), random.uniform(0.1, 0.3)
    return [
        (f * corners * (1 + depth * np.sin(beat * n))).clip(0, 255).astype(np.uint8)
        for n, f in enumerate(frames)
    ]


NAMED = (
    Attack("re-encoded", each(lambda f: f)),
    Attack("x264 at 45 kbit/s", each(lambda f: f), kbit=45),
    Attack("mirrored", each(lambda f: f[:, ::-1])),
    Attack("pillars", each(lambda f: bordered(f, 0.14, 0))),
    Attack("frame around it", each(lambda f: bordered(f, 0.1, 0.1, 40))),
    Attack("logo and chat bar", each(branded)),
    Attack("1.25 x faster", retimed(0.8), speed=0.8),
    Attack("slower by 11 %", retimed(1.11), speed=1.11),
    Attack("cropped by 10 %", each(lambda f: cropped(f, 0.1))),
    Attack("down to 120 pixels", each(lambda f: small(f, 120))),
    Attack("grey and gamma", each(lambda f: grey_gamma(f, 1.6))),
    Attack("turned by 4°", each(lambda f: turned(f, 4, 1.08))),
    Attack("picture in picture", inset),
    Attack("crop, overlay, 60 kbit/s", each(lambda f: branded(cropped(f, 0.1))), kbit=60),
)
FAMILIES = tuple(
    Attack(name, change, family=True)
    for name, change in (
        ("screen-cam", screen), ("glass", glass), ("letterbox and subtitles", subtitled),
        ("colour shift", colours), ("frame drop", dropped), ("grain and contrast", grained),
        ("shaken", shaken), ("blurred sides", blurred_sides), ("stickers", stickers),
        ("flicker and corners", flicker),
    )
)  # fmt: skip
