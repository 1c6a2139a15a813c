"""Quality: how far graders agree, how they stand against gold, what waits for a ruling.

Thin over `review.quality.quality`; nothing here grades, and no picture is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import NotFound
from breakwater.model.access import Permission
from breakwater.model.ids import parse_id
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_qa, read_schemes
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_queue import Look

if TYPE_CHECKING:
    from breakwater.app import App

router = Router(include_in_schema=False)

Words = Annotated[str, Form(max_length=500)]
Table = Annotated[str, Path(max_length=40)]
Item = Annotated[int, Path(ge=1, lt=1 << 40)]


@router.get("/qa")
@needs(Permission.GRADE_QA)
def qa(
    request: Request, pages: Pages, app: Parts, who: Who,
    set: Annotated[str, Query(max_length=12)] = "",  # noqa: A002 - the word of the address
) -> HTMLResponse:  # fmt: skip
    """Everything of the last four weeks."""
    parts: App = app
    number = int(set) if set.isdecimal() else None
    found = parts.review.quality.report(who, set_number=number)
    with parts.db.read() as tx:
        look = Look(tx, parts.clock.now(), who)
        view = read_qa.report(look, found, set_number=number)
        tables = read_schemes.waiting(look, parts.review.adopting.waiting(who))
    share = f"{parts.review.quality.share(number):g}"
    return show(
        request, pages, who, "qa", view=view, share=share, of_set=number or "", tables=tables
    )


@router.post("/qa/gold")
@needs(Permission.GRADE_QA)
def name_gold(
    app: Parts, who: Who, number: Annotated[int, Form(ge=1, lt=1 << 40)], reason: Words, *,
    everywhere: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """The same for an item that is named by its number; on demand it is met in every set."""
    app.review.quality.mark_gold(who, number, reason=reason)
    if everywhere:
        app.review.quality.reach_gold(who, number, everywhere=True)
    return _back("golds")


@router.post("/qa/gold-share")
@needs(Permission.GRADE_QA)
def set_share(
    app: Parts, who: Who, percent: Annotated[float, Form(ge=0, le=100)], reason: Words,
    set: Annotated[str, Form(max_length=12)] = "",  # noqa: A002 - the word of the address
) -> Response:  # fmt: skip
    """Say how much of what graders meet is gold, in one set or in all without a share."""
    number = int(set) if set.isdecimal() else None
    app.review.quality.set_share(who, percent, reason=reason, set_number=number)
    return _back("golds")


@router.post("/qa/gold/{number}")
@needs(Permission.GRADE_QA)
def mark_gold(app: Parts, who: Who, number: Item, reason: Words) -> Response:
    """Let graders meet an item whose answer is beyond doubt."""
    app.review.quality.mark_gold(who, number, reason=reason)
    return _back("golds")


@router.post("/qa/gold/{number}/end")
@needs(Permission.GRADE_QA)
def end_gold(app: Parts, who: Who, number: Item, reason: Words) -> Response:
    """Let no further grader meet it."""
    app.review.quality.end_gold(who, number, reason=reason)
    return _back("golds")


@router.post("/qa/alarms/{alarm}/end")
@needs(Permission.GRADE_QA)
def end_alarm(
    app: Parts, who: Who, alarm: Annotated[str, Path(max_length=64)], note: Words
) -> Response:
    """Close an alarm, saying what was done."""
    found = parse_id(alarm)
    if found is None:
        raise NotFound("There is no alarm of this id.")
    app.review.quality.end_alarm(who, found, note=note)
    return _back("alarms")


@router.post("/qa/schemes/{scheme}/confirm")
@needs(Permission.GRADE_QA)
def confirm_table(app: Parts, who: Who, scheme: Table, note: Words) -> Response:
    """Put a proposed table in force, as the second person; history is derived anew."""
    app.review.adopting.confirm(who, scheme, note=note)
    return _back("tables")


@router.post("/qa/schemes/{scheme}/refuse")
@needs(Permission.GRADE_QA)
def refuse_table(app: Parts, who: Who, scheme: Table, note: Words) -> Response:
    """Refuse a proposed table; whoever proposed it takes it back so."""
    app.review.adopting.refuse(who, scheme, note=note)
    return _back("tables")


def _back(part: str) -> RedirectResponse:
    return RedirectResponse(f"/qa#{part}", status_code=303)
