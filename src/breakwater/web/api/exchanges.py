"""`/v1/exchanges`: lists of others as feeds; entered, checked, pulled, paused, removed, seen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import Field

from breakwater.app import App
from breakwater.errors import NotAllowed
from breakwater.exchange.manage import NewFeed, Shown
from breakwater.exchange.ports import Checked
from breakwater.model.access import Permission, Principal
from breakwater.model.exchange import LEAST_EVERY_S, MOST_EVERY_S, Credentials, Feed, Pull
from breakwater.web.api import requests
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["exchange"])

NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
URL: Final = r"^$|^https?://[^\s\x00-\x20]{1,1500}$"
Name = Annotated[str, Path(min_length=1, max_length=64, examples=["ncmec-1"])]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)
Label = Annotated[str, Field(min_length=1, max_length=60)]
Option = Annotated[str, Field(max_length=20_000)] | int | bool
Secret = Annotated[str, Field(max_length=1024)]
Every = Annotated[int, Field(ge=LEAST_EVERY_S, le=MOST_EVERY_S)]


class FeedIn(Body):
    """A feed as you enter it."""

    name: str = Field(pattern=NAME, examples=["ncmec-1"])
    kind: str = Field(max_length=32, description="Of protocol.", examples=["ncmec"])
    bank: str = Field(pattern=requests.NAME, description="Which it fills.", examples=["NCMEC"])
    url: str = Field(default="", pattern=URL, max_length=1600, examples=["https://hashsharing.ncmec.org/hashsharing"])  # fmt: skip
    options: dict[str, Option] = Field(default={}, max_length=20, description="Of the protocol.")
    user: Secret = ""
    password: Secret = ""
    token: Secret = ""
    second: Secret = Field(default="", description="A second key, where a peer asks two.")
    source: str = Field(default="", max_length=200, description="Shown with every match.")
    permitted_use: str = Field(default="", max_length=200, description="Overrides the bank's.")
    labels: list[Label] = Field(default=[], max_length=20)
    every_s: Every = 3600
    vouch: bool = Field(default=False, description="You vouch for the list: floods are not held.")
    feedback: bool = Field(default=False, description="What people here say goes back.")
    counts: bool = Field(default=False, description="Match counts go back, without content.")
    signed_by: str = Field(default="", max_length=200, description="For commands on this host.")

    def new(self) -> NewFeed:
        """The noun."""
        secret = Credentials(self.user, self.password, self.token, self.second)
        return NewFeed(
            self.name, self.kind, self.bank, self.url, self.options, secret, self.source,
            self.permitted_use, tuple(self.labels), self.every_s, self.vouch or bool(self.signed_by),
            self.feedback, self.counts,
        )  # fmt: skip


class FeedChange(Body):
    """What is to change; the rest stays."""

    url: str | None = Field(default=None, pattern=URL, max_length=1600)
    options: dict[str, Option] | None = Field(default=None, max_length=20)
    user: Secret | None = None
    password: Secret | None = None
    token: Secret | None = None
    second: Secret | None = None
    source: str | None = Field(default=None, max_length=200)
    permitted_use: str | None = Field(default=None, max_length=200)
    labels: list[Label] | None = Field(default=None, max_length=20)
    every_s: Every | None = None
    vouch: bool | None = None
    feedback: bool | None = None
    counts: bool | None = None
    enabled: bool | None = Field(default=None, description="False: it is pulled no more.")
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="As you read it.")

    def fields(self) -> dict[str, Any]:
        """What was said."""
        said = {k: v for k, v in self.model_dump(exclude_unset=True).items() if v is not None}
        said.pop("version", None)
        return said | ({"labels": tuple(self.labels)} if self.labels is not None else {})


class FeedOut(Answer):
    """A feed and how it does; never what the peer knows us by."""

    id: str = Field(examples=[ID])
    name: str = Field(examples=["ncmec-1"])
    kind: str
    bank: str
    url: str
    options: dict[str, Any]
    source: str
    permitted_use: str
    labels: list[str]
    every_s: int
    vouched: bool
    feedback: bool
    counts: bool
    enabled: bool
    version: int
    health: str = Field(description="well, new, late, failing or paused.", examples=["well"])
    lag_s: float | None = Field(description="Seconds behind the peer; null before the first pull.")
    due_at: datetime | None
    tried_at: datetime | None
    pulled_at: datetime | None = Field(description="When a pull last came to its end.")
    entries: int = Field(description="Of the peer's, those that act here.")
    signals: int
    rows: int
    added: int
    gone: int
    bad: int
    errors: int = Field(description="Failed tries in a row.")
    fault: str
    told: dict[str, int] = Field(description="Feedback by what the peer did with it.")

    @classmethod
    def of(cls, shown: Shown) -> FeedOut:
        """From the noun."""
        feed, state = shown.feed, shown.state
        said = {
            name: getattr(feed, name)
            for name in cls.model_fields.keys() & Feed.__dataclass_fields__.keys()
        }
        does = {
            name: getattr(state, name)
            for name in ("due_at", "tried_at", "pulled_at", "rows", "added", "gone", "bad", "errors", "fault")
        }  # fmt: skip
        return cls.model_validate({
            **said, **does, "labels": list(feed.labels), "vouched": feed.vouched_by is not None,
            "health": shown.health.value, "lag_s": shown.lag_s, "entries": shown.entries,
            "signals": shown.signals, "told": dict(shown.told), "options": dict(feed.options),
        })  # fmt: skip


class PullOut(Answer):
    """One pull."""

    id: str = Field(examples=[ID])
    started_at: datetime
    ended_at: datetime | None
    pages: int
    offered: int
    added: int
    gone: int
    bad: int
    fault: str

    @classmethod
    def of(cls, pull: Pull) -> PullOut:
        """From the noun."""
        return cls.model_validate(pull, from_attributes=True)


class BadOut(Answer):
    """A row that could not be read; never its content."""

    at: datetime
    place: str
    reason: str


class HealthOut(Answer):
    """A feed with its pulls and what could not be read, the newest first."""

    feed: FeedOut
    pulls: list[PullOut]
    bad: list[BadOut]


class FeedsOut(Answer):
    """All of them."""

    feeds: list[FeedOut]


class CheckOut(Answer):
    """Whether the peer lets us in."""

    ok: bool
    words: str = Field(examples=["We are member 7, Harbour."])

    @classmethod
    def of(cls, found: Checked) -> CheckOut:
        """From the noun."""
        return cls(ok=found.ok, words=found.words)


@router.get("/v1/exchanges", summary="Feeds of others' lists", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def every(app: Parts) -> FeedsOut:
    """With how each does; never their credentials."""
    return FeedsOut(feeds=[FeedOut.of(one) for one in app.exchange.feeds.every()])


@router.post("/v1/exchanges", status_code=201, summary="Enter a feed", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def add(body: FeedIn, app: Parts, who: Who) -> FeedOut:
    """It is pulled at once; check it to see whether the peer lets us in."""
    made = app.exchange.feeds.add(body.new(), _signer(app, who, body.signed_by))
    return FeedOut.of(app.exchange.feeds.get(made.name))


def _signer(app: App, who: Principal, name: str) -> Principal:
    """The person in whose name a command on the server's own host runs."""
    if not name:
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return app.access.people.on_behalf(who, name, P.EXCHANGE_WRITE)


@router.get("/v1/exchanges/{name}", summary="A feed and its health", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def one(
    name: Name,
    app: Parts,
    pulls: Annotated[int, Query(ge=0, le=500)] = 50,
    bad: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> HealthOut:
    """Its pulls, and rows that could not be read, the newest first."""
    shown = app.exchange.feeds.get(name, pulls=pulls, bad=bad)
    return HealthOut(
        feed=FeedOut.of(shown), pulls=[PullOut.of(one) for one in shown.pulls],
        bad=[BadOut(at=at, place=row.place, reason=row.reason) for at, row in shown.bad],
    )  # fmt: skip


@router.patch("/v1/exchanges/{name}", summary="Change a feed", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def change(name: Name, body: FeedChange, app: Parts, who: Who) -> FeedOut:
    """Members that are left out stay as they are."""
    app.exchange.feeds.change(name, body.fields(), who, version=body.version)
    return FeedOut.of(app.exchange.feeds.get(name))


@router.delete("/v1/exchanges/{name}", status_code=204, summary="Remove a feed", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def remove(name: Name, app: Parts, who: Who, *, withdraw: bool = False) -> None:
    """Its entries stay; with `withdraw` those are withdrawn that nobody else gives."""
    app.exchange.feeds.remove(name, who, withdraw=withdraw)


@router.post("/v1/exchanges/{name}/check", summary="Check a feed's credentials", responses=FAULTS)
@needs(P.EXCHANGE_WRITE)
def check(name: Name, app: Parts) -> CheckOut:
    """Asks the peer now; nothing is pulled."""
    return CheckOut.of(app.exchange.feeds.check(name))


@router.post("/v1/exchanges/{name}/pull", status_code=202, summary="Pull a feed now", responses=FAULTS)  # fmt: skip
@needs(P.EXCHANGE_WRITE)
def pull(name: Name, app: Parts, who: Who) -> FeedOut:
    """It is begun by whoever serves; its health says how far it is."""
    app.exchange.feeds.pull(name, who)
    return FeedOut.of(app.exchange.feeds.get(name))
