"""Keeps an answer, and does in the same transaction what follows from it.

The last answer an item needs settles it and derives its codes (`review.grading.derive`), unequal ones
ask for an adjudicator, and a severe item counts on the exposure clock of who judged it. Who may
answer what is decided here too. Used by `review.grading.grade` and `review.grading.stacks`; tested with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.event import EventType
from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.grading import GradeItem, GradeSet, Grading, ItemState, Part, SetState
from breakwater.model.ids import Id
from breakwater.records import gradesets, grading
from breakwater.records.database import Tx
from breakwater.review.grading import derive
from breakwater.review.grading.policy import Disputed, Settled, outcome

LEASE: Final = timedelta(minutes=30)
"""How long an item is kept for a grader who says nothing; then others may have it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer that was kept.

    Attributes:
        state: of the item now; a grader is not told it.
    """

    answer: Grading
    state: ItemState


def keep(
    tx: Tx,
    one: GradeSet,
    item: GradeItem,
    person: Id,
    part: Part,
    *,
    look: FirstLook,
    facts: ItemFacts | None = None,
    asked: tuple[str, ...] = (),
    ms: int = 0,
    note: str = "",
) -> Saved:
    """Add the answer; settle the item, or send it on, when that follows from it."""
    if part is Part.ADJUDICATOR and look is FirstLook.CANNOT_TELL:
        raise BadInput("An adjudicator settles the item. Say what holds, or leave it to another.")
    made = grading.answer(
        tx, item, person, part=part, look=look, facts=facts, asked=asked, ms=ms, note=note
    )
    state = grading.DONE if made.complete else grading.MARKED
    grading.assign(tx, item, person, until=tx.now + LEASE, part=part, state=state)
    if part is Part.GOLD or not made.complete:
        return Saved(made, item.state)
    judged = outcome(grading.counting(tx, item.number), one.graders)
    state_of = {Settled: ItemState.SETTLED, Disputed: ItemState.DISPUTED}
    now = gradesets.change(
        tx, item, state=state_of.get(type(judged), ItemState.OPEN),
        needed=judged.needed, graded=judged.graded,
    )  # fmt: skip
    if isinstance(judged, Settled):
        _settle(tx, item, judged, by=person)
    elif now.state is ItemState.DISPUTED and item.state is not ItemState.DISPUTED:
        tx.emit(EventType.GRADE_DISPUTED, item.id, set=item.set, number=item.number)
    return Saved(made, now.state)


def _settle(tx: Tx, item: GradeItem, judged: Settled, *, by: Id) -> None:
    before = grading.result(tx, item.number)
    rests_on = tuple(one.id for one in judged.rests_on)
    if before is not None and before.gradings == rests_on:
        return
    result = grading.settle(
        tx, item, pertinent=judged.answer.facts is not None, facts=judged.answer.facts,
        how=judged.how, by=by, gradings=rests_on,
    )  # fmt: skip
    derive.codes(tx, result)
    tx.emit(EventType.GRADE_SETTLED, item.id, set=item.set, number=item.number)


def grader(who: Principal) -> Id:
    """The person, if they may grade: quality assurance is another line, and never grades."""
    if who.person is None or not who.may(Permission.GRADE_WRITE):
        raise NotAllowed("Grading needs the role of a grader.")
    if who.may(Permission.GRADE_QA):
        raise NotAllowed("Whoever measures quality does not grade. Ask for one of the two roles.")
    return who.person


def opened(tx: Tx, number: int) -> GradeSet:
    """A set that takes answers; raises `Conflict` when it does not."""
    one = gradesets.get(tx, number)
    if one.state is not SetState.OPEN:
        raise Conflict(f"Set {number} is {one.state.value}.")
    return one


def given(tx: Tx, number: int, person: Id) -> tuple[GradeItem, Part]:
    """An item this person was given, and as what; nobody answers what they were not."""
    item, part = gradesets.item(tx, number), grading.part_of(tx, number, person)
    if part is None:
        raise NotAllowed("This item was not given to you; take the next one.")
    ruled = any(one.part is Part.ADJUDICATOR for one in grading.counting(tx, number))
    if part is Part.GRADER and ruled:
        raise Conflict("An adjudicator has settled this item.")
    if item.state not in {ItemState.OPEN, ItemState.DISPUTED, ItemState.SETTLED}:
        raise NotFound(f"item {number}")
    return item, part


def marked(tx: Tx, item: GradeItem, person: Id) -> bool:
    """Whether a person said in a first pass that an item wants full facts, or answered it."""
    return grading.latest(tx, item.number, person) is not None


def may_rule(tx: Tx, item: GradeItem, person: Id) -> bool:
    """Whether a person may settle a dispute: never who graded the item, and one at a time."""
    part = grading.part_of(tx, item.number, person)
    return part in {None, Part.ADJUDICATOR} and grading.adjudicator(tx, item.number) in {
        None, person,
    }  # fmt: skip
