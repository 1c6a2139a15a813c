"""The live wall: every watched stream by risk, one target at a time. Words until stills come."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_wall
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.duty import SAID

router = Router(include_in_schema=False)


@router.get("/live")
@needs(Permission.CASE_READ)
def wall(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """Streams that need a person, then the rest by risk."""
    with app.db.read() as tx:
        view = read_wall.view(tx, who, app.review.on_call)
    return show(request, pages, who, "wall", view=view, said=SAID.get(said, ""))
