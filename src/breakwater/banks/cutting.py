"""Which banks may cut a broadcast by themselves: two people say so, one takes it back at once.

A mark alone cuts nothing: policy also wants at least 3 novel frames over at least 4 s and an
entry that two people or sources verified (`live.policy`). "The same person" is judged by
person, and both sign anew: an open screen is not enough. Fed by `web.api.bank_cuts`; tests: `tests/contract/test_live_streams.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.errors import BadInput, Conflict, NeedsSignature, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.bank import BankAction
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.signin import Signed, about_mark
from breakwater.records import approvals, bank_cuts, banks
from breakwater.records.database import Database, Tx

AUTO_CUT = "auto_cut"
"""Kind of the approval."""


@dataclass(frozen=True, slots=True)
class CutMark:
    """Whether a bank may cut by itself, and what waits for a second person."""

    bank: str
    allowed: bool
    waiting: Approval | None = None


class Cutting:
    """Marks of banks."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def get(self, name: str) -> CutMark:
        """How a bank is marked.

        Raises:
            NotFound: no such bank.
        """
        with self._db.read() as tx:
            return _mark(tx, name)

    def to_sign(self, name: str, by: Principal) -> str:
        """What this person signs: another's proposal that waits, or their own.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: no such bank.
        """
        with self._db.read() as tx:
            bank, person = banks.get(tx, name), _person(by)
            waits = _mark(tx, name).waiting
        return about_mark(bank.id) if waits is None or waits.by == person else waits.id

    def propose(
        self, name: str, by: Principal, signed: Signed | None = None, *, reason: str
    ) -> CutMark:
        """Propose that a bank may cut by itself; another person confirms.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: no such bank.
            BadInput: no reason, a bank that only logs, or another thing is signed.
            NeedsSignature: not signed.
            Conflict: it may already.
        """
        person = _person(by)
        if not reason.strip():
            raise BadInput("Give a reason: a second person reads it before they agree.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            bank = banks.get(tx, name)
            if bank.action is BankAction.LOG:
                raise BadInput("A bank that only logs stops nothing.")
            if bank_cuts.allowed(tx, bank.id):
                raise Conflict(f"Bank {name} may cut by itself already.")
            method = _signed(signed, person, about_mark(bank.id), tx)
            approvals.propose(
                tx, kind=AUTO_CUT, subject=bank.id, by=person, reason=reason.strip(),
                facts={"bank": name},
            )  # fmt: skip
            tx.audit(person, "bank.propose_auto_cut", bank.id, signed=method)
            return _mark(tx, name)

    def confirm(self, name: str, by: Principal, signed: Signed | None = None) -> CutMark:
        """Agree: from now on it may.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: no such bank, or nothing waits.
            NeedsSecondPerson: the person who proposed it.
            NeedsSignature, BadInput: not signed anew for this proposal.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            bank, person = banks.get(tx, name), _person(by)
            agreed = approvals.confirm(tx, kind=AUTO_CUT, subject=bank.id, by=person)
            method = _signed(signed, person, agreed.id, tx)
            bank_cuts.put(tx, bank.id, allow=True, by=agreed.by, second=person)
            tx.audit(person, "bank.allow_auto_cut", bank.id, first=agreed.by, signed=method)
            tx.emit(EventType.BANK_CHANGED, bank.id, auto_cut=True)
            return _mark(tx, name)

    def forbid(self, name: str, by: Principal) -> CutMark:
        """Take it back, or refuse what waits; one person is enough.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: no such bank.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            bank, person = banks.get(tx, name), _person(by)
            before = _mark(tx, name)
            if before.waiting is not None:
                approvals.refuse(tx, kind=AUTO_CUT, subject=bank.id, by=person)
            if before.allowed:
                bank_cuts.put(tx, bank.id, allow=False, by=person, second=None)
            tx.audit(person, "bank.forbid_auto_cut", bank.id)
            tx.emit(EventType.BANK_CHANGED, bank.id, auto_cut=False)
            return _mark(tx, name)


def _mark(tx: Tx, name: str) -> CutMark:
    bank = banks.get(tx, name)
    waits = [
        one
        for one in approvals.of_subject(tx, bank.id)
        if one.kind == AUTO_CUT and not one.outcome and one.lapses_at > tx.now
    ]
    return CutMark(name, bank_cuts.allowed(tx, bank.id), waits[0] if waits else None)


def _signed(signed: Signed | None, person: Id, about: str, tx: Tx) -> str:
    """How it was signed."""
    if signed is None:
        raise NeedsSignature
    signed.check(person, about, tx.now)
    return signed.method


def _person(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.BANK_WRITE):
        raise NotAllowed("Two people mark a bank; a key cannot.")
    return by.person
