"""The page of a case's viewers: read by all who read cases, in clear only with a reason.

Every look is in the audit log before the page leaves. A pack is proposed by one person and made
by another, who takes it as a file. Every act is a plain form and works without scripts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.watch import Span
from breakwater.records import approvals
from breakwater.viewers.packs import KIND
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_viewers
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_viewers import PackForm
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
Named = Annotated[str, Form(max_length=64)]


@router.get("/cases/{case}/viewers")
@needs(P.CASE_READ)
def of_case(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:  # fmt: skip
    """Who watched, without whole addresses."""
    return _page(request, app, pages, who, case, after=after)


@router.post("/cases/{case}/viewers/looks")
@needs(P.IDENTITY_READ)
def look(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName, reason: Words = ""
) -> HTMLResponse:
    """The same page with identities; the reason is written down first."""
    if not reason.strip():
        return _page(
            request, app, pages, who, case, told=refused(BadInput("Give a reason.")), status=422
        )
    return _page(request, app, pages, who, case, reason=reason)


@router.post("/cases/{case}/viewers/spans")
@needs(P.CASE_DECIDE)
def spans(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName, stream: Named,
    start: Named, end: Named, reason: Words = "",
) -> Response:  # fmt: skip
    """Say what of a broadcast is illegal."""
    try:
        said = [Span(_moment(start), _moment(end))]
        app.viewers.seeing.set_spans(who, _id(app, case), id_of(stream), said, reason=reason)
    except (BadInput, ValueError) as error:
        bad = error if isinstance(error, BadInput) else BadInput(f"{error}")
        return _page(request, app, pages, who, case, told=refused(bad), status=422)
    return _back(case)


@router.post("/cases/{case}/viewers/packs")
@needs(P.IDENTITY_READ)
def propose(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    countries: Annotated[str, Form(max_length=1000)] = "",
    agency: Annotated[str, Form(max_length=200)] = "", country: Named = "",
    reference: Words = "", danger: Named = "", reason: Words = "", to: Named = "",
) -> Response:  # fmt: skip
    """Propose a pack for an authority, or only ask whether it may leave (`to=ask`)."""
    form = PackForm(countries, agency, country, reference, reason, danger=bool(danger))
    if to == "ask":
        return _page(request, app, pages, who, case, form=form)
    codes = countries.replace(",", " ").split()
    try:
        app.viewers.packs.propose(
            who, _id(app, case), countries=codes, agency=agency, reason=reason, country=country,
            reference=reference, danger=form.danger,
        )  # fmt: skip
    except (BadInput, Conflict) as fault:
        said, status = refused(fault), fault.status
        return _page(request, app, pages, who, case, told=said, status=status, form=form)
    return _back(case)


@router.post("/cases/{case}/viewers/packs/confirm")
@needs(P.IDENTITY_READ)
def make(app: Parts, who: Who, case: CaseName, form: Named = "json") -> Response:
    """Make it, as second person, and take it as a file."""
    made = app.viewers.packs.make(who, _id(app, case))
    text, kind = (made.csv(), "text/csv") if form == "csv" else (made.text, "application/json")
    name = f'attachment; filename="viewers-{made.sha256[:12]}.{"csv" if form == "csv" else "json"}"'
    return Response(text, media_type=kind, headers={"Content-Disposition": name})


@router.post("/cases/{case}/viewers/packs/refuse")
@needs(P.IDENTITY_READ)
def refuse(app: Parts, who: Who, case: CaseName) -> RedirectResponse:
    """Disagree, or take one's own proposal back."""
    app.viewers.packs.refuse(who, _id(app, case))
    return _back(case)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *, after: int = 0,
    reason: str = "", told: str = "", status: int = 200, form: PackForm | None = None,
) -> HTMLResponse:  # fmt: skip
    pack, wrong = _asked(app, form or PackForm(country=app.viewers.packs.seat))
    with app.db.read() as tx:
        found = case_named(tx, case)
        packs = [one for one in approvals.of_subject(tx, found.id) if one.kind == KIND]
    seen = app.viewers.seeing.of_case(who, found.id, reason=reason)
    with app.db.read() as tx:
        view = read_viewers.view(tx, who, found, seen, packs=packs, at=after, pack=pack)
    return show(
        request, pages, who, "viewers", section="queue", status=status, view=view,
        told=told or wrong,
    )  # fmt: skip


def _asked(app: App, form: PackForm) -> tuple[PackForm, str]:
    """A proposal with whether it may leave; and what is wrong with its country."""
    if not form.country:
        return form, ""
    try:
        return read_viewers.answered(form, app.viewers.packs.answers(form.country)), ""
    except BadInput as bad:
        return form, refused(bad)


def _id(app: Parts, case: str) -> Id:
    with app.db.read() as tx:
        return case_named(tx, case).id


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _back(case: str) -> RedirectResponse:
    return RedirectResponse(f"/cases/{case}/viewers", SEE_OTHER)
