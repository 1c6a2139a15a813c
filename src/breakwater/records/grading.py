"""Answers, results and who grades what, as rows.

An answer is only ever added: the latest of a person is the one that counts, and an earlier one
stays beside it. A result rests on answers and is a row of its own. An assignment keeps an item
for a person for a while; who vanishes gives it back by the clock. Nobody is given an item twice,
and never more people hold an item than it needs. Fed by `review.grading.grade`.
Contract: `tests/contract/test_records_grading.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.grading import (
    GradeItem,
    GradeResult,
    Grading,
    How,
    ItemState,
    Part,
)
from breakwater.model.ids import Id, new_id
from breakwater.records import gradesets
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_grading import (
    grade_answers,
    grade_assignments,
    grade_items,
    grade_results,
)
from breakwater.records.texts import storable

HELD: Final = "held"
MARKED: Final = "marked"
DONE: Final = "done"

_a, _i, _g, _r = grade_assignments.c, grade_items.c, grade_answers.c, grade_results.c
_waits: Final = _a.state != sa.literal_column("'done'")
"""As a literal: only then do both databases use the partial index."""


def assign(
    tx: Tx, item: GradeItem, person: Id, *, until: datetime, part: Part = Part.GRADER,
    state: str = HELD,
) -> None:  # fmt: skip
    """Give an item to a person until a moment, or move the assignment they have."""
    tx.lock_changes()
    values = {"part": part.value, "state": state, "until": until}
    mine = sa.and_(_a.item_number == item.number, _a.person_id == person)
    if not tx.execute(sa.update(grade_assignments).where(mine).values(values)).rowcount:
        key = {"item_number": item.number, "person_id": person, "set_number": item.set}
        tx.execute(sa.insert(grade_assignments), key | values)


def release(tx: Tx, item: int, person: Id) -> None:
    """Give an item back that was not answered completely."""
    mine = sa.and_(_a.item_number == item, _a.person_id == person, _waits)
    tx.execute(sa.delete(grade_assignments).where(mine))


def drop_lapsed(tx: Tx, set_number: int, person: Id) -> None:
    """Give back what a person left lying: others may have taken it since."""
    mine = sa.and_(_a.person_id == person, _a.set_number == set_number, _waits)
    tx.execute(sa.delete(grade_assignments).where(mine, _a.until <= tx.now))


def part_of(tx: Tx, item: int, person: Id) -> Part | None:
    """In which part somebody has or had an item; None when they never had it."""
    wanted = sa.select(_a.part).where(_a.item_number == item, _a.person_id == person)
    found = tx.execute(wanted).scalar()
    return None if found is None else Part(found)


def adjudicator(tx: Tx, item: int) -> Id | None:
    """Who settles an item now or has settled it; None when nobody does."""
    rules = sa.and_(_a.item_number == item, _a.part == Part.ADJUDICATOR.value)
    now = sa.or_(_a.state == DONE, _a.until > tx.now)
    found = tx.execute(sa.select(_a.person_id).where(rules, now).limit(1)).scalar()
    return None if found is None else Id(found)


def held(tx: Tx, set_number: int, person: Id) -> list[GradeItem]:
    """Items a person has and has not answered, by number; marked ones wait for facts."""
    wanted = (
        sa.select(_a.item_number)
        .join_from(grade_assignments, grade_items, _i.number == _a.item_number)
        .where(_a.person_id == person, _a.set_number == set_number, _waits)
        .where(sa.or_(_i.state == ItemState.OPEN.value, _a.part != Part.GRADER.value))
    )
    found = gradesets.items(tx, tx.execute(wanted).scalars())
    return [found[number] for number in sorted(found)]


def free(tx: Tx, set_number: int, person: Id, *, limit: int = 1) -> list[GradeItem]:
    """Items that want one more grader, whom this person may be, in order of number.

    Begins behind the last item the person had, so that it stays quick when one grader is far
    ahead of the others; then once more from the start for what others gave back.
    """
    mine = sa.and_(_a.person_id == person, _a.set_number == set_number)
    last = tx.execute(sa.select(sa.func.max(_a.item_number)).where(mine)).scalar() or 0
    found = _free(tx, set_number, person, _i.number > last, limit)
    if len(found) < limit and last:
        found += _free(tx, set_number, person, _i.number <= last, limit - len(found))
    return found


def _free(
    tx: Tx, set_number: int, person: Id, where: sa.ColumnElement[bool], limit: int
) -> list[GradeItem]:
    here = _a.item_number == _i.number
    others = (
        sa.select(sa.func.count())
        .select_from(grade_assignments)
        .where(here, _waits, _a.until > tx.now, _a.part == Part.GRADER.value)
        .scalar_subquery()
    )
    mine = sa.select(_a.item_number).where(here, _a.person_id == person).exists()
    wanted = (
        sa.select(_i.number)
        .where(_i.set_number == set_number, _i.state == ItemState.OPEN.value, where)
        .where(~mine, _i.graded + others < _i.needed)
        .order_by(_i.number)
        .limit(limit)
    )
    found = gradesets.items(tx, tx.execute(wanted).scalars())
    return [found[number] for number in sorted(found)]


def disputed(tx: Tx, set_number: int | None = None, *, limit: int = 100) -> list[GradeItem]:
    """Items whose graders disagree, the oldest first."""
    wanted = sa.select(_i.number).where(_i.state == ItemState.DISPUTED.value)
    if set_number is not None:
        wanted = wanted.where(_i.set_number == set_number)
    found = gradesets.items(tx, tx.execute(wanted.order_by(_i.number).limit(limit)).scalars())
    return [found[number] for number in sorted(found)]


def answer(
    tx: Tx,
    item: GradeItem,
    grader: Id,
    *,
    part: Part,
    look: FirstLook,
    facts: ItemFacts | None = None,
    asked: Sequence[str] = (),
    ms: int = 0,
    note: str = "",
) -> Grading:
    """Add an answer; it replaces the person's earlier one to the same item.

    Args:
        tx: the transaction.
        item: which one.
        grader: the person.
        part: in which part they answer.
        look: the answer of the first pass.
        facts: with `full_facts`, when they are complete.
        asked: codes of contradictions that the grader confirmed.
        ms: from picture to save.
        note: in their words.
    """
    storable(note)
    change = tx.change()
    before = latest(tx, item.number, grader)
    made = Grading(
        id=new_id(), item=item.number, grader=grader, part=part, look=look, at=tx.now,
        facts=facts, asked=tuple(asked), ms=ms, note=note,
        replaces=None if before is None else before.id,
    )  # fmt: skip
    values = {
        "id": made.id, "change": change, "item_number": item.number, "set_number": item.set,
        "grader_id": grader, "part": part.value, "look": look.value,
        "facts": None if facts is None else facts.plain(), "asked": list(made.asked),
        "ms": ms, "at": tx.now, "replaces": made.replaces, "note": note,
    }  # fmt: skip
    tx.execute(sa.insert(grade_answers), values)
    return made


def latest(tx: Tx, item: int, grader: Id) -> Grading | None:
    """A person's answer to an item that counts; None when they gave none."""
    wanted = sa.select(grade_answers).where(_g.item_number == item, _g.grader_id == grader)
    row = tx.execute(wanted.order_by(_g.change.desc()).limit(1)).one_or_none()
    return None if row is None else _grading(row)


def of_item(tx: Tx, item: int) -> list[Grading]:
    """Every answer to an item, the first first, those that were replaced too."""
    wanted = sa.select(grade_answers).where(_g.item_number == item).order_by(_g.change)
    return [_grading(row) for row in tx.execute(wanted)]


def counting(tx: Tx, item: int) -> list[Grading]:
    """The answers to an item that count: the latest of each person, in their order."""
    found = of_item(tx, item)
    replaced = {grading.replaces for grading in found}
    return [grading for grading in found if grading.id not in replaced]


def by_grader(
    tx: Tx, grader: Id, set_number: int, *, before: Id | None = None, limit: int = 1
) -> list[Grading]:
    """What a person answered in a set, the newest first.

    Args:
        tx: a snapshot.
        grader: the person.
        set_number: in this set.
        before: only what came before this answer.
        limit: at most so many.
    """
    wanted = sa.select(grade_answers).where(_g.grader_id == grader, _g.set_number == set_number)
    if before is not None:
        then = sa.select(_g.change).where(_g.id == before).scalar_subquery()
        wanted = wanted.where(_g.change < then)
    return [_grading(row) for row in tx.execute(wanted.order_by(_g.change.desc()).limit(limit))]


def done_by(tx: Tx, set_number: int, person: Id) -> int:
    """How many items of a set a person has answered completely: all but those that wait."""
    count = sa.select(sa.func.count()).select_from(grade_assignments)
    mine = count.where(_a.person_id == person, _a.set_number == set_number)
    return int(tx.execute(mine).scalar_one()) - int(tx.execute(mine.where(_waits)).scalar_one())


def since(tx: Tx, change: int, *, limit: int = 1_000) -> list[tuple[int, Grading]]:
    """Answers after a change number, in order, for figures that follow along."""
    wanted = sa.select(grade_answers).where(_g.change > change).order_by(_g.change).limit(limit)
    return [(row.change, _grading(row)) for row in tx.execute(wanted)]


def settle(
    tx: Tx,
    item: GradeItem,
    *,
    pertinent: bool,
    facts: ItemFacts | None,
    how: How,
    by: Id,
    gradings: Sequence[Id],
) -> GradeResult:
    """Add a result; it is the present one from now on. The caller moves the item."""
    change = tx.change()
    before = result(tx, item.number)
    made = GradeResult(
        item=item.number, revision=1 if before is None else before.revision + 1,
        pertinent=pertinent, facts=facts, how=how, by=by, at=tx.now, gradings=tuple(gradings),
    )  # fmt: skip
    values = {
        "item_number": item.number, "revision": made.revision, "pertinent": pertinent,
        "facts": None if facts is None else facts.plain(), "how": how.value, "by": by,
        "at": tx.now, "gradings": list(gradings), "change": change,
    }  # fmt: skip
    tx.execute(sa.insert(grade_results), values)
    return made


def result(tx: Tx, item: int) -> GradeResult | None:
    """What holds for an item by its own answers; None while nothing does."""
    found = results(tx, item)
    return found[-1] if found else None


def results(tx: Tx, item: int) -> list[GradeResult]:
    """Every result of an item, the first first."""
    wanted = sa.select(grade_results).where(_r.item_number == item).order_by(_r.revision)
    return [_result(row) for row in tx.execute(wanted)]


def settled(tx: Tx, *, after: int = 0, limit: int = 1_000) -> list[GradeResult]:
    """Present results in order of item, those of items after number `after`."""
    newer = grade_results.alias("newer")
    later = sa.select(newer.c.revision).where(
        newer.c.item_number == _r.item_number, newer.c.revision > _r.revision
    )
    wanted = sa.select(grade_results).where(_r.item_number > after, ~later.exists())
    return [_result(row) for row in tx.execute(wanted.order_by(_r.item_number).limit(limit))]


def count_settled(tx: Tx) -> int:
    """How many items have a result of their own."""
    first = sa.select(sa.func.count()).select_from(grade_results).where(_r.revision == 1)
    return int(tx.execute(first).scalar_one())


def present(tx: Tx, item: GradeItem) -> GradeResult | None:
    """What holds for an item: its own result, or that of the item it is a copy of.

    The result names the item whose answers it rests on.
    """
    own = result(tx, item.number)
    inherits = item.state in {ItemState.COPY, ItemState.SETTLED}
    if own is not None or not inherits or item.leader is None:
        return own
    return present(tx, gradesets.item(tx, item.leader))


def _grading(row: sa.Row[Any]) -> Grading:
    return Grading(
        id=Id(row.id), item=row.item_number, grader=Id(row.grader_id), part=Part(row.part),
        look=FirstLook(row.look), at=row.at, asked=tuple(row.asked), ms=row.ms, note=row.note,
        facts=None if row.facts is None else ItemFacts.read(row.facts),
        replaces=None if row.replaces is None else Id(row.replaces),
    )  # fmt: skip


def _result(row: sa.Row[Any]) -> GradeResult:
    return GradeResult(
        item=row.item_number, revision=row.revision, pertinent=row.pertinent,
        facts=None if row.facts is None else ItemFacts.read(row.facts), how=How(row.how),
        by=Id(row.by), at=row.at, gradings=tuple(Id(one) for one in row.gradings),
    )  # fmt: skip
