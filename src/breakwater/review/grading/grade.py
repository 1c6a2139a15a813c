"""Grading: the next item for a person, their answer, and what holds when enough have answered.

In comes a grader and what they saw; out goes the next item, blind to other graders, matches and
the source. A first pass marks a page of small stills; full facts follow, one item at a time.
Facts that seldom go together are asked once; what follows from an answer is in
`review.grading.answering`.
Fed by `web.pages.grade` and `web.api.grading`. Tests: `tests/contract/test_review_grade.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal
from breakwater.model.facts import Contradiction, FirstLook, ItemFacts, contradictions
from breakwater.model.grading import GradeItem, GradeSet, Grading, ItemState, Part, SetState
from breakwater.model.ids import Id
from breakwater.records import gradesets, grading
from breakwater.records.database import Database, Tx
from breakwater.review.grading import gold, steering
from breakwater.review.grading.answering import (
    LEASE,
    Saved,
    given,
    grader,
    keep,
    marked,
    may_rule,
    opened,
)
from breakwater.review.looking.exposure import judged

PAGE: Final = 60
"""Items of one first-pass page."""

MOST_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Task:
    """One item as its grader may know it: nothing of other graders, matches or the source.

    Attributes:
        number, item: the item.
        part: as what they answer; the page does not tell gold from the rest.
        position: items they answered in this set, and this one.
        total: items of the set that were ever for graders.
        moving: shown as a strip, with facts per segment.
        behind: near copies that wait for this one's facts.
        answer: their own earlier answer, when they go back to it.
        previous: their facts of the item before, for "as previous".
    """

    item: Id
    number: int
    set: int
    part: Part
    position: int
    total: int
    moving: bool
    frames: int
    duration_s: float
    behind: int = 0
    answer: Grading | None = None
    previous: ItemFacts | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Nothing was kept: these facts seldom go together. The same answer, confirmed, is kept."""

    questions: tuple[Contradiction, ...]


class Gradings:
    """Gives out items and takes answers."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def sets(self, who: Principal) -> list[GradeSet]:
        """Sets that are open for graders, the newest first."""
        grader(who)
        with self._db.read() as tx:
            return gradesets.every(tx, state=SetState.OPEN)

    def page(self, who: Principal, set_number: int, *, limit: int = PAGE) -> list[Task]:
        """Items of the first pass, kept for this person for a while.

        Raises:
            NotAllowed: not by this role.
            Conflict: the set is not open.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = opened(tx, set_number)
            grading.drop_lapsed(tx, set_number, person)
            mine = [i for i in grading.held(tx, set_number, person) if not marked(tx, i, person)]
            mine += grading.free(tx, set_number, person, limit=max(0, limit - len(mine)))
            done = grading.done_by(tx, set_number, person)
            for item in mine[:limit]:
                grading.assign(tx, item, person, until=tx.now + LEASE)
            return [
                _bare(one, item, Part.GRADER, done + at)
                for at, item in enumerate(mine[:limit], start=1)
            ]

    def mark(self, who: Principal, set_number: int, looks: Mapping[int, FirstLook]) -> None:
        """Keep the answers of a first pass; those of `full_facts` come again one by one.

        Raises:
            NotAllowed: not by this role, or not of an item they were given.
        """
        person = grader(who)
        if len(looks) > PAGE:
            raise BadInput(f"A page has at most {PAGE} items.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = opened(tx, set_number)
            for number, look in looks.items():
                item, part = given(tx, number, person)
                keep(tx, one, item, person, part, look=look)
            tx.audit(who.id, "grade.mark", one.id, items=len(looks))

    def next(self, who: Principal, set_number: int) -> Task | None:
        """The next item for full facts: one they have, gold, or a new one; None when done.

        Raises:
            NotAllowed: not by this role.
            Conflict: the set is not open.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = opened(tx, set_number)
            grading.drop_lapsed(tx, set_number, person)
            for item in grading.held(tx, set_number, person)[:1]:
                part = grading.part_of(tx, item.number, person) or Part.GRADER
                return self._give(tx, one, item, person, part)
            done = grading.done_by(tx, set_number, person)
            golden = gold.next_gold(tx, set_number, person, done)
            if golden is not None:
                return self._give(tx, one, golden, person, Part.GOLD)
            free = steering.next_free(tx, set_number, person)
            return self._give(tx, one, free, person, Part.GRADER) if free else None

    def task(self, who: Principal, number: int) -> Task:
        """An item they were given, as it stands.

        Raises:
            NotAllowed: not by this role, or not an item they were given.
            Conflict: the set is not open, or an adjudicator has settled it.
        """
        person = grader(who)
        with self._db.read() as tx:
            item, _ = given(tx, number, person)
            return _task(tx, opened(tx, item.set), item, person)

    def ahead(self, who: Principal, set_number: int, *, besides: int) -> Task | None:
        """The item after the one they have, given to them now so that its still can be there.

        Gold is mixed in here, because whoever always holds a next item never comes to ask for
        one with empty hands.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = opened(tx, set_number)
            held = [i for i in grading.held(tx, set_number, person) if i.number != besides]
            if all(grading.part_of(tx, i.number, person) is not Part.GOLD for i in held):
                done = grading.done_by(tx, set_number, person) + 1
                golden = gold.next_gold(tx, set_number, person, done)
                if golden is not None and golden.number != besides:
                    return self._give(tx, one, golden, person, Part.GOLD)
            if held:
                return _task(tx, one, held[0], person)
            free = steering.next_free(tx, set_number, person)
            return self._give(tx, one, free, person, Part.GRADER) if free else None

    def _give(self, tx: Tx, one: GradeSet, item: GradeItem, person: Id, part: Part) -> Task:
        state = grading.MARKED if marked(tx, item, person) else grading.HELD
        grading.assign(tx, item, person, until=tx.now + LEASE, part=part, state=state)
        return _task(tx, one, item, person)

    def save(
        self,
        who: Principal,
        number: int,
        facts: ItemFacts,
        *,
        confirmed: bool = False,
        ms: int = 0,
    ) -> Saved | Asked:
        """Keep the full facts of an item.

        Args:
            who: a grader.
            number: of an item they were given.
            facts: as they answered.
            confirmed: they were asked about contradictions and stay with their answer.
            ms: from picture to save.

        Raises:
            NotAllowed: not by this role, or not of an item they were given.
            Conflict: an adjudicator has settled it, or the set is not open.
        """
        person = grader(who)
        questions = contradictions(facts)
        if questions and not confirmed:
            return Asked(questions)
        if not 0 <= ms <= MOST_MS:
            raise BadInput("Milliseconds from picture to save are at most a day.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            item, part = given(tx, number, person)
            one = opened(tx, item.set)
            asked = tuple(question.code for question in questions)
            saved = keep(
                tx, one, item, person, part, look=FirstLook.FULL_FACTS, facts=facts,
                asked=asked, ms=ms,
            )  # fmt: skip
            judged(tx, person, item.id, facts)
            tx.audit(who.id, "grade.answer", item.id, set=item.set, asked=list(asked), ms=ms)
            return saved

    def second_opinion(self, who: Principal, number: int, note: str = "") -> Saved:
        """Say that one cannot tell; another person is asked, and after two an adjudicator.

        Raises:
            NotAllowed: not by this role, or not of an item they were given.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            item, part = given(tx, number, person)
            one = opened(tx, item.set)
            saved = keep(
                tx, one, item, person, part, look=FirstLook.CANNOT_TELL, note=note[:500]
            )  # fmt: skip
            tx.audit(who.id, "grade.second_opinion", item.id, set=item.set)
            return saved

    def back(self, who: Principal, set_number: int, *, before: int | None = None) -> Task | None:
        """The item they answered last, with their answer; `before` goes on from another one."""
        person = grader(who)
        with self._db.read() as tx:
            one = opened(tx, set_number)
            after = grading.latest(tx, before, person) if before is not None else None
            past = grading.by_grader(
                tx, person, set_number, before=after.id if after else None, limit=1
            )
            return _task(tx, one, gradesets.item(tx, past[0].item), person) if past else None

    def disputes(self, who: Principal, set_number: int | None = None) -> list[GradeItem]:
        """Items whose graders disagree and that this person has never graded."""
        person = grader(who)
        with self._db.read() as tx:
            found = grading.disputed(tx, set_number)
            return [item for item in found if may_rule(tx, item, person)]

    def take_dispute(self, who: Principal, number: int) -> Task:
        """Take a disputed item as its adjudicator.

        Raises:
            NotAllowed: not by this role, they graded it, or somebody else settles it now.
            Conflict: it is not disputed.
        """
        person = grader(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            item = gradesets.item(tx, number)
            if item.state is not ItemState.DISPUTED:
                raise Conflict(f"Item {number} is {item.state.value}, not disputed.")
            if not may_rule(tx, item, person):
                raise NotAllowed("You graded this item, or somebody else settles it now.")
            grading.assign(tx, item, person, until=tx.now + LEASE, part=Part.ADJUDICATOR)
            return _task(tx, opened(tx, item.set), item, person)


def _task(tx: Tx, one: GradeSet, item: GradeItem, person: Id) -> Task:
    answer = grading.latest(tx, item.number, person)
    past = grading.by_grader(tx, person, one.number, before=answer.id if answer else None, limit=5)
    part = grading.part_of(tx, item.number, person) or Part.GRADER
    answered = answer is not None and answer.complete
    position = grading.done_by(tx, one.number, person) + (0 if answered else 1)
    return replace(
        _bare(one, item, part, position),
        behind=len(gradesets.stack(tx, item.number).members),
        answer=answer,
        previous=next((p.facts for p in past if p.facts and p.item != item.number), None),
    )


def _bare(one: GradeSet, item: GradeItem, part: Part, position: int) -> Task:
    return Task(
        item=item.id, number=item.number, set=one.number, part=part, position=position,
        total=one.visible,
        moving=item.moving, frames=item.frames, duration_s=item.duration_s,
    )  # fmt: skip
