"""The queue on both databases: who is offered what, leases, the clock's places, rules as rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import AppendOnly, Conflict, NotFound
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.ids import new_id
from breakwater.model.queue import BulkAct, BulkChange, BulkKind, CaseFilter, Waiting, WorkTerms
from breakwater.model.routing import BUILT_IN, CaseFacts, Mode, Rule, Ruleset, When
from breakwater.records import bulk, cases, queue, routing, skips

SOON = timedelta(minutes=10)


def test_what_was_not_routed_waits_in_the_general_queue_for_anybody(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        assert queue.waiting(tx, case.id) == Waiting(case.id)
        assert queue.next_for(tx, WorkTerms(new_id())) == case
        assert queue.next_for(tx, WorkTerms(new_id()), queue="general") == case
        assert queue.next_for(tx, WorkTerms(new_id()), queue="live") is None


def test_a_place_is_kept_and_changed(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        place = Waiting(case.id, "uploads", "trained", "A rule", 3, 7, 2, next_at=tx.now)
        queue.put(tx, place, {"picture", "a1"})
        assert queue.waiting(tx, case.id) == place
        assert queue.content(tx, case.id) == {"picture", "a1"}
        moved = queue.move(tx, case, queue="lists", skill="", by="me", note="belongs there")
        assert moved.version == case.version + 1
        assert queue.waiting(tx, case.id).queue == "lists"
        assert queue.content(tx, case.id) == {"picture", "a1"}
        assert queue.by_queue(tx) == {"lists": 1}


def test_live_overtakes_everything_then_priority_then_due(database, clock):
    with database.transaction() as tx:
        low = builders.case(tx, priority=Priority.LOW)
        now = builders.case(tx, priority=Priority.NOW)
        stream = builders.case(tx, kind=CaseKind.STREAM, priority=Priority.LOW)
        terms = WorkTerms(new_id())
        for wanted in (stream, now, low):
            assert queue.next_for(tx, terms) == wanted
            cases.hold(tx, wanted.id, by=new_id(), until=tx.now + SOON)
        assert queue.next_for(tx, terms) is None


@pytest.mark.parametrize(
    ("terms", "offered"),
    [
        ({"skills": {"trained"}}, True),
        ({}, False),
        ({"skills": {"trained"}, "opt_outs": {"video"}}, False),
        ({"skills": {"trained"}, "opt_outs": {"sound"}}, True),
    ],
)
def test_skills_and_opt_outs_decide_what_is_offered(database, terms, offered):
    with database.transaction() as tx:
        case = builders.case(tx)
        queue.put(tx, Waiting(case.id, "uploads", "trained"), {"video", "a1"})
        found = queue.next_for(
            tx, WorkTerms(new_id(), **{k: frozenset(v) for k, v in terms.items()})
        )
        assert (found is not None) is offered


def test_a_skipped_case_comes_back_to_others_at_once_and_to_oneself_later(database, clock):
    me = new_id()
    with database.transaction() as tx:
        case = builders.case(tx)
        skips.skip(tx, case.id, me, reason="I know the place", until=tx.now + timedelta(hours=8))
        assert queue.next_for(tx, WorkTerms(me)) is None
        assert queue.next_for(tx, WorkTerms(new_id())) == case
        assert not skips.kept_from(tx, case.id, me)
    clock.advance(8 * 3600)
    with database.transaction() as tx:
        assert queue.next_for(tx, WorkTerms(me)) == case
        skips.skip(tx, case.id, me, reason="judged it before", until=None)
        assert queue.next_for(tx, WorkTerms(me)) is None
        assert skips.kept_from(tx, case.id, me)


def test_a_lease_that_ran_out_is_nobodys(database, clock):
    me, you = new_id(), new_id()
    with database.transaction() as tx:
        case = builders.case(tx)
        cases.hold(tx, case.id, by=me, until=tx.now + SOON)
        assert queue.mine(tx, me) == 1
        assert queue.next_for(tx, WorkTerms(you)) is None
        assert queue.lapsed(tx) == []
    clock.advance(601)
    with database.transaction() as tx:
        assert queue.mine(tx, me) == 0
        assert queue.held_by(tx, me) == []
        assert [c.id for c in queue.lapsed(tx)] == [case.id]
        assert queue.next_for(tx, WorkTerms(you)).id == case.id
        back = queue.give_back(tx, case.id, by="queue", what="lapsed", was=me)
        assert (back.state, back.held_by) == (CaseState.OPEN, None)
        assert queue.lapsed(tx) == []
        assert cases.history(tx, case.id)[-1].facts == {"was": me}


def test_a_closed_case_is_neither_given_back_nor_handed_over(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        cases.close(tx, case.id, by="me", reason="done")
        with pytest.raises(Conflict):
            queue.give_back(tx, case.id, by="me", what="released")
        with pytest.raises(Conflict):
            queue.hand_over(tx, case.id, by=new_id(), to=new_id(), until=tx.now + SOON, note="x")


def test_filters_of_the_queue_hold_together(database):
    me = new_id()
    with database.transaction() as tx:
        made = [builders.case(tx, service="a" if n % 2 else "b") for n in range(6)]
        for case in made[:4]:
            queue.put(tx, Waiting(case.id, "uploads"))
        cases.hold(tx, made[5].id, by=me, until=tx.now + SOON)
        for wanted, numbers in (
            (CaseFilter(queue="uploads"), [1, 2, 3, 4]),
            (CaseFilter(queue="uploads", service="a"), [2, 4]),
            (CaseFilter(queue="general"), [5, 6]),
            (CaseFilter(held_by=me), [6]),
            (CaseFilter(kind=CaseKind.STREAM), []),
            (CaseFilter(priority=Priority.MEDIUM), [1, 2, 3, 4, 5, 6]),
        ):
            assert [case.number for case in queue.page(tx, wanted)] == numbers
            assert queue.count(tx, wanted) == len(numbers)
        assert queue.count(tx, CaseFilter(), most=4) == 4


def test_the_clock_finds_what_is_due_and_nothing_else(database, clock):
    with database.transaction() as tx:
        first, second, third = (builders.case(tx) for _ in range(3))
        queue.put(tx, Waiting(first.id, next_at=tx.now + timedelta(seconds=5)))
        queue.put(tx, Waiting(second.id, next_at=tx.now + timedelta(seconds=3)))
        queue.put(tx, Waiting(third.id))
        assert queue.due(tx) == []
    clock.advance(5)
    with database.transaction() as tx:
        assert [place.case for place in queue.due(tx)] == [second.id, first.id]


def test_terms_of_work_are_kept_by_person(database):
    with database.transaction() as tx:
        person = builders.person(tx).id
        assert queue.terms(tx, person) == WorkTerms(person)
        for terms in (
            WorkTerms(person, frozenset({"live"}), frozenset({"video", "a1"})),
            WorkTerms(person, frozenset(), frozenset({"words"})),
        ):
            queue.set_terms(tx, terms)
            assert queue.terms(tx, person) == terms


RULES = Ruleset((Rule("Photos", When(services=frozenset({"photos"})), "uploads"),))


def test_versions_of_rules_are_added_and_one_is_live(database):
    with database.transaction() as tx:
        assert routing.live(tx).ruleset == BUILT_IN
        first = routing.create(tx, RULES, note="photos apart", by="me")
        second = routing.create(tx, Ruleset(), note="nothing apart", by="me")
        assert (first.number, second.number) == (1, 2)
        assert routing.live(tx).number == 0
        routing.set_mode(tx, 1, Mode.LIVE, by="me")
        routing.set_mode(tx, 2, Mode.SHADOW, by="me")
        assert routing.live(tx).ruleset == RULES
        assert routing.shadow(tx).number == 2
        routing.set_mode(tx, 2, Mode.LIVE, by="me")
        assert (routing.live(tx).number, routing.shadow(tx)) == (2, None)
        assert [v.mode for v in routing.every(tx)] == [Mode.LIVE, Mode.RETIRED, Mode.RETIRED]
        routing.set_mode(tx, 0, Mode.LIVE, by="me")
        assert routing.live(tx).number == 0
        with pytest.raises(NotFound):
            routing.set_mode(tx, 9, Mode.LIVE, by="me")


def test_routes_keep_what_the_rules_saw(database, clock):
    facts = CaseFacts(
        CaseKind.UPLOAD, "photos", Priority.HIGH, "public", frozenset({"a1"}),
        frozenset({"a1", "picture"}), viewers=3, reports=2,
    )  # fmt: skip
    with database.transaction() as tx:
        case = builders.case(tx)
        version = routing.live(tx)
        routing.record(tx, case.id, version, facts, version.ruleset.place(facts))
        other = routing.create(tx, RULES, note="try", by="me")
        routing.set_mode(tx, other.number, Mode.SHADOW, by="me")
        shadow = routing.shadow(tx)
        routing.record(tx, case.id, shadow, facts, RULES.place(facts))
        (done,) = routing.routed(tx, since=tx.now - timedelta(days=7))
        (would,) = routing.routed(tx, since=tx.now - timedelta(days=7), shadow_of=shadow.number)
        assert (done.facts, done.number, done.place.queue) == (facts, case.number, "general")
        assert would.place == RULES.place(facts)
        assert routing.last(tx, case.id) == done
        assert list(routing.routed(tx, since=tx.now + timedelta(seconds=1))) == []


def test_a_bulk_act_is_undone_once(database):
    me = new_id()
    change = BulkChange(new_id(), 7, 2, "medium", "high", {"priority": "medium"})
    with database.transaction() as tx:
        act = BulkAct(new_id(), BulkKind.PRIORITY, "high", "a wave", me, tx.now, (change,))
        bulk.put(tx, act)
        assert bulk.get(tx, act.id) == act
        assert bulk.of_person(tx, me) == [act]
        bulk.undo(tx, act.id, by=me, restored=1, left=0)
        undone = bulk.get(tx, act.id)
        assert (undone.undone_at, undone.restored, undone.left) == (tx.now, 1, 0)
    with pytest.raises(Conflict), database.transaction() as tx:
        bulk.undo(tx, act.id, by=me, restored=1, left=0)
    with pytest.raises(NotFound), database.transaction() as tx:
        bulk.get(tx, new_id())


@pytest.mark.parametrize(
    "table", ["case_skips", "case_routes", "routing_versions", "routing_modes", "bulk_acts"]
)
def test_what_was_done_cannot_be_changed_or_deleted(database, table):
    with database.transaction() as tx:
        case = builders.case(tx)
        skips.skip(tx, case.id, new_id(), reason="x", until=None)
        version = routing.create(tx, RULES, note="x", by="me")
        routing.set_mode(tx, 1, Mode.LIVE, by="me")
        facts = CaseFacts(CaseKind.UPLOAD, "photos", Priority.HIGH)
        routing.record(tx, case.id, version, facts, RULES.place(facts))
        bulk.put(tx, BulkAct(new_id(), BulkKind.QUEUE, "x", "x", new_id(), tx.now, ()))
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text(f"DELETE FROM {table}"))
