"""Exchange: lists of known hashes that others give us, feed by feed, and what we say back.

A feed is one list of one peer, pulled into one bank of ours. What comes are pages of `Offered`,
`Gone` and `Unreadable`; each page names the checkpoint from which the pull goes on when it is
taken. Kept by `records.exchange_feeds`, `exchange_items`, `exchange_told`; pulled by
`exchange.running` through an `exchange.ports.ExchangeClient`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from breakwater.errors import BadInput
from breakwater.model.bank import Opinion
from breakwater.model.ids import Id

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MOST_REMOTE: Final = 200
"""Characters of a peer's own id of an entry."""
HERE: Final = 0
"""The number under which stands what somebody here gave, beside the feeds."""
LEAST_EVERY_S: Final = 30
MOST_EVERY_S: Final = 7 * 86_400

Row = tuple[str, bytes, int]
"""Kind, value, quality: as banks take signals."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a member of the peer said of an entry.

    Attributes:
        by: the member, as the peer names it.
        opinion: what it said.
        kind: the signal kind it spoke of; empty: the entry.
        note: the reason, in the peer's words.
    """

    by: str
    opinion: Opinion
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """One entry as the peer has it now; it replaces what the same id said before.

    Attributes:
        remote_id: the peer's own, the same at every pull.
        signals: what is known of one file; kinds that are not installed are left out.
        labels: its classification and what else it is called.
        permitted_use: its licence; empty: the feed's.
        source: who gave it to the peer; empty: the feed's.
        opinions: what others said of it there.
        at: when the peer changed it last.
        expires_at: after this it no longer acts.
    """

    remote_id: str
    signals: tuple[Row, ...]
    labels: tuple[str, ...] = ()
    permitted_use: str = ""
    source: str = ""
    opinions: tuple[Said, ...] = ()
    at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that the peer withdrew."""

    remote_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read, or a value in it.

    Attributes:
        place: where it stands (`row 17`, `image 42-9`), for who looks for it.
        reason: in words; never its content.
    """

    place: str
    reason: str


Item = Offered | Gone | Unreadable


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """Entries of one signal each that share all else: a stretch of a peer's file, in columns.

    Attributes:
        shared: what each of them says; its id and signals are empty.
        kind: of every signal.
        remote: the peer's ids, each once in a page.
        values: of the signals, one for each id.
        quality: 0..100, one for each id.
    """

    shared: Offered
    kind: str
    remote: Sequence[str]
    values: Sequence[bytes]
    quality: Sequence[int]

    def offers(self) -> Iterator[Offered]:
        """The same, one by one."""
        for remote, value, quality in zip(self.remote, self.values, self.quality, strict=True):
            yield replace(self.shared, remote_id=remote, signals=((self.kind, value, quality),))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull.

    Attributes:
        items: in the order of the peer; of two with one id the later counts.
        many: entries beside these, none of whose ids stands twice in the page.
        checkpoint: from here the pull goes on when this page is taken; the client's own words.
        reached: what the peer had up to this moment is with us when this page is taken.
        whole: with this page the whole list was read: what was not in it is gone (a peer that
            sends whole lists and no withdrawals).
        restarts: this page is the first of a whole list.
    """

    items: tuple[Item, ...]
    checkpoint: str
    reached: datetime | None = None
    whole: bool = False
    restarts: bool = False
    many: tuple[Many, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One list of one peer.

    Attributes:
        id, number: of the feed; rows of its entries carry the number.
        name: what it is called here.
        kind: of client: `ncmec`, `csv`, `vics`, `stopncii`, `threatexchange`, `breakwater`.
        bank: name of the bank it fills; `bank_number` its number.
        url: where the peer is.
        options: the client's own: paths, a column mapping, where to begin.
        source: who gives it, shown with every match; empty: the bank's.
        permitted_use: what its licence allows; empty: the bank's.
        labels: of every entry.
        every_s: seconds from the end of one pull to the next.
        vouched_by: the person who vouches for the list: it is exempt from flood quarantine.
        feedback: what people here say of its entries goes back to the peer.
        counts: how often entries matched goes back, as numbers per day.
        enabled: it is pulled when due.
    """

    id: Id
    number: int
    name: str
    kind: str
    bank: str
    bank_number: int
    url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    permitted_use: str = ""
    labels: tuple[str, ...] = ()
    every_s: int = 3600
    vouched_by: Id | None = None
    feedback: bool = False
    counts: bool = False
    enabled: bool = True
    created_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the peer knows us by; `repr` shows none of it.

    Attributes:
        user, password: of HTTP Basic.
        token: an access token, API key or function key.
        second: a second key, where a peer asks two.
    """

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    second: str = field(default="", repr=False)


class Health(StrEnum):
    """How a feed does, in a word."""

    WELL = "well"
    NEW = "new"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far a feed is, and how it does.

    Attributes:
        checkpoint: the client's own words; empty: nothing was taken yet.
        due_at: when it is pulled next.
        pull: id of the pull that runs or was cut short.
        tried_at: when a pull last began or went on.
        pulled_at: when one last came to its end.
        reached: the peer's time up to which its changes are here.
        rows, added, gone, bad: entries read, values added, entries withdrawn, rows unreadable.
        errors: failed tries in a row.
        fault: words of the last one.
        told: feedback that went back.
    """

    checkpoint: str = ""
    due_at: datetime | None = None
    pull: Id | None = None
    tried_at: datetime | None = None
    pulled_at: datetime | None = None
    reached: datetime | None = None
    rows: int = 0
    added: int = 0
    gone: int = 0
    bad: int = 0
    errors: int = 0
    fault: str = ""
    told: int = 0

    def lag_s(self, now: datetime) -> float | None:
        """Seconds by which we are behind the peer; None: nothing was taken yet."""
        return None if self.reached is None else max(0.0, (now - self.reached).total_seconds())

    def health(self, feed: Feed, now: datetime) -> Health:
        """In a word: late is behind by three turns and a quarter of an hour."""
        if not feed.enabled:
            return Health.PAUSED
        if self.errors:
            return Health.FAILING
        lag = self.lag_s(now)
        if lag is None:
            return Health.NEW
        return Health.LATE if lag > 3 * feed.every_s + 900 else Health.WELL


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull, from its first page to its end.

    Attributes:
        ended_at: None while it runs, or when it was cut short and will go on.
        offered: entries the peer sent; added: values new to the bank; gone: entries withdrawn
            there; bad: rows that could not be read.
    """

    id: Id
    feed: int
    started_at: datetime
    ended_at: datetime | None = None
    pages: int = 0
    offered: int = 0
    added: int = 0
    gone: int = 0
    bad: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What people here say of an entry of a feed, to be told its peer.

    Attributes:
        cause: id of the opinion or decision; the same cause is told once.
        value: of the signal, for peers that name entries by it.
    """

    cause: Id
    remote_id: str
    kind: str
    value: bytes
    opinion: Opinion
    at: datetime


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often an entry matched on a day, without content; a day's number replaces an earlier."""

    remote_id: str
    day: int
    matches: int
    wrong: int = 0


def feed_name(text: str) -> str:
    """Check a feed's name.

    Raises:
        BadInput: other letters, or longer than 64.
    """
    if not NAME.fullmatch(text):
        raise BadInput("A feed's name has 1 to 64 small letters, digits, dots and dashes: ncmec-1.")
    return text
