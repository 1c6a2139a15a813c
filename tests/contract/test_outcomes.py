"""What became of a child: kept for ever, the newest word counts, and every case concerned learns it once.

The same on both databases.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests import builders
from tests import builders_links as made

from breakwater.errors import BadInput, BreakwaterError, NotAllowed, NotFound
from breakwater.linking.outcomes import Outcomes
from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.link import Outcome
from breakwater.model.transparency import Period
from breakwater.model.user_report import Concern, ReporterKind
from breakwater.records import audit, cases, link_series, transparency, uploads, user_reports
from breakwater.records.database import Database
from breakwater.records.tables.core import outbox
from breakwater.records.tables.nouns_link import link_outcomes
from breakwater.transparency.gathering import Figures

pytestmark = pytest.mark.usefixtures("keyring")
LABEL = "Child A"


def person(*permissions: Permission) -> Principal:
    who = new_id()
    return Principal(who, "somebody", frozenset(permissions), person=who)


@pytest.fixture
def who() -> Principal:
    return person(Permission.LINK_READ, Permission.LINK_WRITE)


@pytest.fixture
def outcomes(database: Database) -> Outcomes:
    """Series 1 of media 1 and 2, series 2 of media 3; medium 1 is of a case that a user reported."""
    with database.transaction() as tx:
        for number in (2, 3):
            made.medium(tx, number)
    return Outcomes(db=database)


@pytest.fixture
def case(database: Database, outcomes: Outcomes) -> Id:
    with database.transaction() as tx:
        upload = builders.upload(origin=replace(builders.ORIGIN, reference="p-77"))
        uploads.start(tx, upload)
        found = cases.open(
            tx, kind=CaseKind.UPLOAD, subject=upload.id, why="test", priority=Priority.LOW,
            by="test",
        )  # fmt: skip
        reporter = user_reports.reporter_key(tx, "photos", ReporterKind.USER, "u1")
        user_reports.add(
            tx, report=new_id(), service="photos", reference="r-1", reporter=reporter,
            reporter_kind=ReporterKind.USER, concern=Concern.OTHER, danger=False, case=found.id,
        )  # fmt: skip
        made.medium(tx, 1, case=found.id)
        made.series(tx, 1, [1, 2], name="Blue room")
        made.series(tx, 2, [3])
        return found.id


def emitted(database: Database) -> list[dict[str, Any]]:
    with database.read() as tx:
        kind = outbox.c.type == EventType.SERIES_OUTCOME.value
        return [
            row.body for row in tx.execute(sa.select(outbox).where(kind).order_by(outbox.c.change))
        ]


def event(kind: EventType, database: Database, **body: Any) -> Event:
    return Event(new_id(), kind, new_id(), database.clock.now(), body=body)


def told(database: Database, case: Id) -> list[str]:
    with database.read() as tx:
        return [one.note for one in cases.history(tx, case) if one.what == "told"]


def test_every_case_of_the_series_and_who_reported_learns_an_outcome_once(
    outcomes, case, who, database
) -> None:
    child = outcomes.add(who, 1, LABEL)
    outcomes.say(who, 1, child.id, Outcome.SAFEGUARDED, "By the unit of the harbour.")
    first = event(EventType.SERIES_OUTCOME, database, **emitted(database)[0])
    outcomes.on_outcome(first)
    outcomes.on_outcome(first)
    assert told(database, case) == ["A child of series 1 is safe."]
    _, message = emitted(database)
    assert message["service"] == "photos"
    assert message["told"] == {
        "case": case, "service": "photos", "outcome": "safeguarded", "uploads": ["p-77"],
        "reports": ["r-1"],
    }  # fmt: skip
    assert LABEL not in str(message), "a label goes to nobody outside"
    outcomes.on_outcome(event(EventType.SERIES_OUTCOME, database, **message))
    assert len(emitted(database)) == 2, "a message to a service tells nobody again"
    with database.read() as tx:
        steps = [one.what for one in link_series.history(tx, 1)]
        assert [one.action for one in audit.page(tx, limit=2)] == ["series.outcome", "series.child"]
    assert steps == ["told", "outcome", "child"]


def test_the_newest_word_counts_and_what_was_said_before_stays(
    outcomes, case, who, database
) -> None:
    child = outcomes.add(who, 1, LABEL).id
    outcomes.say(who, 1, child, Outcome.NO_ACTION)
    database.clock.advance(5)
    now = outcomes.say(who, 1, child, Outcome.IDENTIFIED, "Known by the school's badge.")
    assert now.outcome is Outcome.IDENTIFIED
    assert [(one.outcome, one.by) for one in now.said] == [
        (Outcome.IDENTIFIED, who.person), (Outcome.NO_ACTION, who.person),
    ]  # fmt: skip
    outcomes.on_outcome(event(EventType.SERIES_OUTCOME, database, series=1))
    assert told(database, case) == ["A child of series 1 is identified."]
    with pytest.raises(BreakwaterError), database.transaction() as tx:
        tx.execute(sa.update(link_outcomes).values(words="x"))


def test_media_that_join_later_learn_what_is_known(outcomes, case, who, database) -> None:
    child = outcomes.add(who, 2, LABEL).id
    outcomes.say(who, 2, child, Outcome.IDENTIFIED)
    outcomes.on_outcome(event(EventType.SERIES_OUTCOME, database, series=2))
    assert told(database, case) == []
    with database.transaction() as tx:
        link_series.put(tx, 2, [1, 2, 3])
    outcomes.on_series(
        event(EventType.SERIES_CHANGED, database, series=2, joined=[1, 2], merged=[])
    )
    assert told(database, case) == ["A child of series 2 is identified."]


def test_an_alias_is_the_same_series_and_another_series_is_not(
    outcomes, case, who, database
) -> None:
    child = outcomes.add(who, 2, LABEL).id
    with pytest.raises(NotFound):
        outcomes.say(who, 1, child, Outcome.IDENTIFIED)
    with database.transaction() as tx:
        link_series.put(tx, 1, [3])
        link_series.use(tx, [2], 1)
    assert outcomes.say(who, 2, child, Outcome.IDENTIFIED).outcome is Outcome.IDENTIFIED
    assert [one.label for one in outcomes.children(who, 1)] == [LABEL]


def test_who_may_not_says_nothing_and_what_is_no_label_is_refused(outcomes, case, who) -> None:
    reader, key = person(Permission.LINK_READ), Principal(new_id(), "key", who.permissions)
    for one in (reader, key):
        with pytest.raises(NotAllowed):
            outcomes.add(one, 1, LABEL)
        with pytest.raises(NotAllowed):
            outcomes.say(one, 1, new_id(), Outcome.IDENTIFIED)
    with pytest.raises(NotAllowed):
        outcomes.children(person(), 1)
    with pytest.raises(NotFound):
        outcomes.say(who, 1, new_id(), Outcome.IDENTIFIED)
    for wrong in (" ", "x" * 81):
        with pytest.raises(BadInput):
            outcomes.add(who, 1, wrong)
    outcomes.add(who, 1, LABEL)
    with pytest.raises(BadInput, match="already"):
        outcomes.add(who, 1, f" {LABEL} ")


def test_the_last_word_of_a_period_is_counted_and_small_counts_are_not_told(
    outcomes, case, who, database
) -> None:
    for n in range(6):
        child = outcomes.add(who, 1, f"Child {n}").id
        outcomes.say(who, 1, child, Outcome.NO_ACTION)
        outcomes.say(who, 1, child, Outcome.IDENTIFIED)
    child = outcomes.add(who, 2, LABEL).id
    outcomes.say(who, 2, child, Outcome.SAFEGUARDED)
    today = database.clock.now().date()
    with database.read() as tx:
        assert transparency.outcomes(tx, Period(today, today)) == {
            "identified": 6, "safeguarded": 1, "no_action": 0,
        }  # fmt: skip
        made_of = Figures(db=database, version="1").report(Period(today, today)).tables["outcomes"]
        assert [(one.keys, one.n) for one in made_of] == [
            (("identified",), None), (("safeguarded",), None), (("no_action",), 0),
            (("children",), 7),
        ]  # fmt: skip
        yesterday = today - timedelta(days=1)
        assert set(transparency.outcomes(tx, Period(yesterday, yesterday)).values()) == {0}
