"""Links: two pieces that belong together, why, how sure, and what a person said of it.

An edge says one thing (the same copy, place, sound, device, account, or a person's likeness) with
its method and version. A series is what edges hold together; `scenes.series` computes it and
nothing is ever merged for good. Source: reference linking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from breakwater.model.case import Priority
from breakwater.model.ids import Id


class LinkKind(StrEnum):
    """What two pieces have in common."""

    COPY = "copy"
    PLACE = "place"
    DECOR = "decor"
    """The same furnishing, not the same room: hotel chains repeat it. Never joins a series, also
    where a person confirms it: what is confirmed is the furnishing."""
    PERSON = "person"
    """A likeness that an operator's model saw: a lead for a person, never joins a series."""
    SOUND = "sound"
    DEVICE = "device"
    ACCOUNT = "account"

    @property
    def joins(self) -> bool:
        """Whether a machine's edge of this kind may join series without a person."""
        return self not in _LEADS


_LEADS: Final = frozenset({LinkKind.DECOR, LinkKind.PERSON})


class EdgeState(StrEnum):
    """What is known of an edge: who says so last."""

    MACHINE = "machine"
    CONFIRMED = "confirmed"
    """A person says that both belong together: must-link."""
    REJECTED = "rejected"
    """A person says that both do not belong together: cannot-link."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One reason to hold two pieces together, or apart.

    Attributes:
        number: of the edge; edges arrive in this order.
        a, b: numbers of the two media, the smaller first.
        kind: what they have in common.
        score: 0..1 of its method; compared within a kind alone.
        state: a machine's word, or a person's.
    """

    number: int
    a: int
    b: int
    kind: LinkKind
    score: float = 1.0
    state: EdgeState = EdgeState.MACHINE


class Origin(StrEnum):
    """Where a medium that is linked comes from."""

    CASE = "case"
    """Something kept of a case: `origin_id` is the case."""
    STREAM = "stream"
    """What was kept of a stopped broadcast: `origin_id` is the stream."""
    EXHIBIT = "exhibit"
    """What an investigator brought: `origin_id` is the exhibit."""


class MediumState(StrEnum):
    """How far a medium is."""

    WAITING = "waiting"
    LOOKED = "looked"
    ABSTAINED = "abstained"
    """It was read and has nothing to compare by (black, frozen, text): not the same as no link."""
    FAILED = "failed"
    """It could not be read: a person looks."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One piece that links are sought for.

    Attributes:
        number: of it; edges name it.
        case: whose it is, where it belongs to a case.
        blob: the vault's object of its bytes; None where only hashes may be kept.
        media_type: as magic bytes say.
        source: what lays its logo over every frame (a service, a collection): one overlay mask.
        sha256: of its bytes; empty: none.
        made_at: when it was made or sent, as far as is known.
        version: of the look that `points` and traits come from; 0: none yet.
        points: the vault's object of its key points.
        facts: sizes, shots, seconds, why it abstained.
        gone_at: when its bytes, points, vectors and traits were destroyed; edges stay as numbers.
    """

    number: int
    id: Id
    origin: Origin
    origin_id: Id
    state: MediumState
    source: str
    media_type: str
    added_at: datetime
    case: Id | None = None
    blob: Id | None = None
    sha256: str = ""
    made_at: datetime | None = None
    fault: str = ""
    version: int = 0
    points: Id | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    gone_at: datetime | None = None


class TraitKind(StrEnum):
    """What a file, device or account leaves behind."""

    CAMERA = "camera"
    """Make, model and serial number that EXIF names."""
    CAMERA_MODEL = "camera_model"
    SOFTWARE = "software"
    ENCODER = "encoder"
    """Encoder and muxer strings with their settings."""
    TABLES = "tables"
    """Quantisation tables and subsampling of a JPEG."""
    GOP = "gop"
    """Pattern of picture groups, resolution, rate, profile."""
    CONTAINER = "container"
    """Order and kinds of boxes, brands, track layout."""
    DEVICE = "device"
    ACCOUNT = "account"
    ADDRESS = "address"
    PAYMENT = "payment"
    STREAM_KEY = "stream_key"
    WATCHED_BY = "watched_by"
    """Somebody who watched, paid for or directed it: media with the same few viewers."""

    @property
    def link(self) -> LinkKind:
        """The kind of edge that it makes."""
        return LinkKind.ACCOUNT if self in _OF_ACCOUNTS else LinkKind.DEVICE

    @property
    def names_one(self) -> bool:
        """Whether it names one device or account by itself, not only a model or a program."""
        return self in _NAMING


_OF_ACCOUNTS: Final = frozenset({
    TraitKind.ACCOUNT, TraitKind.ADDRESS, TraitKind.PAYMENT, TraitKind.STREAM_KEY, TraitKind.WATCHED_BY,
})  # fmt: skip
_NAMING: Final = frozenset({
    TraitKind.CAMERA, TraitKind.DEVICE, TraitKind.ACCOUNT, TraitKind.PAYMENT, TraitKind.STREAM_KEY,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing left behind, in clear, before it is a keyed hash.

    Attributes:
        value: normalised; what is hashed.
        shown: for people; sealed where it is kept. Empty: the value itself.
    """

    kind: TraitKind
    value: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An edge as a method found it, before it has a number.

    Attributes:
        a, b: numbers of the two media, the smaller first.
        method, version: what found it, in words that stay.
        score: 0..1 of the method.
        evidence: plain JSON for the evidence panel. `pairs`: [{a_s, b_s, inliers, points:
            [[x, y, x', y'], …]}] of frames; `line`: [[a_s, b_s], …] of an alignment; `sound`:
            {a_s, b_s, seconds, error_rate}; `trait`: {kind, shared_by} without its value.
    """

    a: int
    b: int
    kind: LinkKind
    method: str
    version: str
    score: float
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """An edge as it is kept: what was found, and what a person said of it."""

    edge: Edge
    method: str
    version: str
    evidence: Mapping[str, Any]
    at: datetime


class Outcome(StrEnum):
    """What became of a child of a series."""

    IDENTIFIED = "identified"
    SAFEGUARDED = "safeguarded"
    NO_ACTION = "no_action"


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series as people see it.

    Attributes:
        number: in use; older numbers that mean the same media are `aliases`.
        name: given by people, no names of children.
        media: how many belong to it now.
        version: row version for optimistic locking.
    """

    number: int
    id: Id
    name: str
    priority: Priority
    media: int
    made_at: datetime
    changed_at: datetime
    aliases: tuple[int, ...] = ()
    version: int = 1
