"""Links as people read them, on both databases: which wait, which series there are, whose they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders
from tests import builders_links as made

from breakwater.model.case import Priority
from breakwater.model.link import EdgeState, LinkKind, Outcome
from breakwater.records import link_about, link_lists, link_series

pytestmark = pytest.mark.usefixtures("keyring")
REJECTED, CONFIRMED = EdgeState.REJECTED, EdgeState.CONFIRMED


@pytest.fixture
def two_series(database):
    """Series 1 of media 1–3, series 2 of media 4–6, medium 7 alone."""
    with database.transaction() as tx:
        for number in range(1, 8):
            made.medium(tx, number)
        for number, (a, b) in enumerate([(1, 2), (2, 3), (4, 5), (5, 6)], start=1):
            made.edge(tx, number, a, b)
        made.series(tx, 1, [1, 2, 3], name="Blue room")
        made.series(tx, 2, [4, 5, 6], priority="high")
    return database


def waits(database, **asked) -> list[int]:
    with database.read() as tx:
        return [one.edge.number for one in link_lists.waiting(tx, **asked)]


def test_what_is_inside_a_series_waits_for_nobody(two_series) -> None:
    assert waits(two_series) == []
    with two_series.read() as tx:
        assert link_lists.count_waiting(tx) == (0, {})


def test_a_bridge_and_a_lead_wait_and_say_what_they_would_join(two_series) -> None:
    with two_series.transaction() as tx:
        made.edge(tx, 10, 3, 4)
        made.edge(tx, 11, 6, 7, LinkKind.PERSON)
    with two_series.read() as tx:
        found = link_lists.waiting(tx)
    said = [(one.edge.number, one.series_a, one.series_b, one.conflict) for one in found]
    assert said == [(10, 1, 2, False), (11, 2, None, False)]
    assert waits(two_series, kind=LinkKind.PERSON) == [11]
    assert waits(two_series, series=1) == [10]
    assert waits(two_series, after=10) == [11]
    assert waits(two_series, limit=1) == [10]


def test_a_models_likeness_is_listed_for_nobody_whose_gate_is_not_open(two_series) -> None:
    with two_series.transaction() as tx:
        made.edge(tx, 10, 3, 4, LinkKind.PERSON, method="likeness 00aa")
        made.edge(tx, 11, 6, 7, LinkKind.PERSON, method="by a person's eye")
        made.edge(tx, 12, 1, 3, LinkKind.PERSON, method="likeness 00aa")
    other, mine = frozenset({"likeness 00bb"}), frozenset({"likeness 00aa"})
    assert [waits(two_series), waits(two_series, seen=other)] == [[11], [11]]
    assert waits(two_series, seen=mine) == [10, 11]
    with two_series.read() as tx:
        assert link_lists.count_waiting(tx) == (1, {2: 1})
        assert link_lists.count_waiting(tx, seen=mine)[0] == 2
        assert 12 not in [one.number for one in link_lists.edges(tx, 1)]
        assert 12 in [one.number for one in link_lists.edges(tx, 1, seen=mine)]
        (line, *_) = [one for one in link_lists.series(tx) if one.number == 1]
    assert LinkKind.PERSON not in line.kinds


def test_what_a_person_held_apart_is_not_asked_again_but_a_conflict_is(two_series) -> None:
    with two_series.transaction() as tx:
        made.edge(tx, 10, 3, 4)
        made.edge(tx, 11, 1, 6, state=REJECTED)
    assert waits(two_series) == []
    with two_series.transaction() as tx:
        made.edge(tx, 12, 2, 5, state=CONFIRMED)
    with two_series.read() as tx:
        (one,) = link_lists.waiting(tx)
    assert (one.edge.number, one.conflict) == (12, True)


def test_more_than_one_read_holds_is_gone_through(two_series, monkeypatch) -> None:
    monkeypatch.setattr(link_lists, "AT_ONCE", 2)
    with two_series.transaction() as tx:
        for number in range(10, 17):
            made.edge(tx, number, number % 3 + 1, number % 2 + 4, method=str(number))
    assert waits(two_series) == list(range(10, 17))
    with two_series.read() as tx:
        assert link_lists.count_waiting(tx) == (7, {1: 7, 2: 7})
        assert link_lists.count_waiting(tx, most=3)[0] == 3


def test_series_are_listed_the_last_changed_first_with_what_matters(two_series) -> None:
    with two_series.transaction() as tx:
        made.medium(tx, 8)
        made.series(tx, 3, [8], name="Old", since=tx.now - timedelta(days=9))
        made.child(tx, 1, "A", "no_action", "identified")
        made.child(tx, 1, "B")
        day = tx.now - timedelta(days=1)
        rows = link_lists.series(tx, since=day)
        assert link_lists.changed_since(tx, day) == 2
        assert [one.number for one in rows] == [2, 1, 3]
        assert [(one.media, one.joined) for one in rows] == [(3, 3), (3, 3), (1, 0)]
        assert rows[1].kinds == (LinkKind.COPY,)
        assert rows[1].outcomes == {Outcome.IDENTIFIED: 1}
        assert rows[1].children == 2
        after = link_lists.series(tx, after=(rows[1].changed_at, 1))
        assert [one.number for one in after] == [3]
        assert [one.number for one in link_lists.series(tx, text="BLUE")] == [1]
        assert [one.number for one in link_lists.series(tx, text="2")] == [2]
        assert [one.number for one in link_lists.series(tx, text="100%_")] == []
        assert [one.number for one in link_lists.series(tx, priority=Priority.HIGH)] == [2]


def test_an_alias_is_not_listed_beside_what_it_means_now(two_series) -> None:
    with two_series.transaction() as tx:
        tx.execute(made.t.link_members.update().values(series_number=1))
        tx.execute(
            made.t.link_series.update().where(made.t.link_series.c.number == 2).values(in_use=1)
        )
        assert [(one.number, one.media) for one in link_lists.series(tx)] == [(1, 6)]


def test_a_case_says_the_series_of_what_was_kept_of_it(two_series) -> None:
    with two_series.transaction() as tx:
        case, other = builders.case(tx), builders.case(tx)
        made.medium(tx, 20, case=case.id)
        made.medium(tx, 21, case=case.id)
        made.series(tx, 5, [20, 21], name="Harbour")
        assert link_lists.series_of_case(tx, case.id) == [(5, "Harbour")]
        assert link_lists.series_of_case(tx, other.id) == []


def test_what_people_keep_about_a_series_is_read_under_every_number_it_has(two_series) -> None:
    with two_series.transaction() as tx:
        made.alias(tx, 9, 1, founder=3)
        made.task(tx, 9, "Later.", done=True)
        made.task(tx, 1, "First.")
        made.child(tx, 9, "A", "identified", "safeguarded")
        made.place(tx, 9, "A sign.", "NL", certain=True)
        row = link_series.get(tx, 9)
        assert [(one.words, one.done_at is None) for one in link_about.tasks(tx, row)] == [
            ("First.", True), ("Later.", False),
        ]  # fmt: skip
        (child,) = link_about.children(tx, row)
        assert (child.label, child.outcome) == ("A", Outcome.SAFEGUARDED)
        (place,) = link_about.places(tx, row)
        assert (place.country, place.certain, place.words) == ("NL", True, "A sign.")
        (sealed,) = tx.execute(made.t.link_places.select()).all()
        assert b"NL" not in sealed.sealed


def test_a_series_shows_its_media_its_edges_and_nobody_elses(two_series) -> None:
    with two_series.transaction() as tx:
        made.edge(tx, 10, 3, 4)
        made.edge(tx, 11, 1, 3, state=REJECTED, score=0.2)
        assert [one.number for one in link_lists.media(tx, 1)] == [3, 2, 1]
        assert [one.number for one in link_lists.edges(tx, 1)] == [1, 2, 11]
        assert link_lists.series_of(tx, [3, 4, 7]) == {3: (1, "Blue room"), 4: (2, "")}
        assert link_lists.medium(tx, 99) is None
        one = link_lists.medium(tx, 3)
        assert one is not None
        assert link_lists.medium_of(tx, one.id) == one
        assert link_lists.standing(tx) == 7
