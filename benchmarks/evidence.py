"""Copies and sounds as links find them: what joins, what is a lead, what is wrong, and at what cost.

Pictures made from a seed, and ordinary photographs of a folder where `PHOTOS` names one, are changed as
platforms and people change them, looked at in the jail and sought among all. Every edge of score
0.5 and more between two different pictures is a wrong one, and so is any lead of sound between two
different melodies. Photographs of one place from two sides are not copies.
"""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from tests.builders_sound import RATE, melody

from benchmarks.harness import Result, Row, Target, quick
from breakwater.cli import demo_photos
from breakwater.fingerprint import audio
from breakwater.linking.finding.copies import SURE, CopyFinder
from breakwater.linking.finding.sounds import SoundFinder
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import SystemClock
from breakwater.model.ids import new_id
from breakwater.model.link import Medium, MediumState, Origin
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.recognition.links import LinkLooker

PICTURES = 12 if quick() else 160
SOUNDS = 8 if quick() else 120
CHANGED = 4
"""One in so many pictures is changed and sought."""

Change = Callable[[Image.Image], Image.Image]
NOTES = (
    "The rules were tuned on these pictures, photographs and melodies: nothing was held back.",
    "Copies: wrong edges are those of score 0.5 and more between different pictures.",
    "Photographs: none are in this repository in number; PHOTOS names a folder of them.",
    "Sound is a lead whatever its score; wrong means any lead between different melodies.",
    "Videos: the alignment is measured by copies.json; their edges need it or geometry.",
)


def run() -> Result:
    """Measure pictures made and photographed, then sounds."""
    rows: list[Row] = []
    targets: list[Target] = []
    with JailPool() as pool:
        looker = LinkLooker(pool=pool, limits=MediaLimits(max_wall_s=60))
        sets = {"made pictures": [demo_photos.photo(seed) for seed in range(PICTURES)]}
        if folder := os.environ.get("PHOTOS"):
            sets["photographs"] = [
                Image.open(path).convert("RGB") for path in sorted(Path(folder).rglob("*.jpg"))
            ]
        for name, pictures in sets.items():
            found, recall, wrong, pairs = _pictures(looker, name, pictures)
            rows += found
            targets.append(Target.at_most(f"wrong copies, {name} ({pairs:,} pairs)", wrong, 0))
            targets.append(Target.at_least(f"recall of copies, {name}", recall, 0.85))
    found, recall, wrong = _sounds()
    rows += found
    targets.append(Target.at_most("wrong leads of sound", wrong, 0))
    targets.append(Target.at_least("recall of sound", recall, 0.9))
    return Result("evidence", tuple(rows), tuple(targets), NOTES)


def _changes() -> dict[str, Change]:
    """What platforms and people do to pictures."""

    def bar(image: Image.Image) -> Image.Image:
        wide, high = image.size
        out = image.copy()
        ImageDraw.Draw(out).rectangle((0, high - high // 10, wide, high), fill=(10, 10, 10))
        return out

    return {
        "coded anew": lambda one: one,
        "a third of the size": lambda one: one.resize((one.width // 3, one.height // 3)),
        "cut by 5 %": lambda one: _cut(one, 0.025),
        "cut by 20 %": lambda one: _cut(one, 0.1),
        "mirrored": ImageOps.mirror,
        "turned": lambda one: one.rotate(90, expand=True),
        "brighter": lambda one: one.point(lambda value: min(255, int(value * 1.3))),
        "a bar below": bar,
    }


def _cut(image: Image.Image, share: float) -> Image.Image:
    wide, high = image.size
    sides = (wide * share, high * share, wide * (1 - share), high * (1 - share))
    return image.crop(tuple(round(side) for side in sides))  # type: ignore[arg-type]


def _medium(number: int) -> Medium:
    at = SystemClock().now()
    return Medium(number, new_id(), Origin.EXHIBIT, new_id(), MediumState.LOOKED, "", "", at)


def _look(looker: LinkLooker, image: Image.Image, quality: int) -> LinkSignals:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    found = looker.look(out)
    if isinstance(found, Undecodable):
        raise TypeError(found)
    return found


def _pictures(
    looker: LinkLooker, name: str, pictures: list[Image.Image]
) -> tuple[list[Row], float, int, int]:
    """Rows, recall over all changes, wrong edges, and among how many pairs."""
    for one in pictures:
        one.thumbnail((1200, 1200))
    begun = time.perf_counter()
    known = [_look(looker, one, 90).kept() for one in pictures]
    look_s = (time.perf_counter() - begun) / len(pictures)
    finder = CopyFinder(read=lambda number: known[number - 1])
    for number, signals in enumerate(known, 1):
        finder.learn(_medium(number), signals)
    case, rows, wrong, right, count, find_s = name, [], 0, 0, 0, 0.0
    for number in range(1, len(known) + 1):
        wrong += sum(e.score >= SURE for e in finder.find(_medium(number), known[number - 1]))
    for change, make in _changes().items():
        mine = 0
        sought = range(0, len(pictures), CHANGED)
        for at in sought:
            signals = _look(looker, make(pictures[at]), 70)
            begun = time.perf_counter()
            joined = {e.a for e in finder.find(_medium(10**6), signals) if e.score >= SURE}
            find_s += time.perf_counter() - begun
            mine += at + 1 in joined
            wrong += len(joined - {at + 1})
        right, count = right + mine, count + len(sought)
        rows.append(Row(case, "breakwater", f"found, {change}", mine / len(sought), "share"))
    rows.append(Row(case, "breakwater", "a look in the jail", look_s * 1e3, "ms"))
    rows.append(Row(case, "breakwater", "a search", find_s / count * 1e3, "ms"))
    pairs = len(known) * (len(known) - 1) // 2 + count * (len(known) - 1)
    return rows, right / count, wrong, pairs


def _heard(samples: NDArray[np.int16]) -> LinkSignals:
    return LinkSignals(sound=audio.print_of(iter([samples])), seconds=len(samples) / RATE)


def _sounds() -> tuple[list[Row], float, int]:
    chance = np.random.default_rng(3)

    def noisy(one: NDArray[np.int16]) -> NDArray[np.int16]:
        return (one + chance.normal(0, 800, len(one))).clip(-32768, 32767).astype(np.int16)

    changes: dict[str, Callable[[NDArray[np.int16]], NDArray[np.int16]]] = {
        "with noise": noisy,
        "12 s of 30": lambda one: one[8 * RATE : 20 * RATE],
        "behind another": lambda one: np.concatenate([melody(9_999, 7.0), one]),
        "muffled": lambda one: np.convolve(one, np.ones(4) / 4, "same").astype(np.int16),
    }
    known = {seed: _heard(melody(seed, 30.0)) for seed in range(1, SOUNDS + 1)}
    finder = SoundFinder(read=known.get)
    for seed, one in known.items():
        finder.learn(_medium(seed), one)
    wrong = sum(len(finder.find(_medium(seed), one)) for seed, one in known.items())
    rows, right, count = [], 0, 0
    for name, change in changes.items():
        mine = 0
        sought = range(1, SOUNDS + 1, CHANGED)
        for seed in sought:
            found = {e.a for e in finder.find(_medium(10**6), _heard(change(melody(seed, 30.0))))}
            mine += seed in found
            wrong += len(found - {seed})
        right, count = right + mine, count + len(sought)
        rows.append(Row("melodies", "breakwater", f"found, {name}", mine / len(sought), "share"))
    return rows, right / count, wrong
