"""Pages of holds: the list of what is preserved, and what is held of one case.

Looking at a case's manifest is written to the audit log before it is shown. Every act is a plain
form and works without scripts. Thin over `reporting.preserving.holding`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Permission
from breakwater.model.hold import HoldKind, HoldState
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_holds
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Name = Annotated[str, Form(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
Short = Annotated[str, Form(max_length=16)]
CANNOT: Final = (BadInput, Conflict, NeedsSecondPerson, NotFound)
LISTS: Final[dict[str, dict[str, Any]]] = {
    "": {"state": HoldState.STANDS},
    "soon": {"state": HoldState.STANDS, "soon": True},
    "due": {"state": HoldState.DUE},
    "orders": {"state": HoldState.STANDS, "kind": HoldKind.LEGAL},
    "ended": {"state": HoldState.ENDED},
}


@router.get("/holds")
@needs(P.HOLD_READ)
def every(
    request: Request, *, app: Parts, pages: Pages, who: Who,
    show_: Annotated[str, Query(alias="show", max_length=8)] = "",
    before: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
) -> HTMLResponse:  # fmt: skip
    """What is held, until when and why; what failed, what comes due."""
    chosen = show_ if show_ in LISTS else ""
    found = app.preserving.holding.listed(**LISTS[chosen], after=before or None)
    view = read_holds.listed(found, chosen, before)
    return show(request, pages, who, "holds", view=view)


@router.get("/cases/{case}/hold")
@needs(P.HOLD_READ)
def of_case(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName
) -> HTMLResponse:
    """What is held of a case."""
    return _page(request, app, pages, who, case)


@router.post("/cases/{case}/hold")
@needs(P.HOLD_WRITE)
def order(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    kind: Short = "legal", reference: Words = "", reason: Words = "", until: Short = "",
) -> Response:  # fmt: skip
    """Hold it by an order."""
    return _done(
        request, app, pages, who, case,
        lambda: app.preserving.holding.order(
            who, id_of(_id(app, case)), reference=reference, reason=reason,
            kind=HoldKind.REQUEST if kind == "request" else HoldKind.LEGAL, until=_day(until),
        ),
    )  # fmt: skip


@router.post("/cases/{case}/hold/acts")
@needs(P.HOLD_WRITE)
def act(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    hold: Name = "", to: Short = "", reason: Words = "", until: Short = "",
) -> Response:  # fmt: skip
    """Keep longer; propose an end, agree as the second person, or have it go on."""
    holding = app.preserving.holding
    acts: dict[str, Callable[[], object]] = {
        "extend": lambda: holding.extend(who, id_of(hold), _later(until), reason),
        "propose": lambda: holding.propose_end(who, id_of(hold), reason),
        "confirm": lambda: holding.confirm_end(who, id_of(hold)),
        "refuse": lambda: holding.refuse_end(who, id_of(hold), reason),
    }
    if to not in acts:
        raise BadInput(f"An act is one of: {', '.join(acts)}.")
    return _done(request, app, pages, who, case, acts[to])


def _done(  # noqa: PLR0917 - as the page is called
    request: Request, app: Parts, pages: Pages, who: Who, case: str, act: Callable[[], object]
) -> Response:  # fmt: skip
    try:
        act()
    except CANNOT as error:
        return _page(request, app, pages, who, case, wrong=error)
    return RedirectResponse(f"/cases/{case}/hold", SEE_OTHER)


def _page(
    request: Request, app: Parts, pages: Pages, who: Who, case: str, *,
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    found = app.preserving.holding.of_case(who, id_of(_id(app, case)))
    with app.db.read() as tx:
        view = read_holds.manifest(tx, who, found)
    return show(
        request, pages, who, "hold", view=view, wrong=refused(wrong) if wrong else "",
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _id(app: Parts, case: str) -> str:
    with app.db.read() as tx:
        return case_named(tx, case).id


def _later(text: str) -> datetime:
    day = _day(text)
    if day is None:
        raise BadInput("Name the day until which it is kept.")
    return day


def _day(text: str) -> datetime | None:
    """The end of a day, UTC; None where none was given."""
    if not text.strip():
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise BadInput("A day is written as 2027-03-01.") from None
    return datetime.combine(day, time(23, 59, 59), UTC)
