"""Plots as inline SVG: curves, steps, bars, and ranges on a logarithmic line.

In: numbers and words. Out: SVG text that needs no script, no font and no file; colours are the
console's tokens (`var(--…)`), so light and dark are the page's matter. Every plot has a title for
people who cannot see it, and what it shows stands in a table beside it. Used by `report`.
Tests: tests/unit/test_comments_report.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEIGHT = 360, 230
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 40
COLOURS: Final = ("var(--act)", "var(--now)", "var(--high)", "var(--muted)")
DASHES: Final = ("", "6 3", "2 3", "9 3 2 3")
"""Never by colour alone."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One series; `steps`: drawn as stairs."""

    name: str
    points: Points
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """What is drawn against what, with ticks as (value, words)."""

    title: str
    across: str
    up: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `hollow`: drawn as an outline."""

    name: str
    value: float
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """A value with bounds, on a logarithmic line."""

    name: str
    low: float
    value: float
    high: float


def lines(axes: Axes, series: Sequence[Line]) -> str:
    """Curves or stairs over one pair of axes, with a key."""

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - axes.x[0]) / (axes.x[1] - axes.x[0])
        up = (y - axes.y[0]) / (axes.y[1] - axes.y[0])
        return (
            LEFT + min(1.0, max(0.0, across)) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - min(1.0, max(0.0, up)) * (HEIGHT - TOP - BOTTOM),
        )

    drawn = [_frame(axes, at)]
    for number, one in enumerate(series):
        path = ""
        before: tuple[float, float] | None = None
        for x, y in one.points:
            px, py = at(x, y)
            if before is None:
                path = f"M{px:.1f} {py:.1f}"
            else:
                path += f"H{px:.1f}V{py:.1f}" if one.steps else f"L{px:.1f} {py:.1f}"
            before = px, py
        drawn.append(
            f'<path d="{path}" fill="none" stroke="{COLOURS[number % 4]}" stroke-width="2"'
            f"{_dash(number)}/>"
        )
    return _svg(axes.title, HEIGHT, "".join(drawn) + _key([one.name for one in series]))


def bars(title: str, held: Sequence[Bar], wanted: float, most: float = 1.1) -> str:
    """Bars across, a line where they should end."""
    row, left = 17, 104
    height = TOP + row * len(held) + 26
    span = WIDTH - left - 46
    drawn = []
    for number, one in enumerate(held):
        y = TOP + number * row
        wide = min(one.value, most) / most * span
        look = (
            'fill="none" stroke="var(--act)" stroke-width="1.5"'
            if one.hollow
            else 'fill="var(--act)"'
        )
        drawn.append(
            f'<text x="{left - 6}" y="{y + 11}" text-anchor="end">{escape(one.name)}</text>'
            f'<rect x="{left}" y="{y + 2}" width="{wide:.1f}" height="{row - 5}" {look}/>'
            f'<text x="{WIDTH - 4}" y="{y + 11}" text-anchor="end">{one.value:.3f}</text>'
        )
    x = left + wanted / most * span
    end = TOP + row * len(held)
    drawn.append(
        f'<path d="M{x:.1f} {TOP - 4}V{end}" stroke="var(--now)" stroke-width="1.5"'
        ' stroke-dasharray="4 3"/>'
        f'<text x="{x:.1f}" y="{end + 14}" text-anchor="middle">wanted {wanted:g}</text>'
    )
    return _svg(title, height, "".join(drawn))


def ranges(title: str, held: Sequence[Range], unit: str) -> str:
    """Values with bounds on a logarithmic line."""
    row, left = 22, 118
    height = TOP + row * len(held) + 40
    values = [one.high for one in held if one.high > 0] + [
        one.value for one in held if one.value > 0
    ]
    low = 10.0 ** math.floor(math.log10(min([*values, 0.01])))
    high = 10.0 ** math.ceil(math.log10(max([*values, 0.1])))
    span = WIDTH - left - 14

    def at(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low)
        return left + min(1.0, share) * span

    end = TOP + row * len(held)
    drawn = []
    tick = low
    while tick <= high * 1.001:
        x = at(tick)
        drawn.append(
            f'<path d="M{x:.1f} {TOP}V{end}" stroke="var(--line)"/>'
            f'<text x="{x:.1f}" y="{end + 14}" text-anchor="middle">{tick:g}</text>'
        )
        tick *= 10.0
    for number, one in enumerate(held):
        y = TOP + number * row + row / 2
        drawn.append(
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(one.name)}</text>'
            f'<path d="M{at(one.low):.1f} {y:.1f}H{at(one.high):.1f}" stroke="var(--act)"'
            ' stroke-width="2"/>'
            f'<path d="M{at(one.high):.1f} {y - 4:.1f}v8" stroke="var(--act)" stroke-width="2"/>'
        )
        if one.value > 0:
            drawn.append(f'<circle cx="{at(one.value):.1f}" cy="{y:.1f}" r="4" fill="var(--act)"/>')
    drawn.append(
        f'<text x="{left + span / 2:.1f}" y="{end + 32}" text-anchor="middle">{escape(unit)}</text>'
    )
    return _svg(title, height, "".join(drawn))


def _frame(axes: Axes, place: Callable[[float, float], tuple[float, float]]) -> str:
    """Grid, ticks and the names of both axes."""
    drawn = []
    for value, words in axes.x_ticks:
        x, _ = place(value, axes.y[0])
        drawn.append(
            f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="var(--line)"/>'
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{escape(words)}</text>'
        )
    for value, words in axes.y_ticks:
        _, y = place(axes.x[0], value)
        drawn.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="var(--line)"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>'
        )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    up = TOP + (HEIGHT - TOP - BOTTOM) / 2
    drawn.append(
        f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(axes.across)}</text>'
        f'<text x="11" y="{up:.0f}" text-anchor="middle" transform="rotate(-90 11 {up:.0f})">'
        f"{escape(axes.up)}</text>"
    )
    return "".join(drawn)


def _key(names: Sequence[str]) -> str:
    """Names of series over the plot; one alone needs none."""
    if len(names) < 2:
        return ""
    drawn, x = [], float(LEFT)
    for number, name in enumerate(names):
        drawn.append(
            f'<path d="M{x:.0f} 13h18" stroke="{COLOURS[number % 4]}" stroke-width="2"{_dash(number)}/>'
            f'<text x="{x + 22:.0f}" y="17">{escape(name)}</text>'
        )
        x += 34 + 6.2 * len(name)
    return "".join(drawn)


def _dash(number: int) -> str:
    dash = DASHES[number % 4]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _svg(title: str, height: int, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )
