"""Whatever is decided and taken back, in whatever order: the present state is the last standing row.

A real database; the model beside it is a list of what stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import builders
from tests.conftest import SettableClock

from breakwater.errors import Conflict
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseState
from breakwater.model.decision import AccountRole, Context, Decision, DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions, migrate, uploads
from breakwater.records.database import Database, open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.review.deciding.decide import Decisions

K = DecisionKind
FACTS = DecisionFacts(Context.ART, AccountRole.UNKNOWN, ItemFacts(Activity.ANIMAL))
KINDS = [kind for kind in K if kind is not K.SECOND_OPINION]
ACTS = st.lists(st.one_of(st.sampled_from(KINDS), st.just("undo")), max_size=8)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    place: Path = tmp_path_factory.mktemp("decisions")
    migrate.upgrade(f"sqlite:///{place / 'breakwater.db'}")
    clock = SettableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    opened = open_database(f"sqlite:///{place / 'breakwater.db'}", clock=clock)
    Keyring.open(opened, RootKey.create(place / "root.key"))
    yield opened
    opened.close()


def a_held_upload(db: Database) -> tuple[Upload, Principal]:
    """One that an entry of its own holds, with its case, and somebody who decides."""
    with db.transaction() as tx:
        bank = builders.bank(tx)
        entry = builders.entry(tx, bank)
        own = builders.match(entry.number, bank=bank.name, own=builders.value("pdq").hex())
        started = uploads.start(tx, builders.upload())
        case = builders.case(tx, subject=started.id)
        held = replace(started, verdict=builders.verdict(Action.HOLD, own), case=case.id)
        who = builders.person(tx)
        return uploads.finish(tx, held), Principal(
            who.id, who.name, Role.REVIEWER.permissions, person=who.id
        )


def expected(standing: list[Decision]) -> tuple[Action, CaseState]:
    """What the last decision that stands makes of it."""
    last = standing[-1].kind if standing else None
    if last is not None and last.ends:
        return (Action.ALLOW if last.releases else Action.BLOCK), CaseState.CLOSED
    return Action.HOLD, CaseState.OPEN


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_the_present_state_is_the_last_decision_that_stands(db, acts):
    upload, who = a_held_upload(db)
    verb, case = Decisions(db=db), Id(str(upload.case))
    standing: list[Decision] = []
    rows = 0
    for act in acts:
        if act == "undo":
            if standing:
                verb.undo(who, standing.pop().id)
                rows += 1
        elif standing and standing[-1].kind.ends:
            with pytest.raises(Conflict):
                verb.decide(who, case, act, facts=FACTS)
        else:
            standing.append(verb.decide(who, case, act, facts=FACTS))
            rows += 1
        with db.read() as tx:
            present, now = uploads.get(tx, upload.id), cases.get(tx, case)
            assert present.verdict is not None
            action, state = expected(standing)
            assert present.verdict.action is action
            assert (now.state is CaseState.CLOSED) is (state is CaseState.CLOSED)
            assert len(decisions.of_case(tx, case)) == rows
            last = decisions.standing(tx, case)
            assert (last.id if last else None) == (standing[-1].id if standing else None)
            if not standing:
                assert present.verdict == upload.verdict
                assert now.priority.value == "medium"
