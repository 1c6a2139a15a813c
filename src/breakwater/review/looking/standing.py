"""Where people stand by the exposure clock, and who is there: asked within a transaction.

In: a person. Out: what `policy.exposure` makes of what they saw. Read by
`review.looking.exposure`, `review.looking.cover` and `review.queueing.steering`. Tests:
`tests/integration/test_exposure.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.model.access import Permission
from breakwater.model.ids import Id
from breakwater.records import exposure, people
from breakwater.records.database import Tx
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Exposure

PRESENT: Final = timedelta(minutes=5)
"""Whoever used the console within this time is there; an open page is used every minute."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """Somebody who is there, and where they stand."""

    person: Id
    stands: Exposure


def stands(tx: Tx, person: Id) -> Exposure:
    """Where a person stands now."""
    ledger = exposure.ledger(
        tx, person, since=tx.now - policy.WINDOW, levels=policy.COUNTED, rest=policy.REST
    )
    return policy.exposure(ledger, exposure.limits_of(tx, person), tx.now)


def at_work(tx: Tx) -> list[AtWork]:
    """Those who are there and whose role decides cases by their pictures."""
    found = []
    for person in exposure.present(tx, tx.now - PRESENT):
        allowed = frozenset().union(*(r.permissions for r in people.get(tx, person).roles))
        if {Permission.MEDIA_VIEW, Permission.CASE_DECIDE} <= allowed:
            found.append(AtWork(person, stands(tx, person)))
    return found
