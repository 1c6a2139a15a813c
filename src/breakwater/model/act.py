"""Acts on a service: content hidden, accounts frozen, sessions deleted; wanted, sent, acknowledged.

An `Act` is one wish to a service, written down before the service is asked. Acts on the same thing
(`Subject`: one object's content, its thumbnails, an account, its sessions, its stream key) are
numbered by `epoch`, and the newest counts: a late older one undoes nothing, and its
acknowledgement says nothing. The act's id is the message id of every attempt, so a service that
hears twice does once. Made by `enforcement.platform`, kept by `records.platform_acts`. Tests:
`tests/unit/test_act.py`, `tests/property/test_act_fencing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from breakwater.model.clock import iso
from breakwater.model.ids import Id

TRIED_FOR: Final = timedelta(days=3)
"""After this an act that nobody acknowledged is `unconfirmed`: an alarm, and a person's to look at."""


class Lane(StrEnum):
    """What of a thing an act is about; acts of one lane replace one another."""

    CONTENT = "content"
    THUMBNAILS = "thumbnails"
    ACCOUNT = "account"
    SESSIONS = "sessions"
    STREAM_KEY = "stream_key"

    @property
    def of_account(self) -> bool:
        """It is about an account, not about content."""
        return self in {self.ACCOUNT, self.SESSIONS, self.STREAM_KEY}


class ActKind(StrEnum):
    """What a service is asked to do.

    Hidden: nobody but its moderators gets it. Removed: nobody gets it, and the service keeps it
    for as long as an appeal may bring it back. Frozen: nobody can use the account. Closed: its
    holder sees it closed; its data stay preserved.
    """

    HIDE = "hide"
    REMOVE = "remove"
    RESTORE = "restore"
    HIDE_THUMBNAILS = "hide_thumbnails"
    REMOVE_THUMBNAILS = "remove_thumbnails"
    RESTORE_THUMBNAILS = "restore_thumbnails"
    FREEZE_ACCOUNT = "freeze_account"
    CLOSE_ACCOUNT = "close_account"
    THAW_ACCOUNT = "thaw_account"
    DELETE_SESSIONS = "delete_sessions"
    RESET_STREAM_KEY = "reset_stream_key"

    @property
    def lane(self) -> Lane:
        """What of a thing it is about."""
        return _LANES[self]

    @property
    def rank(self) -> int:
        """0 lets go; of two in one lane the larger one is the stronger."""
        return _RANKS.get(self, 1)

    @property
    def undone_by(self) -> ActKind | None:
        """What takes it back; None where nothing can: its effect lasts."""
        return _UNDONE.get(self)

    @property
    def lasts(self) -> bool:
        """It cannot be taken back: deleted sessions and an old stream key do not return."""
        return self.rank > 0 and self.undone_by is None


K = ActKind
_LANES: Final = {
    K.HIDE: Lane.CONTENT, K.REMOVE: Lane.CONTENT, K.RESTORE: Lane.CONTENT,
    K.HIDE_THUMBNAILS: Lane.THUMBNAILS, K.REMOVE_THUMBNAILS: Lane.THUMBNAILS,
    K.RESTORE_THUMBNAILS: Lane.THUMBNAILS,
    K.FREEZE_ACCOUNT: Lane.ACCOUNT, K.CLOSE_ACCOUNT: Lane.ACCOUNT, K.THAW_ACCOUNT: Lane.ACCOUNT,
    K.DELETE_SESSIONS: Lane.SESSIONS, K.RESET_STREAM_KEY: Lane.STREAM_KEY,
}  # fmt: skip
_RANKS: Final = {
    K.RESTORE: 0, K.RESTORE_THUMBNAILS: 0, K.THAW_ACCOUNT: 0,
    K.REMOVE: 2, K.REMOVE_THUMBNAILS: 2, K.CLOSE_ACCOUNT: 2,
}  # fmt: skip
_UNDONE: Final = {
    K.HIDE: K.RESTORE, K.REMOVE: K.RESTORE,
    K.HIDE_THUMBNAILS: K.RESTORE_THUMBNAILS, K.REMOVE_THUMBNAILS: K.RESTORE_THUMBNAILS,
    K.FREEZE_ACCOUNT: K.THAW_ACCOUNT, K.CLOSE_ACCOUNT: K.THAW_ACCOUNT,
}  # fmt: skip


class ActWhy(StrEnum):
    """What an act follows from."""

    DECISION = "decision"
    LIST = "list"
    RELEASED = "released"
    PERSON = "person"


class ActState(StrEnum):
    """Where an act stands. `unconfirmed` and `impossible` are shown in red and listed."""

    WANTED = "wanted"
    SENT = "sent"
    CONFIRMED = "confirmed"
    IMPOSSIBLE = "impossible"
    UNCONFIRMED = "unconfirmed"
    OVERTAKEN = "overtaken"
    REVERSED = "reversed"

    @property
    def waits(self) -> bool:
        """It is on its way."""
        return self in {self.WANTED, self.SENT}

    @property
    def failed(self) -> bool:
        """A person must look."""
        return self in {self.UNCONFIRMED, self.IMPOSSIBLE}


class AckOutcome(StrEnum):
    """What a service says of an act. `later`: it took it, and acknowledges it when it is so."""

    DONE = "done"
    LATER = "later"
    FAILED = "failed"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Subject:
    """What acts are about.

    Attributes:
        name: the service's own: the object's reference, or the account.
    """

    lane: Lane
    service: str
    name: str


@dataclass(frozen=True, slots=True)
class Act:
    """One wish to a service.

    Attributes:
        fence: id of its subject; the service keeps the largest epoch it has done of each.
        epoch: 1, 2, … in its fence; the newest counts.
        by: id of a person, or `policy`.
        case, upload, decision: what it follows from, as far as there is one.
        reverses: the act that it takes back.
        until: tried until then.
        attempts: times it was sent.
        fault: what stands in its way, in words; empty: nothing does.
    """

    id: Id
    fence: Id
    kind: ActKind
    epoch: int
    service: str
    why: ActWhy
    by: str
    at: datetime
    until: datetime
    state: ActState
    attempts: int = 0
    fault: str = ""
    reason: str = ""
    case: Id | None = None
    upload: Id | None = None
    decision: Id | None = None
    reverses: Id | None = None
    confirmed_at: datetime | None = None
    change: int = 0

    @property
    def automated(self) -> bool:
        """No person asked for it."""
        return self.by == POLICY


POLICY: Final = "policy"
"""Who wants an act where no person did."""


@dataclass(frozen=True, slots=True)
class ActStep:
    """One thing that happened to an act; only ever added.

    Attributes:
        what: a state it came to, `acknowledged`, `late` (an acknowledgement that did not count
            any more) or `again`.
    """

    at: datetime
    what: str
    by: str = ""
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a service is told of an act: ids, words and its own name of the thing.

    Attributes:
        lasting: acts on the same account that its reversal does not undo.
    """

    act: Act
    subject: Subject
    lasting: tuple[ActKind, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON carries it."""
        act, about = self.act, self.subject
        return {
            "act": act.id,
            "kind": act.kind.value,
            "lane": about.lane.value,
            "fence": act.fence,
            "epoch": act.epoch,
            "service": about.service,
            "reference": "" if about.lane.of_account else about.name,
            "account": about.name if about.lane.of_account else "",
            "upload": act.upload,
            "case": act.case,
            "why": act.why.value,
            "automated": act.automated,
            "reverses": act.reverses,
            "lasting": [kind.value for kind in self.lasting],
            "wanted_at": iso(act.at),
        }


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a service answered to an act."""

    outcome: AckOutcome
    detail: str = ""
