"""Moving pictures made on the spot: ordinary scenes with cuts, and the hard negatives.

Nothing is downloaded: textures are clouds, polygons, blocks, tiles and bokeh; cameras pan, zoom,
turn or stand; figures and things move; shots cut every few seconds. Three clips are filmed ones
from tests/data/videos. A movie answers `frame(number)` as RGB of HEIGHT x WIDTH; the same seed is
the same movie. Hard negatives share what unrelated broadcasts share: a room, the dark, a slide
template, a platform's logo and chat bar.
"""

from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

WIDTH, HEIGHT, FPS = 384, 216, 12
SIZE = (WIDTH, HEIGHT)
OPENING_S = 5.0
VIDEOS = Path(__file__).parent.parent / "tests" / "data" / "videos"
FILMED = ("chair-20-sd-bar", "doorknob-hd-no-bar", "pattern-sd-with-small-logo-bar")

Picture = np.ndarray
Random = np.random.Generator


def clouds(random: Random, width: int, height: int) -> Picture:
    """Soft colours of several scales."""
    size = (max(8, width // 4), max(8, height // 4))
    whole = np.zeros((size[1], size[0], 3), np.float32)
    for octave in range(5):
        cells = (2 * 2**octave, 3 * 2**octave, 3)
        grid = random.random(cells, np.float32)
        whole += cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC) / 1.6**octave
    low, high = whole.min(), whole.max()
    even = ((whole - low) * (255 / (high - low))).astype(np.uint8)
    return cv2.resize(even, (width, height), interpolation=cv2.INTER_LINEAR)


def colour(random: Random) -> tuple[int, int, int]:
    return tuple(int(v) for v in random.integers(0, 256, 3))


def polygons(random: Random, width: int, height: int) -> Picture:
    """Large and small polygons over soft colours."""
    whole = clouds(random, width, height)
    for _ in range(int(random.integers(20, 90))):
        reach = int(random.integers(8, 90))
        middle = random.integers(0, (width, height), 2)
        points = middle + random.integers(-reach, reach, (int(random.integers(3, 8)), 2))
        cv2.fillPoly(whole, [points.astype(np.int32)], colour(random), cv2.LINE_AA)
    return whole


def blocks(random: Random, width: int, height: int) -> Picture:
    """Houses with windows against a sky."""
    plain = np.full((height, width, 3), colour(random), np.uint8)
    whole = cv2.addWeighted(clouds(random, width, height), 0.3, plain, 0.7, 0)
    x = 0
    while x < width:
        wide, high = int(random.integers(30, 110)), int(random.integers(height // 4, height))
        cv2.rectangle(whole, (x, height - high), (x + wide, height), colour(random), -1)
        step, glass = int(random.integers(9, 20)), colour(random)
        for down in range(height - high + 6, height, step + 5):
            for right in range(x + 5, x + wide - step // 2, step):
                if random.random() < 0.7:
                    cv2.rectangle(
                        whole, (right, down), (right + step // 2, down + step // 2), glass, -1
                    )
        x += wide
    return whole


def bokeh(random: Random, width: int, height: int) -> Picture:
    """Discs of light, partly blurred."""
    whole = (clouds(random, width, height) * 0.4).astype(np.uint8)
    for _ in range(int(random.integers(30, 120))):
        middle = tuple(int(v) for v in random.integers(0, (width, height), 2))
        cv2.circle(whole, middle, int(random.integers(3, 45)), colour(random), -1, cv2.LINE_AA)
    return cv2.GaussianBlur(whole, (0, 0), float(random.uniform(0.5, 3)))


def tiles(random: Random, width: int, height: int) -> Picture:
    """An irregular pattern of tiles under uneven light."""
    step = int(random.integers(24, 60))
    grid = random.integers(30, 226, (height // step + 2, width // step + 2, 3)).astype(np.uint8)
    whole = cv2.resize(grid, None, fx=step, fy=step, interpolation=cv2.INTER_NEAREST)
    whole = whole[:height, :width]
    return cv2.addWeighted(whole, 0.6, clouds(random, width, height), 0.4, 0)


TEXTURES: tuple[Callable[[Random, int, int], Picture], ...] = (
    clouds, polygons, blocks, bokeh, tiles,
)  # fmt: skip


class Thing:
    """Something that moves on its own path: a patch of another texture, or a figure."""

    def __init__(self, random: Random) -> None:
        self.side = int(random.integers(24, 90))
        self.patch = polygons(random, 2 * self.side, 2 * self.side)
        self.mask = np.zeros(self.patch.shape[:2], np.uint8)
        middle = (self.side, self.side)
        axes = (int(self.side * random.uniform(0.5, 1)), int(self.side * random.uniform(0.4, 0.9)))
        cv2.ellipse(self.mask, middle, axes, float(random.uniform(0, 180)), 0, 360, 255, -1)
        self.start = random.uniform(0, 1, 2) * SIZE
        self.speed = random.uniform(-70, 70, 2)
        self.sway, self.beat = random.uniform(0, 30, 2), random.uniform(0.3, 2.5)

    def draw(self, whole: Picture, time_s: float) -> None:
        place = self.start + self.speed * time_s + self.sway * np.sin(self.beat * time_s * 3)
        x, y = (int(v) for v in np.mod(place, (WIDTH + self.side, HEIGHT + self.side)) - self.side)
        left, top = max(0, x), max(0, y)
        right, bottom = min(WIDTH, x + 2 * self.side), min(HEIGHT, y + 2 * self.side)
        if right > left and bottom > top:
            part = slice(top - y, bottom - y), slice(left - x, right - x)
            seen = whole[top:bottom, left:right]
            np.copyto(seen, self.patch[part], where=self.mask[part][..., None] > 0)


class Shot:
    """One take: a texture, a camera's path over it, things that move."""

    def __init__(self, random: Random, seconds: float) -> None:
        self.seconds = seconds
        make = TEXTURES[int(random.integers(len(TEXTURES)))]
        self.texture = make(random, 2 * WIDTH, 2 * HEIGHT)
        standing = random.random() < 0.4
        self.pan = np.zeros(2) if standing else random.uniform(-30, 30, 2)
        self.zoom = 0.0 if standing else float(random.uniform(-0.06, 0.06))
        self.turn = 0.0 if standing else float(random.uniform(-2.5, 2.5))
        self.scale = float(random.uniform(0.7, 1.2))
        self.light = float(random.uniform(-6, 6))
        self.things = [Thing(random) for _ in range(int(random.integers(1, 6)))]

    def draw(self, time_s: float) -> Picture:
        angle, scale = self.turn * time_s, self.scale * (1 + self.zoom * time_s)
        matrix = cv2.getRotationMatrix2D((WIDTH, HEIGHT), angle, scale)
        matrix[:, 2] += self.pan * time_s - np.array(SIZE) / 2
        whole = cv2.warpAffine(self.texture, matrix, SIZE, borderMode=cv2.BORDER_REFLECT)
        for thing in self.things:
            thing.draw(whole, time_s)
        return cv2.convertScaleAbs(whole, alpha=1.0, beta=self.light * time_s)


class Movie:
    """Shots one after another."""

    def __init__(self, seed: int, seconds: float) -> None:
        self._random = np.random.default_rng(seed)
        self.seed, self.seconds = seed, seconds
        self.count = int(seconds * FPS)
        starts, at = [], 0.0
        while at < seconds:
            starts.append(at)
            at += float(self._random.uniform(1.5, 6))
        self._starts = np.array(starts)
        self._seeds = self._random.integers(0, 2**62, len(starts))
        self._shot: tuple[int, Shot] | None = None

    def frame(self, number: int) -> Picture:
        time_s = number / FPS
        place = int(np.searchsorted(self._starts, time_s, side="right")) - 1
        if self._shot is None or self._shot[0] != place:
            self._shot = (place, Shot(np.random.default_rng(self._seeds[place]), 0))
        return self._shot[1].draw(time_s - self._starts[place])


class Take(Movie):
    """One take without a cut."""

    def __init__(self, seed: int, seconds: float) -> None:
        super().__init__(seed, seconds)
        self._starts, self._seeds = self._starts[:1], self._seeds[:1]


class Filmed:
    """A clip of tests/data/videos, at this benchmark's size and rate."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = len(self._frames)
        self.seconds = self.count / FPS

    @cached_property
    def _frames(self) -> list[Picture]:
        with av.open(str(VIDEOS / f"{self.name}.mp4")) as container:
            stream: Any = container.streams.video[0]
            step = float(stream.average_rate) / FPS
            found: list[Picture] = []
            for number, frame in enumerate(container.decode(stream)):
                if number >= len(found) * step:
                    found.append(
                        cv2.resize(
                            frame.to_ndarray(format="rgb24"), SIZE, interpolation=cv2.INTER_AREA
                        )
                    )
        return found

    def frame(self, number: int) -> Picture:
        return self._frames[number]


class Room(Movie):
    """A camera that stands in one room; only who sits there differs from source to source."""

    def frame(self, number: int) -> Picture:
        time_s = number / FPS
        room = self._scenery.copy()
        head = (int(WIDTH * 0.5 + 25 * np.sin(time_s * self._beat)), int(HEIGHT * 0.42))
        body = (head[0], int(HEIGHT * 0.85))
        cv2.ellipse(room, body, (60, 70), 0, 0, 360, self._coat, -1)
        cv2.circle(room, head, 30, self._skin, -1)
        hand = (int(head[0] + 80 * np.cos(2 * time_s * self._beat)), int(HEIGHT * 0.6))
        cv2.line(room, body, hand, self._coat, 16)
        noise = np.random.default_rng(number).normal(0, 3, room.shape[:2])[..., None]
        return (room + noise).clip(0, 255).astype(np.uint8)

    @cached_property
    def _scenery(self) -> Picture:
        self._beat = float(self._random.uniform(0.3, 1.4))
        self._coat, self._skin = colour(self._random), colour(self._random)
        return polygons(np.random.default_rng(self.seed % 2), WIDTH, HEIGHT)


class Webcam(Movie):
    """Somebody before one backdrop under a lamp: each has another face, coat and way to move."""

    def frame(self, number: int) -> Picture:
        time_s = number / FPS
        whole = self._scenery.copy()
        x, y, lean, mouth = (float(np.interp(time_s, self._beats, path)) for path in self._paths)
        head = (int(WIDTH * 0.5 + 40 * x), int(HEIGHT * 0.42 + 14 * y))
        shoulders = (int(head[0] - 10 * lean), int(HEIGHT * 1.02))
        cv2.ellipse(whole, shoulders, self._build, 4 * lean, 0, 360, self._coat, -1, cv2.LINE_AA)
        cv2.ellipse(whole, head, (30, 39), 8 * lean, 0, 360, self._skin, -1, cv2.LINE_AA)
        cv2.ellipse(whole, (head[0], head[1] - 16), (31, 26), 8 * lean, 180, 360, self._hair, -1)
        lips = (head[0], head[1] + 18)
        cv2.ellipse(whole, lips, (10, int(2 + 6 * abs(mouth))), 0, 0, 360, (90, 30, 40), -1)
        if lean > 0.6:
            hand = (int(head[0] + 70 * x + 60), int(HEIGHT * 0.62 + 40 * y))
            cv2.circle(whole, hand, 17, self._skin, -1, cv2.LINE_AA)
        lit = whole * (1 + 0.03 * np.sin(time_s / 3 + self.seed)) + self._noise(number)
        return lit.clip(0, 255).astype(np.uint8)

    def _noise(self, number: int) -> np.ndarray:
        return np.random.default_rng((self.seed, number)).normal(0, 3, (HEIGHT, WIDTH, 1))

    @cached_property
    def _scenery(self) -> Picture:
        random = self._random
        self._beats = np.arange(0, self.seconds + 2, 0.6)
        walk = random.normal(0, 0.6, (4, len(self._beats)))
        for at in range(1, len(self._beats)):
            walk[:, at] += 0.7 * walk[:, at - 1]
        self._paths = walk
        self._coat, self._skin, self._hair = (colour(random) for _ in range(3))
        self._build = (int(random.integers(62, 95)), int(random.integers(70, 100)))
        return polygons(np.random.default_rng(900 + self.seed % 2), WIDTH, HEIGHT)


class Intro(Movie):
    """Another movie each, after the same opening of five seconds."""

    def frame(self, number: int) -> Picture:
        if number < OPENING_S * FPS:
            return _opening().frame(number)
        return super().frame(number)


@cache
def _opening() -> Movie:
    return Movie(606, OPENING_S + 1)


class Dark(Movie):
    """Almost nothing to see: noise, and a faint patch of light."""

    def frame(self, number: int) -> Picture:
        random = np.random.default_rng((self.seed, number))
        light = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.circle(light, (100 + self.seed % 180, 90), 70, 10, -1)
        grain = random.normal(8, 3, (HEIGHT, WIDTH)) + cv2.GaussianBlur(light, (0, 0), 25)
        return np.repeat(grain.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


class Slides(Movie):
    """One template; other words on each slide, four seconds each."""

    def frame(self, number: int) -> Picture:
        random = np.random.default_rng((self.seed, number // (4 * FPS)))
        whole = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
        cv2.rectangle(whole, (0, 0), (WIDTH, 34), (20, 60, 140), -1)
        cv2.rectangle(whole, (WIDTH - 60, HEIGHT - 24), (WIDTH - 8, HEIGHT - 6), (200, 80, 20), -1)
        letters = "abcdefghiklmnoprstuvwz    "
        for row in range(int(random.integers(4, 8))):
            words = "".join(random.choice(list(letters), int(random.integers(12, 34))))
            cv2.putText(whole, words, (18, 62 + 20 * row), 0, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
        title = "".join(random.choice(list(letters), 16))
        cv2.putText(whole, title, (10, 24), 0, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
        return whole


class Marked(Movie):
    """Unrelated movies under one platform's logo, bars and chat."""

    def frame(self, number: int) -> Picture:
        return branded(super().frame(number))


def branded(picture: Picture) -> Picture:
    """With a logo, a bar and a chat column."""
    overlay = _overlay()
    left, top = int(WIDTH * 0.74), HEIGHT - 26
    whole = picture.copy()
    whole[:, left:] = cv2.addWeighted(whole[:, left:], 0.25, overlay[:, left:], 0.75, 0)
    whole[top:] = overlay[top:]
    whole[6:46, 8:70] = overlay[6:46, 8:70]
    return whole


def _overlay() -> Picture:
    if not _OVERLAY:
        _OVERLAY.append(polygons(np.random.default_rng(77), WIDTH, HEIGHT))
        for row in range(9):
            cv2.putText(
                _OVERLAY[0], f"user{row}: hello there", (290, 30 + 20 * row), 0, 0.32, (255,) * 3, 1
            )
    return _OVERLAY[0]


_OVERLAY: list[Picture] = []
NEGATIVES: dict[str, type[Movie]] = {
    "static room": Room,
    "dark": Dark,
    "slides": Slides,
    "one logo on all": Marked,
    "webcams, one backdrop": Webcam,
    "repeated intro": Intro,
}
KINDS: dict[str, type[Movie]] = {**NEGATIVES, "library": Movie, "take": Take}  # fmt: skip


def known_clips(count: int, draw: int = 0) -> list[tuple[str, Movie | Filmed]]:
    """The clips that are searched for: the filmed ones, then made ones of 20 to 40 s.

    Args:
        count: how many.
        draw: which made ones; another number, other clips.
    """
    filmed = [(name, Filmed(name)) for name in FILMED[: max(1, count // 5)]]
    random = np.random.default_rng((5, draw))
    made = [
        (f"made {seed}", Movie(1000 + 10_000 * draw + seed, float(random.uniform(20, 40))))
        for seed in range(count - len(filmed))
    ]
    return [*filmed, *made]
