"""The page of sanctioned accounts: who is known again, why, until when, and how they are let go of.

Plain forms that work without scripts. What cannot be done is said on the page itself. Thin over
`enforcement.registrations.releasing`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson
from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_sanctions
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import say

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
Name = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
CANNOT: Final = (BadInput, Conflict, NeedsSecondPerson)


@router.get("/sanctions")
@needs(P.SANCTION_READ)
def every(
    request: Request, *, app: Parts, pages: Pages, who: Who,
    ended: Annotated[str, Query(max_length=1)] = "",
    before: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
    done: Annotated[str, Query(max_length=8)] = "",
) -> HTMLResponse:  # fmt: skip
    """Sanctions in force, or those that are over."""
    return _page(request, app, pages, who, ended=bool(ended), before=before, said=_done(done))


@router.post("/sanctions/{sanction}/release")
@needs(P.SANCTION_RELEASE)
def release(  # noqa: PLR0917 - as the framework calls it
    request: Request, app: Parts, pages: Pages, who: Who, sanction: Name, reason: Words = ""
) -> Response:
    """Let go of an account, or propose it."""
    try:
        done = app.sanctions.releasing.release(who, id_of(sanction), reason=reason)
    except CANNOT as error:
        return _page(request, app, pages, who, wrong=error)
    return _back("second" if done.waits else "released")


@router.post("/sanctions/{sanction}/confirm")
@needs(P.SANCTION_RELEASE)
def confirm(request: Request, app: Parts, pages: Pages, who: Who, sanction: Name) -> Response:
    """Agree as the second person."""
    try:
        app.sanctions.releasing.confirm(who, id_of(sanction))
    except CANNOT as error:
        return _page(request, app, pages, who, wrong=error)
    return _back("released")


@router.post("/sanctions/{sanction}/refuse")
@needs(P.SANCTION_RELEASE)
def refuse(app: Parts, who: Who, sanction: Name) -> RedirectResponse:
    """Disagree, or take one's own proposal back."""
    app.sanctions.releasing.refuse(who, id_of(sanction))
    return _back("stays")


@router.post("/sanctions/registrations/{registration}/wrong")
@needs(P.SANCTION_RELEASE)
def wrong(  # noqa: PLR0917 - as the framework calls it
    request: Request, app: Parts, pages: Pages, who: Who, registration: Name, reason: Words = ""
) -> Response:
    """Say that a registration was somebody else's."""
    try:
        app.sanctions.releasing.wrong(who, id_of(registration), reason=reason)
    except CANNOT as error:
        return _page(request, app, pages, who, wrong=error)
    return _back("wrong")


def _page(
    request: Request, app: Parts, pages: Pages, who: Who, *, ended: bool = False, before: int = 0,
    said: str = "", wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    releasing = app.sanctions.releasing
    found = releasing.page(who, ended=ended, before=before, limit=read_sanctions.ROWS + 1)
    view = read_sanctions.view(
        who, found, releasing.tallies(), app.clock.now(), ended=ended, before=before,
        two=app.settings.sanctions_release_people > 1,
    )  # fmt: skip
    return show(
        request, pages, who, "sanctions", view=view, said=said,
        wrong=refused(wrong) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _back(done: str) -> RedirectResponse:
    return RedirectResponse(f"/sanctions?done={done}", SEE_OTHER)


def _done(word: str) -> str:
    said = {
        "second": say("It waits for a second person. Until then the sanction stands."),
        "released": say("The account is let go of. Its hashes are forgotten."),
        "stays": say("The sanction stays."),
        "wrong": say("What led to the wrong person leads to nobody now."),
    }
    return said.get(word, "")
