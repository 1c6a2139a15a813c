"""Gold among the rest: when a grader meets one, and which.

About one item in twenty, or as much as was set for the set or for all, at places nobody can foresee and that are the same when they are asked
for again; the one that the fewest people have met comes first. Called by `review.grading.grade` in the
transaction that gives a grader the next item; what is gold is decided in `review.quality.quality`.
Tests: `tests/unit/test_review_gold.py` and `tests/contract/test_records_quality.py`.
"""

from __future__ import annotations

import hashlib
from typing import Final

from breakwater.model.grading import GradeItem
from breakwater.model.ids import Id
from breakwater.records import golds, quality
from breakwater.records.database import Tx

SHARE: Final = 0.05
"""Of the items somebody grades, where nobody set a rate: enough to notice a drift within weeks, few enough to afford."""


def is_due(person: Id, set_number: int, done: int, share: float | None = None) -> bool:
    """Whether the next item of a person should be gold.

    Args:
        person: who grades.
        set_number: in which set.
        done: items they have answered in it.
        share: of the set; the usual one when nobody set any.
    """
    drawn = hashlib.sha256(f"gold {person} {set_number} {done}".encode()).digest()
    return int.from_bytes(drawn[:4]) < (SHARE if share is None else share) * 2**32


def next_gold(tx: Tx, set_number: int, person: Id, done: int) -> GradeItem | None:
    """The gold item a person should meet now; None when it is not time, or none is left.

    Args:
        tx: the transaction that gives out the item.
        set_number: the set the person works in.
        person: who grades.
        done: items they have answered in it.
    """
    share = golds.share_of(tx, set_number, usual=SHARE)
    if not is_due(person, set_number, done, share):
        return None
    golds.plant(tx, set_number)
    return quality.gold_for(tx, set_number, person)
