"""Routing rules for whoever leads the work, and one's own terms for whoever decides cases.

Rules are tried on the last week before anything is kept; a version goes in shadow or live by a
button of its own. Verbs: `review.queueing.routing` and `review.queueing.queue`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Form, Query
from starlette.responses import HTMLResponse, Response

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.queue import WorkTerms
from breakwater.model.routing import Mode
from breakwater.model.routing_form import parse
from breakwater.web.api.media import known_id
from breakwater.web.gate import Router, needs
from breakwater.web.pages import read_routing
from breakwater.web.pages.context import show
from breakwater.web.pages.queue import At, Desk, to
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)

Rules = Annotated[str, Form(max_length=200_000)]
Words = Annotated[tuple[str, ...], Form(max_length=50)]
SAID: Final = {
    "draft": later("The rules are kept as version %(n)s. They do nothing yet."),
    "live": later("Version %(n)s is in force for cases that open from now on."),
    "shadow": later("Version %(n)s is in shadow: it only notes what it would do."),
    "retired": later("Version %(n)s is retired."),
    "skills": later("The skills are kept."),
}


@router.get("/queue/routing")
@needs(P.ROUTING_WRITE)
def rules(
    desk: At,
    said: Annotated[str, Query(max_length=20)] = "",
    n: Annotated[int, Query(ge=0, lt=1 << 31)] = 0,
) -> HTMLResponse:
    """What is in force, and other rules to try."""
    return _page(desk, said=say(SAID[said], n=n) if said in SAID else "")


@router.post("/queue/routing")
@needs(P.ROUTING_WRITE)
def write(
    desk: At,
    rules: Rules = "",
    note: Annotated[str, Form(max_length=200)] = "",
    do: Annotated[str, Form(max_length=10)] = "try",
) -> Response:
    """Try rules on the last week, or keep them as a draft."""
    try:
        text = _read(rules)
        if do == "keep":
            made = desk.app.review.routing.create(desk.who, text, note=note)
            return to(f"/queue/routing?{urlencode({'said': 'draft', 'n': made.number})}")
        found = desk.app.review.routing.dry_run(desk.who, parse(text))
    except BadInput as wrong:
        return _page(desk, draft=rules, note=note, wrong=refused(wrong), status=wrong.status)
    compared = read_routing.comparison(say("What these rules would have changed"), found)
    return _page(desk, draft=rules, note=note, compared=compared)


@router.get("/queue/routing/{number}/shadow")
@needs(P.ROUTING_WRITE)
def shadowed(desk: At, number: int) -> HTMLResponse:
    """What a version in shadow would have done."""
    found = desk.app.review.routing.shadowed(desk.who, number)
    title = say("What version %(n)s would have changed, as its shadow noted it", n=number)
    return _page(desk, compared=read_routing.comparison(title, found))


@router.post("/queue/routing/{number}/mode")
@needs(P.ROUTING_WRITE)
def set_mode(desk: At, number: int, mode: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Set a version live or in shadow, or retire it."""
    try:
        wanted = Mode(mode)
    except ValueError:
        raise BadInput("A version is set live, in shadow, or retired.") from None
    desk.app.review.routing.set_mode(desk.who, number, wanted)
    return to(f"/queue/routing?{urlencode({'said': wanted.value, 'n': number})}")


@router.post("/queue/routing/skills/{person}")
@needs(P.ROUTING_WRITE)
def skills(
    desk: At,
    person: str,
    skill: Words = (),
    more: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Say what somebody is trained for."""
    named = frozenset([*skill, *more.replace(",", " ").split()])
    desk.app.review.queue.set_skills(desk.who, known_id(person), named)
    return to("/queue/routing?said=skills")


@router.get("/queue/terms")
@needs(P.CASE_DECIDE)
def terms(desk: At, said: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """What comes to oneself, and what does not."""
    kept = say("Kept. It holds from the next case on.") if said == "kept" else ""
    return _terms(desk, desk.app.review.queue.terms(desk.who), kept)


@router.post("/queue/terms")
@needs(P.CASE_DECIDE)
def opt_out(desk: At, word: Words = ()) -> Response:
    """Choose what is not offered to oneself."""
    desk.app.review.queue.opt_out(desk.who, frozenset(word))
    return to("/queue/terms?said=kept")


def _terms(desk: Desk, own: WorkTerms, said: str) -> HTMLResponse:
    with desk.app.db.read() as tx:
        view = read_routing.terms_page(Look(tx, desk.app.clock.now(), desk.who), own, said)
    return show(desk.request, desk.pages, desk.who, "terms", section="queue", view=view)


def _page(desk: Desk, *, status: int = 200, **more: Any) -> HTMLResponse:
    with desk.app.db.read() as tx:
        look = Look(tx, desk.app.clock.now(), desk.who)
        view = read_routing.rules_page(look, **more)
    return show(
        desk.request, desk.pages, desk.who, "routing", section="queue", status=status, view=view
    )


def _read(rules: str) -> dict[str, Any]:
    """Rules out of a text field.

    Raises:
        BadInput: it is not JSON; the detail says where.
    """
    try:
        text = json.loads(rules)
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(f"This is not JSON{place}.") from None
    if not isinstance(text, dict):
        raise BadInput("The rules are an object with `rules` and `pressure`.")
    return text
