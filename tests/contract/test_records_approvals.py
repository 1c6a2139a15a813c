"""Two people: never the same person, never twice, never after 24 hours, never changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BreakwaterError, NeedsSecondPerson, NotFound
from breakwater.model.approval import ApprovalState
from breakwater.records import approvals

WHAT = {"kind": "negative_entry", "subject": "entry 7"}


@pytest.fixture
def two(database):
    with database.transaction() as tx:
        return builders.person(tx).id, builders.person(tx).id


def propose(tx, by, **facts):
    return approvals.propose(tx, **(WHAT | facts), by=by, reason="known harmless")


def test_another_person_confirms(database, clock, two):
    me, you = two
    with database.transaction() as tx:
        made = propose(tx, me)
        assert made.state(clock.now()) is ApprovalState.WAITING
        assert approvals.waiting(tx) == [made]
    clock.advance(60)
    with database.transaction() as tx:
        done = approvals.confirm(tx, **WHAT, by=you, note="I looked")
    assert done.state(clock.now()) is ApprovalState.CONFIRMED
    assert (done.decided_by, done.decided_at, done.note) == (you, clock.now(), "I looked")
    with database.read() as tx:
        assert approvals.get(tx, made.id) == done
        assert approvals.waiting(tx) == []
        assert approvals.of_subject(tx, "entry 7") == [done]


def test_the_same_person_is_refused_and_may_take_it_back(database, clock, two):
    me, _ = two
    with database.transaction() as tx:
        propose(tx, me)
    with pytest.raises(NeedsSecondPerson), database.transaction() as tx:
        approvals.confirm(tx, **WHAT, by=me)
    with database.transaction() as tx:
        assert approvals.refuse(tx, **WHAT, by=me).state(clock.now()) is ApprovalState.REFUSED
        with pytest.raises(NotFound):
            approvals.refuse(tx, **WHAT, by=me)


def test_a_proposal_lapses_after_24_hours_and_can_be_made_anew(database, clock, two):
    me, you = two
    with database.transaction() as tx:
        first = propose(tx, me)
    clock.advance(24 * 3_600 - 1)
    with database.transaction() as tx:
        assert propose(tx, you) == first
    clock.advance(1)
    assert first.state(clock.now()) is ApprovalState.LAPSED
    with pytest.raises(NotFound), database.transaction() as tx:
        approvals.confirm(tx, **WHAT, by=you)
    with database.transaction() as tx:
        assert approvals.waiting(tx) == []
        second = propose(tx, you)
        assert second.id != first.id
        assert approvals.confirm(tx, **WHAT, by=me).id == second.id


def test_one_decision_counts_for_one_proposal_of_one_kind(database, two):
    me, you = two
    with database.transaction() as tx:
        propose(tx, me)
        propose(tx, me, subject="entry 8")
        approvals.confirm(tx, **WHAT, by=you)
        with pytest.raises(NotFound):
            approvals.confirm(tx, **WHAT, by=you)
        with pytest.raises(NotFound):
            approvals.confirm(tx, kind="export", subject="entry 8", by=you)
        assert [a.subject for a in approvals.waiting(tx, kind="negative_entry")] == ["entry 8"]
        assert approvals.waiting(tx, kind="export") == []


def test_neither_proposal_nor_decision_can_be_changed_or_deleted(database, two):
    me, you = two
    with database.transaction() as tx:
        made = propose(tx, me)
        approvals.confirm(tx, **WHAT, by=you)
    for words in (
        "UPDATE approvals SET reason = 'x'",
        "DELETE FROM approvals",
        "UPDATE approval_decisions SET outcome = 'refused'",
        "DELETE FROM approval_decisions",
    ):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
    with database.read() as tx:
        assert approvals.get(tx, made.id).outcome == "confirmed"
        with pytest.raises(NotFound):
            approvals.get(tx, builders.some_id())
