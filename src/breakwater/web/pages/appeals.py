"""Appeals: what waits, one appeal with its answer, what the user is told, and how often who erred.

Plain forms that work without scripts. What cannot be done is said on the page itself, with what
was typed kept. Thin over `review.deciding.appeals` and `review.deciding.telling`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Permission
from breakwater.model.appeal import AppealOutcome, Ground
from breakwater.model.ids import parse_id
from breakwater.records import uploads
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_appeals
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import say

P = Permission
router = Router(include_in_schema=False)

Name = Annotated[str, Path(max_length=64)]
Text = Annotated[str, Form(max_length=20_000)]

UPHOLD: Final = "upheld"
"""What the form calls an answer that changes nothing; the others are grounds."""


@router.get("/appeals")
@needs(P.APPEAL_DECIDE)
def appeals(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    answered: Annotated[str, Query(max_length=1)] = "",
    at: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
    done: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
) -> HTMLResponse:  # fmt: skip
    """What waits for an answer, or what was answered."""
    with app.db.read() as tx:
        look = Look(tx, app.clock.now(), who)
        view = read_appeals.every(look, answered=bool(answered), at=at)
    return show(request, pages, who, "appeals", view=view, said=_done(done))


@router.get("/appeals/rates")
@needs(P.GRADE_QA)
def rates(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """How often appeals were right, by bank, rule and whoever decided first."""
    with app.db.read() as tx:
        look = Look(tx, app.clock.now(), who)
        tables = read_appeals.rate_tables(look, ("bank", "rule", "reviewer"))
    return show(request, pages, who, "rates", tables=tables)


@router.get("/appeals/{name}")
@needs(P.APPEAL_DECIDE)
def appeal(
    request: Request, app: Parts, pages: Pages, who: Who, name: Name, *,
    done: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
) -> HTMLResponse:  # fmt: skip
    """One appeal, by number or id."""
    return _page(request, app, pages, who, name, said=_done(done))


@router.post("/appeals/{name}/decision")
@needs(P.APPEAL_DECIDE)
def decide(
    request: Request, app: Parts, pages: Pages, who: Who, name: Name, *,
    answer: Text = "", reason: Text = "",
) -> Response:  # fmt: skip
    """Answer an appeal; then the next one opens."""
    with app.db.read() as tx:
        found = read_appeals.appeal_named(tx, name)
    try:
        outcome, ground = _chosen(answer)
        app.review.appeals.decide(who, found.id, outcome, ground=ground, reason=reason)
    except (BadInput, Conflict, NeedsSecondPerson) as error:
        kept = {"answer": answer, "reason": reason[:4000]}
        return _page(request, app, pages, who, name, wrong=error, kept=kept)
    following = app.review.appeals.waiting(limit=1)
    where = f"/appeals/{following[0].number}" if following else "/appeals"
    return RedirectResponse(f"{where}?done={found.number}", status_code=303)


@router.get("/notices/{upload}")
@needs(P.CASE_DECIDE)
def notice(request: Request, app: Parts, pages: Pages, who: Who, upload: Name) -> HTMLResponse:
    """What the user of an upload is told."""
    return _notice(request, app, pages, who, upload)


@router.post("/notices/{upload}")
@needs(P.CASE_DECIDE)
def withhold(
    request: Request, app: Parts, pages: Pages, who: Who, upload: Name, *,
    days: Annotated[int, Form(ge=0, le=180)] = 0, reason: Text = "",
) -> Response:  # fmt: skip
    """Hold back what the user is told for so many days; 0 tells them again."""
    found = parse_id(upload)
    if found is None:
        raise NotFound("There is nothing of this id.")
    try:
        until = app.clock.now() + timedelta(days=days)
        app.review.notices.withhold(who, found, until=until, reason=reason)
    except BadInput as error:
        return _notice(request, app, pages, who, upload, wrong=error)
    return RedirectResponse(f"/notices/{found}", status_code=303)


def _page(
    request: Request, app: Parts, pages: Pages, who: Who, name: str, *,
    said: str = "", wrong: BreakwaterError | None = None, kept: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        look = Look(tx, app.clock.now(), who)
        view = read_appeals.one(look, read_appeals.appeal_named(tx, name))
    return show(
        request, pages, who, "appeal", section="appeals", view=view, said=said,
        wrong=_words(wrong), kept=kept or {"answer": "", "reason": ""},
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _notice(
    request: Request, app: Parts, pages: Pages, who: Who, upload: str, *,
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    found = parse_id(upload)
    with app.db.read() as tx:
        known = uploads.find(tx, found) if found else None
        view = read_appeals.notice_of(Look(tx, app.clock.now(), who), known, "") if known else None
        if view is None or known is None:
            raise NotFound("Nothing was done to this upload, so there is nothing to tell.")
    return show(
        request, pages, who, "notice", section="appeals", view=view, case=known.case or "",
        wrong=_words(wrong), status=wrong.status if wrong else 200,
    )  # fmt: skip


def _words(wrong: BreakwaterError | None) -> str:
    return refused(wrong) if wrong else ""


def _done(number: int) -> str:
    if not number:
        return ""
    return say("Appeal %(n)s is answered. The service is told now.", n=number)


def _chosen(answer: str) -> tuple[AppealOutcome, Ground | None]:
    """The form's one choice: the measure stays, or the ground on which it falls.

    Raises:
        BadInput: nothing was chosen.
    """
    if answer == UPHOLD:
        return AppealOutcome.UPHELD, None
    if answer not in set(Ground):
        raise BadInput("Choose an answer.")
    return AppealOutcome.OVERTURNED, Ground(answer)
