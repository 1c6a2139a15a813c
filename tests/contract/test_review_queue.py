"""Taking, keeping, giving back: one person a case, in words that people understand."""

from __future__ import annotations

import pytest
from tests import builders

from breakwater.errors import BadInput, Conflict, LeaseLost, NotAllowed
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.ids import new_id
from breakwater.model.queue import MOST_HELD, SKIPPED_FOR, Waiting
from breakwater.records import audit, cases, skips
from breakwater.records import queue as rows
from breakwater.review.queueing.queue import Queue


def reviewer(tx, name: str, *roles: Role) -> Principal:
    person = builders.person(tx, name, *(roles or (Role.REVIEWER,)))
    permissions = frozenset().union(*(role.permissions for role in person.roles))
    return Principal(person.id, name, permissions, person=person.id)


@pytest.fixture
def queue(database) -> Queue:
    return Queue(db=database)


@pytest.fixture
def people(database) -> tuple[Principal, Principal]:
    with database.transaction() as tx:
        return reviewer(tx, "Sam"), reviewer(tx, "Ada")


def opened(database, count: int = 1, **facts):
    with database.transaction() as tx:
        return [builders.case(tx, **facts) for _ in range(count)]


def acts(database) -> list[str]:
    with database.read() as tx:
        return [entry.action for entry in reversed(audit.page(tx, limit=50))]


def test_the_next_case_is_the_most_urgent_and_each_gets_another(database, queue, people):
    sam, ada = people
    (low,) = opened(database, priority=Priority.LOW)
    (high,) = opened(database, priority=Priority.HIGH)
    assert queue.next(sam).id == high.id
    assert queue.next(ada).id == low.id
    assert queue.next(ada) is None
    assert [case.id for case in queue.held(sam)] == [high.id]
    assert acts(database) == ["case.take", "case.take"]


def test_who_reads_cases_takes_none(database, queue):
    with database.transaction() as tx:
        admin = reviewer(tx, "Root", Role.ADMIN)
    opened(database)
    with pytest.raises(NotAllowed, match="does not take"):
        queue.next(admin)


def test_nobody_hoards_but_a_live_case_comes_on_top(database, queue, people):
    sam, _ = people
    opened(database, MOST_HELD + 1)
    for _ in range(MOST_HELD):
        assert queue.next(sam)
    with pytest.raises(Conflict, match="You hold 5 cases"):
        queue.next(sam)
    (live,) = opened(database, kind=CaseKind.STREAM, priority=Priority.NOW)
    assert queue.next(sam).id == live.id


def test_a_case_of_somebody_else_says_who_holds_it(database, queue, people):
    sam, ada = people
    (case,) = opened(database)
    queue.take(sam, case.id, expected_version=1)
    for act in (
        lambda: queue.take(ada, case.id),
        lambda: queue.skip(ada, case.id, reason="x"),
        lambda: queue.hand_over(ada, case.id, to=sam.id, reason="x"),
        lambda: queue.release(ada, case.id),
    ):
        with pytest.raises(Conflict, match=r"This case is not yours\. Sam holds it\."):
            act()


def test_two_tabs_on_one_case(database, queue, people):
    """The second tab acts on what it saw; what happened since is said, not overwritten."""
    sam, _ = people
    (case,) = opened(database)
    queue.escalate(sam, case.id, reason="a colleague called")
    with pytest.raises(Conflict, match="Sam changed this case at 12:00: escalated"):
        queue.take(sam, case.id, expected_version=case.version)


def test_who_falls_silent_is_told_who_took_the_case(database, queue, people, clock):
    sam, ada = people
    (case,) = opened(database)
    queue.take(sam, case.id)
    clock.advance(9 * 60)
    assert queue.extend(sam, case.id).held_by == sam.id
    clock.advance(9 * 60)
    assert queue.lost(sam, case.id) == ""
    clock.advance(2 * 60)
    queue.take(ada, case.id)
    words = "Ada took this case at 12:20. Your notes are kept."
    assert queue.lost(sam, case.id) == words
    with pytest.raises(LeaseLost, match=words):
        queue.extend(sam, case.id)


def test_a_lease_that_ran_out_goes_on_when_nobody_came(database, queue, people, clock):
    sam, _ = people
    (case,) = opened(database)
    queue.take(sam, case.id)
    clock.advance(3600)
    assert queue.extend(sam, case.id).held_by == sam.id
    clock.advance(3600)
    with database.transaction() as tx:
        rows.give_back(tx, case.id, by="queue", what="lapsed", was=sam.id)
    assert queue.extend(sam, case.id).held_by == sam.id
    assert queue.holds(sam, case.id)


def test_who_only_reads_a_case_does_not_take_it(database, queue, people):
    sam, ada = people
    (case,) = opened(database)
    with pytest.raises(Conflict, match="You do not hold this case"):
        queue.extend(sam, case.id)
    queue.take(ada, case.id)
    queue.release(ada, case.id)
    with pytest.raises(Conflict, match="You do not hold this case"):
        queue.extend(ada, case.id)
    assert not queue.holds(ada, case.id)


def test_a_closed_case_is_lost_in_other_words(database, queue, people):
    sam, _ = people
    (case,) = opened(database)
    queue.take(sam, case.id)
    with database.transaction() as tx:
        cases.close(tx, case.id, by="me", reason="done")
    with pytest.raises(LeaseLost, match="was closed at 12:00"):
        queue.extend(sam, case.id)
    with pytest.raises(Conflict, match="is closed"):
        queue.skip(sam, case.id, reason="x")


def test_skipping_needs_a_reason_and_goes_to_the_next_person(database, queue, people):
    sam, ada = people
    (case,) = opened(database)
    queue.next(sam)
    with pytest.raises(BadInput, match="Say why"):
        queue.skip(sam, case.id, reason="  ")
    back = queue.skip(sam, case.id, reason="I know\n the place")
    assert (back.state, back.held_by) == (CaseState.OPEN, None)
    assert queue.next(sam) is None
    assert queue.next(ada).id == case.id
    with database.read() as tx:
        skipped = [s for s in cases.history(tx, case.id) if s.what == "skipped"]
        assert [s.note for s in skipped] == ["I know the place"]


def test_handing_over_gives_the_lease_to_a_colleague(database, queue, people, clock):
    sam, ada = people
    (case,) = opened(database)
    queue.next(sam)
    queue.hand_over(sam, case.id, to=ada.id, reason="my shift ends")
    assert [c.id for c in queue.held(ada)] == [case.id]
    assert queue.lost(sam, case.id) == "Ada took this case at 12:00. Your notes are kept."
    assert [p.name for p in queue.colleagues(sam)] == ["Ada"]
    clock.advance(15 * 60)
    assert queue.next(sam).id == case.id, "nobody waits for a colleague who does not come"


def test_a_case_is_handed_only_to_whom_it_fits_and_why_not_is_not_told(database, queue, people):
    sam, ada = people
    (case,) = opened(database)
    with database.transaction() as tx:
        rows.put(tx, Waiting(case.id, "uploads", ""), {"video"})
        grader = builders.person(tx, "Gus", Role.GRADER)
    queue.opt_out(ada, frozenset({"Video"}))
    for to, name in ((ada.id, "Ada"), (grader.id, "Gus")):
        with pytest.raises(NotAllowed, match=f"{name} does not take this case"):
            queue.hand_over(sam, case.id, to=to, reason="x")
    with pytest.raises(NotAllowed, match="You are that person"):
        queue.hand_over(sam, case.id, to=sam.id, reason="x")
    assert "opt" not in str(queue.take(ada, case.id)), "what one takes by name is one's own choice"


def test_a_skill_is_asked_of_whoever_takes_it(database, queue, people):
    sam, _ = people
    (case,) = opened(database)
    lead = Principal(new_id(), "Lead", frozenset({Permission.ROUTING_WRITE}))
    with database.transaction() as tx:
        rows.put(tx, Waiting(case.id, "lists", "lists"))
    with pytest.raises(NotAllowed, match="needs the skill “lists”"):
        queue.take(sam, case.id)
    with pytest.raises(NotAllowed):
        queue.set_skills(sam, sam.id, frozenset({"lists"}))
    queue.set_skills(lead, sam.id, frozenset({"lists"}))
    assert queue.next(sam).id == case.id


def test_who_judged_a_case_before_does_not_take_it_again(database, queue, people):
    sam, ada = people
    (case,) = opened(database)
    with database.transaction() as tx:
        skips.skip(tx, case.id, sam.id, reason="second opinion", until=None)
    with pytest.raises(NotAllowed, match="Somebody else must judge"):
        queue.take(sam, case.id)
    with pytest.raises(NotAllowed):
        queue.hand_over(ada, case.id, to=sam.id, reason="x")


def test_escalating_goes_one_step_and_keeps_a_sooner_due_time(database, queue, people, clock):
    sam, _ = people
    (case,) = opened(database, priority=Priority.MEDIUM)
    clock.advance(60)
    higher = queue.escalate(sam, case.id, reason="a colleague called")
    assert higher.priority is Priority.HIGH
    assert (higher.due_at - clock.now()).total_seconds() == 15 * 60
    now = queue.escalate(sam, case.id, reason="again")
    assert now.priority is Priority.NOW
    with pytest.raises(Conflict, match="as urgent as can be"):
        queue.escalate(sam, case.id, reason="again")


def test_opting_out_leaves_no_trace_of_what_it_was(database, queue, people):
    sam, _ = people
    queue.opt_out(sam, frozenset({"video", "a1"}))
    assert queue.terms(sam).opt_outs == {"video", "a1"}
    with database.read() as tx:
        (entry,) = audit.page(tx, limit=5, action="person.opt_outs")
    assert entry.facts == {"words": 2}


def test_what_kept_a_case_away_for_a_while_can_be_ended_and_what_is_for_good_cannot(
    database, queue, people, clock
):
    sam, _ = people
    (case,) = opened(database)
    with database.transaction() as tx:
        skips.skip(tx, case.id, sam.id, reason="asked for another", until=tx.now + SKIPPED_FOR)
        then = tx.now
    assert queue.next(sam) is None
    clock.advance(60)
    with database.transaction() as tx:
        assert not skips.unskip(tx, case.id, sam.id, since=tx.now, reason="another decision")
        assert skips.passed_over(tx, case.id, sam.id)
        assert skips.unskip(tx, case.id, sam.id, since=then, reason="taken back")
        assert not skips.passed_over(tx, case.id, sam.id)
    assert queue.next(sam).id == case.id
    queue.skip(sam, case.id, reason="again")
    assert queue.next(sam) is None, "a skip after it holds"
    with database.transaction() as tx:
        skips.skip(tx, case.id, sam.id, reason="decided before", until=None)
        skips.unskip(tx, case.id, sam.id, since=then, reason="taken back")
        assert skips.passed_over(tx, case.id, sam.id)
