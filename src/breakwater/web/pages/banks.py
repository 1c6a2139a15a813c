"""Banks: lists of known material, and how much of each this installation can match."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.web.gate import Router, Who, needs
from breakwater.web.pages.context import Pages, show

router = Router(include_in_schema=False)


@router.get("/banks")
@needs(Permission.BANK_READ)
def banks(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """All banks."""
    return show(request, pages, who, "banks", view=pages.reads.banks(who))


@router.get("/banks/{name}")
@needs(Permission.BANK_READ)
def bank(
    request: Request, pages: Pages, who: Who, name: str,
    after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> HTMLResponse:  # fmt: skip
    """One bank with fifty of its entries."""
    return show(
        request, pages, who, "bank", section="banks", view=pages.reads.bank(who, name, after)
    )
