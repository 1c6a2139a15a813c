"""Settings of live streams: media servers, the graded policy, banks that may cut by themselves.

Thin over `live.servers` and `banks.cutting`; what is shared with a server is never on a page:
`breakwater media-server recipe` prints its configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError
from breakwater.live.servers import NewServer
from breakwater.model.access import Permission, Principal
from breakwater.model.server import ServerKind
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_live
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=2048)]
SEE_OTHER: Final = 303
SAID: Final = Spoken({
    "added": later("The media server is entered. Its configuration: breakwater media-server recipe."),
    "propose": later("Proposed. A second person has to agree."),
    "confirm": later("Agreed. This bank may cut by itself."),
    "forbid": later("Taken back. This bank freezes and calls a person."),
})  # fmt: skip


@router.get("/settings/live")
@needs(P.SERVER_WRITE)
def live(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:  # fmt: skip
    """Media servers, policy, watchers."""
    return _page(request, app, pages, who, said=SAID.get(said, ""))


@router.post("/settings/live/servers")
@needs(P.SERVER_WRITE)
def add(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, name: Field = "", kind: Field = "", service: Field = "", control_url: Field = "",
    rtmp_url: Field = "", hls_url: Field = "",
) -> Response:  # fmt: skip
    """Enter a media server."""

    def act() -> str:
        if kind not in set(ServerKind) or not name.strip():
            raise BadInput(say("A media server has a name and a kind."))
        app.live.servers.add(
            NewServer(
                name.strip(), ServerKind(kind), service.strip(), control_url.strip(),
                rtmp_url.strip(), hls_url.strip(),
            ),
            who,
        )  # fmt: skip
        return "added"

    return _acted(request, app, pages, who, act)


@router.post("/settings/live/check")
@needs(P.SERVER_WRITE)
def check(request: Request, app: Parts, pages: Pages, who: Who, name: Field = "") -> HTMLResponse:
    """Ask a media server whether it can be frozen and cut."""
    try:
        found = app.live.servers.check(name)
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status)
    return _page(request, app, pages, who, checked=name, answers=found)


@router.post("/settings/live/banks")
@needs(P.BANK_WRITE)
def mark(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, bank: Field = "", act: Field = "", reason: Field = "",
) -> Response:  # fmt: skip
    """Let a bank cut by itself, which takes two people, or take that back."""
    cuts = app.enforcement.bank_cuts

    def done() -> str:
        if act == "propose":
            cuts.propose(bank, who, reason=reason)
        elif act == "confirm":
            cuts.confirm(bank, who)
        else:
            cuts.forbid(bank, who)
        return act if act in {"propose", "confirm"} else "forbid"

    return _acted(request, app, pages, who, done)


def _acted(
    request: Request, app: Any, pages: Console, who: Principal, act: Callable[[], str]
) -> Response:
    try:
        said = act()
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status)
    return RedirectResponse(f"/settings/live?said={said}", SEE_OTHER)


def _page(
    request: Request, app: Any, pages: Console, who: Principal,
    *, said: str = "", wrong: str = "", status: int = 200, checked: str = "",
    answers: tuple[Any, ...] = (),
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        view = read_live.view(tx, app)
    return show(
        request, pages, who, "settings_live", section="settings", view=view, said=said,
        wrong=wrong, status=status, checked=checked, answers=answers,
    )  # fmt: skip
