"""People look at sanctions and let go of them: of one wrong match, or of the whole.

A wrong match is let go of at once by one person: the hashes that led to somebody else find nobody
again, and the rest of the sanction stands. The whole is released at once too, or by two people
where the operator wants that. Every look and act is an audit row. Tests:
`tests/contract/test_registrations_check.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.enforcement.registrations.sanctioning import Rules
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.ids import Id
from breakwater.model.sanction import EndKind, Hit, Sanction
from breakwater.records import approvals, cases, identifiers, sanctions
from breakwater.records.database import Database, Tx

KIND: Final = "sanction.release"
"""Kind of the approval by which a second person agrees."""
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Looked:
    """One sanction as it stands, with what it was found in.

    Attributes:
        stands: it is in force this moment, by the decision it rests on too.
        waits: a release that waits for a second person.
    """

    sanction: Sanction
    stands: bool
    hits: tuple[Hit, ...]
    waits: Approval | None = None


class Releasing:
    """Sanctions, as people look at them and let go of them."""

    def __init__(self, *, db: Database, rules: Rules) -> None:
        self._db = db
        self._rules = rules

    def page(
        self, by: Principal, *, ended: bool = False, before: int = 0, limit: int = 50
    ) -> list[Looked]:
        """Sanctions in force, or those that are over, the newest first; the look is audited."""
        with self._db.transaction() as tx:
            found = sanctions.page(tx, ended=ended, service=by.service, before=before, limit=limit)
            tx.audit(by.id, "sanction.look", "list", ended=ended, sanctions=len(found))
            return [_looked(tx, one, hits=5) for one in found]

    def look(self, by: Principal, sanction: Id) -> Looked:
        """One sanction with the registrations it was found in.

        Raises:
            NotFound: no such sanction.
        """
        with self._db.transaction() as tx:
            found = sanctions.get(tx, sanction)
            tx.audit(by.id, "sanction.look", sanction)
            return _looked(tx, found, hits=100)

    def release(self, by: Principal, sanction: Id, *, reason: str) -> Looked:
        """Let go of an account, or propose it where two people must agree.

        Raises:
            NotAllowed: not by a person whose role allows it.
            BadInput: no reason.
            NotFound: no such sanction.
            Conflict: it has ended.
        """
        person, words = _person(by), _words(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = sanctions.get(tx, sanction)
            if found.end is not None:
                raise Conflict("This sanction has ended already.")
            if self._rules.release_by_two:
                approvals.propose(tx, kind=KIND, subject=sanction, by=person, reason=words)
                tx.audit(person, "sanction.propose_release", sanction)
            else:
                _let_go(tx, found, by=person, reason=words)
            return _looked(tx, sanctions.get(tx, sanction), hits=100)

    def confirm(self, by: Principal, sanction: Id) -> Looked:
        """Agree to a release as the second person.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: nothing waits.
            NeedsSecondPerson: the person who proposed it.
            Conflict: it has ended meanwhile.
        """
        person = _person(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            agreed = approvals.confirm(tx, kind=KIND, subject=sanction, by=person)
            found = sanctions.get(tx, sanction)
            _let_go(tx, found, by=agreed.by, reason=agreed.reason, second=person)
            return _looked(tx, sanctions.get(tx, sanction), hits=100)

    def refuse(self, by: Principal, sanction: Id) -> None:
        """Disagree with a release, or take one's own proposal back.

        Raises:
            NotAllowed: not by a person whose role allows it.
            NotFound: nothing waits.
        """
        person = _person(by)
        with self._db.transaction() as tx:
            approvals.refuse(tx, kind=KIND, subject=sanction, by=person)
            tx.audit(person, "sanction.refuse_release", sanction)

    def wrong(self, by: Principal, registration: Id, *, reason: str) -> Looked:
        """Say that a registration was somebody else's: what led there leads nowhere again.

        Raises:
            NotAllowed: not by a person whose role allows it.
            BadInput: no reason.
            NotFound: no such registration.
            Conflict: somebody said it already.
        """
        person, words = _person(by), _words(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            hit = sanctions.get_hit(tx, registration)
            if hit.wrong_by:
                raise Conflict("Somebody said already that this was another person.")
            found = sanctions.get(tx, hit.sanction)
            if found.end is None:
                identifiers.end_hashes(tx, registration, by=person)
            cases.note(tx, found.case, by=person, what="wrong_registration", words=words)
            tx.audit(
                person, "registration.wrong", registration, sanction=hit.sanction, reason=words
            )
            return _looked(tx, sanctions.get(tx, hit.sanction), hits=100)

    def tallies(self, since_days: int = 30) -> dict[str, int]:
        """Registrations that were found in the last days, and how many sanctions stand."""
        with self._db.read() as tx:
            counted = sanctions.tallies(tx, tx.now - timedelta(days=since_days))
            said = {answer.value: count for answer, count in counted.items()}
            return said | {"standing": sanctions.standing(tx)}


def _let_go(tx: Tx, found: Sanction, *, by: Id, reason: str, second: Id | None = None) -> None:
    sanctions.end(tx, found.id, EndKind.RELEASED, by=by, reason=reason, second=second)
    cases.note(tx, found.case, by=by, what="sanction_released", words=reason)
    tx.audit(by, "sanction.release", found.id, case=found.case, second=second or "")


def _looked(tx: Tx, found: Sanction, *, hits: int) -> Looked:
    waiting = [
        one
        for one in approvals.of_subject(tx, found.id)
        if one.kind == KIND and not one.outcome and one.lapses_at > tx.now
    ]
    return Looked(
        found, sanctions.stands(tx, found.id),
        tuple(sanctions.hits(tx, sanction=found.id, limit=hits)), next(iter(waiting), None),
    )  # fmt: skip


def _words(reason: str) -> str:
    if not reason.strip() or len(reason) > LONGEST:
        raise BadInput(f"Give the reason, in at most {LONGEST:,} characters.")
    return reason.strip()


def _person(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.SANCTION_RELEASE):
        raise NotAllowed("Sanctions are let go of by people whose role allows it.")
    return by.person
