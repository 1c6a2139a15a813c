"""Whom to ring next: a pure function of a call, its rings and who is on duty.

Fed by `review.duty.watch`. The rules: a ring is good for a minute, then the next person is rung
(reference: console, issue "on call"); those whom this call rang least come first, then those
who can be reached, who are not on a break, then the rota's order; a test or an offered shift
rings its one person three times. Nobody is skipped and nobody stops being rung before
somebody answered: `tests/property/test_never_left_alone.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from breakwater.model.duty import ANSWER_WITHIN, Call, CallKind, OnDuty, Ring
from breakwater.model.ids import Id

PERSONAL_TRIES: Final = 3
"""Rings of a test or an offered shift before its person counts as not reached."""

NOBODY_AGAIN: Final = timedelta(minutes=5)
"""Between two messages to the pager service that nobody is on duty."""

LOOK_AGAIN: Final = timedelta(seconds=5)
"""How soon a call looks again whether somebody came on duty."""


class Act(Enum):
    """What to do about a call."""

    WAIT = auto()
    RING = auto()
    MISS = auto()
    NOBODY = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a call now.

    Attributes:
        person: whom to ring; None tells the pager service that nobody is there.
        until: when to look again.
        in_vain: everybody on duty was rung once and nobody answered.
    """

    act: Act
    until: datetime
    person: Id | None = None
    in_vain: bool = False


def next_step(
    call: Call,
    rings: Sequence[Ring],
    on_duty: Sequence[OnDuty],
    now: datetime,
    *,
    lapsed: bool = False,
) -> Step:
    """Decide what a call needs.

    Args:
        call: one that waits.
        rings: its rings, the first first.
        on_duty: who can be called now.
        now: the present moment.
        lapsed: the last ring's minute is over by a clock that never goes back, whatever the
            wall clock says.
    """
    last = rings[-1] if rings else None
    if last is not None and now < last.answer_by and not lapsed:
        return Step(Act.WAIT, last.answer_by)
    if call.only is not None:
        if len(rings) >= PERSONAL_TRIES:
            return Step(Act.MISS, now)
        return Step(Act.RING, now + ANSWER_WITHIN, call.only)
    if call.kind is CallKind.NOBODY:
        return Step(Act.RING, now + NOBODY_AGAIN)
    if not on_duty:
        return Step(Act.NOBODY, now + LOOK_AGAIN)
    rung = Counter(ring.person for ring in rings)
    chosen = min(on_duty, key=lambda one: (rung[one.person], *order(one)))
    in_vain = rung[chosen.person] > 0
    return Step(Act.RING, now + ANSWER_WITHIN, chosen.person, in_vain=in_vain)


def order(one: OnDuty) -> tuple[bool, bool, int, datetime, str]:
    """In which order people are called: those who can be reached and are not on a break first."""
    return (not one.reachable, one.resting, one.rank, one.since, one.person)
