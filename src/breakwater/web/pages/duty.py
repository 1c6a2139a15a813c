"""On call: acknowledge, freeze, hand over, test one's pager; the rota for those who plan it.

Plain forms that work on a telephone and without scripts; no picture is ever here. What cannot
be done is said on the page itself, with the state as it is now. Thin over `review.duty.duty`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.review.duty.rota import Planned
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_duty
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=100)]

SAID: Final[Mapping[str, str]] = Spoken({
    "acknowledged": later("Acknowledged. Nobody else is called for this."),
    "frozen": later("The stream is to be frozen. A person still has to decide on the case."),
    "offered": later("Offered. You stay on duty until your colleague acknowledges."),
    "tested": later("A test page is on its way. Acknowledge it here."),
    "planned": later("The shift is on the rota."),
    "ended": later("The shift is over."),
})  # fmt: skip
"""What was done, after a form came back."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one person to this page."""

    request: Request
    app: Any
    pages: Console
    who: Principal


async def _visit(request: Request, app: Parts, pages: Pages, who: Who) -> Visit:
    return Visit(request, app, pages, who)


Here = Annotated[Visit, Depends(_visit)]
"""Request, parts, console and person, in a handler's signature."""


@router.get("/duty")
@needs(P.CASE_READ)
def duty(here: Here, said: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    """Who is on call, what waits, and the rota."""
    return _page(here, said=SAID.get(said, ""))


@router.get("/duty/ring")
@needs(P.CASE_READ)
def ring(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """Whether one is called now: the bar on top of every page."""
    with app.db.read() as tx:
        called = read_duty.ring(tx, who)
    return show(request, pages, who, "parts/ring", called=called)


@router.post("/duty/calls/{call}/acknowledge")
@needs(P.CASE_DECIDE)
def acknowledge(here: Here, call: str) -> Response:
    """Say that one is on it."""
    return _done(
        here, "acknowledged", lambda: here.app.review.duty.acknowledge(here.who, _id(call))
    )


@router.post("/duty/freeze")
@needs(P.CASE_DECIDE)
def freeze(here: Here, case: Field = "") -> Response:
    """Freeze a live stream until somebody decides."""
    return _done(here, "frozen", lambda: here.app.review.duty.freeze(here.who, _id(case)))


@router.post("/duty/handover")
@needs(P.CASE_DECIDE)
def hand_over(here: Here, to: Field = "") -> Response:
    """Offer one's shift to a colleague."""
    return _done(here, "offered", lambda: here.app.review.duty.hand_over(here.who, _id(to)))


@router.post("/duty/test")
@needs(P.CASE_DECIDE)
def test(here: Here) -> Response:
    """See that one can be reached."""
    return _done(here, "tested", lambda: here.app.review.duty.test(here.who))


@router.post("/duty/shifts")
@needs(P.DUTY_WRITE)
def plan(
    here: Here, *, person: Field = "", starts: Field = "", ends: Field = "", rank: Field = "1"
) -> Response:
    """Put a shift on the rota."""

    def planned() -> object:
        order = int(rank) if rank.isdecimal() and len(rank) < 3 else 0
        wanted = Planned(_id(person), _moment(starts), _moment(ends), order)
        return here.app.review.duty.plan(here.who, [wanted])

    return _done(here, "planned", planned)


@router.post("/duty/shifts/{shift}/end")
@needs(P.DUTY_WRITE)
def end(here: Here, shift: str) -> Response:
    """End a shift, or take it off the rota."""
    return _done(here, "ended", lambda: here.app.review.duty.end(here.who, _id(shift)))


def _done(here: Visit, said: str, act: Callable[[], object]) -> Response:
    """Do it and come back; what cannot be done is said on the page as it stands now."""
    try:
        act()
    except (BadInput, Conflict, NotFound) as error:
        return _page(here, wrong=error)
    return RedirectResponse(f"/duty?said={said}", status_code=303)


def _page(here: Visit, *, said: str = "", wrong: BreakwaterError | None = None) -> HTMLResponse:
    with here.app.db.read() as tx:
        view = read_duty.view(tx, here.who, here.app.review.on_call)
    return show(
        here.request, here.pages, here.who, "duty", view=view, said=said,
        wrong=say(retold(wrong.detail)) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise NotFound(say("Choose one of the list."))
    return found


def _moment(text: str) -> datetime:
    """A moment as a form's field spells it; the rota is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(say("A shift has a beginning and an end, each with its day.")) from None
