"""A live case goes on to a colleague before its holder's pictures close by time.

In come people who are at work and where each stands; out go live cases handed over a minute
before a break or the end of a shift begins, and at once where a cap or a cool-down came sooner.
To whoever holds the fewest and may open it; where nobody can, it stays with its holder, who may
act in words and stills, because a live case is never nobody's. A break that somebody takes
gives the case back by itself (`exposure.take_break`). Run by `review.looking.cover`. Tests:
`tests/contract/test_review_handing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.case import Case, CaseKind
from breakwater.model.ids import Id
from breakwater.model.queue import HANDED
from breakwater.records import exposure, people, queue, skips
from breakwater.records.database import Tx
from breakwater.review.looking import severity
from breakwater.review.looking.policy import Exposure, Severity
from breakwater.review.looking.standing import AtWork, at_work

BEFORE: Final = timedelta(seconds=60)
"""So long before pictures close: three turns of the clock, so that one may fail."""


def due(tx: Tx) -> list[tuple[Case, Id, Id]]:
    """Live cases that are to go on now: (case, from, to)."""
    there = at_work(tx)
    found = []
    for one in there:
        if not _closing(one.stands, tx.now):
            continue
        for case in queue.held_by(tx, one.person):
            if case.kind is CaseKind.STREAM and not _granted(tx, one.person, case):
                to = _to(tx, case, one.person, there)
                found += [] if to is None else [(case, one.person, to)]
    return found


def hand_on(tx: Tx) -> int:
    """Hand them on; answers how many. Each one's colleague is chosen after the one before."""
    done = 0
    while waiting := due(tx):
        case, giver, to = waiting[0]
        name = people.get(tx, to).name
        queue.hand_over(
            tx, case.id, by="exposure", to=to, until=tx.now + HANDED,
            note=f"To {name}: a break begins.",
        )  # fmt: skip
        tx.audit("system", "case.hand_on", case.id, giver=giver, to=to)
        done += 1
    return done


def _closing(stands: Exposure, now: datetime) -> bool:
    """Whether pictures are closed, or are about to be by time."""
    ends = [at for at in (stands.break_at, stands.cut_off_at) if at is not None]
    return stands.closed is not None or any(at - now <= BEFORE for at in ends)


def _granted(tx: Tx, person: Id, case: Case) -> bool:
    """Whether somebody opened a live case beyond a limit, and so keeps it."""
    grants = exposure.overtime_since(tx, person, case.opened_at)
    return any(one.case == case.id and one.until > tx.now for one in grants)


def _to(tx: Tx, case: Case, giver: Id, there: Sequence[AtWork]) -> Id | None:
    """The colleague who may open it and holds the fewest; None when nobody may."""
    skill, content = queue.waiting(tx, case.id).skill, queue.content(tx, case.id)
    severe = severity.of_case(tx, case) is Severity.SEVERE
    fit = [
        one.person
        for one in there
        if one.person != giver
        and not _closing(one.stands, tx.now)
        and (one.stands.severe or not severe)
        and queue.terms(tx, one.person).takes(skill, content)
        and not skips.passed_over(tx, case.id, one.person)
    ]
    return min(fit, key=lambda person: (queue.mine(tx, person), person), default=None)
