"""Bulk acts: shown first, done as shown, undone as a whole, and nothing of others overwritten."""

from __future__ import annotations

import pytest
from tests import builders

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.queue import BulkKind, CaseFilter
from breakwater.records import audit, cases, queue
from breakwater.review.queueing.bulk import Bulk
from breakwater.review.queueing.queue import Queue

K = BulkKind


@pytest.fixture
def bulk(database) -> Bulk:
    return Bulk(db=database)


@pytest.fixture
def people(database) -> list[Principal]:
    with database.transaction() as tx:
        made = [builders.person(tx, name) for name in ("Sam", "Ada")]
    return [Principal(p.id, p.name, Role.REVIEWER.permissions, person=p.id) for p in made]


@pytest.fixture
def made(database) -> list:
    with database.transaction() as tx:
        return [builders.case(tx, service="a" if n % 2 else "b") for n in range(6)]


def read(database, case):
    with database.read() as tx:
        return cases.get(tx, case.id), queue.waiting(tx, case.id)


def apply(bulk, who, kind, value, chosen, reason="a wave"):
    seen = bulk.preview(who, kind, value, chosen)
    return bulk.apply(who, kind, value, chosen, token=seen.token, reason=reason)


def test_a_preview_changes_nothing_and_says_what_stays(database, bulk, people, made):
    sam, ada = people
    Queue(db=database).take(ada, made[0].id)
    with database.transaction() as tx:
        cases.close(tx, made[1].id, by="me", reason="done")
    seen = bulk.preview(sam, K.PRIORITY, "high", [case.id for case in made[:4]])
    assert [(c.number, c.before, c.after) for c in seen.changes] == [
        (3, "medium", "high"), (4, "medium", "high"),
    ]  # fmt: skip
    assert seen.left == {1: "Ada holds it.", 2: "It is closed."}
    assert read(database, made[2])[0] == made[2]


def test_what_was_shown_is_done_and_can_be_undone(database, bulk, people, made, clock):
    sam, _ = people
    clock.advance(60)
    act = apply(bulk, sam, K.PRIORITY, "high", [case.id for case in made])
    for case in made:
        after, _ = read(database, case)
        assert (after.priority, after.due_at) == (
            Priority.HIGH,
            case.opened_at + Priority.HIGH.due_in,
        )
    undone = bulk.undo(sam, act.id)
    assert (undone.restored, undone.left) == (6, ())
    for case in made:
        after, _ = read(database, case)
        assert (after.priority, after.due_at) == (case.priority, case.due_at)
    with database.read() as tx:
        assert [e.action for e in audit.page(tx, limit=9)] == ["case.bulk_undo", "case.bulk"]


def test_cases_move_to_a_queue_that_there_is_and_back(database, bulk, people, made):
    sam, _ = people
    with pytest.raises(BadInput, match=r"no such queue\. Queues: live, conversations"):
        bulk.preview(sam, K.QUEUE, "lvie", [made[0].id])
    act = apply(bulk, sam, K.QUEUE, "lists", CaseFilter(service="a"))
    assert [c.number for c in act.changes] == [2, 4, 6]
    assert read(database, made[1])[1].queue == "lists"
    bulk.undo(sam, act.id)
    assert read(database, made[1])[1].queue == "general"


def test_cases_go_to_a_colleague_and_come_back(database, bulk, people, made):
    sam, ada = people
    act = apply(bulk, sam, K.HAND_OVER, ada.id, [made[0].id, made[1].id])
    assert len(Queue(db=database).held(ada)) == 2
    bulk.undo(sam, act.id)
    assert Queue(db=database).held(ada) == []
    seen = bulk.preview(sam, K.HAND_OVER, sam.id, [made[0].id])
    assert seen.left == {1: "You are that person. Take the case instead."}


def test_what_changed_since_the_preview_is_not_overwritten(database, bulk, people, made):
    sam, ada = people
    chosen = [case.id for case in made]
    seen = bulk.preview(sam, K.PRIORITY, "low", chosen)
    Queue(db=database).take(ada, made[2].id)
    with pytest.raises(Conflict, match="changed meanwhile"):
        bulk.apply(sam, K.PRIORITY, "low", chosen, token=seen.token, reason="x")
    assert read(database, made[0])[0].priority is Priority.MEDIUM, "all or nothing"


def test_a_new_case_that_the_filter_means_asks_for_another_look(database, bulk, people, made):
    sam, _ = people
    seen = bulk.preview(sam, K.PRIORITY, "low", CaseFilter())
    with database.transaction() as tx:
        builders.case(tx, kind=CaseKind.STREAM)
    with pytest.raises(Conflict):
        bulk.apply(sam, K.PRIORITY, "low", CaseFilter(), token=seen.token, reason="x")


def test_an_undo_leaves_what_others_changed_since(database, bulk, people, made):
    sam, ada = people
    act = apply(bulk, sam, K.PRIORITY, "high", [case.id for case in made])
    Queue(db=database).take(ada, made[3].id)
    with database.transaction() as tx:
        cases.close(tx, made[4].id, by=ada.id, reason="done")
    undone = bulk.undo(sam, act.id)
    assert (undone.restored, undone.left) == (4, (4, 5))
    assert read(database, made[3])[0].priority is Priority.HIGH


def test_an_undo_is_ones_own_once_and_in_time(database, bulk, people, made, clock):
    sam, ada = people
    act = apply(bulk, sam, K.PRIORITY, "high", [made[0].id])
    with pytest.raises(NotAllowed):
        bulk.undo(ada, act.id)
    assert bulk.act(ada, act.id) is None
    assert bulk.act(sam, act.id) == act
    bulk.undo(sam, act.id)
    with pytest.raises(Conflict, match="undone already"):
        bulk.undo(sam, act.id)
    late = apply(bulk, sam, K.PRIORITY, "high", [made[1].id])
    clock.advance(600)
    with pytest.raises(Conflict, match="too late"):
        bulk.undo(sam, late.id)
    with pytest.raises(NotFound):
        bulk.undo(sam, new_id())


@pytest.mark.parametrize(
    ("kind", "value"), [(K.PRIORITY, "urgent"), (K.HAND_OVER, "nobody"), (K.QUEUE, "no such")]
)
def test_what_cannot_be_is_refused_in_words(bulk, people, made, kind, value):
    with pytest.raises(BadInput) as refused:
        bulk.preview(people[0], kind, value, [made[0].id])
    assert refused.value.detail


def test_nothing_chosen_no_reason_and_no_right_are_refused(bulk, people, made):
    sam, _ = people
    admin = Principal(new_id(), "Root", Role.ADMIN.permissions, person=new_id())
    seen = bulk.preview(sam, K.PRIORITY, "high", [made[0].id])
    for chosen in ([], CaseFilter(service="none")):
        with pytest.raises(BadInput, match="Choose at least one"):
            bulk.preview(sam, K.PRIORITY, "high", chosen)
    with pytest.raises(BadInput, match="Say why"):
        bulk.apply(sam, K.PRIORITY, "high", [made[0].id], token=seen.token, reason=" ")
    with pytest.raises(NotAllowed):
        bulk.preview(admin, K.PRIORITY, "high", [made[0].id])
