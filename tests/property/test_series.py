"""Series over any story of edges and people's words: what must hold after every step."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.model.link import Edge, EdgeState, LinkKind
from breakwater.scenes.series import Series

MEDIA = 12
PAIR = st.tuples(st.integers(1, MEDIA), st.integers(1, MEDIA)).filter(lambda p: p[0] != p[1])
STEP = st.tuples(
    st.sampled_from(["add", "add", "add", "say", "remove"]),
    PAIR,
    st.sampled_from([LinkKind.PLACE, LinkKind.COPY, LinkKind.PERSON]),
    st.sampled_from(list(EdgeState)),
    st.integers(0, 100),
)
STORY = st.lists(STEP, max_size=60)


def played(
    story: Iterable[tuple[str, tuple[int, int], LinkKind, EdgeState, int]],
) -> tuple[Series, dict[int, Edge]]:
    """The series after a story, and the edges that stand."""
    found, stand, number = Series(), {}, 0
    for act, (a, b), kind, state, score in story:
        if act == "add":
            number += 1
            made = Edge(number, min(a, b), max(a, b), kind, score / 100)
        elif not stand:
            continue
        else:
            old = stand[sorted(stand)[score % len(stand)]]
            if act == "remove":
                found.remove(old.number)
                del stand[old.number]
                continue
            made = Edge(old.number, old.a, old.b, old.kind, old.score, state)
        stand[made.number] = made
        found.add(made)
    return found, stand


def joins(edge: Edge) -> bool:
    return edge.state is EdgeState.CONFIRMED or (
        edge.state is EdgeState.MACHINE and edge.kind.joins
    )


@given(STORY)
@settings(max_examples=400)
def test_a_series_is_held_together_by_its_edges_and_holds_nothing_rejected(story) -> None:
    found, stand = played(story)
    for part in found.parts():
        reached, todo = set(), [min(part)]
        while todo:
            medium = todo.pop()
            reached.add(medium)
            for edge in stand.values():
                if joins(edge) and medium in (edge.a, edge.b):
                    other = edge.b if medium == edge.a else edge.a
                    if other in part and other not in reached:
                        todo.append(other)
        assert reached == part
    for edge in stand.values():
        if edge.state is EdgeState.REJECTED:
            assert not found.together(edge.a, edge.b)


@given(STORY)
@settings(max_examples=400)
def test_every_edge_is_inside_or_accounted_for(story) -> None:
    found, stand = played(story)
    waiting = {edge.number for edge in found.waiting()}
    conflicts = {edge.number for edge in found.conflicts()}
    apart = {
        frozenset({found.of(edge.a), found.of(edge.b)})
        for edge in stand.values()
        if edge.state is EdgeState.REJECTED
    }
    for edge in stand.values():
        if not joins(edge) or found.together(edge.a, edge.b):
            assert edge.number not in waiting | conflicts
            continue
        parts = {found.of(edge.a), found.of(edge.b)}
        if frozenset(parts) in apart:
            assert (edge.number in conflicts) == (edge.state is EdgeState.CONFIRMED)
        else:
            assert edge.state is EdgeState.MACHINE
            assert edge.number in waiting
            assert min(map(len, parts)) >= 3 or max(map(len, parts)) >= 8


@given(STORY, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_loading_does_not_depend_on_the_order_of_the_file(story, chance) -> None:
    _, stand = played(story)
    edges = list(stand.values())
    first, second = Series(), Series()
    first.load(edges)
    chance.shuffle(edges)
    second.load(edges)
    assert set(first.parts()) == set(second.parts())
    assert {m: first.id_of(m) for m in range(1, MEDIA + 1)} == {
        m: second.id_of(m) for m in range(1, MEDIA + 1)
    }


@given(STORY)
@settings(max_examples=200)
def test_without_edges_everything_is_alone_again(story) -> None:
    found, stand = played(story)
    for number in sorted(stand):
        found.remove(number)
    assert all(len(part) == 1 for part in found.parts())
    assert not found.waiting()
    assert not found.conflicts()
