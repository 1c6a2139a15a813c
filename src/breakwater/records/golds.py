"""How much gold is met, and where: rates of sets, gold that is met everywhere.

A gold item of another set is met as an item of the set somebody works in, made of the same bytes
when it is first needed there, so that nothing tells it from the rest and no grader sees another
set. Rates and reach are only ever added; the last row holds. Fed by `review.quality.quality`, read
by `review.grading.gold`. Contract: `tests/contract/test_records_golds.py`.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from breakwater.model.grading import GradeItem, ItemState, item_id
from breakwater.model.ids import Id
from breakwater.records import gradesets, quality
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_grading import grade_items
from breakwater.records.tables.nouns_quality import grade_gold_rates, grade_gold_reach
from breakwater.records.texts import storable

_s, _w, _i = grade_gold_rates.c, grade_gold_reach.c, grade_items.c


def set_share(tx: Tx, share: float, *, by: Id, reason: str, set_number: int | None = None) -> None:
    """Say how much of what a grader meets is gold, in one set or everywhere."""
    storable(reason)
    row = {"change": tx.change(), "set_number": set_number, "share": share, "by": by}
    tx.execute(sa.insert(grade_gold_rates), row | {"at": tx.now, "reason": reason})


def share_of(tx: Tx, set_number: int | None, *, usual: float) -> float:
    """What holds for a set: its own rate, else everybody's, else the usual one."""
    for where in (_s.set_number == set_number, _s.set_number.is_(None)):
        found = tx.execute(sa.select(_s.share).where(where).order_by(_s.change.desc()).limit(1))
        if (share := found.scalar()) is not None:
            return float(share)
    return usual


def reach(tx: Tx, item: int, *, everywhere: bool, by: Id) -> None:
    """Let a gold item be met in every set, or only in its own."""
    row = {"change": tx.change(), "item_number": item, "everywhere": everywhere}
    tx.execute(sa.insert(grade_gold_reach), row | {"by": by, "at": tx.now})


def everywhere(tx: Tx) -> list[int]:
    """Active gold items that are met in every set, by number."""
    newer = grade_gold_reach.alias("newer")
    later = sa.select(newer.c.change).where(
        newer.c.item_number == _w.item_number, newer.c.change > _w.change
    )
    wanted = sa.select(_w.item_number).where(~later.exists(), _w.everywhere)
    found = [int(number) for number in tx.execute(wanted.order_by(_w.item_number)).scalars()]
    return [number for number in found if (gold := quality.gold_of(tx, number)) and gold.active]


def plant(tx: Tx, set_number: int) -> None:
    """Make items of a set of the gold that is met everywhere and is not there yet."""
    there = sa.select(_i.leader_number).where(
        _i.set_number == set_number, _i.leader_number.is_not(None), _i.row < 0
    )
    planted = {int(number) for number in tx.execute(there).scalars()}
    for number in everywhere(tx):
        item = gradesets.item(tx, number)
        if number not in planted and item.set != set_number:
            _plant(tx, item, set_number)


def _plant(tx: Tx, item: GradeItem, set_number: int) -> None:
    gold = quality.gold_of(tx, item.number)
    number = gradesets.take_numbers(tx, 1)
    made = replace(
        item, id=item_id(number), number=number, set=set_number, row=-number,
        state=ItemState.SETTLED, leader=item.number, bits=None, claims={}, version=1,
    )  # fmt: skip
    gradesets.add(tx, [made])
    if gold is not None:
        quality.mark_gold(
            tx, made, look=gold.look, facts=gold.facts, by=gold.by, reason=gold.reason
        )


def end(tx: Tx, item: int, *, by: Id, reason: str) -> None:
    """End the gold that was made of an item in other sets, with the item's own."""
    wanted = sa.select(_i.number).where(_i.leader_number == item, _i.row < 0)
    for number in tx.execute(wanted).scalars().all():
        gold = quality.gold_of(tx, int(number))
        if gold is not None and gold.active:
            quality.mark_gold(
                tx, gradesets.item(tx, int(number)), look=gold.look, facts=gold.facts, by=by,
                reason=reason, active=False,
            )  # fmt: skip
