"""What people do with holds: read the list and what is kept, extend, add an order, end with two.

Ending destroys, or lets the case's own rules destroy, so that two people agree: one proposes, the
other confirms within a day. A report's hold ends when its time is over, an ordered one when the
court or authority lets go; never earlier, whoever agrees (`records.held`). Every look at what is
kept and every act is written down. Called by `web.api.holds` and `web.pages.holds`; tests:
`tests/contract/test_preserving.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Principal
from breakwater.model.approval import Approval
from breakwater.model.case import Case
from breakwater.model.event import EventType
from breakwater.model.hold import (
    Extension,
    Hold,
    HoldItem,
    HoldKind,
    HoldState,
    Preservation,
    Why,
)
from breakwater.model.ids import Id
from breakwater.records import approvals, cases, hold_items, holds, preservations
from breakwater.records.database import Database, Tx
from breakwater.reporting.preserving.keep import Keeper, Rules

RELEASE: Final = "hold.release"
DESTROY: Final = "hold.destroy"
"""Kinds of the approvals; the triggers of `records.held` look for them."""

DUE_SOON: Final = timedelta(days=30)
"""What comes due within this is listed."""

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """Holds for a list.

    Attributes:
        numbers: of cases, by id, as people call them.
        figures: by case: things kept, gaps, things destroyed.
        keeping: how far each case is.
        waiting: proposals to end, by hold.
        failing: cases that were not kept yet.
        counts: holds by state.
    """

    holds: tuple[Hold, ...]
    numbers: Mapping[Id, int]
    figures: Mapping[Id, tuple[int, int, int]]
    keeping: Mapping[Id, Preservation]
    waiting: Mapping[Id, Approval]
    failing: tuple[Preservation, ...]
    counts: Mapping[HoldState, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is held of one case, and who kept it longer, the newest first."""

    case: Case
    holds: tuple[Hold, ...]
    items: tuple[HoldItem, ...]
    keeping: Preservation
    rules: Rules
    now: datetime
    waiting: Mapping[Id, Approval] = field(default_factory=dict)
    extended: tuple[Extension, ...] = ()


class Holding:
    """Holds, as people move them."""

    def __init__(self, *, db: Database, keeper: Keeper, rules: Rules) -> None:
        """Take what it stands on."""
        self._db = db
        self._keeper = keeper
        self._rules = rules

    def listed(
        self, *, state: HoldState | None = None, kind: HoldKind | None = None, soon: bool = False,
        after: int | None = None, limit: int = PAGE,
    ) -> Listed:  # fmt: skip
        """Holds, what comes due first; names nobody.

        Args:
            state: only these.
            kind: only these.
            soon: only what comes due within a month.
            after: only smaller numbers, for paging.
            limit: at most so many.
        """
        with self._db.read() as tx:
            before = tx.now + DUE_SOON if soon else None
            found = holds.page(tx, state=state, kind=kind, before=before, after=after, limit=limit)
            failing = tuple(preservations.failing(tx))
            ids = list(
                dict.fromkeys([*(one.case for one in found), *(one.case for one in failing)])
            )
            return Listed(
                tuple(found), {one: cases.get(tx, one).number for one in ids},
                hold_items.figures(tx, ids), preservations.of_cases(tx, ids),
                _waiting(tx), failing, holds.counts(tx), tx.now,
            )  # fmt: skip

    def of_case(self, by: Principal, case: Id) -> Manifest:
        """What is held of a case; written down before it is shown.

        Raises:
            NotFound: no such case.
        """
        with self._db.transaction() as tx:
            found = cases.get(tx, case)
            tx.audit(by.id, "hold.read", case)
            return Manifest(
                found, tuple(holds.of_case(tx, case)), tuple(hold_items.of_case(tx, case)),
                preservations.get(tx, case), self._rules, tx.now, _waiting(tx),
                tuple(holds.extensions(tx, case)),
            )  # fmt: skip

    def extend(self, by: Principal, hold: Id, to: datetime, reason: str) -> Hold:
        """Keep longer; with a reason.

        Raises:
            BadInput: no reason, or no later day.
            Conflict: it ended.
        """
        with self._db.transaction() as tx:
            return holds.extend(tx, hold, to, by=by.id, reason=reason)

    def order(
        self, by: Principal, case: Id, *, reference: str, reason: str,
        kind: HoldKind = HoldKind.LEGAL, until: datetime | None = None,
    ) -> Hold:  # fmt: skip
        """A court or an authority orders that a case is kept, decided or not.

        Raises:
            NotFound: no such case.
            BadInput: no reference, no reason, or a day that is over.
        """
        if not kind.ordered:
            raise BadInput("Say whether a court or an authority orders it.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            cases.get(tx, case)
            if until is not None and until <= tx.now:
                raise BadInput("That day is over.")
            made = holds.legal(
                tx, case, reference=reference, reason=reason, by=by.id, seat=self._rules.seat,
                ends=until, kind=kind,
            )  # fmt: skip
            self._keeper.want(tx, case)
            return made

    def propose_end(self, by: Principal, hold: Id, reason: str) -> Hold:
        """Propose that a hold ends; another person confirms.

        Raises:
            BadInput: no reason.
            Conflict: its time is not over, or an order stands beside it.
        """
        if not reason.strip():
            raise BadInput("Say why this hold ends.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = holds.get(tx, hold)
            _may_end(tx, found)
            facts = {"case": found.case, "number": found.number, "kind": found.kind.value}
            approvals.propose(
                tx, kind=_kind(found), subject=hold, by=_person(by), reason=reason, facts=facts
            )
            tx.audit(by.id, "hold.propose_end", hold, case=found.case)
            return found

    def confirm_end(self, by: Principal, hold: Id) -> Hold:
        """The second person agrees: it ends, and what nothing holds any more is destroyed.

        Raises:
            NeedsSecondPerson: it is the same person.
            NotFound: nothing waits; it may have lapsed.
            Conflict: its time is not over, or an order stands beside it.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = holds.get(tx, hold)
            _may_end(tx, found)
            said = approvals.confirm(tx, kind=_kind(found), subject=hold, by=_person(by))
            why = Why.RELEASED if found.kind.ordered else Why.EXPIRED
            done = holds.end(
                tx, hold, why=why, by=said.by, second=said.decided_by, reason=said.reason
            )
            preservations.want(tx, found.case)
            return done

    def refuse_end(self, by: Principal, hold: Id, reason: str) -> Hold:
        """It goes on: somebody disagrees, or takes their proposal back.

        Raises:
            NotFound: nothing waits.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = holds.get(tx, hold)
            approvals.refuse(tx, kind=_kind(found), subject=hold, by=_person(by), note=reason)
            tx.audit(by.id, "hold.refuse_end", hold, case=found.case)
            return found

    def remind(self) -> int:
        """Say once a day what is due: nothing goes by itself; answers how much."""
        with self._db.transaction() as tx:
            due = holds.page(tx, state=HoldState.DUE, limit=PAGE)
            for one in due:
                tx.emit(EventType.HOLD_DUE, one.id, case=one.case, number=one.number)
        return len(due)


def _may_end(tx: Tx, found: Hold) -> None:
    if not found.stands:
        raise Conflict("This hold has ended already.")
    if found.kind.ordered:
        return
    if found.state is not HoldState.DUE:
        raise Conflict("Its time is not over: nothing is destroyed before.")
    beside = [one for one in holds.standing(tx, found.case) if one.id != found.id]
    if beside:
        names = ", ".join(one.reference or str(one.number) for one in beside)
        raise Conflict(f"An order stands beside it: {names}. End that first.")


def _kind(found: Hold) -> str:
    return RELEASE if found.kind.ordered else DESTROY


def _waiting(tx: Tx) -> dict[Id, Approval]:
    said = [*approvals.waiting(tx, kind=RELEASE), *approvals.waiting(tx, kind=DESTROY)]
    return {Id(one.subject): one for one in said}


def _person(by: Principal) -> Id:
    return by.person or by.id
