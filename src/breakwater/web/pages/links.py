"""Links: series, links that wait for a person, one series with its graph, one link with its evidence.

Everything that is shown is read within one snapshot; what is said of a link goes through
`linking.judging`. Forms work without scripts; pictures are drawn on a canvas and never have an
address (`pages.link_looks`). Tests: `tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.records import link_edges, link_lists
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_links, read_links_edge, read_links_series
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(include_in_schema=False)
SECTION: Final = "links"
SAID: Final = Spoken({
    "confirm": later("Confirmed: both belong to one series."),
    "reject": later("Rejected: both are kept apart."),
    "decor": later("Noted: the same décor only. Both are kept apart."),
    "back": later("Taken back: the link waits again."),
    "none": later("No other link waits."),
})  # fmt: skip
WORDS: Final[Mapping[str, str]] = {
    "confirm": "Both media were compared: they belong together.",
    "reject": "Both media were compared: they do not belong together.",
    "decor": "Both media were compared: the same décor, not the same place.",
    "back": "What was said is taken back.",
}
"""The reason of who gives none: what they did. It is evidence and stays as it is written."""
SEE_OTHER: Final = 303
CANNOT: Final = (BadInput, Conflict)
Reason = Annotated[str, Form(max_length=2000)]
Number = Annotated[int, Path(ge=1, lt=1 << 53)]


@router.get("/links")
@needs(P.LINK_READ)
def everything(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    q: Annotated[str, Query(max_length=120)] = "",
    priority: Annotated[str, Query(max_length=12)] = "",
    after: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:  # fmt: skip
    """Series, the last changed first."""
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        view = read_links.links(tx, text=q, priority=priority, after=after, seen=seen)
    return show(request, pages, who, "links", view=view)


@router.get("/links/waiting")
@needs(P.LINK_READ)
def waiting(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    kind: Annotated[str, Query(max_length=12)] = "",
    after: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    said: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """Links that wait for a person, the first found first."""
    with app.db.read() as tx:
        view = read_links.waits(tx, kind=kind, after=after, seen=app.linking.likeness.seen(tx, who))
    app.linking.likeness.listed(who, view.likenesses)
    return show(
        request, pages, who, "links_waiting", section=SECTION, view=view, said=SAID.get(said, "")
    )


@router.get("/links/{number}")
@needs(P.LINK_READ)
def one(
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, *,
    at: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
) -> HTMLResponse:  # fmt: skip
    """One series."""
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        view = read_links_series.series(tx, who, number, at=at, seen=seen)
    return show(request, pages, who, "series", section=SECTION, view=view, wrong="")


@router.get("/links/{number}/graph")
@needs(P.LINK_READ)
def graph(
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, *,
    at: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
) -> HTMLResponse:  # fmt: skip
    """The drawing of a series: a part of its page, or a page of its own without scripts."""
    part = request.headers.get("hx-request") == "true"
    most = read_links_series.NODES if part else read_links_series.ALONE
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        view = read_links_series.graph(tx, number, at=at, most=most, seen=seen)
    name = "parts/links_graph" if part else "series_graph"
    return show(request, pages, who, name, section=SECTION, view=view)


@router.get("/links/{number}/media")
@needs(P.LINK_READ)
def rows(
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, *,
    what: Annotated[str, Query(max_length=8)] = "",
    after: Annotated[int, Query(ge=0, lt=100_000)] = 0,
) -> HTMLResponse:  # fmt: skip
    """All media of a series, or all its links."""
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        view = read_links_series.rows(tx, number, what=what, at=after, seen=seen)
    return show(request, pages, who, "series_media", section=SECTION, view=view)


@router.get("/links/edges/{number}")
@needs(P.LINK_READ)
def edge(
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, *,
    pair: Annotated[int, Query(ge=0, lt=1000)] = 0,
    done: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    said: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """The evidence of one link."""
    return _edge(request, app, pages, who, number, pair=pair, done=done, said=SAID.get(said, ""))


@router.post("/links/edges/{number}")
@needs(P.LINK_WRITE)
def judge(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    verdict: Annotated[str, Form(max_length=12)] = "", reason: Reason = "",
) -> Response:  # fmt: skip
    """Keep what somebody says of a link, and open the next one that waits."""
    judging = app.linking.judging
    app.linking.likeness.opened(who, number)
    words = reason.strip() or WORDS.get(verdict, "")
    try:
        if verdict == "confirm":
            judging.confirm(who, number, words)
        elif verdict in {"reject", "decor"}:
            judging.reject(who, number, words)
        elif verdict != "skip":
            raise BadInput(say("Choose an answer, then Enter."))
    except CANNOT as error:
        return _edge(request, app, pages, who, number, wrong=error)
    return RedirectResponse(_onward(app, who, number, verdict), SEE_OTHER)


@router.post("/links/edges/{number}/back")
@needs(P.LINK_WRITE)
def take_back(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, reason: Reason = ""
) -> Response:
    """Take back what was said of a link."""
    app.linking.likeness.opened(who, number)
    try:
        app.linking.judging.take_back(who, number, reason.strip() or WORDS["back"])
    except CANNOT as error:
        return _edge(request, app, pages, who, number, wrong=error)
    return RedirectResponse(f"/links/edges/{number}?said=back", SEE_OTHER)


def _edge(
    request: Request, app: App, pages: Console, who: Principal, number: int, *, pair: int = 0,
    done: int = 0, said: str = "", wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    app.linking.likeness.opened(who, number)
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        torn = app.linking.judging.foreseen(tx, number)
        view = read_links_edge.edge(tx, who, number, pair=pair, seen=seen, torn=torn)
        undone = link_edges.get(tx, done).edge.number if done else 0
    return show(
        request, pages, who, "edge", section=SECTION, view=view, done=undone, said=said,
        wrong=refused(wrong) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _onward(app: App, who: Principal, number: int, verdict: str) -> str:
    """The link that waits after this one; a verdict can be taken back from there."""
    with app.db.read() as tx:
        seen = app.linking.likeness.seen(tx, who)
        found = link_lists.waiting(tx, after=number, limit=1, seen=seen)
        found = found or link_lists.waiting(tx, limit=1, seen=seen)
    following = next((one.edge.number for one in found if one.edge.number != number), 0)
    if verdict == "skip":
        return f"/links/edges/{following}" if following else "/links/waiting?said=none"
    return f"/links/edges/{following or number}?{urlencode({'done': number, 'said': verdict})}"
