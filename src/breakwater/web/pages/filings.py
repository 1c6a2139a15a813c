"""Every report to an authority with its clock, and the table of what may be sent to whom.

For report officers. The list names no person; looking at one report does, and is written down.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.country import country_code
from breakwater.model.sending import Occasion
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_filings
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)


@router.get("/filings")
@needs(P.FILING_READ)
def every(
    request: Request, *, app: Parts, pages: Pages, who: Who, filed: bool = False,
    late: bool = False, to: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:  # fmt: skip
    """Those that are open, the first due first; or those that are filed, the newest first."""
    with app.db.transaction() as tx:
        tx.audit(who.id, "filing.list", "filings", filed=filed)
        view = read_filings.listed(
            tx, app.reporting.destinations, filed=filed, late=late, recipient=to, after=after
        )
    return show(request, pages, who, "filings", view=view)


@router.get("/sendings")
@needs(P.FILING_READ)
def table(
    request: Request, *, app: Parts, pages: Pages, who: Who,
    to: Annotated[str, Query(max_length=20)] = "",
    when: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """What may leave for a country, with the legal basis or why not."""
    held = app.reporting.sendings
    country, told, status = country_code(to or held.seat or "US"), "", 200
    if not country:
        fault = BadInput("A country has two letters, such as US.")
        country, told, status = held.seat or "US", refused(fault), fault.status
    occasion = Occasion(when) if when in set(Occasion) else Occasion.ALWAYS
    view = read_filings.sendings(held, country, occasion)
    return show(
        request, pages, who, "sendings", section="filings", status=status, view=view, told=told
    )
