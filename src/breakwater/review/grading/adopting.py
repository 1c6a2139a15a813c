"""A new table of law: one person proposes it with what it would change, another puts it in force.

In comes a table; it is tried on all of history and waits with the list of what would change, for
24 hours. Whoever confirms is another person with the same role (reference: law, "two people for
… category override"; the same person is judged by person). Then history is derived anew
(`review.grading.derive`). Fed by `web.api.schemes` and `web.pages.schemes`. Tests:
`tests/contract/test_review_derive.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.ids import Id
from breakwater.model.scheme import Scheme
from breakwater.records import approvals
from breakwater.records.database import Database
from breakwater.review.grading import derive
from breakwater.review.grading.derive import Difference, Schemes

KIND: Final = "scheme.adopt"
MOVES: Final = 50
"""Kinds of change that a proposal lists; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A table that waits for a second person.

    Attributes:
        changed: settled items whose code would change, of `items`, when it was proposed.
        moves: from which codes to which, and how many items, the most first.
    """

    approval: Approval
    scheme: Scheme
    items: int
    changed: int
    moves: tuple[tuple[tuple[str, ...], tuple[str, ...], int], ...]

    @classmethod
    def of(cls, waits: Approval) -> Proposal:
        """From its row."""
        facts = waits.facts
        moves = tuple((tuple(a), tuple(b), int(n)) for a, b, n in facts["moves"])
        scheme = Scheme.parse(facts["table"])
        return cls(waits, scheme, int(facts["items"]), int(facts["changed"]), moves)


class Adopting:
    """Proposes tables and puts them in force."""

    def __init__(self, *, db: Database, schemes: Schemes) -> None:
        self._db = db
        self._schemes = schemes

    def waiting(self, who: Principal) -> list[Proposal]:
        """What waits for a second person, the oldest first."""
        _lead(who)
        with self._db.read() as tx:
            return [Proposal.of(one) for one in approvals.waiting(tx, kind=KIND)]

    def propose(self, who: Principal, table: Mapping[str, Any], *, reason: str) -> Proposal:
        """Try a table on history and let it wait for a second person.

        Raises:
            NotAllowed: not by this role.
            BadInput: the table has a hole or another fault, or there is no reason.
            Conflict: the version is here already, or another table of this scheme waits.
        """
        by, scheme = _lead(who), Scheme.parse(table)
        if not reason.strip():
            raise BadInput("Say why, so that the second person can decide.")
        found = self._schemes.try_out(table)
        with self._db.transaction() as tx:
            tx.lock_changes()
            derive.adoptable(tx, scheme)
            facts = _facts(scheme, found)
            waits = approvals.propose(
                tx, kind=KIND, subject=scheme.id, by=by, reason=reason.strip()[:500], facts=facts
            )
            if waits.facts["table"] != facts["table"]:
                raise Conflict("Another table of this scheme waits. Confirm or refuse it first.")
            tx.audit(
                who.id, "scheme.propose", scheme.id, version=scheme.version, items=found.items,
                changed=found.changed, reason=waits.reason,
            )  # fmt: skip
            return Proposal.of(waits)

    def confirm(self, who: Principal, scheme: str, *, note: str = "") -> Scheme:
        """Put a proposed table in force, as the second person; history is derived anew.

        Raises:
            NotAllowed: not by this role.
            NotFound: nothing of this scheme waits; a proposal lapses after 24 hours.
            NeedsSecondPerson: the one who proposed it.
        """
        second = _lead(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            agreed = approvals.confirm(
                tx, kind=KIND, subject=scheme, by=second, note=note.strip()[:500]
            )
            return derive.put_in_force(
                tx, Scheme.parse(agreed.facts["table"]), by=agreed.by, second=second,
                reason=agreed.reason,
            )  # fmt: skip

    def refuse(self, who: Principal, scheme: str, *, note: str = "") -> Approval:
        """Disagree, or take one's own proposal back; raises `NotAllowed`, `NotFound`."""
        by = _lead(who)
        with self._db.transaction() as tx:
            refused = approvals.refuse(
                tx, kind=KIND, subject=scheme, by=by, note=note.strip()[:500]
            )
            tx.audit(who.id, "scheme.refuse", scheme, version=refused.facts["version"])
            return refused


def _lead(who: Principal) -> Id:
    if who.person is None or not who.may(Permission.GRADE_QA):
        raise NotAllowed("Tables of law are adopted by those who answer for quality.")
    return who.person


def _facts(scheme: Scheme, found: Difference) -> dict[str, Any]:
    return {
        "version": scheme.version, "table": scheme.plain(), "items": found.items,
        "changed": found.changed,
        "moves": [[list(a), list(b), n] for a, b, n in found.moves[:MOVES]],
    }  # fmt: skip
