"""Settings of live streams: media servers, the graded policy, banks that may cut by themselves.

Thin over `live.servers` and `banks.cutting`; what is shared with a server is never on a page:
`breakwater media-server recipe` prints its configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Form, Query
from pydantic import BaseModel
from pydantic import Field as FormField
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, NeedsSignature
from breakwater.live.servers import NewServer
from breakwater.model.access import Permission, Principal
from breakwater.model.server import ServerKind
from breakwater.records import media_servers, people
from breakwater.web.api.servers import NAME
from breakwater.web.api.signing import signature
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_classifiers, read_live
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_sign import SignForm
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.sign import Credential, Password, proof_of
from breakwater.web.pages.speech import Spoken, later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=2048)]
NAMED: Final = later(
    "A media server has a kind, and a name of small letters, digits, dots and dashes."
)
SEE_OTHER: Final = 303
SAID: Final = Spoken({
    "changed": later("The media server is changed."),
    "removed": later("The media server is removed. Its streams and their cases stay."),
    "added": later("The media server is entered. Its configuration: breakwater media-server recipe."),
    "propose": later("Proposed. A second person has to agree."),
    "confirm": later("Agreed. This bank may cut by itself."),
    "forbid": later("Taken back. This bank freezes and calls a person."),
})  # fmt: skip


class ChangeForm(BaseModel):
    """What can be changed of a media server.

    Attributes:
        user, password: of its control interface; empty: they stay. They are never shown.
        version: as the form was made.
    """

    name: str = FormField(max_length=64)
    service: str = FormField(default="", max_length=64)
    control_url: str = FormField(default="", max_length=2048)
    rtmp_url: str = FormField(default="", max_length=2048)
    hls_url: str = FormField(default="", max_length=2048)
    networks: str = FormField(default="", max_length=2048)
    user: str = FormField(default="", max_length=128)
    password: str = FormField(default="", max_length=256)
    active: bool = False
    version: int = FormField(ge=1, le=2**31 - 1)

    @property
    def fields(self) -> dict[str, Any]:
        """As the verb takes them."""
        return {
            "service": self.service.strip(), "control_url": self.control_url.strip(),
            "rtmp_url": self.rtmp_url.strip(), "hls_url": self.hls_url.strip(),
            "hook_networks": tuple(self.networks.replace(",", " ").split()),
            "user": self.user.strip() or None, "password": self.password or None,
            "active": self.active, "version": self.version,
        }  # fmt: skip


@router.get("/settings/live")
@needs(P.SERVER_WRITE)
def live(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, said: Annotated[str, Query(max_length=20)] = "",
    edit: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:  # fmt: skip
    """Media servers, policy, watchers; `edit` names the server that is to be changed."""
    return _page(request, app, pages, who, said=SAID.get(said, ""), edit=edit)


@router.post("/settings/live/servers")
@needs(P.SERVER_WRITE)
def add(
    request: Request, app: Parts, pages: Pages, who: Who,
    *, name: Field = "", kind: Field = "", service: Field = "", control_url: Field = "",
    rtmp_url: Field = "", hls_url: Field = "",
) -> Response:  # fmt: skip
    """Enter a media server."""

    def act() -> str:
        if kind not in set(ServerKind) or not re.fullmatch(NAME, name.strip()):
            raise BadInput(say(NAMED))
        app.live.servers.add(
            NewServer(
                name.strip(), ServerKind(kind), service.strip(), control_url.strip(),
                rtmp_url.strip(), hls_url.strip(),
            ),
            who,
        )  # fmt: skip
        return "added"

    return _acted(request, app, pages, who, act)


@router.post("/settings/live/change")
@needs(P.SERVER_WRITE)
def change(
    request: Request, app: Parts, pages: Pages, who: Who, form: Annotated[ChangeForm, Form()]
) -> Response:
    """Change what is said of a media server; its name and kind stay."""

    def act() -> str:
        app.live.servers.change(form.name, form.fields, who)
        return "changed"

    return _acted(request, app, pages, who, act, edit=form.name)


@router.post("/settings/live/remove")
@needs(P.SERVER_WRITE)
def remove(request: Request, app: Parts, pages: Pages, who: Who, name: Field = "") -> Response:
    """Remove a media server; refused while streams of it are watched."""

    def act() -> str:
        app.live.servers.remove(name, who)
        return "removed"

    return _acted(request, app, pages, who, act, edit=name)


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
    *, bank: Field = "", act: Field = "", reason: Field = "", password: Password = "",
    credential: Credential = "",
) -> Response:  # fmt: skip
    """Let a bank cut by itself, which two people sign, or take that back, which one does."""
    cuts = app.enforcement.bank_cuts

    def done() -> str:
        if act not in {"propose", "confirm"}:
            cuts.forbid(bank, who)
            return "forbid"
        about = cuts.to_sign(bank, who)
        signed = signature(request, app, who, about, proof_of(password, credential))
        if act == "confirm":
            cuts.confirm(bank, who, signed)
        elif signed is None:
            raise NeedsSignature
        else:
            cuts.propose(bank, who, signed, reason=reason)
        return act

    try:
        return RedirectResponse(f"/settings/live?said={done()}", SEE_OTHER)
    except BreakwaterError as error:
        sign = None
        if act in {"propose", "confirm"} and isinstance(error, BadInput | NeedsSignature):
            sign = _sign(app, who, bank, act, reason)
        asked = isinstance(error, NeedsSignature)
        return _page(
            request, app, pages, who, wrong="" if asked else refused(error),
            status=200 if asked else error.status, sign=sign,
        )  # fmt: skip


def _sign(app: Any, who: Principal, bank: str, act: str, reason: str) -> SignForm:
    """What is signed: one's own proposal with its reason, or that of another person."""
    words = say("Sign: bank %(bank)s may cut by itself.", bank=bank)
    waits = app.enforcement.bank_cuts.get(bank).waiting
    if act == "confirm" and waits is not None:
        with app.db.read() as tx:
            name = people.get(tx, waits.by).name
        words = say(
            "%(name)s proposes that bank %(bank)s may cut by itself: %(reason)s",
            name=name, bank=bank, reason=waits.reason,
        )  # fmt: skip
    ask = act == "propose" and not reason.strip()
    kept = (("reason", reason),) if reason.strip() else ()
    return SignForm(
        words=words,
        button=say("Sign and agree") if act == "confirm" else say("Sign and propose"),
        method=app.access.signing.method(who),
        action="/settings/live/banks",
        options=f"/v1/banks/{quote(bank)}/auto-cut/options",
        back="/settings/live",
        fields=(("bank", bank), ("act", act), *kept),
        reason=say("Why, for the second person") if ask else "",
    )


def _acted(
    request: Request, app: Any, pages: Console, who: Principal, act: Callable[[], str],
    *, edit: str = "",
) -> Response:  # fmt: skip
    try:
        said = act()
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=refused(error), status=error.status, edit=edit)
    return RedirectResponse(f"/settings/live?said={said}", SEE_OTHER)


def _page(
    request: Request, app: Any, pages: Console, who: Principal,
    *, said: str = "", wrong: str = "", status: int = 200, checked: str = "",
    answers: tuple[Any, ...] = (), edit: str = "", sign: SignForm | None = None,
) -> HTMLResponse:  # fmt: skip
    with app.db.read() as tx:
        known = {one.name for one in media_servers.every(tx)}
        view = read_live.view(tx, app, edit if edit in known else "")
    return show(
        request, pages, who, "settings_live", section="settings", view=view, said=said,
        watching=read_classifiers.watching(app, app.clock.now()),
        wrong=wrong, status=status, checked=checked, answers=answers, sign=sign,
    )  # fmt: skip
