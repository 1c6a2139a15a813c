"""The reports of a case to authorities: one page that says what is sent, what is missing and why.

Looking is written to the audit log before the page is shown. Every act is a plain form and
works without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.filing import Filing
from breakwater.model.ids import Id
from breakwater.reporting import fallen
from breakwater.reporting.drafting.gaps import Gap
from breakwater.reporting.filing import Filings
from breakwater.reporting.naming import Part
from breakwater.web.api.filings import handed_out
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_filing
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Act = Callable[[Filings, Principal, Id, str], object]
ACTS: Final[Mapping[str, Act]] = {
    "confirm": lambda filings, who, one, _: filings.confirm(who, one),
    "take-back": lambda filings, who, one, why: filings.take_back(who, one, why),
    "drop": lambda filings, who, one, why: filings.drop(who, one, why),
    "retry": lambda filings, who, one, _: filings.revive(who, one),
}


@router.get("/cases/{case}/report")
@needs(P.FILING_READ)
def of_case(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    n: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:  # fmt: skip
    """Every report of a case; `n` chooses one by its number."""
    return _page(request, app, pages, who, case, n=n)


@router.post("/cases/{case}/report")
@needs(P.FILING_WRITE)
def act(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    to: Annotated[str, Form(max_length=20)], n: Annotated[int, Form(ge=0)] = 0,
    reason: Annotated[str, Form(max_length=2000)] = "",
    recipient: Annotated[str, Form(max_length=40)] = "",
    declared: Annotated[bool, Form()] = False,
    account: Annotated[str, Form(max_length=500)] = "",
    part: Annotated[str, Form(max_length=20)] = "",
) -> Response:  # fmt: skip
    """Do what the button says, and show the page again."""
    with app.db.read() as tx:
        found = case_named(tx, case)
    filings = app.reporting.filings
    try:
        if to == "renew":
            filings.draft(found.id, by=who, to=recipient)
        elif to == "receipt":
            one = _numbered(filings.of_case(who, found.id), n)
            app.reporting.courier.receive(who.person or who.id, one.id, reason)
        elif to == "name":
            one = _numbered(filings.of_case(who, found.id), n)
            app.reporting.naming.name(who, one.id, account, _part(part), reason)
        elif to == "batch":
            one = _numbered(filings.of_case(who, found.id), n)
            app.reporting.batching.by_person(who, one.id)
        elif to == "told":
            one = _numbered(filings.of_case(who, found.id), n)
            fallen.tell(app.db, who, one.id, reason)
        elif to == "send":
            one = _numbered(filings.of_case(who, found.id), n)
            filings.want(who, one.id, declared=declared)
        else:
            _act(to)(filings, who, _numbered(filings.of_case(who, found.id), n).id, reason)
    except (Conflict, BadInput, NeedsSecondPerson) as fault:
        return _page(request, app, pages, who, case, n=n, told=refused(fault), status=fault.status)
    return RedirectResponse(f"/cases/{found.id}/report?n={n}", SEE_OTHER)


@router.get("/cases/{case}/sealed")
@needs(P.FILING_WRITE)
def sealed(app: Parts, who: Who, case: CaseName, n: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The sealed file of a report, for whoever hands it over; written down first."""
    with app.db.read() as tx:
        found = case_named(tx, case)
    one = _numbered(app.reporting.filings.of_case(who, found.id), n)
    return handed_out(app, who, one.id)


def _part(name: str) -> Part:
    if name not in set(Part):
        raise BadInput(f"A part is one of: {', '.join(Part)}.")
    return Part(name)


def _act(name: str) -> Act:
    if name not in ACTS:
        raise BadInput(f"An act is one of: {', '.join(ACTS)}.")
    return ACTS[name]


def _numbered(every: tuple[Filing, ...], number: int) -> Filing:
    for one in every:
        if one.number == number:
            return one
    raise NotFound(f"report {number}")


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    n: int, told: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        found, now = case_named(tx, case), tx.now
    filings = app.reporting.filings
    every = filings.of_case(who, found.id)
    chosen = _numbered(every, n) if n else (every[-1] if every else None)
    looked = filings.look(who, chosen.id) if chosen is not None else None
    many = app.reporting.batching.offered(chosen.id) if chosen else 0
    with app.db.read() as tx:
        handed = read_filing.handed_of(tx, chosen) if chosen else read_filing.Handed()
    view = read_filing.view(
        found, every, looked, () if every else _missing(filings, found.id),
        handed=handed, to=app.reporting.destinations, now=now, may=P.FILING_WRITE in who.permissions,
        many=many,
    )  # fmt: skip
    return show(request, pages, who, "filing", section="queue", status=status, view=view, told=told)


def _missing(filings: Filings, case: Id) -> tuple[Gap, ...]:
    """What keeps a decided case without a draft; nothing where it is not decided."""
    try:
        found = filings.gaps(case)
    except Conflict:
        return ()
    return tuple({gap.what: gap for gaps in found.values() for gap in gaps}.values())
