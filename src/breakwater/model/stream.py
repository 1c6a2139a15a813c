"""Broadcasts: who sends, what was seen, how far it was stopped.

A `Stream` is one broadcast on one media server; it has one or more `Publisher`s (guests,
battles, calls), each with its own risk and cut. `Control` is how far it is stopped now; an
`Order` is the wish to change that, written down before the media server is asked, with every
answer of the server kept beside it. Made by `live`, obeyed by `enforcement`, read by `review`
and the live wall. Source of the steps: issue "Live" and reference live-ingest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.model.case import Priority
from breakwater.model.copies import Segment
from breakwater.model.ids import Id
from breakwater.model.scene import CloserLook


class StreamState(StrEnum):
    """Whether it runs. `lost` runs for all we know, but nobody sees it."""

    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


class Control(StrEnum):
    """How far a broadcast is stopped. Ordered: each includes those before it.

    `hidden`: held from discovery. `frozen`: no player gets bytes, publisher and recording go
    on; reversible. `cut`: the publisher is dead and nothing of it can be fetched.
    """

    OPEN = "open"
    WATCHED = "watched"
    HIDDEN = "hidden"
    FROZEN = "frozen"
    CUT = "cut"

    @property
    def rank(self) -> int:
        """0 to 4: the larger one is the stronger."""
        return list(Control).index(self)


class OrderState(StrEnum):
    """What became of an order. `unconfirmed` is shown in red and tried again."""

    WANTED = "wanted"
    SENT = "sent"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    OVERTAKEN = "overtaken"


class Broadcaster(StrEnum):
    """Who the person in front of the camera is, asked at every cut.

    An apparent child gets a help text, no ban, no re-registration key, and is `victim` in
    every report (reference law, "Cross-border and children").
    """

    SUSPECT = "suspect"
    APPARENT_CHILD = "apparent_child"
    UNKNOWN = "unknown"

    @property
    def reported_as(self) -> str:
        """What they are in every report: a child is the victim, never who is reported."""
        return "victim" if self is self.APPARENT_CHILD else "reported"

    @property
    def account(self) -> str:
        """What becomes of the account at a cut: nothing before somebody said who it is."""
        return {self.SUSPECT: "ban", self.APPARENT_CHILD: "help"}.get(self, "pending_role")


ROLE_DUE: Final = timedelta(minutes=15)
"""In which somebody says who broadcasts: until then the account is neither banned nor helped."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One broadcast.

    Attributes:
        server: name of the media server (`records.media_servers`); empty: the service's own.
        name: what the media server calls it; a stream key where servers use it as one, so it
            never goes to logs, events or pages: `label` does.
        label: what people call it, e.g. `stream-014`.
        service, account: where and whose; the account is the service's own name for it.
        pull_url: where watchers fetch it; empty: the adapter says.
        risk: 0 to 1, from frames, comments, reports and the account's history.
        priority: by risk: the shape and word on the live wall.
        viewers: as last told.
        seen_share: 0 to 1: the share of its length so far whose frames were looked at.
        order, order_state: the order in force and where it stands; empty: none was given.
        risks: what `risk` is made of, by source, each 0 to 1.
        version: row version for optimistic locking.
        change: its change number.
    """

    id: Id
    label: str
    server: str
    name: str
    service: str
    account: str
    state: StreamState
    control: Control
    risk: float
    priority: Priority
    viewers: int
    started_at: datetime
    change: int
    version: int = 1
    pull_url: str = ""
    surface: str = "live"
    jurisdiction: str = ""
    seen_share: float = 0.0
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    case: Id | None = None
    order: Id | None = None
    order_state: OrderState | None = None
    risks: Mapping[str, float] = field(default_factory=dict)

    @property
    def stopped(self) -> bool:
        """Frozen or cut."""
        return self.control.rank >= Control.FROZEN.rank


@dataclass(frozen=True, slots=True)
class Publisher:
    """One who sends into a broadcast.

    Attributes:
        key: the media server's own id of the sender (client id); never an address.
        account: the service's name for it; empty when unknown.
    """

    id: Id
    stream: Id
    key: str
    account: str
    joined_at: datetime
    left_at: datetime | None = None
    risk: float = 0.0
    control: Control = Control.OPEN


@dataclass(frozen=True, slots=True)
class Order:
    """The wish to change how far a broadcast is stopped; only ever added.

    Attributes:
        to: what it shall be.
        publisher: one of several senders; None: all of it.
        broadcaster: who sends, as asked at every cut; an apparent child is never banned.
        by: id of a person or key, or `policy`.
        why: `person`, `match`, `reports`, `nobody_on_duty`, `republished`, `thawed`, ...
        epoch: number of the order of this stream; an older one never acts after a newer.
    """

    id: Id
    stream: Id
    to: Control
    by: str
    why: str
    at: datetime
    epoch: int
    publisher: Id | None = None
    broadcaster: Broadcaster = Broadcaster.UNKNOWN
    state: OrderState = OrderState.WANTED
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """One answer of a media server to one step of an order; only ever added.

    Attributes:
        step: `deny_publish`, `drop_publisher`, `drop_viewers`, `hide`, `purge`, `probe`.
        done: whether the server says, or a probe shows, that it is so.
        detail: its own words, cut, without names or addresses.
        ms: from the order to this answer.
    """

    order: Id
    at: datetime
    step: str
    done: bool
    detail: str
    ms: int


@dataclass(frozen=True, slots=True)
class Alert:
    """What a watcher saw in a broadcast that a person, or policy, must hear of.

    Attributes:
        at: when the frame that decided it came in.
        time_s: its time in the broadcast.
        kind: `match` (bank entry, single frames), `copy` (aligned segment of a known video),
            `stopped` (aligned with a stopped stream), `undecodable`, `lost`, `classifier`.
        why: one sentence for people.
        frames: novel frames that support it.
        span_s: seconds over which they align.
        score: of the alignment; 0 for single frames.
        reference: id of the bank entry, reel or stopped stream.
        bank: its bank's name.
        auto_cut: bank marked so and the entry verified by two people or sources.
    """

    stream: Id
    at: datetime
    time_s: float
    kind: str
    why: str
    frames: int = 0
    span_s: float = 0.0
    score: float = 0.0
    reference: Id | None = None
    bank: str = ""
    auto_cut: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """An alert as it is kept, with what supports it and what policy wanted.

    Attributes:
        case: that it opened or joined; None where it only raised the sampling.
        wanted: how far policy went because of it.
        segments: aligned stretches, with their frame pairs.
        matches: entries that single frames were near to, as plain facts.
        looks: what closer looks at the segments found.
    """

    id: Id
    alert: Alert
    case: Id | None
    wanted: Control
    change: int
    segments: tuple[Segment, ...] = ()
    matches: tuple[Mapping[str, Any], ...] = ()
    looks: tuple[CloserLook, ...] = ()
