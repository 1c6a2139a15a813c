"""Errors as pages: what happened, what was kept, what to do, and a reference to copy.

`web.server` asks `wants_page` and `page_for` before it answers problem+json; whoever is not
signed in is sent to the door instead.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from breakwater.web.gate import caller
from breakwater.web.pages.context import show
from breakwater.web.pages.models import Trouble
from breakwater.web.problem import Problem

_TITLES: Final = {
    401: "Nobody is signed in",
    403: "Your role does not open this",
    404: "There is nothing here",
    409: "Somebody else changed this",
    422: "This cannot be read",
    423: "Time for a break",
    429: "Too many requests",
    503: "A part that is needed does not answer",
    507: "The disk is full",
}

_DO: Final = {
    403: "Ask somebody with the right role, or your administrator.",
    404: "Check the address, or find the case with Ctrl K.",
    409: "Load the page again and decide anew.",
    422: "Correct what you typed.",
    429: "Wait a minute, then try again.",
    503: "Try again. If it stays, tell the person who runs this installation.",
    507: "Tell the person who runs this installation to free space.",
}


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked for a page, and not a program for data."""
    return "text/html" in request.headers.get("accept", "")


def page_for(request: Request, problem: Problem) -> Response:
    """The error as a page; the door for those who are not signed in."""
    who = caller(request)
    if problem.status == 401 or who is None:
        return RedirectResponse("/login", status_code=303)
    view = Trouble(
        status=problem.status,
        title=_TITLES.get(problem.status, "Something went wrong here"),
        happened=f"{problem.title} {problem.detail}".strip(),
        kept="Nothing was changed and nothing was lost.",
        do=_DO.get(
            problem.status, "Try again. If it stays, give the reference to whoever runs this."
        ),
        reference=problem.reference,
    )
    return show(
        request, request.app.state.console, who, "trouble", status=problem.status, view=view
    )
