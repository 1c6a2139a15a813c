"""Holds: what is preserved of a case, until when, and what ends it.

A decision "illegal" opens a hold of the kind `report`: 365 days from the receipt of its report
(18 USC 2258A(h), as amended by the REPORT Act), from the decision until there is one. A court or
an authority adds holds of its own. What is preserved is a list of `HoldItem`; while one hold of
its case stands, the databases themselves refuse to delete it (`records.held`). What may be kept of
media is the law of the service's seat: `SeatRule`. Kept by `records.holds`, moved by
`reporting.preserving`; tests: `tests/unit/test_hold.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

TERM: Final = timedelta(days=365)
"""A completed submission is a request to preserve for one year (18 USC 2258A(h)(1))."""

LONGEST: Final = timedelta(days=3650)
"""An extension beyond this is a typing error."""


class HoldKind(StrEnum):
    """Who asked that it is kept: the report duty, a court, an authority's request."""

    REPORT = "report"
    LEGAL = "legal"
    REQUEST = "request"

    @property
    def ordered(self) -> bool:
        """Somebody outside asked for it: it ends when two people say that it ended."""
        return self is not HoldKind.REPORT


class SeatRule(StrEnum):
    """What the law of the service's seat lets it keep of media; facts and hashes are kept always."""

    MEDIA = "media"
    HASHES = "hashes"
    """Media are not kept once the decision is preserved: only police may hold them."""
    UNTIL_RECEIPT = "until_receipt"
    """Media are destroyed once the receipt of the report stands."""


class Why(StrEnum):
    """From what a hold's time counts, or why it ended."""

    DECIDED = "decided"
    RECEIPT = "receipt"
    EXTENDED = "extended"
    ORDERED = "ordered"
    RELEASED = "released"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"
    SEAT = "seat"


class HoldState(StrEnum):
    """Derived from its time and its end. `due`: its time is over, what it kept is still here."""

    STANDS = "stands"
    DUE = "due"
    ENDED = "ended"


class Kept(StrEnum):
    """What one item is."""

    MEDIA = "media"
    RECORDING = "recording"
    PREROLL = "preroll"
    STILL = "still"
    VIEWERS = "viewers"
    COMMENTS = "comments"
    MESSAGES = "messages"
    ACCOUNT = "account"
    STREAM = "stream"
    UPLOAD = "upload"
    CASE = "case"
    REPORT = "report"

    @property
    def pictures(self) -> bool:
        """It shows what happened: what a seat's law may forbid to keep."""
        return self in {Kept.MEDIA, Kept.RECORDING, Kept.PREROLL, Kept.STILL}


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a case's evidence is kept.

    Attributes:
        number: for people, from 1.
        reference: of a court's order or an authority's request; empty for the report duty.
        seat: rule of the service's seat when it was opened.
        by: person, or `reporting`.
        starts: from when its time counts.
        ends: until when it is kept at least; None: until it is released.
        counted: from what `ends` counts.
        ended_at: when it ended; None: it stands, or is due.
        ended_by, second: who agreed that it ends; empty: a decision was taken back.
    """

    id: Id
    number: int
    case: Id
    kind: HoldKind
    seat: SeatRule
    reason: str
    by: str
    starts: datetime
    ends: datetime | None
    state: HoldState
    reference: str = ""
    counted: Why = Why.DECIDED
    ended_at: datetime | None = None
    ended_why: Why | None = None
    ended_by: str = ""
    second: str = ""

    @property
    def stands(self) -> bool:
        """It forbids deletion: also when its time is over and nobody has destroyed anything."""
        return self.state is not HoldState.ENDED


@dataclass(frozen=True, slots=True)
class Extension:
    """Somebody kept a hold longer: who, when, until when and why."""

    hold: Id
    by: str
    at: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class HoldItem:
    """One thing that is kept of a case, or a gap: what could not be kept, and why.

    Attributes:
        what: it is.
        name: which one of its kind, in words: "upload 0197…", "recording 3f2a…".
        blob: in the vault; None for a row, a hash or a gap.
        table, row: the row that is kept, where it is one.
        sha256: of the bytes, hexadecimal; empty: there are none.
        size: of them, in bytes.
        since: from when the thing is.
        gap: why it is not kept; empty when it is.
        until_receipt: it is kept until the report's receipt only.
        ended_at: when it stopped being held before the others.
        destroyed_at: when it was destroyed.
    """

    id: Id
    case: Id
    what: Kept
    name: str
    since: datetime
    kept_at: datetime
    blob: Id | None = None
    table: str = ""
    row: Id | None = None
    sha256: str = ""
    size: int = 0
    gap: str = ""
    until_receipt: bool = False
    ended_at: datetime | None = None
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preservation:
    """How far the keeping of one case is.

    Attributes:
        attempts: that failed since the last success.
        fault: code of what stands in its way; empty: nothing does.
        next_at: when it is looked at again; None: never, unless something comes to it.
        alarmed_at: when it was said that it fails.
    """

    case: Id
    wanted_at: datetime
    attempts: int = 0
    next_at: datetime | None = None
    fault: str = ""
    done_at: datetime | None = None
    alarmed_at: datetime | None = None

    @property
    def done(self) -> bool:
        """Everything that there was when it was last looked at stands in the manifest."""
        return self.done_at is not None and not self.fault


def state_of(ends: datetime | None, ended_at: datetime | None, now: datetime) -> HoldState:
    """Where a hold stands.

    >>> from datetime import UTC, datetime
    >>> state_of(datetime(2026, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 1, tzinfo=UTC)).value
    'due'
    """
    if ended_at is not None:
        return HoldState.ENDED
    return HoldState.DUE if ends is not None and ends <= now else HoldState.STANDS
