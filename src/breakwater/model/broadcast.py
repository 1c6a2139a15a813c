"""What media servers and services tell of broadcasts, and what they are answered.

`Sender` is who publishes, `News` and `Viewer` come while it runs, `History` is what is known of
the account, `Preserved` what was kept of it. Made by hooks and `web.api.streams`, taken by
`live.streams`. Names and addresses stand here in clear and are sealed where they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from breakwater.model.ids import Id
from breakwater.model.watch import Place


@dataclass(frozen=True, slots=True)
class Sender:
    """Who publishes, as told.

    Attributes:
        client: the media server's own id of this connection; empty: unknown.
        key: the stream key a re-publisher would come back with; empty: the name is the key.
        service: whose broadcast it is; empty: unknown.
        account, device: the service's own names; empty: unknown.
        address, port: of the sender; sealed. An unknown port is None, never 0.
        pull_url: where watchers fetch it; empty: the media server's adapter says.
        surface: `public`, `live`, `private` or `profile`.
    """

    client: str = ""
    key: str = ""
    service: str = ""
    account: str = ""
    device: str = ""
    address: str = ""
    port: int | None = None
    pull_url: str = ""
    surface: str = "live"
    jurisdiction: str = ""


class NewsKind(StrEnum):
    """What a service or media server tells of a broadcast that runs."""

    COMMENTS = "comments"
    """How risky the chat is, 0 to 1."""
    CLASSIFIER = "classifier"
    JOINED = "joined"
    LEFT = "left"
    ENDED = "ended"
    STOPPED = "stopped"
    """The service did what an order says: closes the order it names."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing told of a broadcast.

    Attributes:
        risk: 0 to 1, for `comments` and `classifier`.
        sender: who joined or left, or of whom of several a risk is told.
        order: that was obeyed.
        done: whether it was.
        detail: in the service's words, cut to 200 letters.
    """

    kind: NewsKind
    risk: float = 0.0
    sender: Sender = field(default_factory=Sender)
    order: Id | None = None
    done: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One who watched, as told; sealed, and gone with the broadcast without a case.

    Attributes:
        account: the service's own name; empty: only the address is known.
        agent: what the player called itself.
        device, payments: the service's fingerprints; kept as keyed hashes only.
        place: where the address seemed to be when they joined.
    """

    account: str
    address: str = ""
    port: int | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    agent: str = ""
    device: str = ""
    payments: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an account's earlier broadcasts.

    Attributes:
        streams: how many there were.
        stopped: how many of them stayed frozen or were cut.
    """

    streams: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class Preserved:
    """Something kept of a stopped broadcast; only ever added.

    Attributes:
        what: `preroll`, `recording`, `viewers`, `account`, `prints`.
        blob: in the vault, where it is a file.
        gap: why it could not be kept; empty when it was.
    """

    id: Id
    stream: Id
    what: str
    at: datetime
    blob: Id | None = None
    detail: str = ""
    gap: str = ""


class CourseKind(StrEnum):
    """What of a broadcast is kept over time."""

    RISK = "risk"
    VIEWERS = "viewers"
    SIGHT = "sight"
    """1 while its frames are looked at, 0 while they are not."""


@dataclass(frozen=True, slots=True)
class Course:
    """One change in how a broadcast went; it holds until the next one.

    Attributes:
        value: risk 0 to 1, viewers as a number, sight 1 or 0.
        why: what changed it: a source of risk, or empty.
    """

    kind: CourseKind
    at: datetime
    value: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class RoleAsked:
    """A cut of which nobody said who broadcasts; until then the account's sanction waits.

    Attributes:
        at: since when it is asked.
        publisher: one of several senders; None: whose broadcast it is.
    """

    stream: Id
    label: str
    at: datetime
    case: Id | None = None
    publisher: Id | None = None
