"""A table of law changes history only openly: tried first, adopted, derived anew.

The same on both databases.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from tests.builders_grading import NOTHING, SOMETHING, Room

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Role
from breakwater.model.facts import Activity
from breakwater.records import audit, jobs, schemes
from breakwater.records.database import Database
from breakwater.review.grading import gold
from breakwater.review.grading.adopting import Adopting
from breakwater.review.grading.derive import JOB


@pytest.fixture(autouse=True)
def no_gold(monkeypatch):
    monkeypatch.setattr(gold, "SHARE", 0.0)


@pytest.fixture
def room(database: Database) -> Room:
    return Room.of(database)


def table_of(room: Room, name: str) -> dict:
    (found,) = [scheme for scheme in room.schemes.every() if scheme.id == name]
    return copy.deepcopy(found.plain())


def stricter(room: Room) -> dict:
    """The same table, in which a mere C is a B from now on."""
    table = table_of(room, "uk_abc")
    table["version"] = "2030-01-01"
    table["rules"][-1]["give"] = "B"
    table["codes"] = [code for code in table["codes"] if code["code"] != "C"]
    return table


@pytest.fixture
def graded(room: Room) -> list[int]:
    """Three settled items: C, none, B."""
    number, grader = room.open_set(3), room.somebody(Role.GRADER)
    graver = replace(SOMETHING, activity=Activity.NON_PENETRATIVE)
    return [room.grade(grader, number, facts) for facts in (SOMETHING, NOTHING, graver)]


def codes(room: Room, items: list[int]) -> list[str]:
    return [room.codes(item)["uk_abc"][0] for item in items]


def derive_anew(room: Room) -> None:
    """Run the job that an adoption asked for, as the worker does."""
    (job,) = jobs.claim(room.db, [JOB], owner="test", lease_s=60, limit=5)
    shares: list[float] = []
    room.schemes.rederive(job.payload, job.attempts, shares.append)
    assert shares[-1] == 1.0


def test_a_trial_lists_what_would_change_and_keeps_nothing(room, graded):
    found = room.schemes.try_out(stricter(room))
    assert (found.items, found.changed) == (3, 1)
    assert found.moves == ((("C",), ("B",), 1),)
    assert [example.item for example in found.examples] == graded[:1]
    assert codes(room, graded) == ["C", "none", "B"]


def propose(room: Room, who, table: dict):
    return Adopting(db=room.db, schemes=room.schemes).propose(who, table, reason="a new guideline")


def adopt(room: Room, table: dict) -> tuple:
    """Two people put a table in force; who they were."""
    lead, second = room.somebody(Role.QA_LEAD), room.somebody(Role.QA_LEAD)
    propose(room, lead, table)
    Adopting(db=room.db, schemes=room.schemes).confirm(second, table["id"], note="read it")
    return lead, second


def test_a_table_waits_with_what_it_would_change_for_another_person(room, graded, clock):
    lead, second = room.somebody(Role.QA_LEAD), room.somebody(Role.QA_LEAD)
    adopting = Adopting(db=room.db, schemes=room.schemes)
    waits = propose(room, lead, stricter(room))
    assert (waits.items, waits.changed, waits.moves) == (3, 1, ((("C",), ("B",), 1),))
    assert [one.scheme for one in adopting.waiting(second)] == [waits.scheme]
    with pytest.raises(NeedsSecondPerson):
        adopting.confirm(lead, "uk_abc")
    with pytest.raises(Conflict, match="Another table"):
        propose(room, second, stricter(room) | {"version": "2031-01-01"})
    with room.db.read() as tx:
        assert schemes.current(tx)["uk_abc"].version != "2030-01-01"
    adopting.refuse(second, "uk_abc", note="too strict")
    with pytest.raises(NotFound):
        adopting.confirm(second, "uk_abc")
    propose(room, lead, stricter(room))
    clock.advance(24 * 3600 + 1)
    with pytest.raises(NotFound):
        adopting.confirm(second, "uk_abc")
    with pytest.raises(NotAllowed):
        adopting.waiting(room.somebody(Role.GRADER))


def test_an_adopted_table_derives_history_anew_and_keeps_what_was(room, graded):
    lead, second = adopt(room, stricter(room))
    derive_anew(room)
    assert codes(room, graded) == ["B", "none", "B"]
    with room.db.read() as tx:
        (changed,) = schemes.changed(tx, "uk_abc")
        done = audit.page(tx, actor="breakwater")
        (adopted,) = audit.page(tx, actor=second.id, action="scheme.adopt")
    assert (changed.item, changed.before, changed.codes) == (graded[0], ("C",), ("B",))
    assert done[0].facts == {"version": "2030-01-01", "items": 3}
    assert adopted.facts["reason"] == "a new guideline"
    assert adopted.facts["proposed_by"] == lead.id
    holding = room.schemes.holding(graded[0])
    assert {code.scheme: code.version for code in holding.codes}["uk_abc"] == "2030-01-01"


def test_a_changed_table_needs_a_version_of_its_own_and_no_hole(room, graded):
    lead = room.somebody(Role.QA_LEAD)
    same = stricter(room) | {"version": table_of(room, "uk_abc")["version"]}
    with pytest.raises(Conflict):
        propose(room, lead, same)
    holed = stricter(room)
    holed["rules"][-1]["when"] = {"realism": "real"}
    for attempt in (
        lambda: room.schemes.try_out(holed),
        lambda: propose(room, lead, holed),
    ):
        with pytest.raises(BadInput, match="hole"):
            attempt()
    assert codes(room, graded) == ["C", "none", "B"]


@pytest.mark.parametrize("role", [Role.GRADER, Role.ADMIN])
def test_tables_are_adopted_by_those_who_answer_for_quality(room, role):
    with pytest.raises(NotAllowed):
        propose(room, room.somebody(role), stricter(room))
