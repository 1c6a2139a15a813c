"""The quality of grading as rows: what is gold, how answers measured up, disputes, alarms.

Gold items, alarms and their ends are only ever added; whether an answer was right is computed
from the answer and what holds, so that a corrected gold item corrects every figure. Fed and
read by `review.quality.quality`. Contract: `tests/contract/test_records_quality.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.grading import GradeItem, Grading, How, ItemState, Part
from breakwater.model.ids import Id, new_id
from breakwater.model.quality import AlarmKind, Dispute, Gold, Outcome, QualityAlarm
from breakwater.records import gradesets, grading
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_grading import (
    grade_answers,
    grade_assignments,
    grade_items,
    grade_results,
)
from breakwater.records.tables.nouns_quality import (
    grade_alarm_ends,
    grade_alarms,
    grade_golds,
    grade_hashes,
)
from breakwater.records.texts import storable

MOST_ANSWERS: Final = 5_000
"""Answers that one figure is computed from, the newest: of 2,500 items an interval is narrow."""

_o, _l, _e, _h = grade_golds.c, grade_alarms.c, grade_alarm_ends.c, grade_hashes.c
_a, _g, _i, _r = grade_assignments.c, grade_answers.c, grade_items.c, grade_results.c

_ALARMS: Final = sa.select(
    grade_alarms, _e.by.label("ended_by"), _e.at.label("ended_at"), _e.note
).join_from(grade_alarms, grade_alarm_ends, _e.alarm_id == _l.id, isouter=True)


def mark_gold(
    tx: Tx,
    item: GradeItem,
    *,
    look: FirstLook,
    facts: ItemFacts | None,
    by: Id,
    reason: str,
    active: bool = True,
) -> Gold:
    """Make an item gold with the answer that holds, or end that.

    Args:
        tx: the transaction.
        item: which one.
        look: what holds of the first pass.
        facts: what holds; None when it is not pertinent.
        by: the person.
        reason: in their words.
        active: False ends it: nobody meets it from now on, and what was measured stays.
    """
    storable(reason)
    gold = Gold(item.number, item.set, look, facts, by, tx.now, reason, active)
    values = {
        "change": tx.change(), "item_number": gold.item, "set_number": gold.set,
        "active": active, "look": look.value, "by": by, "at": gold.at, "reason": reason,
        "facts": None if facts is None else facts.plain(),
    }  # fmt: skip
    tx.execute(sa.insert(grade_golds), values)
    return gold


def golds(tx: Tx, *, set_number: int | None = None) -> list[Gold]:
    """Every item that is or was gold as it stands, the newest first."""
    newer = grade_golds.alias("newer")
    later = sa.select(newer.c.change).where(
        newer.c.item_number == _o.item_number, newer.c.change > _o.change
    )
    wanted = sa.select(grade_golds).where(~later.exists()).order_by(_o.change.desc())
    if set_number is not None:
        wanted = wanted.where(_o.set_number == set_number)
    return [_gold(row) for row in tx.execute(wanted)]


def gold_of(tx: Tx, item: int) -> Gold | None:
    """What holds for an item as gold; None when it never was."""
    wanted = sa.select(grade_golds).where(_o.item_number == item)
    row = tx.execute(wanted.order_by(_o.change.desc()).limit(1)).one_or_none()
    return None if row is None else _gold(row)


def gold_for(tx: Tx, set_number: int, person: Id) -> GradeItem | None:
    """A gold item of the set that this person has never had; None when there is none.

    The one that the fewest people have met comes first, so that no item becomes well known.
    """
    active = [gold.item for gold in golds(tx, set_number=set_number) if gold.active]
    met = _met(tx, active)
    strange = [item for item in active if person not in met.get(item, frozenset())]
    if not strange:
        return None
    least = min(strange, key=lambda item: (len(met.get(item, frozenset())), item))
    return gradesets.item(tx, least)


def outcomes(tx: Tx, *, since: datetime, set_number: int | None = None) -> list[Outcome]:
    """How answers measured up, the first first: gold items, and what adjudicators settled."""
    truths = {gold.item: gold for gold in golds(tx, set_number=set_number)}
    found = []
    for answer in _answers(tx, since=since, set_number=set_number, part=Part.GOLD):
        gold = truths.get(answer.item)
        if gold is not None and answer.complete:
            right = gold.is_right(answer)
            found.append(Outcome(answer.grader, answer.item, answer.at, right, gold=True))
    for dispute in disputes(tx, settled=True, since=since, set_number=set_number):
        found += _measured(dispute)
    return sorted(found, key=lambda outcome: (outcome.at, outcome.item))


def answered(tx: Tx, *, since: datetime, set_number: int | None = None) -> list[Grading]:
    """Independent graders' answers that count, to items with two of them or more, by item."""
    found = _answers(tx, since=since, set_number=set_number, part=Part.GRADER)
    people: dict[int, set[Id]] = {}
    for answer in found:
        people.setdefault(answer.item, set()).add(answer.grader)
    return [answer for answer in found if len(people[answer.item]) > 1]


def disputes(
    tx: Tx, *, settled: bool, since: datetime, set_number: int | None = None, limit: int = 200
) -> list[Dispute]:
    """Items whose graders differed.

    Args:
        tx: a snapshot.
        settled: those that an adjudicator has settled, the newest first; else those that wait,
            the oldest first.
        since: settled ones since then.
        set_number: of one set only.
        limit: at most so many.
    """
    if settled:
        wanted = (
            sa.select(_r.item_number)
            .where(_r.how == How.ADJUDICATED.value, _r.at >= since)
            .order_by(_r.change.desc())
        )
        if set_number is not None:
            wanted = wanted.join(grade_items, _i.number == _r.item_number)
            wanted = wanted.where(_i.set_number == set_number)
        numbers = list(dict.fromkeys(tx.execute(wanted.limit(limit)).scalars()))
        known = gradesets.items(tx, numbers)
        found = [known[number] for number in numbers if number in known]
    else:
        found = grading.disputed(tx, set_number, limit=limit)
    order = {Part.GRADER: 0, Part.ADJUDICATOR: 1}
    return [
        Dispute(
            item,
            tuple(sorted(
                (a for a in grading.counting(tx, item.number) if a.part in order),
                key=lambda answer: order[answer.part],
            )),
            grading.result(tx, item.number) if settled else None,
        )
        for item in found
    ]  # fmt: skip


def waiting(tx: Tx) -> int:
    """How many items wait for an adjudicator."""
    wanted = sa.select(sa.func.count()).where(_i.state == ItemState.DISPUTED.value)
    return int(tx.execute(wanted).scalar_one())


def raise_alarm(
    tx: Tx, kind: AlarmKind, subject: str, facts: Mapping[str, Any]
) -> QualityAlarm | None:
    """Open an alarm; None when one about the same is open already."""
    tx.lock_changes()
    same = sa.and_(_l.kind == kind.value, _l.subject == subject, _e.alarm_id.is_(None))
    if tx.execute(_ALARMS.where(same)).first() is not None:
        return None
    made = QualityAlarm(new_id(), kind, subject, tx.now, dict(facts))
    values = {
        "id": made.id, "kind": kind.value, "subject": subject, "facts": made.facts, "at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(grade_alarms), values)
    return made


def end_alarm(tx: Tx, alarm: Id, *, by: Id, note: str) -> QualityAlarm:
    """Close an alarm.

    Args:
        tx: the transaction.
        alarm: its id.
        by: the person.
        note: what was done about it.

    Raises:
        NotFound: no such alarm.
        Conflict: it was closed before.
    """
    storable(note)
    tx.lock_changes()
    if not _alarm(tx, alarm).open:
        raise Conflict("This alarm was closed already.")
    tx.execute(
        sa.insert(grade_alarm_ends), {"alarm_id": alarm, "by": by, "note": note, "at": tx.now}
    )
    return _alarm(tx, alarm)


def alarms(tx: Tx, *, limit: int = 50) -> list[QualityAlarm]:
    """Alarms, the open ones first, then the newest first."""
    wanted = _ALARMS.order_by(_e.alarm_id.is_not(None), _l.at.desc(), _l.id.desc()).limit(limit)
    return [_alarm_noun(row) for row in tx.execute(wanted)]


def unhashed(tx: Tx, kind: str, *, after: int = 0, limit: int = 100) -> list[GradeItem]:
    """Items with bytes and without a hash of this kind, by number, those after `after`."""
    wanted = sa.select(_i.number).where(_lacks(kind), _i.number > after)
    found = gradesets.items(tx, tx.execute(wanted.order_by(_i.number).limit(limit)).scalars())
    return [found[number] for number in sorted(found)]


def unhashed_count(tx: Tx, kind: str) -> int:
    """How many items lack a hash of this kind."""
    wanted = sa.select(sa.func.count()).select_from(grade_items).where(_lacks(kind))
    return int(tx.execute(wanted).scalar_one())


def put_hashes(tx: Tx, kind: str, values: Mapping[int, bytes]) -> None:
    """Keep hashes that were made later; of the same item and kind the first one stays."""
    for number, value in values.items():
        here = sa.and_(_h.item_number == number, _h.kind == kind)
        if tx.execute(sa.select(_h.kind).where(here)).first() is None:
            row = {"item_number": number, "kind": kind, "value": value, "at": tx.now}
            tx.execute(sa.insert(grade_hashes), row)


def hash_of(tx: Tx, item: int, kind: str) -> bytes:
    """An item's values of a kind that came later, one after another; empty when it has none."""
    wanted = sa.select(_h.value).where(_h.item_number == item, _h.kind == kind)
    return bytes(tx.execute(wanted).scalar() or b"")


def _lacks(kind: str) -> sa.ColumnElement[bool]:
    has = sa.select(_h.kind).where(_h.item_number == _i.number, _h.kind == kind)
    return sa.and_(_i.blob_id.is_not(None), ~has.exists())


def _alarm(tx: Tx, alarm: Id) -> QualityAlarm:
    row = tx.execute(_ALARMS.where(_l.id == alarm)).one_or_none()
    if row is None:
        raise NotFound(f"alarm {alarm}")
    return _alarm_noun(row)


def _measured(dispute: Dispute) -> Iterable[Outcome]:
    """Each grader's answer against the adjudicator's."""
    final = [answer for answer in dispute.answers if answer.part is Part.ADJUDICATOR]
    for answer in dispute.answers:
        if final and answer.part is Part.GRADER and answer.complete:
            right = answer.judged == final[-1].judged
            yield Outcome(answer.grader, answer.item, answer.at, right, gold=False)


def _answers(tx: Tx, *, since: datetime, set_number: int | None, part: Part) -> list[Grading]:
    """Complete answers in one part that were not replaced, by item; the newest are kept."""
    newer = grade_answers.alias("newer")
    replaced = sa.select(newer.c.id).where(newer.c.replaces == _g.id)
    wanted = (
        sa.select(grade_answers)
        .where(_g.part == part.value, _g.at >= since, ~replaced.exists())
        .order_by(_g.change.desc())
        .limit(MOST_ANSWERS)
    )
    if set_number is not None:
        wanted = wanted.where(_g.set_number == set_number)
    found = [_answer(row) for row in tx.execute(wanted)]
    return sorted((a for a in found if a.complete), key=lambda answer: (answer.item, answer.at))


def _met(tx: Tx, items: Sequence[int]) -> dict[int, frozenset[Id]]:
    """Who has had these items in any part."""
    met: dict[int, set[Id]] = {}
    for at in range(0, len(items), gradesets.AT_ONCE):
        these = sa.select(_a.item_number, _a.person_id).where(
            _a.item_number.in_(items[at : at + gradesets.AT_ONCE])
        )
        for row in tx.execute(these):
            met.setdefault(row.item_number, set()).add(Id(row.person_id))
    return {number: frozenset(people) for number, people in met.items()}


def _answer(row: sa.Row[Any]) -> Grading:
    return Grading(
        id=Id(row.id), item=row.item_number, grader=Id(row.grader_id), part=Part(row.part),
        look=FirstLook(row.look), at=row.at, asked=tuple(row.asked), ms=row.ms, note=row.note,
        facts=None if row.facts is None else ItemFacts.read(row.facts),
        replaces=None if row.replaces is None else Id(row.replaces),
    )  # fmt: skip


def _gold(row: sa.Row[Any]) -> Gold:
    return Gold(
        item=row.item_number, set=row.set_number, look=FirstLook(row.look),
        facts=None if row.facts is None else ItemFacts.read(row.facts), by=Id(row.by),
        at=row.at, reason=row.reason, active=row.active,
    )  # fmt: skip


def _alarm_noun(row: sa.Row[Any]) -> QualityAlarm:
    return QualityAlarm(
        id=Id(row.id), kind=AlarmKind(row.kind), subject=row.subject, at=row.at, facts=row.facts,
        ended_by=None if row.ended_by is None else Id(row.ended_by), ended_at=row.ended_at,
        note=row.note or "",
    )  # fmt: skip
