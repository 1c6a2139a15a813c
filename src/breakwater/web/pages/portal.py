"""The member's portal: what a member may see of itself, opened with its key.

The key comes in the body of a request and is asked for anew each time: no session is made and
nothing is kept in the browser. Wrong keys are counted by address, as at the door. Thin over
`hub.members.own`; decision 0038.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from breakwater.errors import BreakwaterError, NotAllowed
from breakwater.hub import clients
from breakwater.model.access import Permission
from breakwater.model.hub import FeedbackKind
from breakwater.records import hub_feedback, hub_feeds
from breakwater.web.api.sessions import site_of
from breakwater.web.gate import Parts, Router, anyone, check_origin, client_address, gate_of
from breakwater.web.pages import portal_trial, read_hub
from breakwater.web.pages.context import Pages
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import say

router = Router(include_in_schema=False)


@router.get("/portal")
@anyone("asks for a member's key; it shows nothing before")
def door(request: Request, pages: Pages) -> HTMLResponse:
    """Ask for the key."""
    return pages.renderer.bare(request, "portal", view=None, wrong="")


@router.post("/portal")
@anyone("the key is the proof; wrong ones are counted by address")
def own(
    request: Request, app: Parts, pages: Pages, key: Annotated[str, Form(max_length=200)] = ""
) -> HTMLResponse:
    """The member's own page: keys, lines to copy, how it follows, what it gave and said."""
    check_origin(request)
    gate_of(request).slow_down(request)
    try:
        who = app.access.keys.authenticate(key.strip(), client_address(request))
        if not who.may(Permission.HUB_PULL):
            raise NotAllowed("This key belongs to no member of the hub.")
        looked = app.hub.members.own(who)
    except BreakwaterError as error:
        gate_of(request).failed(request)
        return pages.renderer.bare(
            request, "portal", view=None, wrong=refused(error), status=error.status
        )
    with app.db.read() as tx:
        newest = hub_feeds.newest(tx)
        words = hub_feedback.of_member(tx, looked.member.id)
    said = [(_word(one.opinion), one.entry, one.at) for one in words if one.at is not None]
    home = site_of(request).origin
    lines = clients.lines(home, read_hub.TOKEN, [])
    view = read_hub.member(who, looked, newest, app.clock.now(), lines=lines, said=said)
    view = replace(view, trial=clients.trial(home))
    return pages.renderer.bare(request, "portal", view=view, wrong="")


@router.api_route("/portal/test.csv", methods=["GET", "HEAD"])
@anyone("hashes of ordinary pictures that ship with the program; nothing of the hub's")
def trial_list() -> Response:
    """The test list."""
    return Response(portal_trial.the_list(), media_type="text/csv; charset=utf-8")


@router.api_route("/portal/test.jpg", methods=["GET", "HEAD"])
@anyone("an ordinary picture that ships with the program")
def trial_picture() -> Response:
    """A picture that matches it."""
    return Response(portal_trial.the_picture(), media_type="image/jpeg")


def _word(opinion: FeedbackKind | None) -> str:
    if opinion is None:
        return say("Taken back")
    return say("Confirmed") if opinion is FeedbackKind.AFFIRMATIVE else say("Contradicted")
