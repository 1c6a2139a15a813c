"""Messages that are held and belong to no case: read, shown again, or made a case.

They weigh much by themselves although nothing alarmed, so no case tells of them. What was written
is on the page only after somebody asked for it, which is written to the audit log first. Every act
is a plain form and works without scripts.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from breakwater.model.access import Permission, Principal
from breakwater.records import kept_comments
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_held
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_queue import Look

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
Named = Annotated[str, Form(max_length=64)]


@router.get("/held")
@needs(P.CASE_READ)
def held(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """What is held without a case, what was written covered."""
    return _page(request, app, pages, who)


@router.post("/held/words")
@needs(P.CASE_DECIDE)
def said(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """The same page with what was written; who asked for it is written down first."""
    with app.db.transaction() as tx:
        for chat, comments in read_held.listed(tx).items():
            tx.audit(who.person or who.id, "comments.read", chat, case=None, comments=comments)
    return _page(request, app, pages, who, shown=True)


@router.post("/held/released")
@needs(P.STREAM_CONTROL)
def release(app: Parts, who: Who, comment: Named) -> RedirectResponse:
    """Show one again where it was written."""
    with app.db.read() as tx:
        found = kept_comments.get(tx, id_of(comment))
    app.enforcement.chat_wishes.let_go_of(who, found.chat, [found.id])
    return RedirectResponse("/held", SEE_OTHER)


@router.post("/held/cases")
@needs(P.CASE_DECIDE)
def make_case(app: Parts, who: Who, comment: Named) -> RedirectResponse:
    """Have it decided: go on to its case."""
    case = app.enforcement.alone.make_case(who, id_of(comment))
    return RedirectResponse(f"/cases/{case}/chat", SEE_OTHER)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, *, shown: bool = False
) -> HTMLResponse:
    with app.db.read() as tx:
        view = read_held.view(Look(tx, tx.now, who), shown=shown)
    return show(request, pages, who, "held", section="wall", view=view)
