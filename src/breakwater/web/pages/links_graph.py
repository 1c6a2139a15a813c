"""Where the nodes of a series' graph lie: near what they are linked with, none over another.

In comes a medium and the edges of its series; out go at most so many media, the nearest first, with
places in a drawing. Rings by distance first, then a few rounds of springs (Fruchterman and Reingold,
Software: Practice and Experience 21, 1991), then what still overlaps is pushed apart. The same edges
give the same picture. Tests: `tests/unit/test_links_graph.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.model.link import Edge, EdgeState

WIDTH: Final = 800
HEIGHT: Final = 480
EDGE: Final = 32
"""Units that stay free at each side, so that no still is cut off."""
ROUNDS: Final = 80
APART_X: Final = 58
APART_Y: Final = 40
"""A still is 48 by 27 units: so far apart, none covers another."""

Places = NDArray[np.float64]


def near(at: int, edges: Sequence[Edge], most: int) -> dict[int, int]:
    """Media by how many steps they are from one, the strongest edges first; `most` at most."""
    around: Mapping[int, list[int]] = _around(edges)
    found, ring = {at: 0}, [at]
    for step in range(1, most):
        following: list[int] = []
        for one in ring:
            for other in around.get(one, ()):
                if other not in found and len(found) < most:
                    found[other] = step
                    following.append(other)
        if not following:
            break
        ring = following
    return found


def middle(edges: Sequence[Edge]) -> int:
    """The medium with the most edges: where a series is looked at first; 0 without any."""
    degree: dict[int, int] = defaultdict(int)
    for edge in _standing(edges):
        degree[edge.a] += 1
        degree[edge.b] += 1
    return min(degree, key=lambda one: (-degree[one], one), default=0)


def placed(
    steps: Mapping[int, int], edges: Sequence[Edge], *, wide: int
) -> dict[int, tuple[float, float]]:
    """A place in the drawing for each medium.

    Args:
        steps: media and how far they are from the middle one.
        edges: of the series; those between two that are drawn pull.
        wide: how many of the first are drawn as stills and need the room of one.
    """
    numbers = list(steps)
    index = {number: at for at, number in enumerate(numbers)}
    ends = [(index[e.a], index[e.b]) for e in _standing(edges) if e.a in index and e.b in index]
    places = _sprung(_rings(numbers, steps), ends)
    places = _filled(places)
    for _ in range(ROUNDS):
        if not _pushed(places, wide):
            break
    bounds = np.array([WIDTH - EDGE, HEIGHT - EDGE], np.float64)
    places = np.clip(places, EDGE, bounds)
    return {
        number: (round(float(x), 1), round(float(y), 1))
        for number, (x, y) in zip(numbers, places, strict=True)
    }


def _standing(edges: Sequence[Edge]) -> list[Edge]:
    return [one for one in edges if one.state is not EdgeState.REJECTED]


def _around(edges: Sequence[Edge]) -> dict[int, list[int]]:
    around: dict[int, list[int]] = defaultdict(list)
    for edge in sorted(_standing(edges), key=lambda one: (-one.score, one.number)):
        around[edge.a].append(edge.b)
        around[edge.b].append(edge.a)
    return around


def _rings(numbers: Sequence[int], steps: Mapping[int, int]) -> Places:
    """The middle one in the middle, the others on rings around it."""
    rings: dict[int, list[int]] = defaultdict(list)
    for at, number in enumerate(numbers):
        rings[steps[number]].append(at)
    places = np.zeros((len(numbers), 2), np.float64)
    for step, members in rings.items():
        turn = 2 * np.pi * (np.arange(len(members)) + step / 3) / max(1, len(members))
        places[members] = step * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return places


def _sprung(places: Places, ends: Sequence[tuple[int, int]]) -> Places:
    """Springs along edges, everything else repels; the first one stays where it is."""
    count = len(places)
    if count < 3:
        return places
    length = 1.6 / np.sqrt(count) * max(1.0, float(np.abs(places).max()))
    left, right = (
        (np.array(side, np.intp) for side in zip(*ends, strict=True)) if ends else ((), ())
    )
    for heat in np.linspace(0.12, 0.01, ROUNDS):
        gap: Any = places[:, None] - places[None]
        far = np.maximum(np.hypot(gap[..., 0], gap[..., 1]), 1e-3)
        force = (gap * (length**2 / far**2)[..., None]).sum(axis=1)
        if len(left):
            pull = places[right] - places[left]
            pull *= (np.hypot(pull[:, 0], pull[:, 1]) / length)[:, None]
            np.add.at(force, left, pull)
            np.add.at(force, right, -pull)
        size = np.maximum(np.hypot(force[:, 0], force[:, 1]), 1e-9)
        force *= (np.minimum(size, heat * max(1.0, length * count**0.5)) / size)[:, None]
        force[0] = 0
        places = places + force
    return places


def _filled(places: Places) -> Places:
    """Stretched over the drawing, the first one in its middle."""
    centre = np.array([WIDTH / 2, HEIGHT / 2])
    off = places - places[0]
    reach = np.maximum(np.abs(off).max(axis=0), 1e-6)
    return np.asarray(centre + off / reach * (centre - EDGE))


def _pushed(places: Places, wide: int) -> bool:
    """Push apart what lies over another; whether anything did."""
    gap = places[:, None] - places[None]
    still = np.arange(len(places)) < wide
    room = np.where(still[:, None] | still[None], 1.0, 0.35)
    over_x = APART_X * room - np.abs(gap[..., 0])
    over_y = APART_Y * room - np.abs(gap[..., 1])
    both = (over_x > 0) & (over_y > 0) & ~np.eye(len(places), dtype=bool)
    if not both.any():
        return False
    order = np.sign(np.arange(len(places))[:, None] - np.arange(len(places))[None])
    way = np.where(gap == 0, order[..., None], np.sign(gap))
    flat = both & (over_y <= over_x)
    tall = both & ~flat
    places[:, 1] += (way[..., 1] * np.where(flat, over_y, 0) / 2).sum(axis=1)
    places[:, 0] += (way[..., 0] * np.where(tall, over_x, 0) / 2).sum(axis=1)
    np.clip(places[:, 0], EDGE, WIDTH - EDGE, out=places[:, 0])
    np.clip(places[:, 1], EDGE, HEIGHT - EDGE, out=places[:, 1])
    return True
