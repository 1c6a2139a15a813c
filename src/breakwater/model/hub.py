"""The hub: members, shared lists, who gave what, and what may go to whom.

A shared list is a bank with a row of its own; an entry of it is one signal with as many
contributors as gave it. Nothing leaves unless a release rule says so (default deny): hash-sharing
licences bind a hash to a purpose, 18 USC 2258C to providers and those the centre names. Kept by
`records.hub_members`, `records.hub_lists`, `records.hub_given`; decided by `hub.policy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id


class MemberKind(StrEnum):
    """What a member is; release rules name it."""

    SERVICE = "service"
    """A provider of a hosting, sharing or streaming service."""
    HOTLINE = "hotline"
    POLICE = "police"
    CHARITY = "charity"
    RESEARCH = "research"
    PERSON = "person"
    """The people in pictures, as one: they give, and never receive."""


class ReleasePurpose(StrEnum):
    """What a member may do with what it receives."""

    DETECTION = "detection"
    INVESTIGATION = "investigation"
    RESEARCH = "research"


class MemberState(StrEnum):
    """Whether a member takes part."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Nothing goes out to it and nothing comes in; what it gave stays."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation that takes part.

    Attributes:
        id: of the member.
        number: small integer; the NCMEC dialect names members by it.
        name: of the organisation.
        kind: what it is.
        country: ISO 3166-1 alpha-2, upper case; where its law is.
        contact: how its people are reached; shown to those who run the hub alone.
        state: whether it takes part.
        purposes: what it asked to use lists for; a rule of another purpose releases nothing.
        trusted: what it gives needs no second person to be published.
        created_at: when it joined.
        change: number of its last change.
    """

    id: Id
    number: int
    name: str
    kind: MemberKind
    country: str = ""
    contact: str = ""
    state: MemberState = MemberState.ACTIVE
    purposes: tuple[ReleasePurpose, ...] = (ReleasePurpose.DETECTION,)
    trusted: bool = False
    created_at: datetime | None = None
    change: int = 0


@dataclass(frozen=True, slots=True)
class SharedList:
    """A bank whose entries members receive.

    Attributes:
        bank: id of the bank; name, purpose and permitted use stand there.
        bank_number: its small integer.
        name: of the bank.
        tlp: traffic light protocol 2.0 of what is in it: red, amber, green or clear.
        open: members may give to it.
        created_at: since when it is shared.
        ended_at: no longer shared; members are told that its entries are gone.
        change: number of its last change.
    """

    bank: Id
    bank_number: int
    name: str
    tlp: str = "amber"
    open: bool = True
    created_at: datetime | None = None
    ended_at: datetime | None = None
    change: int = 0


class GivenBy(StrEnum):
    """The way a contribution came."""

    API = "api"
    CSV = "csv"
    VICS = "vics"
    CASE = "case"
    PACKAGE = "package"
    """A signed file from a network without a connection."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A batch a member gave: one import of one list.

    Attributes:
        import_number: of the import; its entries are the member's first.
        member: id of who gave it.
        bank_number: of the list.
        way: how it came.
        category: what it was graded, e.g. `A` of the UK's scale, `A1` of the industry's; empty
            where its entries say it themselves by a label, or nobody said it.
        at: when it came.
        published_at: since when it may go out; None while it waits for two people.
    """

    import_number: int
    member: Id
    bank_number: int
    way: GivenBy
    category: str = ""
    at: datetime | None = None
    published_at: datetime | None = None


class Effect(StrEnum):
    """What a release rule says."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """Who receives what. What is None says nothing; deny beats allow; no rule, no release.

    Attributes:
        id: of the rule.
        effect: allow or deny.
        source: id of the member that gave it.
        list: number of the bank.
        recipient: id of the member that asks.
        recipient_kind: kind of the member that asks.
        recipient_country: its country.
        purpose: what for.
        category: as in `Contribution.category`, or a label of the entry.
        expires_at: says nothing after this.
        reason: why, in words.
        by, second_by: the two people who made it.
        at: since when.
        ended_at: until when.
        change: number of its last change.
    """

    id: Id
    effect: Effect
    source: Id | None = None
    list: int | None = None
    recipient: Id | None = None
    recipient_kind: MemberKind | None = None
    recipient_country: str | None = None
    purpose: ReleasePurpose | None = None
    category: str | None = None
    expires_at: datetime | None = None
    reason: str = ""
    by: str = ""
    second_by: Id | None = None
    at: datetime | None = None
    ended_at: datetime | None = None
    change: int = 0


class FeedbackKind(StrEnum):
    """What a member says of an entry."""

    AFFIRMATIVE = "affirmative"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why feedback is negative or affirmative; named by a fixed id, as the NCMEC dialect asks."""

    id: str
    name: str
    kind: FeedbackKind


REASONS: Final = (
    Reason("0192a1c0-0000-7000-8000-000000000001", "Not illegal where it was seen", FeedbackKind.NEGATIVE),
    Reason("0192a1c0-0000-7000-8000-000000000002", "Wrong file: the hash is of something harmless", FeedbackKind.NEGATIVE),
    Reason("0192a1c0-0000-7000-8000-000000000003", "Hash matches much ordinary content", FeedbackKind.NEGATIVE),
    Reason("0192a1c0-0000-7000-8000-000000000004", "Wrong classification", FeedbackKind.NEGATIVE),
    Reason("0192a1c0-0000-7000-8000-000000000005", "Person in the picture is an adult", FeedbackKind.NEGATIVE),
    Reason("0192a1c0-0000-7000-8000-000000000006", "Seen and confirmed by a reviewer", FeedbackKind.AFFIRMATIVE),
)  # fmt: skip
"""Fixed for good: their ids are part of answers that members keep."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a member said of an entry; only ever added, its last word counts.

    Attributes:
        kind_of_signal: the fingerprint it speaks of.
        opinion: affirmative, negative, or None where it takes back what it said.
        reasons: ids of `REASONS`.
        note: its own words, for curators.
    """

    id: Id
    entry: int
    member: Id
    kind_of_signal: str
    opinion: FeedbackKind | None
    reasons: tuple[str, ...] = ()
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """How often members met an entry, as counts without content.

    Attributes:
        matches: uploads that matched.
        wrong: of them, those that a person said were wrong matches.
    """

    entry: int
    matches: int = 0
    wrong: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """How far an entry can be trusted, with the terms it is the sum of.

    Attributes:
        value: 0..1.
        terms: name to what it adds, in the order they are shown.
    """

    entry: int
    value: float
    terms: Mapping[str, float] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PullHour:
    """An hour in which a member asked.

    Attributes:
        hour: its beginning.
        rows, requests, errors: in it.
        behind: changes not read after the last request in it; None where the way does not say.
    """

    dialect: str
    hour: datetime
    rows: int
    requests: int
    errors: int
    behind: int | None


@dataclass(frozen=True, slots=True)
class Pull:
    """How a member follows: the health of its feed.

    Attributes:
        dialect: `ncmec`, `json`, `segments`, `csv`, `vics`, `file`.
        last_at: its last request.
        change: how far it read, as a change number; 0 where it does not say.
        rows: rows it was given altogether.
        requests, errors: how many.
        fault: words of the last error.
    """

    member: Id
    dialect: str
    last_at: datetime | None = None
    change: int = 0
    rows: int = 0
    requests: int = 0
    errors: int = 0
    fault: str = ""
