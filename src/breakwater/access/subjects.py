"""What is kept of a person outside, given to them, and erased where it may be.

In come a service, its name of an account, and a reason; out go what is kept, what is exempt from
being given out or erased, and why. Exempt things are listed for whoever answers the person, who
never sends that list on: it would tell a suspect of an investigation. Every look and act is an
audit row under the account's pseudonym. Tests: `tests/contract/test_privacy.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.privacy import Erased, KeptColumn, KeptRow
from breakwater.records import identities, jobs, subjects
from breakwater.records.database import Database, Tx

ERASE_JOB: Final = "ingest.erase"
"""Kind of the job, run by `intake`, that overwrites the hashes of uploads that were erased."""
LONGEST: Final = 2000


class Subjects:
    """Answers people outside who ask what is kept of them."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def inventory(self) -> list[KeptColumn]:
        """Every column that is kept, what it holds, what for and how long."""
        return subjects.inventory()

    def export(self, by: Principal, service: str, account: str, *, reason: str) -> list[KeptRow]:
        """Everything that is kept of an account; what is exempt is named and not told.

        Raises:
            NotAllowed: not by a person who may see identities.
            BadInput: no account, or no reason.
        """
        person, words = _person(by, Permission.SUBJECT_READ), _words(account, reason)
        with self._db.transaction() as tx:
            found = subjects.kept_of(tx, service, account)
            exempt = sum(one.exempt is not None for one in found)
            tx.audit(
                person, "subject.export", _subject(tx, service, account), rows=len(found),
                exempt=exempt, reason=words,
            )  # fmt: skip
            return found

    def erase(
        self, by: Principal, service: str, account: str, *, reason: str, really: bool = False
    ) -> Erased:
        """Erase what may be erased; without `really` only say what that would be.

        Raises:
            NotAllowed: not by a person whose role allows it.
            BadInput: no account, or no reason.
        """
        person, words = _person(by, Permission.SUBJECT_ERASE), _words(account, reason)
        if not really:
            with self._db.transaction() as tx:
                tx.audit(person, "subject.look", _subject(tx, service, account), reason=words)
                return _would(subjects.kept_of(tx, service, account))
        with self._db.transaction() as tx:
            tx.lock_changes()
            done = subjects.erase(tx, service, account)
            if done.uploads:
                jobs.enqueue(tx, ERASE_JOB, {"uploads": list(done.uploads)})
            tx.audit(
                person, "subject.erase", _subject(tx, service, account), gone=dict(done.gone),
                stays=len(done.stays), reason=words,
            )  # fmt: skip
            return done


def _would(found: list[KeptRow]) -> Erased:
    gone: dict[str, int] = {}
    for one in found:
        if one.stays is None:
            gone[one.table] = gone.get(one.table, 0) + 1
    return Erased(gone, tuple(one for one in found if one.stays is not None))


def _subject(tx: Tx, service: str, account: str) -> str:
    """The account's pseudonym: the audit log names nobody."""
    return (identities.pseudonym(tx, service, account) or b"").hex()


def _words(account: str, reason: str) -> str:
    if not account.strip():
        raise BadInput("Name the account, as its service does.")
    if not reason.strip() or len(reason) > LONGEST:
        raise BadInput(f"Give the reason, in at most {LONGEST:,} characters.")
    return reason.strip()


def _person(by: Principal, needed: Permission) -> Id:
    if by.person is None or not by.may(needed):
        raise NotAllowed("What is kept of a person is given out and erased by people who may.")
    return by.person
