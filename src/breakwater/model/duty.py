"""Duty: who is on call, who is called for help, and who answered.

A shift says who can be called and in which order. A call asks for a person; a ring is one
try to reach one of them, good for a minute, after which the next person is rung. Calls carry
a kind, ids and times: never names, text or media, because pager services keep what they are
sent. Shifts, calls, rings and answers are only ever added (`records.duty`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

ANSWER_WITHIN: Final = timedelta(seconds=60)
"""Time to acknowledge before the next person is rung: half of what a live case is given."""


class CallKind(StrEnum):
    """What a person is needed for."""

    CASE = "case"
    """A case that needs somebody now."""
    DANGER = "danger"
    """Somebody decided that a child is in danger now."""
    OVERDUE = "overdue"
    """A case that nobody looked at in time."""
    ACT = "act"
    """What was decided was not done by a service, or nobody confirmed it."""
    FILING = "filing"
    """A report that is due within two hours, or overdue."""
    REQUEST = "request"
    """A request of an authority that is overdue."""
    TEST = "test"
    """Whether this person can be reached: at the start of a shift, and on request."""
    HANDOVER = "handover"
    """A colleague asks this person to take their shift."""
    NOBODY = "nobody"
    """Nobody is on duty."""

    @property
    def about_case(self) -> bool:
        """Whether its subject is a case, and everybody on duty is called in turn."""
        return self in {CallKind.CASE, CallKind.DANGER, CallKind.OVERDUE}

    @property
    def about_thing(self) -> bool:
        """Whether everybody on duty is called in turn for something that is no case."""
        return self in {CallKind.ACT, CallKind.FILING, CallKind.REQUEST}


class Outcome(StrEnum):
    """How a call ended."""

    ACKNOWLEDGED = "acknowledged"
    """A person said that they are on it."""
    TAKEN = "taken"
    """Somebody opened the case instead of answering the call."""
    ORDERED = "ordered"
    """Somebody stopped the stream, or ordered something else of it, instead of answering."""
    SETTLED = "settled"
    """The case was closed, or the thing settled, before anybody answered."""
    COVERED = "covered"
    """Somebody came on duty."""
    MISSED = "missed"
    """The one person it was for could not be reached."""
    WITHDRAWN = "withdrawn"
    """What it was about is over: a shift that ended."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One person on call from one moment to another.

    Attributes:
        rank: 1 is called first, 2 next.
        ends_at: its end in force, earlier than planned when it was ended or handed over.
        planned_until: its end as it was planned.
        made_by: id of who put it on the rota.
    """

    id: Id
    person: Id
    rank: int
    starts_at: datetime
    ends_at: datetime
    planned_until: datetime
    made_by: str = ""

    def covers(self, moment: datetime) -> bool:
        """Whether its person is on call at a moment."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A person who can be called now.

    Attributes:
        reachable: False while their last test page was missed; they are called after others.
        resting: on a break from pictures; they are called after those who are not.
    """

    person: Id
    shift: Id
    rank: int
    since: datetime
    until: datetime
    reachable: bool = True
    resting: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One reason to get a person, and what became of it.

    Attributes:
        subject: id of the case, the act, the report, the request, the shift or the person.
        only: the one person it is for; None calls everybody on duty in turn.
        by: who called: id of a person or key, or the name of a part.
        outcome: None while it waits.
        answered_by: id of the person, or the name of a part.
    """

    id: Id
    kind: CallKind
    subject: Id
    by: str
    opened_at: datetime
    only: Id | None = None
    outcome: Outcome | None = None
    answered_by: str = ""
    answered_at: datetime | None = None

    @property
    def case(self) -> Id | None:
        """The case it is about, if it is about one."""
        return self.subject if self.kind.about_case else None


@dataclass(frozen=True, slots=True)
class Ring:
    """One try to reach a person.

    Attributes:
        number: 1 for the first ring of its call.
        person: None when nobody is on duty: then only the pager service is told.
        answer_by: until then nobody else is rung.
    """

    id: Id
    call: Id
    number: int
    person: Id | None
    at: datetime
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One ring on its way to the pager service.

    Attributes:
        attempts: sent so far.
        status: of the last answer; None when there was none.
        error: code of what went wrong with the last attempt; empty when nothing did.
        done_at: when the service took it, or when it was given up.
    """

    ring: Id
    attempts: int
    next_at: datetime
    status: int | None = None
    error: str = ""
    delivered: bool = False
    done_at: datetime | None = None
