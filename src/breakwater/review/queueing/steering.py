"""Severe cases go past a person who has met enough of them, and to somebody else.

In comes who asks for the next case; out goes the most urgent one they should have. At the hourly
mix, in a cool-down or on a break a person is offered no case that is announced as severe
(reference: law, "severity mix and cool-down"); cases nobody judged or labelled are offered, and
the clock bites at the picture. A live case wins over that when nobody else who is there could
take it. Called by `review.queueing.queue` under the change lock. Tests:
`tests/contract/test_review_steering.py`.
"""

from __future__ import annotations

from breakwater.model.case import Case
from breakwater.model.ids import Id
from breakwater.model.queue import WorkTerms
from breakwater.records import queue as rows
from breakwater.records import skips
from breakwater.records.database import Tx
from breakwater.review.looking import severity
from breakwater.review.looking.policy import SEVERE_LABELS, Exposure, Severity
from breakwater.review.looking.standing import at_work, stands


def next_for(tx: Tx, terms: WorkTerms, *, queue: str = "", live: bool = False) -> Case | None:
    """The case to offer; None when nothing waits for this person now.

    Args:
        tx: the transaction that gives it.
        terms: on which the person works.
        queue: only from this one.
        live: only live streams.
    """
    if not _spared(stands(tx, terms.person)):
        return rows.next_for(tx, terms, queue=queue, live=live)
    fitting = _less_severe(tx, terms, queue=queue, live=live)
    urgent = rows.next_for(tx, terms, queue=queue, live=True)
    if urgent is None or (fitting is not None and _before(fitting, urgent)):
        return fitting
    return fitting if _somebody_else(tx, urgent, terms.person) else urgent


def _less_severe(tx: Tx, terms: WorkTerms, *, queue: str, live: bool) -> Case | None:
    """The first that nothing announces as severe."""
    passed: list[Id] = []
    while True:
        found = rows.next_for(
            tx, terms, queue=queue, live=live, without=SEVERE_LABELS, besides=passed
        )
        if found is None or severity.of_case(tx, found) is not Severity.SEVERE:
            return found
        passed.append(found.id)


def _before(one: Case, other: Case) -> bool:
    """Whether a case comes before another one in the queue, or is the same."""
    first, second = (
        (case.urgency, case.due_at, case.number) for case in (one, other)
    )  # fmt: skip
    return first <= second


def _spared(now: Exposure) -> bool:
    return not now.severe or now.closed is not None


def _somebody_else(tx: Tx, case: Case, besides: Id) -> bool:
    """Whether another person who is there may open a severe case now."""
    skill, content = rows.waiting(tx, case.id).skill, rows.content(tx, case.id)
    return any(
        one.person != besides
        and not _spared(one.stands)
        and rows.terms(tx, one.person).takes(skill, content)
        and not skips.passed_over(tx, case.id, one.person)
        for one in at_work(tx)
    )
