"""Series follow from their edges alone: whatever the order, whoever judged, and only where it changed."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater.linking.keeping import Keeping
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.model.link import EdgeState, Found, LinkKind, Origin
from breakwater.records import link_edges, link_media, link_series, outbox
from breakwater.scenes.series import Series

pytestmark = pytest.mark.usefixtures("keyring")


class Shelf:
    """Media without bytes, edges that come one by one, and what people say of them."""

    def __init__(self, db, most: int = 5_000) -> None:
        self.db = db
        self.keeping = Keeping(db=db, most=most)

    def media(self, tx, count: int) -> list[int]:
        return [
            link_media.want(tx, Origin.EXHIBIT, new_id(), sha256=f"{n:064x}").number
            for n in range(count)
        ]

    def link(self, tx, a, b, kind=LinkKind.PLACE, score=0.9, method="test") -> int:
        a, b = sorted((a, b))
        edge = link_edges.add(tx, Found(a, b, kind, method, "1", score))
        self.keeping.changed(tx, [edge])
        return edge.edge.number

    def say(self, tx, number: int, state: EdgeState) -> tuple[int, ...]:
        return self.keeping.changed(tx, [link_edges.verdict(tx, number, state, "seen", "p1")])


def parts(tx) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for medium, number in link_series.of_media(tx, link_series.everyone(tx)).items():
        found.setdefault(number, set()).add(medium)
    return {frozenset(one) for one in found.values()}


def computed(tx) -> set[frozenset[int]]:
    """As one computation of all edges has it."""
    whole = Series()
    whole.load(link_edges.every(tx))
    return {part for part in whole.parts() if len(part) > 1}


@pytest.fixture
def shelf(database):
    return Shelf(database)


class Undo(Exception):
    """Nothing of an example is kept."""


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_whatever_comes_in_whatever_order_the_rows_are_what_the_edges_say(database, seed) -> None:
    """Fixture databases are shared by examples: each is undone."""
    chance, shelf = random.Random(seed), Shelf(database)
    with suppress(Undo), database.transaction() as tx:
        media, edges = shelf.media(tx, 14), []
        for _ in range(40):
            if edges and chance.random() < 0.35:
                shelf.say(tx, chance.choice(edges), chance.choice(list(EdgeState)))
            elif chance.random() < 0.05:
                media_gone = chance.choice(media)
                near = {
                    end for one in link_edges.of_medium(tx, media_gone)
                    for end in (one.edge.a, one.edge.b)
                }  # fmt: skip
                link_media.gone(tx, media_gone, why=link_media.WITHDRAWN)
                shelf.keeping.around(tx, near)
            else:
                a, b = chance.sample(media, 2)
                kind = chance.choice(list(LinkKind))
                edges.append(shelf.link(tx, a, b, kind, round(chance.random(), 2)))
            assert parts(tx) == computed(tx)
        for number in set(link_series.of_media(tx, media).values()):
            assert link_series.get(tx, number).number == number
        raise Undo


def test_a_number_stays_with_its_founder_through_joining_and_splitting(shelf) -> None:
    with shelf.db.transaction() as tx:
        a, b, c, d = shelf.media(tx, 4)
        shelf.link(tx, a, b)
        shelf.link(tx, c, d)
        bridge = shelf.link(tx, b, c)
        assert {one.number: one.aliases for one in link_series.page(tx)} == {1: (2,)}
        assert link_series.get(tx, 2).number == 1
        shelf.say(tx, bridge, EdgeState.REJECTED)
        assert [(one.number, one.aliases, one.media) for one in link_series.page(tx)] == [
            (2, (), 2), (1, (), 2)
        ]  # fmt: skip
        shelf.say(tx, bridge, EdgeState.MACHINE)
        assert [(one.number, one.aliases) for one in link_series.page(tx)] == [(1, (2,))]
        said = [one.what for one in reversed(link_series.history(tx, 1))]
    assert said == [
        "founded",
        "founded",
        "joined",
        "merged",
        "came_apart",
        "joined",
        "joined",
        "merged",
    ], "what became an alias did not come apart"


def test_a_change_reads_its_own_component_and_touches_no_other_series(shelf, monkeypatch) -> None:
    with shelf.db.transaction() as tx:
        media = shelf.media(tx, 60)
        for at in range(0, 60, 3):
            shelf.link(tx, media[at], media[at + 1])
            last = shelf.link(tx, media[at + 1], media[at + 2])
        read: set[int] = set()
        plain = link_edges.holding

        def holding(tx, wanted):
            read.update(wanted)
            return plain(tx, wanted)

        monkeypatch.setattr(link_edges, "holding", holding)
        versions = {one.number: one.version for one in link_series.page(tx, limit=100)}
        assert len(versions) == 20
        changed = shelf.say(tx, last, EdgeState.REJECTED)
        after = {one.number: one.version for one in link_series.page(tx, limit=100)}
    assert changed == (20,)
    assert {n for n in versions if versions[n] != after[n]} == {20}
    assert read == set(media[-3:])


def test_what_nobody_connects_is_told_once_for_each_series_that_changed(shelf) -> None:
    with shelf.db.transaction() as tx:
        a, b = shelf.media(tx, 2)
        edge = shelf.link(tx, a, b)
        shelf.link(tx, a, b, LinkKind.SOUND)
        shelf.say(tx, edge, EdgeState.CONFIRMED)
    with shelf.db.read() as tx:
        told = [one.body for one in outbox.since(tx, 0, limit=99, types=[EventType.SERIES_CHANGED])]
    assert [(one["series"], one["joined"], one["made"]) for one in told] == [(1, [a, b], True)]


def test_a_rebuild_of_what_is_right_changes_nothing_and_of_what_is_wrong_mends_it(shelf) -> None:
    with shelf.db.transaction() as tx:
        media = shelf.media(tx, 12)
        for at in range(0, 12, 2):
            shelf.link(tx, media[at], media[at + 1])
        right = parts(tx)
    before = shelf.keeping.rebuild()
    assert (before.media, before.series, before.changed) == (12, 6, ())
    with shelf.db.transaction() as tx:
        link_series.take_out(tx, media[:2])
        link_series.put(tx, 2, [media[5]])
    assert shelf.keeping.rebuild().changed == (1, 2, 3)
    with shelf.db.read() as tx:
        assert parts(tx) == right
    assert shelf.keeping.rebuild().changed == ()


def test_a_component_that_is_too_large_is_computed_around_the_change_and_wholly_by_a_rebuild(
    shelf,
) -> None:
    small = Shelf(shelf.db, most=4)
    with shelf.db.transaction() as tx:
        media = small.media(tx, 9)
        for a, b in pairwise(media):
            small.link(tx, a, b)
        around = parts(tx)
    assert around, "the change is not left undone"
    small.keeping.rebuild()
    with shelf.db.read() as tx:
        assert parts(tx) == computed(tx)


def test_a_person_s_likeness_of_full_score_changes_no_series(shelf) -> None:
    with shelf.db.transaction() as tx:
        a, b = shelf.media(tx, 2)
        shelf.link(tx, a, b, LinkKind.PERSON, 1.0)
        assert link_series.page(tx) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_what_a_verdict_would_pull_apart_is_foreseen(database, seed) -> None:
    chance, shelf = random.Random(seed), Shelf(database)
    with suppress(Undo), database.transaction() as tx:
        media = shelf.media(tx, 8)
        edges = [shelf.link(tx, *chance.sample(media, 2)) for _ in range(14)]
        for one in chance.sample(edges, 4):
            shelf.say(tx, one, chance.choice([EdgeState.REJECTED, EdgeState.CONFIRMED]))
        for one in edges:
            said = link_edges.get(tx, one).edge
            if said.state is EdgeState.CONFIRMED:
                continue
            before = link_series.of_media(tx, media)
            told = shelf.keeping.foreseen(tx, replace(said, state=EdgeState.CONFIRMED))
            assert link_series.of_media(tx, media) == before, "nothing is written"
            shelf.say(tx, one, EdgeState.CONFIRMED)
            after = link_series.of_media(tx, media)
            torn = {
                number
                for number in set(before.values())
                if len({after.get(m, -m) for m, n in before.items() if n == number}) > 1
            }
            assert set(told) == torn
            for number, left in told.items():
                assert set(left) < {m for m, n in before.items() if n == number}
        raise Undo


def test_the_history_says_which_verdict_pulled_a_series_apart(shelf) -> None:
    with shelf.db.transaction() as tx:
        a, b, c = shelf.media(tx, 3)
        first, _ = shelf.link(tx, a, b), shelf.link(tx, b, c)
        said = link_edges.verdict(tx, first, EdgeState.REJECTED, "seen", "p1")
        numbers = shelf.keeping.changed(tx, [said], by="p1", because=first)
        steps = [step for one in numbers for step in link_series.history(tx, one)]
    assert {one.facts.get("edge") for one in steps if one.what in {"left", "came_apart"}} == {first}
