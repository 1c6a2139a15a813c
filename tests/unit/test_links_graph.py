"""Protects whoever reads a series: what is linked lies near, nothing covers anything, no hairball."""

from __future__ import annotations

import math

import pytest

from breakwater.model.link import Edge, EdgeState, LinkKind
from breakwater.web.pages.links_graph import EDGE, HEIGHT, WIDTH, middle, near, placed

COPY = LinkKind.COPY


def chain(count: int) -> list[Edge]:
    return [Edge(n, n, n + 1, COPY, 1 - n / 1000) for n in range(1, count)]


def star(count: int) -> list[Edge]:
    return [Edge(n, 1, n + 1, COPY, 0.9) for n in range(1, count)]


def test_the_nearest_come_first_and_never_more_than_asked_for() -> None:
    assert near(5, chain(12), 5) == {5: 0, 4: 1, 6: 1, 3: 2, 7: 2}
    assert len(near(1, star(400), 200)) == 200


def test_what_a_person_held_apart_is_not_near() -> None:
    held = [Edge(1, 1, 2, COPY, 1.0), Edge(2, 2, 3, COPY, 1.0, EdgeState.REJECTED)]
    assert near(1, held, 10) == {1: 0, 2: 1}


def test_a_series_is_looked_at_from_where_most_edges_meet() -> None:
    assert middle([*chain(4), Edge(9, 2, 7, COPY), Edge(10, 2, 8, COPY)]) == 2
    assert middle([]) == 0


@pytest.mark.parametrize("edges", [chain(24), star(24), [*star(9), *chain(24)]])
def test_no_still_covers_another_and_none_is_cut_off(edges: list[Edge]) -> None:
    steps = near(middle(edges), edges, 24)
    found = placed(steps, edges, wide=24)
    assert len(found) == 24
    for x, y in found.values():
        assert EDGE <= x <= WIDTH - EDGE
        assert EDGE <= y <= HEIGHT - EDGE
    for one, (x, y) in found.items():
        for other, (u, v) in found.items():
            apart = one >= other or abs(x - u) >= 47.9 or abs(y - v) >= 26.9
            assert apart, (one, other, (x, y), (u, v))


def test_linked_media_lie_nearer_than_others() -> None:
    edges = [
        *chain(6),
        *(Edge(100 + n, 10 + n, 11 + n, COPY) for n in range(1, 6)),
        Edge(200, 1, 11, COPY),
    ]
    found = placed(near(1, edges, 50), edges, wide=0)
    pairs = {frozenset((e.a, e.b)) for e in edges}

    def mean(linked: bool) -> float:
        far = [
            math.dist(found[a], found[b])
            for a in found
            for b in found
            if a < b and (frozenset((a, b)) in pairs) == linked
        ]
        return sum(far) / len(far)

    assert mean(True) < 0.6 * mean(False)


def test_the_same_edges_give_the_same_picture_and_two_hundred_fit() -> None:
    edges = [*star(120), *chain(200)]
    steps = near(1, edges, 200)
    assert len(steps) == 200
    assert placed(steps, edges, wide=24) == placed(steps, edges, wide=24)


def test_one_or_two_media_are_drawn_too() -> None:
    assert placed({7: 0}, [], wide=1) == {7: (WIDTH / 2, HEIGHT / 2)}
    assert len(placed({1: 0, 2: 1}, chain(2), wide=2)) == 2
