"""What people order: freeze, cut, hold from discovery, let go; two people where policy says so.

In comes who wants what of which broadcast; out goes the `Order`, written in one transaction and
obeyed at once. At every cut the broadcaster's role is asked. Where a cut takes two people the
first one freezes, and it waits for the second. Used by `web.api.streams`, the live wall and the
command line; tests: `tests/integration/test_orders.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control, Order, Stream
from breakwater.records import approvals, cases, stream_orders, stream_people, streams
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

        Raises:
            NotAllowed: not by this role.
            NotFound: no such stream.
            Conflict: a freeze of what is cut already, or another order came meanwhile.
            BadInput: a cut without the broadcaster's role, or somebody who does not send here.
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
            _sends(tx, found, publisher)
            if found.control is Control.CUT and to is Control.FROZEN:
                raise Conflict("It is cut already.")
            newer = seen is not None and seen != (found.order or "")
            if newer and to.rank < found.control.rank:
                raise Conflict("Somebody ordered something else meanwhile. Look at it again.")
            if to is not Control.CUT or not self._two_people:
                return _order(tx, who, found, to, reason, role=role, publisher=publisher)
            approval = _propose(tx, who, found, reason, role)
        raise NeedsSecondPerson(
            "It is frozen. The cut waits for a second person.", approval=approval.id
        )

    def confirm(self, who: Principal, stream: Id, *, note: str = "") -> Order:
        """Agree to a cut that another person wants: it is cut now.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing waits here, or it lapsed.
            NeedsSecondPerson: the person who wanted it.
        """
        person = _may(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = streams.get(tx, stream)
            agreed = approvals.confirm(
                tx, kind=CUT, subject=stream, by=Id(person), note=note[:LONGEST]
            )
            tx.audit(person, "stream.confirm", stream, first=agreed.by)
            role = Broadcaster(agreed.facts["broadcaster"])
            return _order(tx, who, found, Control.CUT, agreed.reason, role=role)

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


def _sends(tx: Tx, stream: Stream, publisher: Id | None) -> None:
    if publisher is None:
        return
    if stream_people.publisher(tx, publisher).stream != stream.id:
        raise BadInput("This sender is not in this broadcast.")


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


def _propose(tx: Tx, who: Principal, stream: Stream, reason: str, role: Broadcaster) -> Approval:
    if not reason.strip():
        raise BadInput("Give a reason: a second person reads it before they agree.")
    if who.person is None:
        raise NotAllowed("A cut takes two people here.")
    if not stream.stopped:
        _order(tx, who, stream, Control.FROZEN, reason, role=Broadcaster.UNKNOWN)
    tx.audit(who.person, "stream.propose", stream.id, broadcaster=role.value)
    return approvals.propose(
        tx, kind=CUT, subject=stream.id, by=who.person, reason=reason.strip(),
        facts={"broadcaster": role.value},
    )  # fmt: skip
