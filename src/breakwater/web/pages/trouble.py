"""Errors as pages: what happened, what was kept, what to do, and a reference to copy.

`web.server` asks `wants_page` and `page_for` before it answers problem+json; whoever is not
signed in is sent to the door instead.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from breakwater.model.access import Permission, Role
from breakwater.web.gate import gate_of, language_of, turned_away
from breakwater.web.languages import speak
from breakwater.web.pages.context import show
from breakwater.web.pages.models import Trouble
from breakwater.web.pages.read_people import ROLES
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say
from breakwater.web.problem import Problem

LACKS: Final = re.compile(r"Your role does not have the permission (?P<permission>\S+)\.")
"""What `web.gate` says; a page says instead whose it is."""

_TITLES: Final = Spoken({
    401: later("Nobody is signed in"),
    403: later("Your role does not open this"),
    404: later("There is nothing here"),
    409: later("Somebody else changed this"),
    422: later("This cannot be read"),
    423: later("Time for a break"),
    429: later("Too many requests"),
    503: later("A part that is needed does not answer"),
    507: later("The disk is full"),
})  # fmt: skip

_DO: Final = Spoken({
    403: later("Ask somebody with the right role, or your administrator."),
    404: later("Check the address, or find the case with Ctrl K."),
    409: later("Load the page again and decide anew."),
    422: later("Correct what you typed."),
    429: later("Wait a minute, then try again."),
    503: later("Try again. If it stays, tell the person who runs this installation."),
    507: later("Tell the person who runs this installation to free space."),
})  # fmt: skip


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked for a page, and not a program for data."""
    return "text/html" in request.headers.get("accept", "")


def page_for(request: Request, problem: Problem) -> Response:
    """The error as a page; the door for those who are not signed in."""
    who = turned_away(request)
    if who is None and problem.status != 401:
        who = gate_of(request).signed_in(request)
    if problem.status == 401 or who is None:
        return RedirectResponse("/login", status_code=303)
    speak(language_of(request))
    view = Trouble(
        status=problem.status,
        title=_TITLES.get(problem.status, say("Something went wrong here")),
        happened=_happened(problem),
        kept=say("Nothing was changed and nothing was lost."),
        do=_DO.get(
            problem.status,
            say("Try again. If it stays, give the reference to whoever runs this."),
        ),
        reference=problem.reference,
    )
    return show(
        request, request.app.state.console, who, "trouble", status=problem.status, view=view
    )


def _happened(problem: Problem) -> str:
    if problem.code == "no_such_route":
        return say("No page of the console has this address.")
    lacks = LACKS.fullmatch(problem.detail)
    if lacks is not None:
        return _whose(Permission(lacks["permission"]))
    return f"{say(problem.title)} {say(retold(problem.detail))}".strip()


def _whose(permission: Permission) -> str:
    """Which roles open it; and that grading and measuring it are two people's work."""
    roles = ", ".join(say(ROLES[role][0]) for role in Role if permission in role.permissions)
    told = say("It is open to these roles: %(roles)s.", roles=roles)
    if permission is Permission.GRADE_WRITE:
        told += " " + say(
            "A quality lead cannot grade: it needs another person with the role Grader."
        )
    return told
