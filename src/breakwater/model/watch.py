"""Where a viewer seemed to be, how long they watched what is illegal, and what that makes them.

An address is a lead, not a place: `Place` keeps what the databases said at the time of the event,
with their names and dates, and is never looked up again. `Tier` sorts viewers so that passers-by
are not treated as suspects (reference law: paid, directed, returned, stayed, passed by). Made by
`geo` and `viewers`; kept by `records.watchers`. Tested in `tests/property/test_tiers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.model.clock import iso
from breakwater.model.ids import Id

STAYED_S: Final = 30.0
"""Seconds of what is illegal below which a viewer passed by (reference law)."""
SAME_VISIT_S: Final = 60.0
"""A player that comes back within a minute reconnected; it did not return."""


class AddressKind(StrEnum):
    """What an address can say at all."""

    PUBLIC = "public"
    PRIVATE = "private"
    """Of a network of one's own (RFC 1918, RFC 4193): the logging host stood behind a proxy."""
    CARRIER = "carrier"
    """Of a carrier's own network, shared by many subscribers (RFC 6598, 100.64.0.0/10)."""
    LOCAL = "local"
    """Of the host or link itself."""
    RESERVED = "reserved"
    """For documents, multicast or nobody."""
    UNREADABLE = "unreadable"


class Flag(StrEnum):
    """What hides who is behind an address."""

    ANONYMOUS = "anonymous"
    VPN = "vpn"
    TOR = "tor"
    HOSTING = "hosting"
    PUBLIC_PROXY = "public_proxy"
    RESIDENTIAL_PROXY = "residential_proxy"


class Exit(StrEnum):
    """Whether an address let Tor's traffic out at a moment."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """No snapshot tells of that time."""


class Certainty(StrEnum):
    """How far a country can be relied on."""

    CERTAIN = "certain"
    """Every source that knows the address says the same, and nothing known hides who is there."""
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """A reason why a country is not certain."""

    DISAGREE = "disagree"
    """Sources name different countries."""
    HIDDEN = "hidden"
    """A VPN, Tor, a proxy or a hosting company stands in between."""
    WIDE = "wide"
    OLD = "old"
    FAULT = "fault"
    CARRIER = "carrier"
    NOT_PUBLIC = "not_public"
    NOBODY_KNOWS = "nobody_knows"


@dataclass(frozen=True, slots=True)
class Source:
    """A database that said something: its name and the day it was built."""

    name: str
    built: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """What was known of an address at one moment; frozen.

    Attributes:
        at: the moment that was asked about, not when it was asked.
        address: as it was looked up, after translation; empty in what is shown without identity.
        via: how it was written before: `mapped`, `nat64`, `6to4`, `teredo` or empty.
        country: ISO 3166-1, the best guess; empty: unknown.
        candidates: every country that a source named, the best guess first.
        region: ISO 3166-2 without the country; may be empty.
        radius_km: half of those looked up lie within it; None: not told.
        asn, network: the autonomous system and its name; None and empty: unknown.
        tor: whether snapshots show it as an exit at that time.
        sources: what was asked and answered.
        faults: names of databases that could not be read.
        certainty, doubts: how far the country can be relied on, and every reason against it.
    """

    at: datetime
    kind: AddressKind = AddressKind.UNREADABLE
    address: str = ""
    via: str = ""
    country: str = ""
    candidates: tuple[str, ...] = ()
    region: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    radius_km: int | None = None
    zone: str = ""
    asn: int | None = None
    network: str = ""
    flags: frozenset[Flag] = frozenset()
    tor: Exit = Exit.UNKNOWN
    sources: tuple[Source, ...] = ()
    faults: tuple[str, ...] = ()
    certainty: Certainty = Certainty.UNKNOWN
    doubts: tuple[Doubt, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        plain: dict[str, Any] = {
            "at": iso(self.at), "kind": self.kind.value, "flags": sorted(self.flags),
            "tor": self.tor.value, "candidates": list(self.candidates),
            "faults": list(self.faults), "certainty": self.certainty.value,
            "doubts": [one.value for one in self.doubts],
            "sources": [{"name": one.name, "built": iso(one.built)} for one in self.sources],
        }  # fmt: skip
        return plain | {name: getattr(self, name) for name in _PLAIN}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Place:
        """Read what `as_json` wrote."""
        return cls(
            at=datetime.fromisoformat(kept["at"]),
            kind=AddressKind(kept["kind"]),
            candidates=tuple(kept["candidates"]),
            flags=frozenset(Flag(one) for one in kept["flags"]),
            tor=Exit(kept["tor"]),
            sources=tuple(
                Source(one["name"], datetime.fromisoformat(one["built"])) for one in kept["sources"]
            ),
            faults=tuple(kept["faults"]),
            certainty=Certainty(kept["certainty"]),
            doubts=tuple(Doubt(one) for one in kept["doubts"]),
            **{name: kept[name] for name in _PLAIN},
        )


_PLAIN: Final = (
    "address", "via", "country", "region", "city", "latitude", "longitude", "radius_km", "zone",
    "asn", "network",
)  # fmt: skip


class Tier(StrEnum):
    """What a viewer did, the gravest first."""

    PAID = "paid"
    DIRECTED = "directed"
    RETURNED = "returned"
    STAYED = "stayed"
    PASSED = "passed"

    @property
    def named(self) -> bool:
        """Whether a package names them; the others are counted (reference law)."""
        return self in NAMED

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return list(Tier).index(self)


NAMED: Final = frozenset({Tier.PAID, Tier.DIRECTED, Tier.RETURNED})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, the end not in it.

    Raises:
        ValueError: it ends before it starts.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("A span does not end before it starts.")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()


class ActKind(StrEnum):
    """What a viewer did besides watching."""

    PAID = "paid"
    DIRECTED = "directed"
    """Told the broadcaster what to do; said by the service or by a person who read it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a viewer did.

    Attributes:
        reference: the service's own id of the payment or message; the same one counts once.
        payment: a fingerprint of what it was paid with; kept as a keyed hash only.
        amount: in words, with the currency; sealed.
    """

    kind: ActKind
    account: str
    at: datetime
    reference: str = ""
    payment: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True)
class ActSeen:
    """An act by whose it is: a pseudonym, as of `ViewerSession.person`; in clear where asked.

    Attributes:
        by: id of the key or person who said it.
    """

    kind: ActKind
    person: str
    at: datetime
    payment: str = ""
    by: str = ""
    act: Act | None = None


class SessionSource(StrEnum):
    """Who told of a session."""

    SERVICE = "service"
    HOOK = "hook"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Watched:
    """One session as it is told: in clear, sealed where it is kept.

    Attributes:
        account: the service's own name; empty: unknown.
        ports: each source port that was seen, the first first; carrier-grade NAT needs it.
        agent: what the player called itself.
        token: the player's own session id, if its requests carry one; kept as a keyed hash.
        device, payments: the service's fingerprints; kept as keyed hashes only.
        requests: lines of a log that it is made of, at least.
    """

    joined_at: datetime
    left_at: datetime | None = None
    account: str = ""
    address: str = ""
    ports: tuple[int, ...] = ()
    agent: str = ""
    token: str = ""
    device: str = ""
    payments: tuple[str, ...] = ()
    source: SessionSource = SessionSource.SERVICE
    requests: int = 0


@dataclass(frozen=True, slots=True)
class ViewerSession:
    """One session as it is kept; `person` groups the sessions of one viewer.

    Attributes:
        person: a pseudonym: of the account, else of device, else of address and agent.
        keys: keyed hashes in hexadecimal by what they are of: account, address, device, payment.
        watched: in clear; None where who reads may not see it.
    """

    id: Id
    stream: Id
    person: str
    joined_at: datetime
    left_at: datetime | None
    country: str
    certainty: Certainty
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    watched: Watched | None = None
    place: Place | None = None


def overlap_s(visits: Iterable[Span], illegal: Iterable[Span]) -> float:
    """Seconds of what is illegal that were watched; none is counted twice."""
    mine, theirs = merged(visits), merged(illegal)
    return sum(
        max(0.0, (min(a.end, b.end) - max(a.start, b.start)).total_seconds())
        for a in mine
        for b in theirs
    )


def merged(spans: Iterable[Span], gap_s: float = 0.0) -> tuple[Span, ...]:
    """Spans in order, those that touch or lie within the gap made one."""
    out: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.start, span.end)):
        if out and one.start <= out[-1].end + timedelta(seconds=gap_s):
            out[-1] = Span(out[-1].start, max(out[-1].end, one.end))
        else:
            out.append(one)
    return tuple(out)


def visits_to(visits: Iterable[Span], illegal: Sequence[Span]) -> int:
    """How many separate visits met what is illegal; a player that reconnects is one."""
    return sum(overlap_s((one,), illegal) > 0 for one in merged(visits, SAME_VISIT_S))


@dataclass(frozen=True, slots=True)
class Watching:
    """What is known of one viewer of one broadcast, as far as a tier needs it.

    Attributes:
        overlap: seconds of what is illegal that they watched here.
        visits: separate visits that met it here.
        elsewhere: the same seconds in other stopped broadcasts.
        streams: how many other stopped broadcasts that were.
        paid, directed: whether they did so while it was illegal, or watched any of it.
    """

    overlap: float
    visits: int
    elsewhere: float = 0.0
    streams: int = 0
    paid: bool = False
    directed: bool = False


def tier_of(seen: Watching) -> Tier:
    """What a viewer did; who saw less than 30 seconds in all passed by, whatever came twice.

    >>> tier_of(Watching(overlap=29.9, visits=3)), tier_of(Watching(overlap=20, visits=1,
    ...     elsewhere=20, streams=1))
    (<Tier.PASSED: 'passed'>, <Tier.RETURNED: 'returned'>)
    """
    if seen.paid:
        return Tier.PAID
    if seen.directed:
        return Tier.DIRECTED
    if seen.overlap <= 0 or seen.overlap + seen.elsewhere < STAYED_S:
        return Tier.PASSED
    if seen.visits + seen.streams > 1:
        return Tier.RETURNED
    return Tier.STAYED if seen.overlap >= STAYED_S else Tier.PASSED
