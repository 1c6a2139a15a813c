"""Child in danger now: one page with who, where, whom to call, and the button that files at once.

Reached with one key from a case and from the live wall. Filing says on the case that a child is
in danger, where nobody has said it, and sends the escalated report without waiting for media.
Every act is a plain form and works without scripts; each look and call is in the audit log.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.recipient import Reached
from breakwater.records import decisions, streams
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_danger
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
Named = Annotated[str, Form(max_length=200)]


@router.get("/cases/{case}/danger")
@needs(P.DANGER_FILE)
def page(request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName) -> HTMLResponse:
    """Who, where, whom to call."""
    return _page(request, app, pages, who, case)


@router.post("/cases/{case}/danger")
@needs(P.DANGER_FILE)
def file(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    role: Named = "", reason: Words = "",
) -> Response:  # fmt: skip
    """Say that a child is in danger, and file the report at once."""
    try:
        said = _role(role)
        found = _say(app, who, case, said, reason)
        app.reporting.danger.file(who, found.id, role=said, reason=reason)
    except (Conflict, BadInput, NeedsSecondPerson) as fault:
        return _page(
            request, app, pages, who, case, told=refused(fault), role=role, status=fault.status
        )
    return RedirectResponse(f"/cases/{found.id}/danger#sent", SEE_OTHER)


@router.post("/cases/{case}/danger/calls")
@needs(P.DANGER_FILE)
def call(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    contact: Named = "", outcome: Named = "", words: Words = "",
) -> Response:  # fmt: skip
    """Write a call down."""
    with app.db.read() as tx:
        found = case_named(tx, case)
    try:
        app.reporting.danger.call(
            who, found.id, contact=contact, outcome=_outcome(outcome), words=words
        )
    except BadInput as fault:
        return _page(request, app, pages, who, case, told=refused(fault), status=fault.status)
    return RedirectResponse(f"/cases/{found.id}/danger#calls", SEE_OTHER)


def _say(app: Parts, who: Principal, name: str, role: AccountRole, reason: str) -> Case:
    """The case, on which somebody has said by now that a child is in danger."""
    with app.db.read() as tx:
        found = case_named(tx, name)
        said = decisions.in_danger(tx, found.id)
    if said or found.state is CaseState.CLOSED or not who.may(P.CASE_DECIDE):
        return found
    app.review.decisions.decide(
        who, found.id, DecisionKind.DANGER_NOW, reason=reason, facts=DecisionFacts(role=role)
    )
    return found


def _role(said: str) -> AccountRole:
    if said not in set(AccountRole):
        raise BadInput("Say whose account it is, or that it is not known.")
    return AccountRole(said)


def _outcome(said: str) -> Reached:
    if said not in set(Reached):
        raise BadInput("Say how the call ended.")
    return Reached(said)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    told: str = "", role: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        known = case_named(tx, case)
    found = app.reporting.danger.look(who, known.id)
    with app.db.read() as tx:
        stream = streams.find(tx, known.subject) if known.kind is CaseKind.STREAM else None
        view = read_danger.view(
            tx, found, app.reporting.destinations, platform=app.settings.reports_platform,
            live=stream.label if stream else "", may=who.may(P.DANGER_FILE),
            role=AccountRole(role) if role in set(AccountRole) else None, now=tx.now,
        )  # fmt: skip
    return show(request, pages, who, "danger", section="queue", status=status, view=view, told=told)
