"""The live wall: running broadcasts by risk, one target at a time; freeze, cut, watch, hold.

Every act is a plain form and works without scripts; with them the panel alone is swapped and
the order of tiles stays. Stopping never waits for a row version; letting go is refused when
somebody ordered something after the page was made. Stills: `review.looking.live_stills`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Depends, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NeedsSignature,
    TooManyRequests,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.model.signin import about_cut
from breakwater.model.stream import Broadcaster, Control, Stream
from breakwater.records import streams
from breakwater.web.api.signing import signature
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_senders, read_wall
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_sign import SignForm
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.sign import Credential, Password, proof_of
from breakwater.web.pages.speech import Spoken, later, say
from breakwater.web.workstation import Workstation

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
Label = Annotated[str, Query(max_length=64)]
Word = Annotated[str, Form(max_length=64)]
Reason = Annotated[str, Form(max_length=2000)]
After = Annotated[int, Query(ge=0, le=1000)]

SAID: Final = Spoken({
    "frozen": later("To be frozen. The publisher and the recording go on, and nobody sees it."),
    "cut": later("To be cut. Say who broadcasts; the panel shows when it is confirmed."),
    "watched": later("To be watched more closely."),
    "hidden": later("To be held from discovery."),
    "open": later("To be let go."),
    "frozen_one": later("One sender is to be frozen. The others go on."),
    "cut_one": later("One sender is to be cut. The others go on. Say who it is."),
    "open_one": later("One sender may send again."),
    "second_one": later("The cut of one sender waits for a second person."),
    "second": later("It is frozen. The cut waits for a second person."),
    "chat": later("Asked for in the chat; the panel shows when it is confirmed."),
    "chat_open": later("The chat is to be opened again."),
    "role": later("Noted who broadcasts."),
    "refused": later("The cut is refused. It stays frozen until somebody lets it go."),
})  # fmt: skip
"""What was just done; the address names the sentence, never its words."""

CHORD: Final = "Wanted from the live wall."
"""The reason of a cut by one chord, where a second person reads one."""


class StillsBody(BaseModel):
    """Which broadcasts are in view."""

    model_config = ConfigDict(extra="forbid")
    streams: list[str] = Field(min_length=1, max_length=60)


class OrderForm(BaseModel):
    """What is ordered of a broadcast.

    Attributes:
        to: without a word it is frozen.
        seen: id of the order that was shown as in force.
        role: who broadcasts; asked at every cut, and `unknown` until somebody says it.
        publisher: one of several senders; empty: all of it.
        password, credential: the signature under a cut.
        back: `case` returns to the case page.
    """

    to: Control = Control.FROZEN
    role: Broadcaster | None = None
    reason: str = Field(default="", max_length=2000)
    seen: str | None = Field(default=None, max_length=64)
    publisher: str = Field(default="", max_length=64)
    password: str = Field(default="", max_length=1024)
    credential: str = Field(default="", max_length=20_000)
    back: Literal["", "case"] = ""

    @property
    def one(self) -> Id | None:
        """The sender who is meant, if it is one of several."""
        return Id(self.publisher) if parse_id(self.publisher) else None


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler of the wall needs."""

    request: Request
    pages: Console
    app: Parts
    who: Principal

    @property
    def two(self) -> bool:
        """A cut takes two people."""
        return bool(self.app.live.streams.policy.two_people)

    @property
    def method(self) -> str:
        """What the viewer signs with."""
        return str(self.app.access.signing.method(self.who))

    def page(
        self, at: str, said: str = "", wrong: str = "", status: int = 200, *, after: int = 0,
        sign: SignForm | None = None,
    ) -> HTMLResponse:  # fmt: skip
        """The wall, with what was just done, or what is to be signed."""
        method = self.method if at else ""
        with self.app.db.read() as tx:
            view = read_wall.view(
                tx, self.who, self.app.review.on_call, at=at, two=self.two, after=after,
                method=method, sign=sign,
            )  # fmt: skip
        return show(
            self.request, self.pages, self.who, "wall", view=view, said=said, wrong=wrong,
            status=status,
        )  # fmt: skip

    def panel(
        self, at: str, said: str = "", wrong: str = "", status: int = 200, *,
        sign: SignForm | None = None,
    ) -> HTMLResponse:  # fmt: skip
        """The target alone."""
        method = self.method
        with self.app.db.read() as tx:
            target = read_wall.target(
                tx, self.who, streams.labelled(tx, at), two=self.two, method=method, sign=sign
            )
        return show(
            self.request, self.pages, self.who, "parts/wall_target", target=target, said=said,
            wrong=wrong, status=status,
        )  # fmt: skip

    def stream(self, label: str) -> Stream:
        """One broadcast by its label."""
        with self.app.db.read() as tx:
            return streams.labelled(tx, label)

    def acted(
        self, label: str, act: Callable[[], str], *, sign: Callable[[], SignForm] | None = None,
        back: str = "",
    ) -> Response:  # fmt: skip
        """Do it, and show what was done or why it was not: a panel to scripts, else a page.

        Args:
            label: of the broadcast.
            act: does it; answers a word of `SAID`.
            sign: what the viewer signs where it is not signed yet, or wrongly.
            back: the page to return to; empty: the wall.
        """
        alone = "hx-request" in self.request.headers
        shown = self.panel if alone else self.page
        try:
            said = act()
        except NeedsSignature as waits:
            return shown(label, refused(waits), sign=sign() if sign else None)
        except (BadInput, Conflict, NeedsSecondPerson, TooManyRequests) as error:
            again = sign() if sign and isinstance(error, BadInput | TooManyRequests) else None
            return shown(label, wrong=refused(error), status=error.status, sign=again)
        if alone:
            return self.panel(label, SAID[said])
        return RedirectResponse(
            back or f"/live?{urlencode({'at': label, 'said': said})}", SEE_OTHER
        )


async def _desk(request: Request, pages: Pages, app: Parts, who: Who) -> Desk:
    return Desk(request, pages, app, who)


At = Annotated[Desk, Depends(_desk)]


@router.get("/live")
@needs(P.STREAM_READ)
def wall(desk: At, at: Label = "", said: Label = "", after: After = 0) -> HTMLResponse:
    """Broadcasts that need a person, then the rest by risk; `at` is the target."""
    return desk.page(at, SAID.get(said, ""), after=after)


@router.get("/live/target")
@needs(P.STREAM_READ)
def target(desk: At, at: Label) -> HTMLResponse:
    """The panel about one broadcast."""
    return desk.panel(at)


@router.get("/live/tiles")
@needs(P.STREAM_READ)
def tiles(
    desk: At, of: Annotated[str, Query(max_length=2400)] = "", after: After = 0
) -> HTMLResponse:
    """Some tiles anew, by their ids, or those that the first document leaves out."""
    ids = [found for text in of.split(",")[: read_wall.TILES] if (found := parse_id(text))]
    with desk.app.db.read() as tx:
        shown = [one for id_ in ids if (one := streams.find(tx, id_)) is not None]
        made = read_wall.further(tx) if after else read_wall.tiles(tx, shown)
    return show(desk.request, desk.pages, desk.who, "parts/wall_tiles", tiles=made)


@router.post("/live/stills")
@needs(P.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: StillsBody) -> JSONResponse:
    """Small stills of what is in view, with their age; written down before they leave."""
    ids = [found for text in body.streams if (found := parse_id(text))]
    held = {one: made for one in ids if (made := app.live.watching.still(one))}
    shown = app.review.live_stills.allow(who, list(held), device=at) if held else []
    return JSONResponse({"stills": [
        {"stream": one, "age_s": round(held[one][1], 1),
         "webp": base64.b64encode(held[one][0]).decode()}
        for one in shown
    ]}, headers={"Cache-Control": "no-store"})  # fmt: skip


@router.post("/live/act")
@needs(P.STREAM_CONTROL)
def act(desk: At, freeze: Word = "", cut: Word = "") -> Response:
    """Freeze or cut from a tile: the button names the broadcast."""
    label, to = (cut, Control.CUT) if cut else (freeze, Control.FROZEN)
    return _order(desk, label, OrderForm(to=to))


@router.post("/live/{label}/orders")
@needs(P.STREAM_CONTROL)
def order(desk: At, label: str, form: Annotated[OrderForm, Form()]) -> Response:
    """Order how far it is stopped."""
    return _order(desk, label, form)


@router.post("/live/{label}/agree")
@needs(P.STREAM_CONTROL)
def agree(
    desk: At, label: str, reason: Reason = "", password: Password = "", credential: Credential = ""
) -> Response:
    """Agree to a cut as second person, signed."""
    wishes, stream = desk.app.enforcement.wishes, desk.stream(label)

    def agreed() -> str:
        about = wishes.to_sign(desk.who, stream.id)
        proof = proof_of(password, credential)
        signed = signature(desk.request, desk.app, desk.who, about, proof)
        wishes.confirm(desk.who, stream.id, signed, note=reason)
        return "cut"

    return desk.acted(label, agreed)


@router.post("/live/{label}/refuse")
@needs(P.STREAM_CONTROL)
def refuse(desk: At, label: str, reason: Reason = "") -> Response:
    """Disagree with a cut, or take one's own wish back."""
    wishes, stream = desk.app.enforcement.wishes, desk.stream(label)
    return desk.acted(
        label, lambda: _said(wishes.refuse(desk.who, stream.id, note=reason), "refused")
    )


def _order(desk: Desk, label: str, form: OrderForm) -> Response:
    stream = desk.stream(label)
    role = form.role or (Broadcaster.UNKNOWN if form.to is Control.CUT else None)
    reason = form.reason or (CHORD if form.to is Control.CUT else "")

    def wanted() -> str:
        about, proof = about_cut(stream.id, form.one), proof_of(form.password, form.credential)
        try:
            desk.app.enforcement.wishes.want(
                desk.who, Id(stream.id), form.to, reason=reason, broadcaster=role, seen=form.seen,
                publisher=form.one,
                signed=signature(desk.request, desk.app, desk.who, about, proof),
            )  # fmt: skip
        except NeedsSecondPerson as waits:
            if "approval" not in waits.facts:
                raise
            return "second" if form.one is None else "second_one"
        if form.role is not None and form.to is Control.CUT:
            return "role"
        return form.to.value if form.one is None else f"{form.to.value}_one"

    cuts = form.to is Control.CUT and stream.control is not Control.CUT
    back = f"/cases/{stream.case}#stream-title" if form.back and stream.case else ""
    sign = partial(_sign, desk, stream, form, back) if cuts else None
    return desk.acted(label, wanted, sign=sign, back=back)


def _sign(desk: Desk, stream: Stream, form: OrderForm, back: str) -> SignForm:
    """What is signed to cut it, or one of its senders."""
    one = form.one
    name = stream.label
    if one is not None:
        with desk.app.db.read() as tx:
            name = f"{stream.label}, {read_senders.name_of(tx, stream, one)}"
    said = {
        "to": "cut", "role": form.role or "", "reason": form.reason, "publisher": form.publisher,
        "back": form.back,
    }  # fmt: skip
    options = f"/v1/streams/{stream.id}/orders/options"
    return SignForm(
        words=say("Sign to cut %(name)s.", name=name),
        button=say("Sign and cut"),
        method=desk.method,
        action=f"/live/{stream.label}/orders",
        options=f"{options}?publisher={one}" if one else options,
        back=back or f"/live?at={stream.label}",
        fields=tuple((field, str(value)) for field, value in said.items() if value),
    )


def _said(_done: object, word: str) -> str:
    return word
