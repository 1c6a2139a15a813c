"""The queue: what waits for a person, and why; take, skip, hand over, escalate, give back.

Every act is a plain form that works without scripts, and answers with the queue and what was
done, or with why it was not. Acts on many cases: `pages.bulk`. One case in full: `pages.case`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NotAllowed
from breakwater.model.access import Permission
from breakwater.model.case import Case
from breakwater.model.ids import Id, parse_id
from breakwater.web.api.media import known_id
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_bulk
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_queue import Said
from breakwater.web.pages.reads import QueueQuery
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)

Text = Annotated[str, Query(max_length=200)]
Word = Annotated[str, Form(max_length=200)]
Reason = Annotated[str, Form(max_length=500)]
Version = Annotated[int | None, Form()]
SEE_OTHER: Final = 303
FIRST_RUN: Final = "breakwater-first-run"
"""Cookie that says the first case was opened, so that the strip of first steps may go."""

SAID: Final = {
    "nothing": later("Nothing waits for you. What you skipped or opted out of waits for others."),
    "skipped": later("Case %(case)s was skipped. Somebody else is offered it."),
    "handed": later("Case %(case)s was handed over. It is theirs for 15 minutes."),
    "raised": later("Case %(case)s is more urgent now."),
    "released": later("Case %(case)s was given back. Anybody may take it."),
}
"""What was just done; the address names the sentence and the case, never its words."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler of the queue needs: the request, its person, and the parts."""

    request: Request
    pages: Pages
    app: Parts
    who: Who

    def page(
        self, query: QueueQuery, said: Said | None = None, *, status: int = 200
    ) -> HTMLResponse:
        """The queue, with what was just done."""
        first_run = FIRST_RUN not in self.request.cookies and not query.filtered
        view = self.pages.reads.queue(self.who, query)
        return show(
            self.request, self.pages, self.who, "queue", status=status, view=view,
            first_run=first_run, said=said,
        )  # fmt: skip

    def refused(self, error: BreakwaterError, query: QueueQuery | None = None) -> HTMLResponse:
        """The queue, with why an act was not done."""
        said = Said(refused(error), wrong=True)
        return self.page(query or QueueQuery(), said, status=error.status)

    def acted(self, said: str, act: Callable[[], Case]) -> Response:
        """Do it, and go back to the queue with what was done, or with why it was not."""
        try:
            case = act()
        except (BadInput, Conflict, NotAllowed) as refused:
            return self.refused(refused)
        return to(f"/queue?{urlencode({'said': said, 'case': case.number})}")


At = Annotated[Desk, Depends()]


@router.get("/queue")
@needs(P.CASE_READ)
def queue(
    desk: At,
    *,
    q: Text = "",
    queue: Text = "",
    priority: Text = "",
    kind: Text = "",
    state: Text = "",
    after: Text = "",
    at: Text = "",
    said: Text = "",
    case: Annotated[int, Query(ge=0, lt=1 << 31)] = 0,
    act: Text = "",
) -> HTMLResponse:
    """Fifty rows, filtered by the address."""
    query = QueueQuery(
        q=q, queue=queue, priority=priority, kind=kind, state=state, after=after, at=at
    )
    told = Said(say(SAID[said], case=case)) if said in SAID else _bulk_said(desk, act)
    return desk.page(query, told)


@router.get("/cases/{case}/preview")
@needs(P.CASE_READ)
def preview(request: Request, pages: Pages, who: Who, case: str) -> HTMLResponse:
    """Why one case waits, for the queue's right column."""
    return show(request, pages, who, "parts/preview", preview=pages.reads.preview(who, case))


@router.post("/queue/next")
@needs(P.CASE_DECIDE)
def take_next(desk: At, queue: Word = "") -> Response:
    """Take the most urgent case and open it."""
    try:
        case = desk.app.review.queue.next(desk.who, queue=queue)
    except Conflict as full:
        return desk.refused(full)
    return to(f"/cases/{case.id}") if case else to("/queue?said=nothing")


@router.post("/cases/{case}/take")
@needs(P.CASE_DECIDE)
def take(desk: At, case: str, version: Version = None) -> Response:
    """Take this case and open it."""
    try:
        taken = desk.app.review.queue.take(desk.who, known_id(case), expected_version=version)
    except (Conflict, NotAllowed) as refused:
        return desk.refused(refused)
    return to(f"/cases/{taken.id}")


@router.post("/cases/{case}/skip")
@needs(P.CASE_DECIDE)
def skip(desk: At, case: str, reason: Reason = "") -> Response:
    """Leave this case to others."""
    verb = desk.app.review.queue.skip
    return desk.acted("skipped", lambda: verb(desk.who, known_id(case), reason=reason))


@router.post("/cases/{case}/release")
@needs(P.CASE_DECIDE)
def release(desk: At, case: str) -> Response:
    """Give this case back."""
    verb = desk.app.review.queue.release
    return desk.acted("released", lambda: verb(desk.who, known_id(case)))


@router.post("/cases/{case}/escalate")
@needs(P.CASE_DECIDE)
def escalate(desk: At, case: str, reason: Reason = "") -> Response:
    """Make this case more urgent."""
    verb = desk.app.review.queue.escalate
    return desk.acted("raised", lambda: verb(desk.who, known_id(case), reason=reason))


@router.post("/cases/{case}/hand-over")
@needs(P.CASE_DECIDE)
def hand_over(
    desk: At, case: str, to: Word = "", reason: Reason = "", version: Version = None
) -> Response:
    """Give this case to a colleague."""
    verb = desk.app.review.queue.hand_over

    def act() -> Case:
        receiver = parse_id(to)
        if receiver is None:
            raise BadInput(say("Choose the colleague."))
        given: Case = verb(
            desk.who, known_id(case), to=receiver, reason=reason, expected_version=version
        )
        return given

    return desk.acted("handed", act)


@router.post("/cases/{case}/keep")
@needs(P.CASE_DECIDE)
def keep(app: Parts, who: Who, case: str) -> Response:
    """Go on with this case: somebody is at work. A colleague who took it is named in a 409."""
    app.review.queue.extend(who, known_id(case))
    return Response(status_code=204)


@router.get("/cases/{case}/lease")
@needs(P.CASE_DECIDE)
def lease(desk: At, case: str) -> HTMLResponse:
    """Whether the case is still with this person: empty while it is, else who took it when."""
    queue, known = desk.app.review.queue, known_id(case)
    lost, mine = queue.lost(desk.who, known), queue.holds(desk.who, known)
    return show(
        desk.request, desk.pages, desk.who, "parts/queue_lease", case=known, lost=lost, mine=mine
    )


def to(where: str) -> Response:
    """Go on to another page, so that loading again does nothing twice."""
    return RedirectResponse(where, status_code=SEE_OTHER)


def _bulk_said(desk: Desk, act: str) -> Said | None:
    known = parse_id(act)
    if known is None or not desk.who.may(P.CASE_DECIDE):
        return None
    done = desk.app.review.bulk.act(desk.who, Id(known))
    return read_bulk.done(done) if done else None
