"""A strip inside the jail: as many stills as were asked for, small and grey, seconds apart."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from breakwater.recognition.watch_strip import MOST, Strip

GREY = np.tile(np.arange(200, dtype=np.uint8), (1080, 10))[:, :1920]


def times(strip: Strip, frames: list[float]) -> list[float]:
    return [at for at in frames if strip.look(GREY, at) is not None]


def test_stills_are_two_seconds_apart_and_then_it_is_over() -> None:
    strip = Strip()
    seconds = [n / 2 for n in range(40)]
    assert times(strip, seconds) == [], "nothing before somebody asks"
    strip.ask("a", 6, 2.0)
    assert times(strip, [30 + at for at in seconds]) == [30, 32, 34, 36, 38, 40]
    strip.ask("b", 99, 0.0)
    assert len(times(strip, [60 + at for at in seconds])) == MOST


def test_nothing_larger_than_s3_and_no_colour_leaves_the_jail() -> None:
    strip = Strip()
    strip.ask("a", 1, 2.0)
    made = strip.look(GREY, 7.0)
    assert made is not None
    assert made.header == {"t": "strip", "name": "a", "n": 0, "time": 7.0}
    with Image.open(io.BytesIO(made.block)) as shown:
        assert shown.size == (480, 270)
        red, green, blue = (np.asarray(band, np.int16) for band in shown.convert("RGB").split())
    assert max(abs(red - green).max(), abs(green - blue).max()) <= 4, "grey but for rounding"
