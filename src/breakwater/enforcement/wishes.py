"""What people order: freeze, cut, hold from discovery, let go; two people where policy says so.

In comes who wants what of which broadcast; out goes the `Order`, written in one transaction and
obeyed at once. At every cut the broadcaster's role is asked, and the person signs anew: an open
screen is not enough. Where a cut takes two people the first one freezes, and the second signs. Used by `web.api.streams`, the live wall and the
command line; tests: `tests/integration/test_orders.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NeedsSignature,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.signin import Signed, about_cut
from breakwater.model.stream import Broadcaster, Control, Order, Stream
from breakwater.records import (
    approvals,
    cases,
    media_servers,
    stream_orders,
    stream_people,
    streams,
)
from breakwater.records.database import Database, Tx

CUT: Final = "stream_cut"
"""Kind of the approval that a cut waits for, where it takes two people."""

LONGEST: Final = 2_000
"""Characters of a reason."""

WHY: Final = "person"


class Wishes:
    """What people want done with broadcasts."""

    def __init__(self, *, db: Database, two_people: bool = False) -> None:
        self._db = db
        self._two_people = two_people

    def want(
        self,
        who: Principal,
        stream: Id,
        to: Control,
        *,
        reason: str = "",
        broadcaster: Broadcaster | None = None,
        publisher: Id | None = None,
        seen: str | None = None,
        signed: Signed | None = None,
    ) -> Order:
        """Order how far a broadcast is stopped.

        Args:
            who: the person, or the operator of this host.
            stream: its id.
            to: what it shall be.
            reason: in their words.
            broadcaster: who sends; asked at every cut.
            publisher: one of several senders; None: all of it.
            seen: id of the order that the person saw in force, empty for none. Stopping never
                waits for it; letting go of what somebody stopped meanwhile is refused.
            signed: for a cut by a person: their signature under `to_sign`. Whoever works on the
                host itself signs nothing; saying later who broadcasts is no cut.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such stream.
            Conflict: a freeze of what is cut already, or another order came meanwhile.
            BadInput: a cut without the broadcaster's role, somebody who does not send here, a
                signature for something else, or a server that cannot freeze one of several.
            NeedsSignature: a cut without one; all of it is frozen meanwhile.
            NeedsSecondPerson: it is frozen, and the cut waits for another person.
        """
        _may(who)
        if len(reason) > LONGEST:
            raise BadInput(f"A reason has at most {LONGEST:,} characters.")
        if to is Control.CUT and broadcaster is None:
            raise BadInput(f"Say who broadcasts: {', '.join(Broadcaster)}.")
        role = broadcaster or Broadcaster.UNKNOWN
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = streams.get(tx, stream)
            _sends(tx, found, publisher, to)
            _fits(found, to, _stands(tx, found, publisher), seen if publisher is None else None)
            if to is not Control.CUT or _stands(tx, found, publisher) is Control.CUT:
                return _order(tx, who, found, to, reason, role=role, publisher=publisher)
            approval = None
            if self._two_people:
                approval = _propose(tx, who, found, reason, role=role, publisher=publisher)
            elif who.person is None or _signed(tx, who.person, found, publisher, signed):
                return _order(tx, who, found, to, reason, role=role, publisher=publisher)
            elif publisher is None and not found.stopped:
                _order(tx, who, found, Control.FROZEN, reason, role=Broadcaster.UNKNOWN)
        raise _waits(publisher, approval)

    def to_sign(self, who: Principal, stream: Id, publisher: Id | None = None) -> str:
        """What this person signs to cut: another's wish that waits, or the cut itself.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such stream.
        """
        _may(who)
        with self._db.read() as tx:
            streams.get(tx, stream)
            waits = _waiting(tx, stream)
        if waits is not None and waits.by != who.person:
            return waits.id
        return about_cut(stream, publisher)

    def confirm(
        self, who: Principal, stream: Id, signed: Signed | None = None, *, note: str = ""
    ) -> Order:
        """Agree to a cut that another person wants: it is cut now.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing waits here, or it lapsed.
            NeedsSecondPerson: the person who wanted it.
            NeedsSignature, BadInput: not signed anew for this wish.
        """
        person = _may(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = streams.get(tx, stream)
            agreed = approvals.confirm(
                tx, kind=CUT, subject=stream, by=Id(person), note=note[:LONGEST]
            )
            if signed is None:
                raise NeedsSignature
            signed.check(Id(person), agreed.id, tx.now)
            tx.audit(person, "stream.confirm", stream, first=agreed.by, signed=signed.method)
            role = Broadcaster(agreed.facts["broadcaster"])
            one = agreed.facts.get("publisher")
            return _order(
                tx, who, found, Control.CUT, agreed.reason, role=role,
                publisher=None if one is None else Id(one),
            )  # fmt: skip

    def refuse(self, who: Principal, stream: Id, *, note: str = "") -> Approval:
        """Disagree with a cut that waits; it stays frozen until somebody lets it go.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing waits here, or it lapsed.
        """
        person = _may(who)
        with self._db.transaction() as tx:
            tx.audit(person, "stream.refuse", stream)
            return approvals.refuse(
                tx, kind=CUT, subject=stream, by=Id(person), note=note[:LONGEST]
            )


def _may(who: Principal) -> str:
    if not who.may(Permission.STREAM_CONTROL):
        raise NotAllowed("Broadcasts are stopped by people whose role allows it.")
    return who.person or who.id


def freezes_one(tx: Tx, stream: Stream) -> bool:
    """Whether one of its senders can be frozen: where the service, or its server, does it itself."""
    if not stream.server:
        return True
    try:
        return media_servers.get(tx, stream.server).kind.freezes_one
    except NotFound:
        return True


def _sends(tx: Tx, stream: Stream, publisher: Id | None, to: Control) -> None:
    if publisher is None:
        return
    if stream_people.publisher(tx, publisher).stream != stream.id:
        raise BadInput("This sender is not in this broadcast.")
    if to in {Control.WATCHED, Control.HIDDEN}:
        raise BadInput("One sender is frozen, cut or let go; the rest is for whole broadcasts.")
    if to is Control.FROZEN and not freezes_one(tx, stream):
        raise BadInput("This media server cannot freeze one sender. Cut them, or freeze all of it.")


def _stands(tx: Tx, stream: Stream, publisher: Id | None) -> Control:
    """How far what is meant is stopped now; a whole broadcast that is cut has no sender left."""
    if publisher is None or stream.control is Control.CUT:
        return stream.control
    return stream_people.publisher(tx, publisher).control


def _waits(publisher: Id | None, approval: Approval | None) -> NeedsSignature | NeedsSecondPerson:
    """What a cut waits for: a signature, or a second person."""
    if approval is None and publisher is not None:
        return NeedsSignature("Sign to cut this sender, by passkey or password.")
    if approval is None:
        return NeedsSignature("It is frozen. Sign to cut it, by passkey or password.")
    if publisher is not None:
        return NeedsSecondPerson("The cut waits for a second person.", approval=approval.id)
    return NeedsSecondPerson(
        "It is frozen. The cut waits for a second person.", approval=approval.id
    )


def _fits(stream: Stream, to: Control, stands: Control, seen: str | None) -> None:
    """Refuse to freeze what is cut, and to let go of what somebody stopped meanwhile."""
    if stands is Control.CUT and to is Control.FROZEN:
        raise Conflict("It is cut already.")
    newer = seen is not None and seen != (stream.order or "")
    if newer and to.rank < stream.control.rank:
        raise Conflict("Somebody ordered something else meanwhile. Look at it again.")


def _signed(
    tx: Tx, person: Id, stream: Stream, publisher: Id | None, signed: Signed | None
) -> bool:
    """Whether this person signed this cut just now; raises `BadInput` for another signature."""
    if signed is None:
        return False
    signed.check(person, about_cut(stream.id, publisher), tx.now)
    tx.audit(person, "stream.sign", stream.id, signed=signed.method)
    return True


def _waiting(tx: Tx, stream: Id) -> Approval | None:
    """A cut that waits for a second person."""
    for one in approvals.of_subject(tx, stream):
        if one.kind == CUT and not one.outcome and one.lapses_at > tx.now:
            return one
    return None


def _order(
    tx: Tx,
    who: Principal,
    stream: Stream,
    to: Control,
    reason: str,
    *,
    role: Broadcaster,
    publisher: Id | None = None,
) -> Order:
    by = _may(who)
    made = stream_orders.want(tx, stream, to, by=by, why=WHY, publisher=publisher, broadcaster=role)
    if stream.case is not None:
        cases.note(
            tx, stream.case, by=by, what="ordered", words=reason.strip(), to=to.value,
            order=made.id,
        )  # fmt: skip
        tx.emit(EventType.CASE_CHANGED, stream.case, ordered=to.value)
    return made


def _propose(
    tx: Tx,
    who: Principal,
    stream: Stream,
    reason: str,
    *,
    role: Broadcaster,
    publisher: Id | None,
) -> Approval:
    if not reason.strip():
        raise BadInput("Give a reason: a second person reads it before they agree.")
    if who.person is None:
        raise NotAllowed("A cut takes two people here.")
    if publisher is None and not stream.stopped:
        _order(tx, who, stream, Control.FROZEN, reason, role=Broadcaster.UNKNOWN)
    tx.audit(who.person, "stream.propose", stream.id, broadcaster=role.value)
    return approvals.propose(
        tx, kind=CUT, subject=stream.id, by=who.person, reason=reason.strip(),
        facts={"broadcaster": role.value, "publisher": publisher},
    )  # fmt: skip
