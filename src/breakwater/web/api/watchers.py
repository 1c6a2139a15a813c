"""`/v1/watchers`: which process watches which broadcasts, since when, and how busy it is."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from breakwater.live.watching.listing import unplaced
from breakwater.live.watching.listing import watchers as listed
from breakwater.model.access import Permission
from breakwater.web.api.openapi import problems
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, needs

P = Permission
router = Router(tags=["streams"])


class WatchedOut(Answer):
    """One broadcast with a watcher."""

    stream: str = Field(examples=[ID])
    label: str = Field(examples=["stream-014"])
    since: datetime = Field(description="When this pull began.")
    sampling: str = Field(description="`key`, `fast` or `full`.", examples=["key"])
    seen: float = Field(description="Share of its length that was looked at.", examples=[0.98])
    frames: int
    last: datetime | None = Field(description="When a frame was last looked at.")


class WatcherOut(Answer):
    """One watcher process of the server that answers."""

    number: int
    process: int = Field(description="Its process id.")
    alive: bool
    since: datetime
    cpu: float = Field(description="Mean share of one core since its start, without its children.")
    lost: int = Field(description="Messages dropped because the server was behind.")
    streams: list[WatchedOut]


class WatchersOut(Answer):
    """All watchers of the server that answers."""

    watchers: list[WatcherOut]
    unplaced: int = Field(description="Broadcasts that wait for a watcher or another try.")


@router.get("/v1/watchers", summary="Watchers of broadcasts", responses=problems(401, 403, 429))
@needs(P.STREAM_READ)
def watchers(app: Parts) -> WatchersOut:
    """Of the server that answers; several servers on PostgreSQL each list their own."""
    found = listed(app.live.watching, app.clock.now())
    return WatchersOut(
        watchers=[WatcherOut.model_validate(one, from_attributes=True) for one in found],
        unplaced=unplaced(app.live.watching),
    )
