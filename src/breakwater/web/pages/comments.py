"""Settings of comments: the budget is people's time, and what other numbers would change.

Nothing is changed here: numbers in the address are tried, beside those in force. Settings
themselves come from the environment and the settings file.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.comments.calibrate import Budget
from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_comments, read_shadow
from breakwater.web.pages.context import Pages, show

router = Router(include_in_schema=False)

MOST: Final = 100_000
Number = Annotated[float | None, Query(gt=0, le=120, allow_inf_nan=False)]
Count = Annotated[int | None, Query(ge=1, le=MOST)]


@router.get("/settings/comments")
@needs(Permission.SYSTEM_READ)
def comments(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    per_hour: Number = None, people: Count = None, chats: Count = None,
) -> HTMLResponse:  # fmt: skip
    """The budget, what is calibrated, and what weighs; with numbers: what they would change."""
    weighs = read_comments.weighs(app.settings, app.clock.now().date())
    with app.db.read() as tx:
        now = read_comments.budget(tx, app.settings)
        tried = None
        if per_hour or people or chats:
            tried = Budget(per_hour or now.pages, people or now.people, chats or now.streams)
        view = read_comments.view(tx, app.settings, weighs, now, tried)
        beside = read_shadow.beside(tx, app.settings, app.hearing.irc)
    return show(
        request, pages, who, "settings_comments", section="settings", view=view, beside=beside
    )
