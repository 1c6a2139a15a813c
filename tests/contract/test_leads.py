"""Leads: one open case a series, as urgent as the table says, and none for what a person joined.

The same on both databases.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests import builders_links as made

from breakwater.linking.leads import Leads, Weighed, priority, series_of
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.link import LinkKind
from breakwater.records import cases, numbers
from breakwater.records.database import Database

P = Priority


def event(db: Database, kind: EventType, **body: Any) -> Event:
    return Event(new_id(), kind, new_id(), db.clock.now(), body=body)


def joined(db: Database, series: int, *media: int, by: str = "linking", **more: Any) -> Event:
    return event(
        db, EventType.SERIES_CHANGED, series=series, joined=list(media), by=by,
        **{"left": [], "merged": [], "made": False} | more,
    )  # fmt: skip


@pytest.fixture
def leads(database: Database) -> Leads:
    """Series 1 of media 1 and 2, made long ago; medium 3 is alone."""
    old = database.clock.now() - timedelta(days=400)
    with database.transaction() as tx:
        for number in (1, 2, 3, 4):
            made.medium(tx, number, made_at=old)
        made.series(tx, 1, [1, 2])
        numbers.take(tx, "link_media", 4)
    return Leads(db=database)


def waiting(db: Database) -> list[Case]:
    with db.read() as tx:
        return cases.page(tx)


@pytest.mark.parametrize(
    ("found", "weak", "said"),
    [
        (Weighed(True, True, False), False, P.HIGH),
        (Weighed(True, False, True), False, P.HIGH),
        (Weighed(True, False, False), False, P.MEDIUM),
        (Weighed(False, True, True), False, P.MEDIUM),
        (Weighed(False, False, False), False, P.LOW),
        (Weighed(True, True, True), True, P.MEDIUM),
        (Weighed(False, False, False), True, P.LOW),
        (Weighed(False, False, False, P.NOW), False, P.NOW),
        (Weighed(True, True, True, P.LOW), False, P.HIGH),
    ],
)
def test_how_urgent_a_lead_is(found, weak, said) -> None:
    assert priority(found, weak=weak) is said


def test_new_media_open_one_lead_and_more_are_added_to_it(database, leads) -> None:
    first = joined(database, 1, 2)
    leads.on_series(first)
    leads.on_series(first)
    (case,) = waiting(database)
    assert (case.kind, case.priority) == (CaseKind.LEAD, P.MEDIUM)
    assert case.why == "One medium joined series 1.", "nobody has told a child apart"
    with database.transaction() as tx:
        made.medium(tx, 9, made_at=tx.now)
    leads.on_series(joined(database, 1, 9))
    (same,) = waiting(database)
    with database.read() as tx:
        steps = [
            step.facts["media"] for step in cases.history(tx, case.id) if step.what == "joined"
        ]
        assert series_of(tx, same).number == 1
    assert (same.id, same.priority, steps) == (case.id, P.HIGH, [[2], [9]])


def test_after_a_lead_was_closed_the_next_media_open_another(database, leads) -> None:
    leads.on_series(first := joined(database, 1, 2))
    (case,) = waiting(database)
    with database.transaction() as tx:
        cases.close(tx, case.id, by="test", reason="looked at")
    leads.on_series(first)
    assert waiting(database) == []
    leads.on_series(joined(database, 1, 3))
    (other,) = waiting(database)
    assert other.id != case.id


def test_what_a_person_joined_and_what_only_left_opens_nothing(database, leads) -> None:
    leads.on_series(joined(database, 1, 2, by=str(new_id())))
    leads.on_series(joined(database, 1))
    leads.on_series(joined(database, 77, 2))
    assert waiting(database) == []


def test_when_every_child_is_identified_it_is_less_urgent(database, leads) -> None:
    with database.transaction() as tx:
        made.child(tx, 1, "A", "identified")
    leads.on_series(joined(database, 1, 2))
    assert [case.priority for case in waiting(database)] == [P.LOW]


def test_the_lead_of_a_series_that_another_took_in_is_closed(database, leads) -> None:
    with database.transaction() as tx:
        made.series(tx, 2, [3, 4])
    leads.on_series(joined(database, 2, 4))
    (old,) = waiting(database)
    leads.on_series(joined(database, 1, 3, 4, merged=[2]))
    (new,) = waiting(database)
    with database.read() as tx:
        assert cases.get(tx, old.id).state is CaseState.CLOSED
    assert new.id != old.id


@pytest.mark.parametrize("kind", [LinkKind.DECOR, LinkKind.PERSON, LinkKind.COPY])
def test_decor_and_persons_are_weak_leads_with_words_of_their_own(database, leads, kind) -> None:
    with database.transaction() as tx:
        made.edge(tx, 1, 2, 3, kind)
    leads.on_linked(event(database, EventType.MEDIUM_LINKED, medium=3, edges=[1]))
    found = waiting(database)
    if kind is LinkKind.COPY:
        assert found == []
        return
    (case,) = found
    assert case.priority is P.LOW
    assert "Nothing was joined." in case.why
    assert ("furnishing" in case.why, "look alike" in case.why) == (
        kind is LinkKind.DECOR, kind is LinkKind.PERSON,
    )  # fmt: skip


def test_media_that_are_in_no_series_lead_to_the_medium(database, leads) -> None:
    with database.transaction() as tx:
        made.edge(tx, 1, 3, 4, LinkKind.DECOR)
    leads.on_linked(event(database, EventType.MEDIUM_LINKED, medium=3, edges=[1]))
    (case,) = waiting(database)
    with database.read() as tx:
        assert series_of(tx, case) is None
    assert isinstance(case.subject, str)
    assert Id(case.subject)
