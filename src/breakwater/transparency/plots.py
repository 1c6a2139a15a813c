"""Plots of figures as marks at places, which a page draws as SVG and a paper as PDF. Pure.

In: words and numbers, in the reader's language. Out: boxes, strokes and words, measured from the
top left; `kind` says what a mark is, and whoever draws gives it a colour. Nothing is told by colour
alone: every bar has its figure beside it, and a table beside the plot says the same. Tests:
`tests/unit/test_transparency_papers.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

ROW: Final = 22.0
CLOCK: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200,
    86_400, 172_800, 604_800,
)  # fmt: skip
"""Steps of seconds."""


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    w: float
    h: float
    kind: str = "bar"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line."""

    x: float
    y: float
    to_x: float
    to_y: float
    kind: str = "grid"


@dataclass(frozen=True, slots=True)
class Text:
    """Words; `anchor`: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "label"


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn."""

    wide: float
    high: float
    boxes: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    texts: tuple[Text, ...] = ()


Bar = tuple[str, float, str]
"""A name, a length and its words."""


def bars(found: Sequence[Bar], *, wide: float = 520.0, left: float = 150.0) -> Plot:
    """Bars across, each with its name before and its figure after it."""
    room = wide - left - 70
    most = max((length for _, length, _ in found), default=0.0) or 1.0
    boxes, texts = [], []
    for at, (name, length, words) in enumerate(found):
        y = at * ROW
        w = _r(length / most * room)
        if length > 0:
            boxes.append(Box(left, y + 4, max(1.5, w), ROW - 8))
        texts.append(Text(left - 8, y + 15, name, "end"))
        texts.append(
            Text(left + (max(1.5, w) if length > 0 else 0) + 6, y + 15, words, kind="value")
        )
    axis = Stroke(left, 0, left, max(ROW, len(found) * ROW), "axis")
    return Plot(wide, max(ROW, len(found) * ROW), tuple(boxes), (axis,), tuple(texts))


def hours(
    found: Sequence[tuple[float | None, float | None]],
    said: Callable[[float], str],
    *,
    wide: float = 520.0,
    high: float = 190.0,
) -> Plot:
    """A day: for each hour the 95th percentile as a pale column, the median as a dark one in it.

    Args:
        found: median and 95th percentile in seconds, for each of 24 hours.
        said: seconds in words.
        wide: of the plot.
        high: of the plot.
    """
    left, foot, top = 52.0, 26.0, 8.0
    most = max((late for _, late in found if late is not None), default=0.0)
    ticks = times(most)
    scale = (high - foot - top) / ticks[-1]
    step = (wide - left - 6) / 24
    base = high - foot
    boxes, texts = [], []
    for hour, (middle, late) in enumerate(found):
        x = left + hour * step
        for value, kind, inset in ((late, "pale", 0.12), (middle, "bar", 0.3)):
            if value is not None:
                tall = max(1.0, value * scale)
                boxes.append(
                    Box(
                        _r(x + step * inset),
                        _r(base - tall),
                        _r(step * (1 - 2 * inset)),
                        _r(tall),
                        kind,
                    )
                )
        if hour % 3 == 0:
            texts.append(Text(_r(x + step / 2), high - 10, f"{hour:02}", "middle"))
    strokes = []
    for tick in ticks:
        y = _r(base - tick * scale)
        strokes.append(Stroke(left, y, wide - 6, y, "axis" if tick == 0 else "grid"))
        texts.append(Text(left - 6, y + 4, said(tick), "end"))
    return Plot(wide, high, tuple(boxes), tuple(strokes), tuple(texts))


def whiskers(
    found: Sequence[tuple[str, float | None, float, float, str]],
    said: Callable[[float], str],
    *,
    wide: float = 520.0,
    left: float = 120.0,
) -> Plot:
    """Estimates with their intervals on one line of shares from zero.

    Args:
        found: name, value, low, high and words of each.
        said: a share in words, for the axis.
        wide: of the plot.
        left: of its names.
    """
    row = 44.0
    most = max((high for *_, high, _ in found), default=0.0) or 1.0
    ticks = [tick for tick in steps(most) if tick <= 1.0]
    end = max(ticks[-1], most)
    room = wide - left - 24
    high = row * len(found) + 26

    def at(share: float) -> float:
        return _r(left + share / end * room)

    boxes, strokes, texts = [], [], []
    for tick in ticks:
        strokes.append(Stroke(at(tick), 0, at(tick), high - 20, "axis" if tick == 0 else "grid"))
        texts.append(Text(at(tick), high - 6, said(tick), "middle"))
    for number, (name, value, low, up, words) in enumerate(found):
        y = number * row + 16
        texts.append(Text(left - 10, y + 4, name, "end"))
        strokes += [
            Stroke(at(low), y, at(up), y, "whisker"),
            Stroke(at(low), y - 6, at(low), y + 6, "whisker"),
            Stroke(at(up), y - 6, at(up), y + 6, "whisker"),
        ]
        if value is not None:
            boxes.append(Box(at(value) - 4, y - 4, 8, 8, "dot"))
        texts.append(Text(left + 6, y + 22, words, kind="value"))
    return Plot(wide, high, tuple(boxes), tuple(strokes), tuple(texts))


def steps(most: float) -> list[float]:
    """Three to six round values from zero to at least `most`.

    >>> steps(47)
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    """
    if most <= 0:
        return [0.0, 1.0]
    raw = most / 5
    power = 10.0 ** floor(log10(raw))
    step = next(one for one in (power, 2 * power, 5 * power, 10 * power) if one >= raw * 0.999)
    values = [0.0]
    while values[-1] < most * 0.999:
        values.append(round(values[-1] + step, 12))
    return values


def times(most: float) -> list[float]:
    """The same for seconds, in steps that clocks have.

    >>> times(1_000)
    [0.0, 300.0, 600.0, 900.0, 1200.0]
    """
    step = next((one for one in CLOCK if one * 5 >= most), None)
    if most <= 0 or step is None:
        return steps(most)
    return [float(step * n) for n in range(int(-(-most // step)) + 1)]


def _r(value: float) -> float:
    return round(value, 1)
