"""Legal requests from records: what waits, one request whole, and what can be done about it.

In comes what `reporting.requests` looked up and wrote down; out go the pages. Used by
`pages.legal_requests`; tests: `tests/integration/test_requests_page.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from breakwater.model.clock import iso
from breakwater.model.ids import Id
from breakwater.model.package import Package, PackageState
from breakwater.model.request import (
    Basis,
    Direction,
    LegalRequest,
    Move,
    RequestState,
    moves_of,
)
from breakwater.records.database import Tx
from breakwater.reporting.requests.handling import Looked
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.models_requests import (
    RequestAct,
    RequestRow,
    RequestsView,
    RequestView,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.speech import Spoken, later, say

PAGE: Final = 50

WAYS: Final[Mapping[Direction, str]] = Spoken(
    {
        Direction.INCOMING: later("Asked of us"),
        Direction.OUTGOING: later("Asked by us"),
    }
)
BASES: Final[Mapping[Basis, str]] = Spoken(
    {
        Basis.ORDER: later("Production order of a court"),
        Basis.WARRANT: later("Search warrant"),
        Basis.SUBPOENA: later("Subpoena"),
        Basis.EPOC: later("European Production Order"),
        Basis.EPOC_PR: later("European Preservation Order"),
        Basis.PRESERVATION: later("Request to preserve"),
        Basis.EMERGENCY: later("Emergency: danger to life"),
        Basis.TREATY: later("Legal assistance between states"),
        Basis.VOLUNTARY: later("Request without compulsion"),
    }
)
STATES: Final[Mapping[RequestState, Mark]] = Spoken(
    {
        RequestState.DRAFT: Mark("wait", later("Drafted, not sent")),
        RequestState.OPEN: Mark("held", later("To be decided")),
        RequestState.SECOND: Mark("held", later("Waits for a second person")),
        RequestState.APPROVED: Mark("wait", later("Approved: to be answered")),
        RequestState.SENT: Mark("wait", later("Sent: no answer yet")),
        RequestState.ANSWERED: Mark("ok", later("Answered")),
        RequestState.REFUSED: Mark("bad", later("Refused")),
        RequestState.WITHDRAWN: Mark("none", later("Withdrawn")),
    }
)
MOVES: Final[Mapping[Move, str]] = Spoken(
    {
        Move.APPROVE: later("Approve it"),
        Move.CONFIRM: later("Agree, as the second person"),
        Move.TAKE_BACK: later("Take the approval back"),
        Move.ANSWER: later("Write down the answer"),
        Move.REFUSE: later("Write down the refusal"),
        Move.WITHDRAW: later("Write down that it is withdrawn"),
        Move.SEND: later("Write down that it was sent"),
        Move.NOTE: later("Add a note"),
    }
)
ASKS: Final[Mapping[Move, str]] = Spoken(
    {
        Move.TAKE_BACK: later("Why"),
        Move.ANSWER: later("What went out, or came"),
        Move.REFUSE: later("Reason of the refusal"),
        Move.WITHDRAW: later("Who said so"),
        Move.SEND: later("How, and to whom"),
        Move.NOTE: later("Note"),
    }
)
STEPS: Final[Mapping[str, str]] = Spoken(
    {
        "opened": later("Entered"),
        "approve": later("Approved by a first person"),
        "confirm": later("Agreed by a second person"),
        "take_back": later("Approval taken back"),
        "answer": later("Answered"),
        "refuse": later("Refused"),
        "withdraw": later("Withdrawn"),
        "send": later("Sent"),
        "note": later("Note"),
    }
)


def every(found: Sequence[LegalRequest], *, ended: bool, at: int, now: datetime) -> RequestsView:
    """A list of requests."""
    rows = found[:PAGE] if ended else found
    more = ended and len(found) > PAGE
    return RequestsView(
        ended=ended, rows=tuple(_row(one, now) for one in rows),
        bases=tuple((basis.value, BASES[basis]) for basis in Basis),
        next_url=f"/requests?ended=1&at={rows[-1].number}" if more else "",
        first_url="/requests?ended=1" if at else "",
    )  # fmt: skip


def one(
    tx: Tx, looked: Looked, packages: Iterable[Package], *, person: str, number: int, now: datetime
) -> RequestView:
    """One request; `number` of its case."""
    request = looked.request
    sealed = tuple(
        (found.id, say("Package %(n)s", n=found.number))
        for found in packages
        if found.state is PackageState.SEALED
    )
    mine = request.state is RequestState.SECOND and request.wanted_by == person
    return RequestView(
        row=_row(request, now), version=request.version, facts=_facts(request),
        scope=request.scope, case=str(number or ""),
        steps=tuple(
            (words.ago(step.at, now), STEPS.get(step.what, step.what), called(tx, Id(step.by)), step.words)
            for step in reversed(looked.steps)
        ),
        acts=tuple(
            _act(request, move, sealed)
            for move in moves_of(request.direction, request.state)
            if not (mine and move is Move.CONFIRM)
        ),
        waits=mine,
    )  # fmt: skip


def _act(request: LegalRequest, move: Move, sealed: tuple[tuple[str, str], ...]) -> RequestAct:
    answers = move is Move.ANSWER and request.direction is Direction.INCOMING
    return RequestAct(
        move.value, MOVES[move], ASKS[move] if move.says else "",
        packages=sealed if answers and not request.basis.preserves else (),
        dated=move is Move.SEND,
    )  # fmt: skip


def _row(request: LegalRequest, now: datetime) -> RequestRow:
    over = request.ended_at
    due: When = words.ago(over, now) if over is not None else words.due(request.due_at, now)
    return RequestRow(
        number=request.number, way=WAYS[request.direction], party=request.party,
        country=request.country, basis=BASES[request.basis], state=STATES[request.state], due=due,
    )  # fmt: skip


def _facts(request: LegalRequest) -> tuple[tuple[str, str], ...]:
    rows = [
        (say("Who asks") if request.direction is Direction.INCOMING else say("Who is asked"),
         request.party),
        (say("Country"), request.country),
        (say("Kind"), BASES[request.basis]),
        (say("Legal basis"), request.law),
        (say("Reference"), request.reference),
        (say("Came, or was drafted"), iso(request.received_at)),
        (say("Due"), iso(request.due_at)),
    ]  # fmt: skip
    return tuple(rows)
