"""Everything a case holds that a report needs, read in one transaction.

In: a case with a decision. Out: `Material`: uploads or the broadcast with what was preserved of
it, accounts as their services told them, comments that gave evidence, and whether a person saw
each file whole, by the view log alone. Read by `draft`; tests:
`tests/integration/test_filing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from breakwater.errors import Conflict
from breakwater.model.account import Snapshot
from breakwater.model.broadcast import Preserved, Sender, Viewer
from breakwater.model.case import Case, CaseKind
from breakwater.model.chat import Chat, KeptComment, KeptState
from breakwater.model.conversation import Party
from breakwater.model.decision import Decision, DecisionKind, Outcome
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.model.stream import Order, Stream
from breakwater.model.upload import Upload
from breakwater.model.watch import Act
from breakwater.records import (
    accounts,
    cases,
    chat_alarms,
    chats,
    decisions,
    directing,
    kept_comments,
    stream_orders,
    stream_people,
    streams,
    uploads,
    views,
)
from breakwater.records.database import Tx
from breakwater.reporting.drafting import acts_seen, found_here, people
from breakwater.reporting.drafting.found_here import Beside

ONE_PICTURE: Final = frozenset({"image/jpeg", "image/png", "image/bmp", "image/heif", "image/heic"})
"""Types of one frame: who saw it clear saw the whole file. Of others nobody can say."""

CLEAR: Final = frozenset({Level.S3, Level.S4})
MOST_COMMENTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A case's broadcast, with what was kept of it.

    Attributes:
        senders: who published, with addresses; they may be several.
        watching: who watched, as the service told, once for each port that was seen.
        kept: what was preserved, gaps too.
        directed: who told the broadcaster what to do, by the service or a person here.
        paid: who paid while it was illegal.
        unnamed: sessions of those who directed or paid and have no account.
        payments: every payment to it that was told.
    """

    stream: Stream
    senders: tuple[Sender, ...]
    watching: tuple[Viewer, ...]
    orders: tuple[Order, ...]
    kept: tuple[Preserved, ...]
    directed: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    unnamed: tuple[Viewer, ...] = ()
    payments: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is drafted from.

    Attributes:
        known_at: when illegality became known to a person.
        uploads: those the decision keeps, the first first.
        viewed: ids of uploads whose every byte a person saw clear.
        told: account data by the service's own name of the account; absent: nothing was told.
        sides: of a conversation that alarmed, who wrote to whom, with the ages that are known.
        beside: accounts and registrations found here, by the account that they were found beside.
    """

    case: Case
    decision: Decision
    danger: Decision | None
    known_at: datetime
    uploads: tuple[Upload, ...]
    viewed: frozenset[Id]
    broadcast: Broadcast | None
    chat: Chat | None
    comments: tuple[KeptComment, ...]
    told: dict[str, Snapshot]
    now: datetime
    sides: tuple[tuple[Party, Party], ...] = ()
    beside: Mapping[str, Beside] = field(default_factory=dict)

    @property
    def authors(self) -> tuple[str, ...]:
        """Accounts whose comments are evidence, the one with the most evidence first."""
        weight: dict[str, float] = {}
        for one in self.comments:
            if one.author:
                weight[one.author] = weight.get(one.author, 0.0) + max(one.nats, 0.0)
        return tuple(sorted(weight, key=lambda name: (-weight[name], name)))

    @property
    def acting(self) -> tuple[str, ...]:
        """Who directed a broadcast or paid for it; words that direct nobody are no act."""
        if self.broadcast is None:
            return ()
        said = {one.author for one in self.comments if directing.directs(one)}
        wrote = [name for name in self.authors if name in said]
        return tuple(dict.fromkeys([*wrote, *self.broadcast.directed, *self.broadcast.paid]))


def gather(tx: Tx, case: Id) -> Material:
    """Read what a case holds.

    Raises:
        NotFound: no such case.
        Conflict: nobody has said that it is illegal, or that a child is in danger.
    """
    found = cases.get(tx, case)
    said = [one for one in decisions.of_case(tx, case) if one.stands]
    danger = _last(said, DecisionKind.DANGER_NOW)
    decided = _last(said, DecisionKind.ILLEGAL) or danger
    known_at = decisions.known_since(tx, case) or (danger.at if danger else None)
    if decided is None or known_at is None:
        raise Conflict("A report is drafted when somebody has decided that it is illegal.")
    broadcast = _broadcast(tx, found)
    chat = chats.of_stream(tx, broadcast.stream.id) if broadcast else _chat(tx, case)
    comments = _comments(tx, case)
    kept = _uploads(tx, found, decided)
    names = {found.account, *(one.author for one in comments)}
    if broadcast is not None:
        names |= {one.account for one in broadcast.senders}
        names |= {*broadcast.directed, *broadcast.paid}
    sides = _sides(tx, found)
    names |= {one.account for side in sides for one in side}
    told = _told(tx, found.service, names)
    if (mine := told.get(found.account)) is not None:
        others = {one.account for one in people.shared_with(mine)} - names
        told |= {name: _quiet(one) for name, one in _told(tx, found.service, others).items()}
    made = Material(
        case=found, decision=decided, danger=danger, known_at=known_at, uploads=kept,
        viewed=frozenset(one.id for one in kept if seen_whole(tx, one)), broadcast=broadcast,
        chat=chat, comments=comments, told=told, now=tx.now, sides=sides,
    )  # fmt: skip
    talking = (one.account for side in sides for one in side)
    near = (found.account, *made.acting, *talking)
    return replace(made, beside=found_here.beside(tx, found.service, near, told))


def _told(tx: Tx, service: str, names: set[str]) -> dict[str, Snapshot]:
    """What a service told last of each account."""
    return {
        name: told
        for name in sorted(names - {""})
        if (told := accounts.latest(tx, service, name)) is not None
    }


def _quiet(told: Snapshot) -> Snapshot:
    """Account data without what was written elsewhere: it was told for another case."""
    facts = {name: value for name, value in told.facts.items() if name != "comments"}
    return replace(told, facts=facts)


def _last(said: list[Decision], kind: DecisionKind) -> Decision | None:
    return next((one for one in reversed(said) if one.kind is kind), None)


def _broadcast(tx: Tx, case: Case) -> Broadcast | None:
    stream = streams.find(tx, case.subject) if case.kind is CaseKind.STREAM else None
    if stream is None:
        return None
    seen = acts_seen.of_stream(tx, stream)
    return Broadcast(
        stream=stream, senders=tuple(stream_people.addresses(tx, stream.id)),
        watching=(*stream_people.viewers(tx, stream.id), *seen.ports),
        orders=tuple(stream_orders.of_stream(tx, stream.id)),
        kept=tuple(stream_orders.preserved(tx, stream.id)), directed=seen.directed,
        paid=seen.paid, unnamed=seen.unnamed, payments=seen.payments,
    )  # fmt: skip


def _chat(tx: Tx, case: Id) -> Chat | None:
    found = chats.of_case(tx, case)
    return found[0] if found else None


def _sides(tx: Tx, case: Case) -> tuple[tuple[Party, Party], ...]:
    """Sides of a conversation that alarmed, the oldest alarm first."""
    if case.kind is not CaseKind.CONVERSATION:
        return ()
    rang = chat_alarms.of_case(tx, case.id, MOST_COMMENTS)
    return tuple(dict.fromkeys(side for one in reversed(rang) for side in one.why.sides))


def _comments(tx: Tx, case: Id) -> tuple[KeptComment, ...]:
    """Comments that are evidence: what a person let go of is no part of a report."""
    kept = kept_comments.of_case(tx, case, MOST_COMMENTS)
    return tuple(one for one in kept if one.state is not KeptState.REMOVED)


def _uploads(tx: Tx, case: Case, decided: Decision) -> tuple[Upload, ...]:
    """Uploads of the case's own account that the decision keeps."""
    reached = decisions.effects(tx, decided.id)
    wanted = [
        one.upload for one in reached if one.outcome in {Outcome.KEPT, Outcome.CONFIRMED}
    ] or [case.subject]
    found = uploads.many(tx, wanted)
    mine = [
        one
        for one in found.values()
        if one.service == case.service and one.origin.account == case.account
    ]
    return tuple(sorted(mine, key=lambda one: (one.received_at, one.id)))


def seen_whole(tx: Tx, upload: Upload) -> bool:
    """A person looked at this very item, clear, and it is one picture (18 USC 2258A; reference).

    Blurred stills, frames of a video, another member of a stack or a near copy do not count.
    """
    if upload.type not in ONE_PICTURE:
        return False
    return any(
        one.item == upload.id and one.level in CLEAR and bool(one.ms)
        for one in views.of_item(tx, upload.id)
    )
