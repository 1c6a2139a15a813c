"""Wellbeing and the break: one's own time with pictures, limits, breaks, what came of one's work.

Everybody sees their own figures and nobody else's; those who look after the team see what is
true of several people together, and agree to what is looser. Plain forms, which work without
scripts; what cannot be done is said on the page itself. Thin over `review.looking.exposure` and
`review.looking.wellbeing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import Depends, Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.exposure import LIMITS
from breakwater.model.ids import Id, parse_id
from breakwater.records import approvals
from breakwater.review.looking.exposure import LOOSEN
from breakwater.web.gate import Parts, Router, Who, needs, signed_in
from breakwater.web.pages import read_wellbeing
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_wellbeing import WellbeingView
from breakwater.web.pages.reads import Console
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=500)]
Subject = Annotated[str, Path(max_length=64)]


async def _filled(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=len(LIMITS) + 3)
    return {name: str(value)[:500] for name, value in form.items()}


Filled = Annotated[dict[str, str], Depends(_filled)]
"""A form with a field for each limit."""

SAID: Final = {
    "tighter": later("Saved. The tighter limits hold from now on."),
    "waits": later("What is looser waits for a second person. What is tighter holds already."),
    "same": later("Nothing was changed."),
    "agreed": later("Agreed. The limit holds from now on."),
    "refused": later("Refused. Everything stays as it was."),
    "back": later("The break is over. Pictures are open as far as your limits go."),
}
"""What was done, after a form came back."""


@router.get("/wellbeing")
@signed_in("one's own figures; the team's only with wellbeing:read")
def wellbeing(
    request: Request, app: Parts, pages: Pages, who: Who,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """One's own part, and the team's for those who look after it."""
    return _page(request, app, pages, who, said=say(SAID[said]) if said in SAID else "")


@router.post("/wellbeing/limits")
@signed_in("one's own limits")
def limits(request: Request, app: Parts, pages: Pages, who: Who, form: Filled) -> Response:
    """Tighter at once; looser waits for a second person."""
    return _change(request, app, pages, who, form, everybody=False)


@router.post("/wellbeing/everybody")
@needs(P.DUTY_WRITE)
def everybody(request: Request, app: Parts, pages: Pages, who: Who, form: Filled) -> Response:
    """The same for everybody's limits."""
    return _change(request, app, pages, who, form, everybody=True)


@router.post("/wellbeing/proposals/{subject}/confirm")
@needs(P.WELLBEING_READ)
def confirm(
    request: Request, app: Parts, pages: Pages, who: Who, subject: Subject, *, note: Field = ""
) -> Response:
    """Agree, as the second person."""
    return _done(
        request, app, pages, who, said="agreed",
        act=lambda: app.review.exposure.confirm(who, _id(subject), note),
    )  # fmt: skip


@router.post("/wellbeing/proposals/{subject}/refuse")
@signed_in("taken back by whose it is; others need wellbeing:read, which the verb checks")
def refuse(
    request: Request, app: Parts, pages: Pages, who: Who, subject: Subject, *, note: Field = ""
) -> Response:
    """Disagree, or take one's own proposal back."""
    return _done(
        request, app, pages, who, said="refused",
        act=lambda: app.review.exposure.refuse(who, _id(subject), note),
    )  # fmt: skip


@router.get("/break")
@signed_in("a page for rest")
def rest(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """Where the limit leads: when pictures are back, whom to talk to, nothing else."""
    return _break(request, pages, who)


@router.post("/break")
@signed_in("one's own break")
def take(request: Request, app: Parts, pages: Pages, who: Who, minutes: Field = "") -> Response:
    """Take a break now."""
    try:
        app.review.exposure.take_break(who, max(0, _number(minutes)))
    except BadInput as error:
        return _page(request, app, pages, who, wrong=error)
    return RedirectResponse("/break", status_code=303)


@router.post("/break/end")
@signed_in("one's own break")
def back(request: Request, app: Parts, pages: Pages, who: Who) -> Response:
    """Come back from a break that one took."""
    return _done(
        request, app, pages, who, said="back",
        act=lambda: app.review.exposure.end_break(who),
    )  # fmt: skip


@router.post("/break/live")
@needs(P.CASE_DECIDE)
def live(
    request: Request, app: Parts, pages: Pages, who: Who, case: Field = "", *, reason: Field = ""
) -> Response:
    """Open a live case beyond a limit, in words and small stills."""
    try:
        granted = app.review.exposure.open_over_cap(who, _id(case), reason)
    except (BadInput, Conflict, NotFound) as error:
        return _break(request, pages, who, wrong=error)
    return RedirectResponse(f"/cases/{granted.case}", status_code=303)


def _change(
    request: Request, app: Parts, pages: Console, who: Principal, form: Mapping[str, str],
    *, everybody: bool,
) -> Response:  # fmt: skip
    clock = app.review.exposure
    held = (clock.everybodys() if everybody else clock.limits(who)).values()
    wanted = {name: _number(form[name]) for name in LIMITS if name in form}
    wanted = {name: value for name, value in wanted.items() if value != held[name]}
    try:
        waits = clock.change(who, wanted, form.get("reason", ""), everybody=everybody)
    except (BadInput, Conflict) as error:
        return _page(request, app, pages, who, wrong=error)
    said = "waits" if waits else "tighter" if wanted else "same"
    return RedirectResponse(f"/wellbeing?said={said}", status_code=303)


def _number(text: str) -> int:
    """A number as a field of a form has it; -1 is none, and no limit takes that."""
    return int(text) if text.isdecimal() and len(text) < 6 else -1


def _done(
    request: Request, app: Parts, pages: Console, who: Principal, *,
    said: str, act: Callable[[], object],
) -> Response:  # fmt: skip
    """Do it and come back; what cannot be done is said on the page as it stands now."""
    try:
        act()
    except (BadInput, Conflict, NeedsSecondPerson, NotFound) as error:
        return _page(request, app, pages, who, wrong=error)
    return RedirectResponse(f"/wellbeing?said={said}", status_code=303)


def _page(
    request: Request, app: Parts, pages: Console, who: Principal,
    *, said: str = "", wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    figures = app.review.wellbeing.own(who) if who.may(P.MEDIA_VIEW) else None
    team = app.review.wellbeing.team(who) if who.may(P.WELLBEING_READ) else None
    everybodys = app.review.exposure.everybodys()
    with app.db.read() as tx:
        waits = approvals.waiting(tx, kind=LOOSEN)
        mine = next((one for one in waits if one.subject == who.person), None)
        view = WellbeingView(
            own=None if figures is None else read_wellbeing.own(
                figures, mine, tx.now, tx=tx, who=who.id
            ),
            team=None if team is None else read_wellbeing.team(
                team, [one for one in waits if one is not mine], everybodys,
                tx=tx, who=who.id, may_set=who.may(P.DUTY_WRITE),
            ),
        )  # fmt: skip
    return show(
        request, pages, who, "wellbeing", view=view, said=said,
        wrong=say(wrong.detail) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _break(
    request: Request, pages: Console, who: Principal,
    *, wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    return show(
        request, pages, who, "break", view=pages.reads.rest(who), wrong=say(wrong.detail) if wrong else "",
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise NotFound(say("There is nothing of this id."))
    return found
