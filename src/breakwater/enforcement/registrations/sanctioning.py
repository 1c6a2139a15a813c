"""Sanctions follow decisions: opened, ended, run out. Nothing here sanctions by itself.

Heard of after the decision; what a registration is told never waits for that, for a check reads
the decision itself (`records.sanctions.stands`). Account data that a service tells late are
gathered by a later look. Tests: `tests/contract/test_sanctions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from breakwater.enforcement.registrations.gathering import gather
from breakwater.enforcement.registrations.normalise import Normaliser
from breakwater.errors import NotFound
from breakwater.model.case import Case
from breakwater.model.decision import AccountRole
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.sanction import EndKind, Sanction
from breakwater.model.work import Beat
from breakwater.observe import logger
from breakwater.records import cases, decisions, identifiers, jobs, sanctions, streams
from breakwater.records.database import Database, Tx

GATHER_JOB: Final = "registrations.gather"
"""Kind of the job that looks again for account data that came late."""
LATER: Final = (timedelta(hours=1), timedelta(hours=10))
"""When it looks: a service that did not answer is asked for nine hours."""
ENFORCEMENT: Final = "enforcement"
AT_ONCE: Final = 100
_log = logger("registrations")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator can set.

    Attributes:
        lasts: how long a sanction is in force.
        network_for: how long after it was seen a network counts.
        across: whether an account of one service is known to the others here.
        release_by_two: whether letting go of a sanction takes two people.
    """

    lasts: timedelta = timedelta(days=730)
    network_for: timedelta = timedelta(days=30)
    across: bool = True
    release_by_two: bool = False


class Sanctioning:
    """Opens and ends sanctions as decisions have it."""

    def __init__(self, *, db: Database, make: Normaliser, rules: Rules) -> None:
        """Take what it stands on."""
        self._db = db
        self._make = make
        self._rules = rules

    def on_decided(self, event: Event) -> None:
        """A case was decided, or its decision taken back."""
        self._settle(event.subject)

    def on_ordered(self, event: Event) -> None:
        """Somebody may have said who broadcasts."""
        with self._db.read() as tx:
            stream = streams.find(tx, event.subject)
        if stream is not None and stream.case is not None:
            self._settle(stream.case)

    def run(self, payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        """Look again for what a sanctioned account is known by."""
        with self._db.transaction() as tx:
            try:
                found = sanctions.get(tx, Id(payload["sanction"]))
            except NotFound:
                return
            if sanctions.stands(tx, found.id):
                self._know(tx, found, cases.get(tx, found.case))

    def expire(self) -> None:
        """End what has run out, and forget networks after their days; in slices."""
        with self._db.read() as tx:
            old = sanctions.run_out(tx, AT_ONCE)
        for one in old:
            with self._db.transaction() as tx:
                if sanctions.get(tx, one).end is None:
                    sanctions.end(tx, one, EndKind.EXPIRED, by=ENFORCEMENT)
                    tx.audit(ENFORCEMENT, "sanction.expire", one)
        with self._db.transaction() as tx:
            identifiers.forget_stale(tx)

    def read_known(self) -> None:
        """Read the hashes that let a check say without SQL that nobody is known."""
        identifiers.read_known(self._db)

    def _settle(self, case: Id) -> None:
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = cases.get(tx, case)
            if not found.account:
                return
            if _child_elsewhere(tx, found):
                self._end_all(tx, found)
                return
            ground = sanctions.ground(tx, found)
            for one in sanctions.of_case(tx, case):
                if one.end is None and (ground is None or ground.id != one.decision):
                    changed = ground is None and sanctions.role_unknown(tx, found)
                    self._end(tx, one, EndKind.NO_SUSPECT if changed else EndKind.OVERTURNED)
            if ground is None:
                return
            until = tx.now + self._rules.lasts
            made = sanctions.open(tx, found, ground, until=until)
            if made is not None and made.at == tx.now:
                known = self._know(tx, made, found)
                tx.audit(ENFORCEMENT, "sanction.open", made.id, case=case, hashes=known)
                for after in LATER:
                    jobs.enqueue(tx, GATHER_JOB, {"sanction": made.id}, run_at=tx.now + after)

    def _know(self, tx: Tx, sanction: Sanction, case: Case) -> int:
        known = gather(tx, case, self._make)
        return identifiers.add(
            tx, sanction.id, known, until=sanction.until, network_for=self._rules.network_for
        )

    def _end_all(self, tx: Tx, case: Case) -> None:
        for one in sanctions.of_account(tx, case.service, case.account):
            if one.end is None:
                self._end(tx, one, EndKind.NO_SUSPECT)

    def _end(self, tx: Tx, one: Sanction, kind: EndKind) -> None:
        sanctions.end(tx, one.id, kind, by=ENFORCEMENT)
        tx.audit(ENFORCEMENT, "sanction.end", one.id, kind=kind.value)
        _log.info("sanction_ended", number=one.number, kind=kind.value)


def _child_elsewhere(tx: Tx, case: Case) -> bool:
    """Whether any decision that stands says that the holder of this account is a child."""
    return any(
        said.stands and said.facts.role is AccountRole.APPARENT_CHILD
        for one in cases.by_account(tx, case.service, case.account)
        for said in decisions.of_case(tx, one.id)
    )
