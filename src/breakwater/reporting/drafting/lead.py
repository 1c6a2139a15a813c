"""Cases that one report tells together: a decision on a stack reaches several of one account.

Each of its cases has a decision of its own that names the one it follows. What the same account
uploaded is in the report of the case that was decided; another account's is a report of its own,
unless one batched report tells of every account that sent a viral file (`reporting.batching`).
Tests: `tests/integration/test_filing_bad_input.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.case import CaseKind
from breakwater.model.decision import DecisionKind
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.report import Report
from breakwater.records import cases, decisions, filings, uploads
from breakwater.records.database import Tx

BATCHED: Final = "filing.batched"
"""Step of a case that goes with a batched report of another."""

ELSEWHERE: Final = {
    CaseKind.RECEIVED: "Others reported this: refer it on the case's page.",
    CaseKind.LEAD: "A lead is not reported: report the cases of its media.",
}
"""Kinds of cases that no report is made of, and what is done instead."""


def told_with(tx: Tx, case: Id) -> Id | None:
    """The case whose report tells this one too; None: it has a report of its own.

    Raises:
        NotFound: no such case.
    """
    mine = cases.get(tx, case)
    if (batch := batch_of(tx, case)) is not None:
        return filings.get(tx, batch).case
    said = [one for one in decisions.of_case(tx, case) if one.stands]
    last = next((one for one in reversed(said) if one.kind is DecisionKind.ILLEGAL), None)
    if last is None or last.lead is None:
        return None
    lead = cases.get(tx, decisions.get(tx, last.lead).case)
    if not mine.account or (lead.service, lead.account) != (mine.service, mine.account):
        return None
    return lead.id


def batch_of(tx: Tx, case: Id) -> Id | None:
    """The batched report that a case goes with, unless it was withdrawn."""
    said = [one for one in cases.history(tx, case) if one.what == BATCHED]
    found = filings.get(tx, Id(said[-1].facts["filing"])) if said else None
    gone = found is None or found.state is FilingState.DROPPED
    return None if gone or found is None else found.id


def members(tx: Tx, filing: Filing) -> list[Id]:
    """Cases that a batched report tells besides its own."""
    report = Report.read(filings.report_of(tx, filing.id))
    if not report.batched or not report.files:
        return []
    known = uploads.with_hashes(tx, "sha256", [bytes.fromhex(report.files[0].sha256)])
    found = uploads.many(tx, [one for one, _ in known])
    every = sorted({one.case for one in found.values() if one.case is not None})
    return [one for one in every if _last_batch(tx, one) == filing.id]


def _last_batch(tx: Tx, case: Id) -> str:
    said = [one for one in cases.history(tx, case) if one.what == BATCHED]
    return str(said[-1].facts["filing"]) if said else ""
