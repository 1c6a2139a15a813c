"""The next item for a grader: what is known to be severe goes past whoever has met enough of it.

In comes who asks; out goes the item of a set they should have. At the hourly mix, in a cool-down
or on a break those come first that somebody judged less severe, then those nobody judged, which
the clock opens to them again later, and last what is announced as severe. Called by
`review.grading.grade` under the change lock. Tests: `tests/contract/test_review_steering.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.grading import GradeItem
from breakwater.model.ids import Id
from breakwater.records import grading
from breakwater.records.database import Tx
from breakwater.review.looking import severity
from breakwater.review.looking.policy import Severity
from breakwater.review.looking.standing import stands

AHEAD: Final = 24
"""Items looked through for a gentler one; the set's order holds among equals."""

ORDER: Final = {Severity.LESS: 0, Severity.UNKNOWN: 1, Severity.SEVERE: 2}


def next_free(tx: Tx, set_number: int, person: Id) -> GradeItem | None:
    """The item to offer; None when the set has none left for this person."""
    now = stands(tx, person)
    spared = not now.severe or now.closed is not None
    free = grading.free(tx, set_number, person, limit=AHEAD if spared else 1)
    if not spared or len(free) < 2:
        return free[0] if free else None
    return min(free, key=lambda item: (ORDER[severity.of_item(tx, item)], item.number))
