"""Legal requests both ways: a list with what is due, a form to enter one, and one request whole.

Looking at one is written to the audit log before it is shown. Plain forms that work without scripts.
Thin over `reporting.requests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.model.package import Package
from breakwater.model.request import Basis, Direction, Move
from breakwater.records import cases, packages
from breakwater.records.legal_requests import NewRequest
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_requests
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
FIELDS: Final = (
    "direction", "party", "country", "basis", "law", "reference", "scope", "case", "due",
)  # fmt: skip
Number = Annotated[int, Path(ge=0, lt=1 << 62)]
Short = Annotated[str, Form(max_length=400)]
Long = Annotated[str, Form(max_length=12_000)]
E = TypeVar("E", Basis, Direction, Move)


@router.get("/requests")
@needs(P.REQUEST_WRITE)
def every(
    request: Request, *, app: Parts, pages: Pages, who: Who,
    ended: Annotated[str, Query(max_length=1)] = "",
    at: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
) -> HTMLResponse:  # fmt: skip
    """Those that wait, the first due first; or those that ended."""
    return _every(request, app, pages, who, ended=bool(ended), at=at)


@router.post("/requests")
@needs(P.REQUEST_WRITE)
def enter(
    request: Request, *, app: Parts, pages: Pages, who: Who, direction: Short = "",
    party: Short = "", country: Short = "", basis: Short = "", law: Short = "",
    reference: Short = "", scope: Long = "", case: Short = "", due: Short = "",
) -> Response:  # fmt: skip
    """Take in what came, or draft what shall go out."""
    now = app.clock.now()
    try:
        new = NewRequest(
            _word(Direction, direction, "way"), party, country, _word(Basis, basis, "kind"), law,
            reference, scope, now, now, _case(app, case),
        )  # fmt: skip
        made = app.requesting.requests.open_request(who, new, due_at=_day(due))
    except (BadInput, Conflict, NotFound) as fault:
        typed = {"direction": direction, "party": party, "country": country, "basis": basis,
                 "law": law, "reference": reference, "scope": scope, "case": case, "due": due}  # fmt: skip
        return _every(
            request, app, pages, who, ended=False, at=0, told=refused(fault), typed=typed,
            status=fault.status,
        )  # fmt: skip
    return RedirectResponse(f"/requests/{made.number}", SEE_OTHER)


@router.get("/requests/{number}")
@needs(P.REQUEST_WRITE)
def one(request: Request, *, app: Parts, pages: Pages, who: Who, number: Number) -> HTMLResponse:
    """One request, by number."""
    return _one(request, app, pages, who, number)


@router.post("/requests/{number}")
@needs(P.REQUEST_WRITE)
def move(
    request: Request, *, app: Parts, pages: Pages, who: Who, number: Number,
    to: Short = "", words: Long = "", package: Short = "", due: Short = "",
    version: Annotated[int | None, Form(ge=1)] = None,
) -> Response:  # fmt: skip
    """Do what the button says, and show it again."""
    requests = app.requesting.requests
    found = requests.numbered(number)
    try:
        requests.move(
            who, found, _word(Move, to, "act"), words=words, package=_package(package),
            due_at=_day(due), version=version,
        )  # fmt: skip
    except (BadInput, Conflict, NeedsSecondPerson) as fault:
        return _one(
            request, app, pages, who, number, told=refused(fault), typed=words,
            status=fault.status,
        )  # fmt: skip
    return RedirectResponse(f"/requests/{number}", SEE_OTHER)


def _every(
    request: Request, app: Parts, pages: Pages, who: Principal, *, ended: bool, at: int,
    told: str = "", typed: dict[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    requests = app.requesting.requests
    most = read_requests.PAGE + 1
    found = requests.ended(who, before=at, limit=most) if ended else requests.waiting(who)
    view = read_requests.every(found, ended=ended, at=at, now=app.clock.now())
    return show(
        request, pages, who, "requests", status=status, view=view, told=told,
        typed=dict.fromkeys(FIELDS, "") | (typed or {}),
    )  # fmt: skip


def _one(
    request: Request, app: Parts, pages: Pages, who: Principal, number: int, *,
    told: str = "", typed: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    requests = app.requesting.requests
    looked = requests.look(who, requests.numbered(number))
    sealed, case = _of_case(app, looked.request.case)
    with app.db.read() as tx:
        view = read_requests.one(
            tx, looked, sealed, person=who.person or "", number=case, now=app.clock.now()
        )
    return show(
        request, pages, who, "request", section="requests", status=status, view=view, told=told,
        typed=typed,
    )  # fmt: skip


def _of_case(app: Parts, case: Id | None) -> tuple[Sequence[Package], int]:
    """Packages of the request's case, and the case's number."""
    if case is None:
        return (), 0
    with app.db.read() as tx:
        return packages.of_case(tx, case), cases.get(tx, case).number


def _case(app: Parts, name: str) -> Id | None:
    if not name.strip():
        return None
    with app.db.read() as tx:
        return case_named(tx, name.strip()).id


def _package(text: str) -> Id | None:
    return parse_id(text) if text else None


def _word(kind: type[E], value: str, name: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise BadInput(f"Choose the {name} of the request.") from None


def _day(text: str) -> datetime | None:
    """A day as a form sends it: until its end."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("Write the day like 2026-12-31.") from None
    return day.replace(hour=23, minute=59)
