"""The chat of a case: why it alarmed, what gave evidence, what is done in it; covered until asked.

What was written is on the page only after somebody asked for it, which is written to the audit
log first. Every act is a plain form and works without scripts.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case
from breakwater.model.chat import Chat, Measure
from breakwater.model.ids import Id
from breakwater.records import kept_comments
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_chat
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_queue import Look, case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Named = Annotated[str, Form(max_length=64)]


@router.get("/cases/{case}/chat")
@needs(P.CASE_READ)
def of_case(request: Request, app: Parts, pages: Pages, who: Who, case: CaseName) -> HTMLResponse:
    """The chat of a case, what was written covered."""
    return _page(request, app, pages, who, case)


@router.post("/cases/{case}/chat/words")
@needs(P.CASE_DECIDE)
def said(request: Request, app: Parts, pages: Pages, who: Who, case: CaseName) -> HTMLResponse:
    """The same page with what was written; who asked for it is written down first."""
    with app.db.transaction() as tx:
        found, chat = _found(Look(tx, tx.now, who), case)
        kept = len(kept_comments.of_chat(tx, chat.id))
        tx.audit(who.person or who.id, "comments.read", chat.id, case=found.id, comments=kept)
    return _page(request, app, pages, who, case, shown=True)


@router.post("/cases/{case}/chat/orders")
@needs(P.STREAM_CONTROL)
def order(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    to: Annotated[Measure, Form()], seen: Named = "",
) -> Response:  # fmt: skip
    """Slow, gate, pause or open the chat."""
    stream = _stream(app, who, case)
    try:
        app.enforcement.chat_wishes.want(who, stream, to, seen=seen)
    except Conflict as conflict:
        return _page(request, app, pages, who, case, told=refused(conflict), status=409)
    return _back(case)


@router.post("/cases/{case}/chat/released")
@needs(P.STREAM_CONTROL)
def release(app: Parts, who: Who, case: CaseName, comment: Named) -> RedirectResponse:
    """Show a held message again."""
    app.enforcement.chat_wishes.let_go_of(who, _chat(app, who, case).id, [id_of(comment)])
    return _back(case)


@router.post("/cases/{case}/chat/labels")
@needs(P.CASE_DECIDE)
def label(
    app: Parts, who: Who, case: CaseName, comment: Named, found: Annotated[bool, Form()]
) -> RedirectResponse:
    """Say of a message whether it is what is looked for."""
    app.enforcement.labels.mark_of(who, _chat(app, who, case).id, id_of(comment), found=found)
    return _back(case)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    shown: bool = False, told: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        look = Look(tx, tx.now, who)
        found, chat = _found(look, case)
        view = read_chat.view(look, found, chat, shown=shown)
    return show(request, pages, who, "chat", section="queue", status=status, view=view, told=told)


def _found(look: Look, case: str) -> tuple[Case, Chat]:
    found = case_named(look.tx, case)
    chat = read_chat.of_case(look, found)
    if chat is None:
        raise NotFound("Nobody has written here.")
    return found, chat


def _chat(app: Parts, who: Principal, case: str) -> Chat:
    with app.db.read() as tx:
        return _found(Look(tx, tx.now, who), case)[1]


def _stream(app: Parts, who: Principal, case: str) -> Id:
    chat = _chat(app, who, case)
    if chat.stream is None:
        raise NotFound("This chat belongs to no broadcast: its service acts in it.")
    return chat.stream


def _back(case: str) -> RedirectResponse:
    return RedirectResponse(f"/cases/{case}/chat", SEE_OTHER)
