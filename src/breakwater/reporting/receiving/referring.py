"""Refers a received report: who it went on to, under which reference, by whom.

It is marked and audited here; the package itself is made and sealed elsewhere. Several
referrals of one report are usual (a national unit and a hotline abroad); none is taken back,
a wrong one is followed by the right one.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.received import Referral
from breakwater.records import cases, received
from breakwater.records.database import Database

LONGEST: Final = 200


class Referring:
    """Marks to whom reports were referred."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def refer(self, who: Principal, case: Id, *, recipient: str, reference: str = "") -> Referral:
        """Mark that the report of a case was referred.

        Args:
            who: a person whose role refers reports.
            case: that the report became.
            recipient: the agency or hotline.
            reference: the recipient's own, where they gave one.

        Raises:
            NotAllowed: this role refers nothing.
            NotFound: no such case, or it is not about a received report.
            BadInput: no recipient, or a text that is too long.
        """
        if not who.may(Permission.REPORT_REFER) or who.person is None:
            raise NotAllowed("Your role refers no reports.")
        recipient, reference = recipient.strip(), reference.strip()
        if not recipient or max(len(recipient), len(reference)) > LONGEST:
            raise BadInput(f"Name the recipient, in at most {LONGEST} characters.")
        with self._db.transaction() as tx:
            report = received.of_case(tx, case)
            if report is None:
                raise NotFound("This case is not about a received report.")
            made = received.refer(
                tx, report.id, recipient=recipient, reference=reference, by=who.person
            )
            words = f"{recipient}, {reference}" if reference else recipient
            cases.note(tx, case, by=who.person, what="referred", words=words)
            tx.audit(who.id, "received.refer", report.id, number=report.number, recipient=recipient)
        return made
