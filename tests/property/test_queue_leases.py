"""Protects "no case with two people, and none lost": many people, in any order and at once."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import builders

from breakwater.errors import BreakwaterError
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseState
from breakwater.records import cases
from breakwater.records.database import Database
from breakwater.review.queueing.queue import Queue

ACTS = ("next", "release", "skip", "hand_over", "extend", "wait")
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(ACTS), st.integers(0, 7)), max_size=40
)


def crew(database: Database, count: int) -> list[Principal]:
    with database.transaction() as tx:
        made = [builders.person(tx) for _ in range(count)]
    rights = Role.REVIEWER.permissions
    return [Principal(p.id, p.name, rights, person=p.id) for p in made]


def holders(database: Database, people: list[Principal], queue: Queue) -> Counter[str]:
    return Counter(case.id for one in people for case in queue.held(one))


def step(queue: Queue, people: list[Principal], who: int, act: str, pick: int, clock) -> None:
    """One act of one person, on one of the cases they think are theirs."""
    me = people[who]
    held = queue.held(me)
    case = held[pick % len(held)] if held else None
    if act == "wait":
        clock.advance(60 * pick)
    elif act == "next":
        queue.next(me)
    elif case is None:
        return
    elif act == "hand_over":
        queue.hand_over(me, case.id, to=people[pick % len(people)].id, reason="shift ends")
    elif act == "extend":
        queue.extend(me, case.id)
    else:
        getattr(queue, act)(me, case.id, reason="a reason")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_people_do_no_case_is_with_two_and_none_is_lost(database, clock, steps):
    queue, people = Queue(db=database), crew(database, 4)
    with database.transaction() as tx:
        for case in cases.page(tx, limit=1000):
            cases.close(tx, case.id, by="test", reason="of the example before")
        made = {builders.case(tx).id for _ in range(6)}
    for who, act, pick in steps:
        with suppress(BreakwaterError):  # refused; what stands must hold all the same
            step(queue, people, who, act, pick, clock)
        held = holders(database, people, queue)
        assert max(held.values(), default=0) <= 1
        with database.read() as tx:
            waiting = cases.page(tx, limit=100)
        assert {case.id for case in waiting} == made
        assert {c.id for c in waiting if c.held_until and c.held_until > clock.now()} == set(held)


def test_people_who_take_at_once_each_get_another_case(database):
    queue, people = Queue(db=database), crew(database, 8)
    with database.transaction() as tx:
        made = {builders.case(tx).id for _ in range(30)}
    taken: list[tuple[str, str]] = []
    ready = threading.Barrier(len(people))

    def work(me: Principal) -> None:
        ready.wait()
        for _ in range(4):
            case = queue.next(me)
            if case is not None:
                taken.append((case.id, me.id))

    threads = [threading.Thread(target=work, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 30
    assert {case for case, _ in taken} == made
    with database.read() as tx:
        rows = cases.page(tx, state=CaseState.HELD, limit=100)
    assert {(case.id, case.held_by) for case in rows} == set(taken)
