"""Audit: who did what, and whether the record is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.web.gate import Router, Who, needs
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import AuditQuery

router = Router(include_in_schema=False)

Text = Annotated[str, Query(max_length=200)]


@router.get("/audit")
@needs(Permission.AUDIT_READ)
def audit(
    request: Request,
    pages: Pages,
    who: Who,
    *,
    q: Text = "",
    action: Text = "",
    before: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> HTMLResponse:
    """Fifty rows, newest first."""
    view = pages.reads.audit(who, AuditQuery(q=q, action=action, before=before))
    return show(request, pages, who, "audit", view=view)
