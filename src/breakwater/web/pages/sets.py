"""Sets: start an import and watch it, open and close sets, say how much gold is mixed in.

A file is chosen from the import folder of the server, or sent there first by the browser's script;
the worker reads it, and an import that was cut short goes on by itself, or when the same file is
chosen again. Thin over `review.grading.sets` and `review.grading.folder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Form, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.review.grading.folder import MOST_SENT, ImportFolder
from breakwater.review.grading.sets import NewSet
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_sets
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.speech import later, say

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(include_in_schema=False)

Set = Annotated[int, Path(ge=1, lt=1 << 31)]
Text = Annotated[str, Form(max_length=200)]

SAID = {
    "begun": later("The import has begun. It goes on when you leave this page."),
    "open": later("The set is open for graders."),
    "closed": later("The set is closed. What was answered stays."),
}


@router.get("/sets")
@needs(P.GRADE_IMPORT)
def sets(
    request: Request, pages: Pages, app: Parts, who: Who,
    said: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """Every set, and the form that starts an import."""
    return _page(request, pages, app, who, said=say(SAID[said]) if said in SAID else "")


@router.post("/sets")
@needs(P.GRADE_IMPORT)
def begin(
    request: Request, pages: Pages, app: Parts, who: Who, *, file: Text = "", media: Text = "",
    name: Text = "", source: Text = "", graders: Annotated[int, Form(ge=1, le=3)] = 1,
    context: Annotated[str, Form(max_length=32)] = "",
) -> Response:  # fmt: skip
    """Begin an import, or go on with the one of the same file."""
    try:
        folder = ImportFolder(app.settings.sets_dir)
        wanted = NewSet(
            folder.file(file), folder.media(media), name.strip(), source.strip(), graders,
            context.strip(),
        )  # fmt: skip
        begun = app.review.grade_sets.begin(who, wanted)
    except (BadInput, Conflict, NotFound) as error:
        return _page(request, pages, app, who, wrong=error)
    return RedirectResponse(f"/sets/{begun.number}?said=begun", status_code=303)


@router.post("/sets/files")
@needs(P.GRADE_IMPORT, body=MOST_SENT)
async def send(
    request: Request, app: Parts, who: Who, name: Annotated[str, Query(max_length=120)]
) -> Response:
    """Take a file that the browser sends, as its bytes."""
    with ImportFolder(app.settings.sets_dir).receiving(name) as take:
        async for part in request.stream():
            take(part)
    await run_in_threadpool(_wrote, app, who, name)
    return JSONResponse({"file": name}, status_code=201)


@router.get("/sets/{number}")
@needs(P.GRADE_IMPORT)
def one(
    request: Request, pages: Pages, app: Parts, who: Who, number: Set, *,
    said: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """One set: how far its import is, what became of its items, rows nobody could read."""
    found = app.review.grade_sets.get(number)
    view = read_sets.one(found, app.review.grade_sets.bad_rows(number), may_qa=who.may(P.GRADE_QA))
    words = say(SAID[said]) if said in SAID else ""
    return show(request, pages, who, "set", section="sets", view=view, said=words)


@router.post("/sets/{number}/open")
@needs(P.GRADE_IMPORT)
def open_set(app: Parts, who: Who, number: Set) -> Response:
    """Let graders have its items again."""
    app.review.grade_sets.open(who, number)
    return RedirectResponse(f"/sets/{number}?said=open", status_code=303)


@router.post("/sets/{number}/close")
@needs(P.GRADE_IMPORT)
def close_set(app: Parts, who: Who, number: Set) -> Response:
    """Give out no more of its items."""
    app.review.grade_sets.close(who, number)
    return RedirectResponse(f"/sets/{number}?said=closed", status_code=303)


def _wrote(app: App, who: Principal, name: str) -> None:
    with app.db.transaction() as tx:
        tx.audit(who.id, "grade_set.file", name)


def _page(
    request: Request, pages: Console, app: App, who: Principal, *, said: str = "",
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    folder = ImportFolder(app.settings.sets_dir)
    view = read_sets.every(app.review.grade_sets.every(), folder)
    return show(
        request, pages, who, "sets", section="sets", view=view, said=said,
        wrong=say(wrong.detail) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip
