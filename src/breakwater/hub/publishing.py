"""Publication: what a member gave goes out once two people agreed, unless the member is trusted.

The agreement and the first entries are one transaction; a job lets out the rest in slices and
takes up where it was stopped, because what went out is no longer proposed. Contract:
`tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from breakwater.errors import BadInput, Conflict
from breakwater.hub.members import must_read, must_run
from breakwater.hub.rules import must_be_person
from breakwater.model.access import Principal
from breakwater.model.approval import Approval
from breakwater.model.bank import Import
from breakwater.model.hub import Contribution, Member
from breakwater.model.ids import Id
from breakwater.model.work import Beat
from breakwater.records import approvals, hub_given, hub_lists, hub_members, imports, jobs
from breakwater.records.database import Database, Tx

KIND: Final = "hub.publish"
JOB: Final = "hub.publish"


class Publish(Protocol):
    """Lets a slice of a batch go out; `hub.contribute` does."""

    def __call__(self, tx: Tx, import_number: int, *, by: str, second: Id | None) -> int:
        """Entries that moved; 0 when none is left."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that nobody published yet.

    Attributes:
        run: its import.
        list: name of the list it was given to.
        joined: entries of others that its member gives too since.
        proposal: what a first person proposed; None: nobody has.
    """

    given: Contribution
    member: Member
    run: Import
    list: str
    joined: int
    proposal: Approval | None


class Publishing:
    """Publishes by two people."""

    def __init__(self, *, db: Database, publish: Publish, caught_up: Callable[[], object]) -> None:
        """Take what it stands on; `caught_up` lets the index hear of what moved."""
        self._db = db
        self._publish = publish
        self._caught_up = caught_up

    def waiting(self, by: Principal, *, limit: int = 50) -> Sequence[Waiting]:
        """Batches that wait, the newest first; raises `NotAllowed`."""
        must_read(by)
        with self._db.read() as tx:
            found = hub_given.page(tx, waiting=True, limit=limit)
            lists = {one.bank_number: one.name for one in hub_lists.every(tx, ended=True)}
            asked = {one.subject: one for one in approvals.waiting(tx, kind=KIND)}
            every = [
                Waiting(
                    one, hub_members.get(tx, one.member), imports.get(tx, one.import_number),
                    lists.get(one.bank_number, ""), _joined(tx, one.import_number),
                    asked.get(str(one.import_number)),
                )
                for one in found
            ]  # fmt: skip
            # What only takes entries back leaves nothing to let out.
            return [one for one in every if not _is_empty(one)]

    def propose(self, by: Principal, import_number: int, *, reason: str) -> Approval:
        """Propose that a batch goes out.

        Raises:
            NotAllowed: not by those who run the hub.
            BadInput: no reason.
            NotFound: no such batch.
            Conflict: it went out already, or is still being read.
        """
        who = must_run(by)
        if not reason.strip():
            raise BadInput("Say why, so that the second person can decide.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            self._may(tx, import_number)
            made = approvals.propose(
                tx, kind=KIND, subject=str(import_number), by=who, reason=reason.strip()[:2000]
            )
            tx.audit(by.id, "hub.publish_propose", str(import_number))
            return made

    def confirm(self, by: Principal, import_number: int) -> int:
        """Agree as the second person; answers how many entries went out at once.

        Raises:
            NotAllowed: not a person who runs the hub.
            NotFound: nothing waits.
            NeedsSecondPerson: the one who proposed it.
            Conflict: it went out already.
        """
        must_run(by)
        second = must_be_person(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            agreed = approvals.confirm(tx, kind=KIND, subject=str(import_number), by=second)
            self._may(tx, import_number)
            moved = self._publish(tx, import_number, by=agreed.by, second=second)
            payload = {"import": import_number, "by": agreed.by, "second": second}
            jobs.enqueue(tx, JOB, payload, dedup_key=f"{JOB}/{import_number}")
            tx.audit(by.id, KIND, str(import_number), first=agreed.by)
        self._caught_up()
        return moved

    def refuse(self, by: Principal, import_number: int) -> None:
        """Disagree, or take one's own proposal back; raises `NotAllowed`, `NotFound`."""
        who = must_run(by)
        with self._db.transaction() as tx:
            approvals.refuse(tx, kind=KIND, subject=str(import_number), by=who)
            tx.audit(by.id, "hub.publish_refuse", str(import_number))

    def run(self, payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        """Let out what is left of a batch, slice by slice."""
        moved = 1
        while moved:
            with self._db.transaction() as tx:
                moved = self._publish(
                    tx, payload["import"], by=payload["by"], second=Id(payload["second"])
                )
            beat(0.5)
        self._caught_up()

    @staticmethod
    def _may(tx: Tx, import_number: int) -> None:
        if hub_given.get(tx, import_number).published_at is not None:
            raise Conflict("This batch went out already.")
        if not imports.get(tx, import_number).finished:
            raise Conflict("This batch is still being read.")


def _is_empty(one: Waiting) -> bool:
    read, kept = one.run.rows_read, one.run.rows_kept
    return bool(read) and not (kept or one.joined or one.proposal)


def _joined(tx: Tx, import_number: int) -> int:
    return hub_given.words_with(tx, hub_given.parts(tx, import_number))[0]
