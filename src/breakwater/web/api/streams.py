"""`/v1/streams`: broadcasts that services tell of, reports on them, and what people order.

Services tell with a key of scope `stream:write`; orders are for people. A broadcast on a media
server that is connected here is known by its hooks: telling of it adds the account behind it.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, Field, field_validator
from starlette.requests import Request

from breakwater.errors import BadInput
from breakwater.live.telling import ReportTold
from breakwater.model.access import Permission
from breakwater.model.broadcast import News, NewsKind, Sender, Viewer
from breakwater.model.ids import Id, parse_id
from breakwater.model.signin import about_cut
from breakwater.model.stream import Broadcaster, Control, Order, Stream
from breakwater.model.upload import Surface
from breakwater.model.user_report import Concern, ReporterKind
from breakwater.model.watch import Act, ActKind
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.reports import ReportOut
from breakwater.web.api.requests import SERVICE, Body, Moment
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.api.signing import ProofIn, ToSignOut, signature, to_sign
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["streams"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
SERVER = r"^[A-Za-z0-9._-]{0,64}$"
MOST = 200
"""Broadcasts of one answer."""
VIEWERS_BODY = 4 << 20
"""Bytes: 10,000 viewers with addresses."""


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value)) if value else ""
    except ValueError:
        raise ValueError("takes an IPv4 or IPv6 address") from None


def _watched(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2100:
        raise ValueError("takes a time between 2000 and 2100")
    return value


Sighted = Annotated[Moment, AfterValidator(_watched)]
"""A moment at which somebody watched or did something."""


def _id(text: str) -> Id:
    found = parse_id(text)
    if found is None:
        raise BadInput(f"Ids have the form {ID}.")
    return found


class SenderIn(Body):
    """Who sends."""

    client: str = Field(default="", max_length=64, description="The media server's id of the connection.")  # fmt: skip
    account: str = Field(default="", max_length=512, description="Your id of the account.", examples=["acct-17"])  # fmt: skip
    device: str = Field(default="", max_length=512, description="Your id of the device.")
    address: str = Field(default="", description="IP address of the sender; kept sealed.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Its port; unknown is null, never 0.")  # fmt: skip

    _checked = field_validator("address")(_address)

    def sender(self) -> Sender:
        """As the verb takes it."""
        return Sender(**{name: getattr(self, name) for name in SenderIn.model_fields})


class StreamIn(SenderIn):
    """A broadcast that begins, or more about one that runs."""

    name: str = Field(min_length=1, max_length=200, description="What the media server, or you, call it.", examples=["live/014"])  # fmt: skip
    server: str = Field(default="", pattern=SERVER, description="Name of the media server as entered here; empty: your own.")  # fmt: skip
    service: str = Field(default="", pattern=rf"({SERVICE})|^$", description="Your name for the service.", examples=["clips"])  # fmt: skip
    key: str = Field(default="", max_length=256, description="The stream key, where it is not the name; kept sealed.")  # fmt: skip
    pull_url: str = Field(default="", max_length=2048, pattern=r"^((rtmps?|https?|srt)://\S+)?$", description="Where it can be fetched.")  # fmt: skip
    surface: Surface = Field(default=Surface.LIVE, description="Where it is shown.")
    jurisdiction: str = Field(default="", pattern=r"^([A-Za-z]{2}(-[A-Za-z0-9]{1,3})?)?$", description="ISO 3166, e.g. GB.")  # fmt: skip

    def told(self) -> Sender:
        """As the verb takes it."""
        return Sender(
            client=self.client, key=self.key, service=self.service, account=self.account,
            device=self.device, address=self.address, port=self.port, pull_url=self.pull_url,
            surface=self.surface.value, jurisdiction=self.jurisdiction.upper(),
        )  # fmt: skip


class EventIn(Body):
    """One thing that happened in a broadcast."""

    kind: NewsKind = Field(examples=["comments"])
    risk: float = Field(default=0.0, ge=0, le=1, description="For `comments` and `classifier`.")
    sender: SenderIn = Field(
        default=SenderIn(),
        description="For `joined` and `left`; with a risk: of which of several senders it is.",
    )
    order: str = Field(default="", max_length=64, description="For `stopped`: the order you obeyed.")  # fmt: skip
    done: bool = Field(default=True, description="For `stopped`: whether it is so.")
    detail: str = Field(default="", max_length=200, description="For `stopped`: what you say of it.")  # fmt: skip

    def told(self) -> News:
        """As the verb takes it."""
        order = _id(self.order) if self.order else None
        return News(self.kind, self.risk, self.sender.sender(), order, self.done, self.detail)


class ViewerIn(Body):
    """One who watches; sealed, and forgotten with a broadcast that ends without a case."""

    account: str = Field(min_length=1, max_length=512, examples=["acct-3"])
    address: str = Field(default="")
    port: int | None = Field(default=None, ge=1, le=65535)
    joined_at: Sighted | None = None
    left_at: Sighted | None = None
    agent: str = Field(default="", max_length=512, description="What the player calls itself.")
    device: str = Field(default="", max_length=512, description="Your fingerprint of the device; kept as a keyed hash only.")  # fmt: skip
    payments: list[Annotated[str, Field(min_length=1, max_length=512)]] = Field(default_factory=list, max_length=16, description="Your fingerprints of means of payment; kept as keyed hashes only.")  # fmt: skip

    _checked = field_validator("address")(_address)

    def viewer(self) -> Viewer:
        """As the verb takes it."""
        return Viewer(
            self.account, self.address, self.port, self.joined_at, self.left_at, self.agent,
            self.device, tuple(self.payments),
        )  # fmt: skip


class ActIn(Body):
    """What a viewer did besides watching."""

    kind: ActKind = Field(examples=["paid"])
    account: str = Field(min_length=1, max_length=512, examples=["acct-3"])
    at: Sighted
    reference: str = Field(default="", max_length=200, description="Your id of the payment or message; the same one counts once.")  # fmt: skip
    payment: str = Field(default="", max_length=512, description="Your fingerprint of the means of payment; kept as a keyed hash only.")  # fmt: skip
    amount: str = Field(default="", max_length=64, examples=["20 EUR"])

    def act(self) -> Act:
        """As the verb takes it."""
        return Act(self.kind, self.account, self.at, self.reference, self.payment, self.amount)


class ViewersIn(Body):
    """Who watches now."""

    count: int | None = Field(default=None, ge=0, le=1 << 31, examples=[120])
    viewers: list[ViewerIn] = Field(default_factory=list, max_length=10_000)
    acts: list[ActIn] = Field(default_factory=list, max_length=10_000, description="Payments and directions.")  # fmt: skip


class StreamReportIn(Body):
    """What a viewer says is wrong with a broadcast."""

    concern: Concern = Field(examples=["abuse_live"])
    reporter: str = Field(min_length=1, max_length=512, description="Your id of who reports; kept as a keyed pseudonym only.", examples=["acct-3"])  # fmt: skip
    reporter_kind: ReporterKind = ReporterKind.USER
    danger: bool = Field(default=False, description="They say that a child is in danger now.")
    reference: str = Field(default="", max_length=200, description="Your own id of the report; the same one is not taken twice.")  # fmt: skip
    words: str = Field(default="", max_length=4000, description="The reporter's own; kept sealed.")

    def told(self) -> ReportTold:
        """As the verb takes it."""
        return ReportTold(**dict(self))


class OrderIn(ProofIn):
    """How far a broadcast shall be stopped; a cut is signed."""

    to: Control = Field(examples=["frozen"])
    broadcaster: Broadcaster | None = Field(default=None, description="Who sends; asked at every cut.")  # fmt: skip
    publisher: str = Field(default="", max_length=64, description="One of several senders; empty: all of it.")  # fmt: skip
    reason: str = Field(default="", max_length=2000)

    def whom(self) -> Id | None:
        """One of several senders, if it is named."""
        return _id(self.publisher) if self.publisher else None


class AgreeIn(ProofIn):
    """What a second person says; agreeing is signed."""

    reason: str = Field(default="", max_length=2000)


class OrderOut(Answer):
    """An order and where it stands."""

    id: str = Field(examples=[ID])
    stream: str = Field(examples=[ID])
    to: str = Field(examples=["cut"])
    state: str = Field(description="`wanted`, `sent`, `confirmed`, `unconfirmed` or `overtaken`.")
    why: str = Field(examples=["person"])
    by: str = Field(description="Id of a person, or `policy`.")
    broadcaster: str = Field(examples=["unknown"])
    publisher: str | None = None
    epoch: int = Field(description="An older order never acts after a newer one.")
    at: datetime
    confirmed_at: datetime | None = None

    @classmethod
    def of(cls, order: Order) -> OrderOut:
        """From the noun."""
        return cls(
            id=order.id, stream=order.stream, to=order.to.value, state=order.state.value,
            why=order.why, by=order.by, broadcaster=order.broadcaster.value,
            publisher=order.publisher, epoch=order.epoch, at=order.at,
            confirmed_at=order.confirmed_at,
        )  # fmt: skip


class StreamOut(Answer):
    """A broadcast. Names that are stream keys stay here."""

    id: str = Field(examples=[ID])
    label: str = Field(examples=["stream-014"])
    server: str
    service: str
    state: str = Field(description="`live`, `lost` or `ended`.")
    control: str = Field(description="How far it is stopped.", examples=["open"])
    order_state: str | None = Field(default=None, description="Where the order in force stands.")
    risk: float
    priority: str
    viewers: int
    seen_share: float = Field(description="Share of its length whose frames were looked at.")
    started_at: datetime
    ended_at: datetime | None = None
    case: str | None = None
    orders: list[OrderOut] = Field(default_factory=list)

    @classmethod
    def of(cls, stream: Stream, orders: list[Order] | None = None) -> StreamOut:
        """From the noun."""
        return cls(
            id=stream.id, label=stream.label, server=stream.server, service=stream.service,
            state=stream.state.value, control=stream.control.value,
            order_state=stream.order_state.value if stream.order_state else None,
            risk=stream.risk, priority=stream.priority.value, viewers=stream.viewers,
            seen_share=stream.seen_share, started_at=stream.started_at,
            ended_at=stream.ended_at, case=stream.case,
            orders=[OrderOut.of(one) for one in orders or []],
        )  # fmt: skip


class StreamsOut(Answer):
    """Broadcasts, the newest first."""

    streams: list[StreamOut]


@router.get("/v1/streams", summary="Broadcasts", responses=READ)
@needs(P.STREAM_READ)
def every(
    app: Parts,
    who: Who,
    *,
    running: bool = True,
    before: Annotated[str, Query(max_length=64, description="Older than this id.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> StreamsOut:
    """A service sees its own."""
    older = _id(before) if before else None
    found = app.live.streams.every(who, running=running, before=older, limit=limit)
    return StreamsOut(streams=[StreamOut.of(one) for one in found])


@router.post("/v1/streams", status_code=201, summary="Tell of a broadcast", responses=CHANGE)
@needs(P.STREAM_WRITE)
def begin(body: StreamIn, app: Parts, who: Who) -> StreamOut:
    """Begun, or more about one that runs. 403 when its key, account or device was cut before."""
    return StreamOut.of(app.live.streams.begin(who, body.server, body.name, body.told()))


@router.get("/v1/streams/{id}", summary="One broadcast with its orders", responses=READ)
@needs(P.STREAM_READ)
def one(id: IdText, app: Parts, who: Who) -> StreamOut:  # noqa: A002 - the path's own word
    """Its state, and every order it was given."""
    return StreamOut.of(*app.live.streams.get(who, known_id(id)))


@router.post("/v1/streams/{id}/events", summary="Something happened in a broadcast", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_WRITE)
def event(id: IdText, body: EventIn, app: Parts, who: Who) -> StreamOut:  # noqa: A002 - the path's own word
    """Scores change its risk at once; `stopped` closes the order you obeyed."""
    return StreamOut.of(app.live.streams.event(who, known_id(id), body.told()))


@router.post("/v1/streams/{id}/viewers", summary="Who watches", responses=CHANGE)
@needs(P.STREAM_WRITE, body=VIEWERS_BODY)
def viewers(id: IdText, body: ViewersIn, app: Parts, who: Who) -> StreamOut:  # noqa: A002 - the path's own word
    """Sealed, and forgotten with a broadcast that ends without a case."""
    told, acts = [one.viewer() for one in body.viewers], [one.act() for one in body.acts]
    verb = app.live.streams
    return StreamOut.of(verb.viewers(who, known_id(id), count=body.count, who=told, acts=acts))


@router.post("/v1/streams/{id}/reports", status_code=201, summary="Report a broadcast", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_WRITE)
def report(id: IdText, body: StreamReportIn, app: Parts, who: Who) -> ReportOut:  # noqa: A002 - the path's own word
    """Its risk and place in the queue change at once."""
    return ReportOut.of(app.live.streams.report(who, known_id(id), body.told()))


@router.post("/v1/streams/{id}/orders", status_code=201, summary="Stop a broadcast, or let it go", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def order(id: IdText, body: OrderIn, request: Request, app: Parts, who: Who) -> OrderOut:  # noqa: A002 - the path's own word
    """A cut is signed: 422 `needs_signature`. Where it takes two it is frozen: 409, another agrees."""
    wishes, stream = app.enforcement.wishes, known_id(id)
    about = about_cut(stream, body.whom())
    wished = wishes.want(
        who, stream, body.to, reason=body.reason, broadcaster=body.broadcaster,
        publisher=body.whom(), signed=signature(request, app, who, about, body.proof),
    )  # fmt: skip
    return OrderOut.of(wished)


@router.post("/v1/streams/{id}/orders/options", summary="How to sign a cut", responses=CHANGE)
@needs(P.STREAM_CONTROL)
def signing(id: IdText, request: Request, app: Parts, who: Who, publisher: str = "") -> ToSignOut:  # noqa: A002 - the path's own word
    """A challenge for this cut, or for the wish of another person that waits."""
    one = _id(publisher) if publisher else None
    return to_sign(request, app, who, app.enforcement.wishes.to_sign(who, known_id(id), one))


@router.post("/v1/streams/{id}/orders/confirm", status_code=201, summary="Agree to a cut as second person", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def confirm(id: IdText, body: AgreeIn, request: Request, app: Parts, who: Who) -> OrderOut:  # noqa: A002 - the path's own word
    """It is cut now; signed as `orders/options` says; the person who wanted it is refused."""
    wishes, stream = app.enforcement.wishes, known_id(id)
    signed = signature(request, app, who, wishes.to_sign(who, stream), body.proof)
    return OrderOut.of(wishes.confirm(who, stream, signed, note=body.reason))


@router.post("/v1/streams/{id}/orders/refuse", status_code=204, summary="Disagree with a cut", responses=CHANGE)  # fmt: skip
@needs(P.STREAM_CONTROL)
def refuse(id: IdText, body: AgreeIn, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """It stays frozen until somebody lets it go."""
    app.enforcement.wishes.refuse(who, known_id(id), note=body.reason)
