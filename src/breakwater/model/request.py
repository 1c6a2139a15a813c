"""Legal requests both ways: what police or a court asks of us, and what we ask of a provider.

A request has a legal basis, a scope and a clock. What comes in is answered when two people agreed, by a
sealed package of its case, or refused with a reason. What goes out is drafted here and sent outside the
system; its answer, its refusal or its silence is written down and counted. Moves are a table
(`MOVES`). Kept by `records.legal_requests`, moved by `reporting.requests`. Tests:
`tests/unit/test_request.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.errors import BadInput, Conflict
from breakwater.model.ids import Id


class Direction(StrEnum):
    """Who asks whom."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class Basis(StrEnum):
    """The kind of legal basis.

    `emergency`: danger to life. `epoc`: a European Production Order, `epoc_pr` a European
    Preservation Order (Regulation (EU) 2023/1543).
    """

    ORDER = "order"
    WARRANT = "warrant"
    SUBPOENA = "subpoena"
    EPOC = "epoc"
    EPOC_PR = "epoc_pr"
    PRESERVATION = "preservation"
    EMERGENCY = "emergency"
    TREATY = "treaty"
    VOLUNTARY = "voluntary"

    @property
    def preserves(self) -> bool:
        """It asks to keep, not to hand over."""
        return self in {self.PRESERVATION, self.EPOC_PR}


DUE: Final[Mapping[Basis, timedelta]] = {
    Basis.EMERGENCY: timedelta(hours=8),
    Basis.EPOC: timedelta(days=10),
}
"""Where the law sets the clock: EPOC 10 days, emergency cases 8 hours (Regulation (EU) 2023/1543,
Art. 10(2) and (4)). The others carry their own date."""

USUAL: Final = timedelta(days=30)
"""When a request names no date and the law none, people look again after this."""

SOON: Final = timedelta(hours=24)
"""So long before it is due it is shown as due soon."""


class RequestState(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"
    OPEN = "open"
    SECOND = "second"
    APPROVED = "approved"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def ended(self) -> bool:
        """Nothing more is done about it; its clock has stopped."""
        return self in {self.ANSWERED, self.REFUSED, self.WITHDRAWN}


class Move(StrEnum):
    """What somebody does about a request."""

    APPROVE = "approve"
    CONFIRM = "confirm"
    TAKE_BACK = "take_back"
    ANSWER = "answer"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    SEND = "send"
    NOTE = "note"

    @property
    def says(self) -> bool:
        """It needs words: why, how it was sent, or what came."""
        return self not in {self.APPROVE, self.CONFIRM}


S, M = RequestState, Move
_IN: Final = {
    (S.OPEN, M.APPROVE): S.SECOND,
    (S.SECOND, M.CONFIRM): S.APPROVED,
    (S.SECOND, M.TAKE_BACK): S.OPEN,
    (S.APPROVED, M.ANSWER): S.ANSWERED,
    (S.OPEN, M.REFUSE): S.REFUSED,
    (S.SECOND, M.REFUSE): S.REFUSED,
    (S.APPROVED, M.REFUSE): S.REFUSED,
    (S.OPEN, M.WITHDRAW): S.WITHDRAWN,
    (S.SECOND, M.WITHDRAW): S.WITHDRAWN,
    (S.APPROVED, M.WITHDRAW): S.WITHDRAWN,
}
_OUT: Final = {
    (S.DRAFT, M.SEND): S.SENT,
    (S.SENT, M.ANSWER): S.ANSWERED,
    (S.SENT, M.REFUSE): S.REFUSED,
    (S.DRAFT, M.WITHDRAW): S.WITHDRAWN,
    (S.SENT, M.WITHDRAW): S.WITHDRAWN,
}
MOVES: Final[Mapping[Direction, Mapping[tuple[RequestState, Move], RequestState]]] = {
    Direction.INCOMING: _IN,
    Direction.OUTGOING: _OUT,
}
"""Every move there is. A note moves nothing and can always be made."""


def after(direction: Direction, state: RequestState, move: Move) -> RequestState:
    """The state a move leads to.

    Raises:
        Conflict: it is not possible there.
    """
    if move is Move.NOTE:
        return state
    found = MOVES[direction].get((state, move))
    if found is None:
        done = move.value.replace("_", " ")
        raise Conflict(f"This request is {state.value}: it cannot “{done}” now.")
    return found


def moves_of(direction: Direction, state: RequestState) -> tuple[Move, ...]:
    """What can be done about a request as it stands."""
    possible = tuple(move for at, move in MOVES[direction] if at is state)
    return (*possible, Move.NOTE)


def due_of(basis: Basis, received: datetime, named: datetime | None) -> datetime:
    """When it is due: as it says itself, by its law, or when people look again.

    Raises:
        BadInput: it would be due before it came.
    """
    if named is not None and named < received:
        raise BadInput("It cannot be due before it came.")
    return named or received + DUE.get(basis, USUAL)


@dataclass(frozen=True, slots=True)
class LegalRequest:
    """One request.

    Attributes:
        party: incoming: the authority that asks; outgoing: the provider that is asked.
        country: ISO 3166 code of the party.
        law: the legal basis in words: the article, the order's court and date.
        reference: the party's, or our own for what goes out; sealed.
        scope: what is asked for, in words; sealed.
        case: it is about; None where it is about none that we have.
        received_at: it came, or was drafted; the clock begins here or when it was sent.
        wanted_by: who approved it first, while a second person is waited for.
        package: what went out, when it was answered so.
    """

    id: Id
    number: int
    direction: Direction
    party: str
    country: str
    basis: Basis
    law: str
    reference: str
    scope: str
    state: RequestState
    received_at: datetime
    due_at: datetime
    opened_by: str
    case: Id | None = None
    wanted_by: str = ""
    package: Id | None = None
    ended_at: datetime | None = None
    version: int = 1
    change: int = 0

    def overdue(self, now: datetime) -> bool:
        """Its time is over and nothing ended it."""
        return not self.state.ended and self.state is not RequestState.DRAFT and now >= self.due_at


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One thing that happened to a request; only ever added. `words` are sealed where they stand."""

    at: datetime
    by: str
    what: str
    words: str = ""
    package: Id | None = None


@dataclass(frozen=True, slots=True)
class RequestCount:
    """How many requests of one kind came, or went out, in a period.

    Attributes:
        overdue: of these, answered late or not at all when they were due.
    """

    direction: Direction
    country: str
    basis: Basis
    state: RequestState
    n: int
    overdue: int = 0
