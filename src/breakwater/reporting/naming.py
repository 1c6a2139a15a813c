"""A person names somebody in a draft: who did it, for whom it was meant, or a child.

In: a draft, an account by the service's own name, its part and why. Out: the draft with a party
more, filled with what the service told and what was seen here. A child of the draft, or who is
known as one, is never named as reported or as a recipient (reference law, "The child is often the
broadcaster"). The reason stands in the report, with the case and in the audit log. Called by
`web.pages.filing`; tests: `tests/contract/test_naming.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, TypeVar

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Principal
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.report import Party, Report
from breakwater.records import accounts, cases, filings
from breakwater.records.database import Database
from breakwater.records.texts import storable
from breakwater.reporting.drafting import named, parties
from breakwater.reporting.drafting.material import Material, gather
from breakwater.reporting.filing import Filings

P = TypeVar("P", bound=Party)
LONGEST: Final = 500
"""Letters of an account's name and of a reason."""
SAID: Final = "Named by a person: {why}"


class Part(StrEnum):
    """What somebody has to do with what is reported."""

    REPORTED = "reported"
    RECIPIENT = "recipient"
    VICTIM = "victim"


class Naming:
    """Names people in drafts."""

    def __init__(self, *, db: Database, filings: Filings) -> None:
        """Take what it stands on."""
        self._db = db
        self._filings = filings

    def name(self, by: Principal, filing: Id, account: str, part: Part, why: str) -> Filing:
        """Add somebody to a draft; looked up here, nothing is guessed.

        Raises:
            NotFound: no such report.
            BadInput: no account or no reason, or they stand in the draft already.
            Conflict: it is no draft any more, somebody else is reported in it, or a child would
                be reported.
        """
        account, why = account.strip()[:LONGEST], why.strip()[:LONGEST]
        if not account or not why:
            raise BadInput("Say which account it is, and why it is named.")
        storable(account, why)
        with self._db.read() as tx:
            draft = filings.get(tx, filing)
            if draft.state is not FilingState.DRAFT:
                raise Conflict("Only a draft is changed: this report is on its way or filed.")
            report = Report.read(filings.report_of(tx, filing))
            found = gather(tx, draft.case)
            told = accounts.latest(tx, found.case.service, account)
        if told is not None:
            found = replace(found, told={**found.told, account: told})
        fresh = _with(report, found, account, part, SAID.format(why=why))
        done = self._filings.change(by, filing, fresh)
        with self._db.transaction() as tx:
            cases.note(tx, draft.case, by=by.person or by.id, what="filing.named", words=why)
            tx.audit(by.id, "filing.name", filing, case=draft.case, part=part.value, reason=why)
        return done


def _with(report: Report, found: Material, account: str, part: Part, said: str) -> Report:
    """The report with somebody more."""
    every: tuple[Party, ...] = (*report.reported, *report.recipients, *report.victims)
    if account in {one.account for one in every}:
        raise BadInput("This account stands in the report already.")
    if part is Part.VICTIM:
        child = _said(parties.victim(found, account), said)
        return replace(report, victims=(*report.victims, child))
    if account in named.victims(found) or named.grown(found, account) is False:
        raise Conflict("This account is a child's by what is known: a child is only ever a victim.")
    if part is Part.RECIPIENT:
        one = _said(parties.recipient(found, account), said)
        return replace(report, recipients=(*report.recipients, one))
    if report.reported and not report.batched:
        raise Conflict("This report is about somebody already; each has a report of their own.")
    who = _said(parties.reported(found, account), said)
    return replace(report, reported=(*report.reported, who))


def _said(party: P, words: str) -> P:
    lines: Sequence[str] = [words, party.additional]
    return replace(party, additional="\n".join(filter(None, lines)))
