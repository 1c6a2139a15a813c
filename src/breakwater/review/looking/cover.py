"""Somebody is always there: breaks are staggered, and it is known who may act now.

In come people who are at work and where each stands; out go breaks moved forward, written down
a quarter of an hour ahead so that nobody is surprised, and the answer to "who may look at a live
case". A break is never later than its limit (`policy.stagger`). Run as a regular turn; the
limits themselves need no turn, they bite at each look. Journey:
`tests/integration/test_two_moderators.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.clock import iso
from breakwater.model.exposure import Rest, Why
from breakwater.model.ids import Id
from breakwater.records import exposure
from breakwater.records.database import Database, Tx
from breakwater.review.looking import handing, policy
from breakwater.review.looking.policy import Due, Exposure
from breakwater.review.looking.standing import at_work

EVERY_S: Final = 20.0
"""Seconds between two looks at who rests when."""

AHEAD: Final = timedelta(minutes=15)
"""So long before it begins a moved break is fixed and shown."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Who may act on a live case now.

    Attributes:
        free: may look at pictures.
        stills: pictures are closed for the day; words and small stills, with a reason.
        resting: on a break or cooling down; called only when nobody else is there.
    """

    free: tuple[Id, ...] = ()
    stills: tuple[Id, ...] = ()
    resting: tuple[Id, ...] = ()

    @property
    def nobody(self) -> bool:
        """Nobody may act, so the policy freezes by itself."""
        return not (self.free or self.stills or self.resting)


class Staggering:
    """Sees to it that not everybody rests at once."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def cover(self, tx: Tx) -> Cover:
        """Who may act on a live case now."""
        there = at_work(tx)
        return Cover(
            free=tuple(one.person for one in there if one.stands.closed is None),
            stills=tuple(
                one.person for one in there if one.stands.closed and one.stands.closed.over_cap
            ),
            resting=tuple(
                one.person for one in there if one.stands.closed and not one.stands.closed.over_cap
            ),
        )

    def turn(self) -> None:
        """Fix the breaks that come soon and would leave nobody; hand live cases on before them."""
        with self._db.read() as tx:  # a turn that finds nothing costs no write
            planned, waiting = self._planned(tx), handing.due(tx)
        if waiting:
            with self._db.transaction() as tx:
                tx.lock_changes()
                handing.hand_on(tx)
        if not planned:
            return
        with self._db.transaction() as tx:
            for person, (begins, until) in self._planned(tx).items():
                exposure.rest(tx, person, begins_at=begins, until=until, why=Why.STAGGERED)
                tx.audit("system", "break.stagger", person, begins_at=iso(begins))

    def _planned(self, tx: Tx) -> dict[Id, tuple[datetime, datetime]]:
        """Breaks that are to be moved forward now: by person, from and until."""
        there = [one for one in at_work(tx) if not _done(one.stands)]
        fixed, due = [], {}
        for one in there:
            rest = exposure.newest_rest(tx, one.person)
            if rest is not None and rest.until > tx.now and _holds(rest, one.stands):
                fixed.append((rest.begins_at, rest.until))
            elif one.stands.closed is not None and one.stands.until is not None:
                fixed.append((tx.now, one.stands.until))
            elif one.stands.break_at is not None:
                pause = exposure.limits_of(tx, one.person).of("pause")
                due[one.person] = Due(one.stands.break_at, pause)
        room = max(1, len(there) - 1)
        planned = policy.stagger(due, fixed, tx.now, room)
        return {
            person: (begins, begins + due[person].pause)
            for person, begins in planned.items()
            if begins < due[person].at and begins - tx.now <= AHEAD
        }


def _done(stands: Exposure) -> bool:
    """The day is over for pictures: no break is due any more."""
    return stands.closed is not None and stands.closed.over_cap


def _holds(rest: Rest, stands: Exposure) -> bool:
    """Whether a break is going on, or is planned and still has a reason."""
    return stands.closed is not None or stands.break_at == rest.begins_at
