"""Series: one wrong edge joins nothing, people's words hold, and everything can be taken back."""

from __future__ import annotations

import pytest

from breakwater.errors import NotFound
from breakwater.model.link import Edge, EdgeState, LinkKind
from breakwater.scenes.series import Fate, Series

FIRST, SECOND = (1, 2, 3, 4), (11, 12, 13, 14)


def edge(
    number: int, a: int, b: int, kind: LinkKind = LinkKind.PLACE, *, score: float = 0.9,
    state: EdgeState = EdgeState.MACHINE,
) -> Edge:  # fmt: skip
    return Edge(number, min(a, b), max(a, b), kind, score, state)


def circle(media: tuple[int, ...], start: int) -> list[Edge]:
    """Each with the next: no edge alone holds it together."""
    ends = zip(media, media[1:] + media[:1], strict=True)
    return [edge(start + n, a, b) for n, (a, b) in enumerate(ends)]


def dense(media: tuple[int, ...], start: int) -> list[Edge]:
    """Each with the next two."""
    size = len(media)
    pairs = [(media[n], media[(n + step) % size]) for n in range(size) for step in (1, 2)]
    return [edge(start + n, a, b) for n, (a, b) in enumerate(pairs)]


@pytest.fixture
def two() -> Series:
    """Two series of four media."""
    found = Series()
    for one in circle(FIRST, 1) + circle(SECOND, 5):
        found.add(one)
    return found


def test_a_pair_is_joined_by_one_edge() -> None:
    found = Series()
    assert found.add(edge(1, 7, 8)) is Fate.JOINS
    assert found.of(7) == {7, 8}
    assert found.id_of(8) == 1


def test_one_edge_between_two_series_waits_for_a_person(two: Series) -> None:
    assert two.add(edge(20, 1, 11)) is Fate.WAITS
    assert not two.together(1, 11)
    assert [one.number for one in two.waiting()] == [20]


def test_two_edges_without_a_medium_in_common_join(two: Series) -> None:
    two.add(edge(20, 1, 11))
    assert two.add(edge(21, 2, 12)) is Fate.JOINS
    assert two.of(1) == {*FIRST, *SECOND}
    assert two.waiting() == []


def test_one_medium_that_resembles_everything_is_one_witness(two: Series) -> None:
    fates = {two.add(edge(20 + n, 1, other)) for n, other in enumerate(SECOND)}
    assert fates == {Fate.WAITS}
    assert not two.together(1, 11)


def test_larger_series_need_more_witnesses() -> None:
    first, second = tuple(range(1, 25)), tuple(range(101, 125))
    found = Series()
    found.load([*dense(first, 1), *dense(second, 101)])
    fates = [found.add(edge(300 + n, first[n], second[n])) for n in range(3)]
    assert fates == [Fate.WAITS, Fate.WAITS, Fate.JOINS]


def test_a_single_medium_joins_a_large_series_by_two_edges() -> None:
    found = Series()
    for one in circle(tuple(range(1, 9)), 1):
        found.add(one)
    assert found.add(edge(20, 1, 99)) is Fate.WAITS
    assert found.add(edge(21, 4, 99)) is Fate.JOINS


@pytest.mark.parametrize(
    ("kind", "then"), [(LinkKind.PERSON, Fate.JOINS), (LinkKind.DECOR, Fate.LEAD)]
)
def test_a_likeness_joins_by_a_person_alone_and_furniture_never(kind: LinkKind, then: Fate) -> None:
    found = Series()
    assert found.add(edge(1, 7, 8, kind, score=1.0)) is Fate.LEAD
    assert not found.together(7, 8)
    assert found.add(edge(1, 7, 8, kind, state=EdgeState.CONFIRMED)) is then
    assert found.add(edge(2, 7, 8, kind, state=EdgeState.REJECTED)) is Fate.APART


def test_a_person_joins_what_waits_and_takes_it_back(two: Series) -> None:
    before = {two.id_of(1), two.id_of(11)}
    two.add(edge(20, 1, 11))
    assert two.add(edge(20, 1, 11, state=EdgeState.CONFIRMED)) is Fate.JOINS
    assert two.id_of(1) == two.id_of(11) == 1
    assert two.aliases(11) == (1, 2)
    assert two.add(edge(20, 1, 11)) is Fate.WAITS
    assert {two.id_of(1), two.id_of(11)} == before == {1, 2}


def test_what_a_person_holds_apart_stays_apart(two: Series) -> None:
    two.add(edge(20, 3, 13, state=EdgeState.REJECTED))
    assert two.add(edge(21, 1, 11)) is Fate.APART
    assert two.add(edge(22, 2, 12)) is Fate.APART
    assert not two.together(1, 11)
    assert two.waiting() == []
    two.remove(20)
    assert two.together(1, 11)


def test_a_rejected_edge_inside_a_series_takes_it_apart() -> None:
    found = Series()
    for one in circle(FIRST, 1):
        found.add(one)
    found.add(edge(9, 1, 3, state=EdgeState.REJECTED))
    assert not found.together(1, 3)
    found.remove(9)
    assert found.together(1, 3)


def test_two_people_who_disagree_are_a_conflict(two: Series) -> None:
    two.add(edge(20, 3, 13, state=EdgeState.REJECTED))
    assert two.add(edge(21, 1, 11, state=EdgeState.CONFIRMED)) is Fate.CONFLICT
    assert [one.number for one in two.conflicts()] == [21]
    assert not two.together(1, 11)


def test_a_series_that_loses_an_edge_is_computed_from_the_others() -> None:
    found = Series()
    for one in (edge(1, 1, 2), edge(2, 2, 3), edge(3, 3, 4)):
        found.add(one)
    found.remove(2)
    assert {frozenset(part) for part in found.parts()} == {frozenset({1, 2}), frozenset({3, 4})}


def test_a_wrong_join_of_small_parts_is_found_when_they_have_grown() -> None:
    found = Series()
    found.add(edge(1, 1, 11, score=0.1))
    for one in circle((*FIRST, 5, 6), 2) + circle((*SECOND, 15, 16), 12):
        found.add(one)
    assert not found.together(1, 11)
    assert [one.number for one in found.waiting()] == [1]


def test_many_at_once_are_weighed_the_strongest_first() -> None:
    found = Series()
    found.load([edge(1, 1, 11, score=0.1), *circle(FIRST, 2), *circle(SECOND, 12)])
    assert len(found) == 2
    assert (found.id_of(1), found.id_of(11)) == (1, 2)


def test_an_unknown_edge_cannot_be_taken_out() -> None:
    with pytest.raises(NotFound):
        Series().remove(5)
