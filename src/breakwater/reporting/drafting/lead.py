"""Cases that one report tells together: a decision on a stack reaches several of one account.

Each of its cases has a decision of its own that names the one it follows. What the same account
uploaded is in the report of the case that was decided; another account's is a report of its own.
Tests: `tests/integration/test_filing_bad_input.py`.
"""

from __future__ import annotations

from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id
from breakwater.records import cases, decisions
from breakwater.records.database import Tx


def told_with(tx: Tx, case: Id) -> Id | None:
    """The case whose report tells this one too; None: it has a report of its own.

    Raises:
        NotFound: no such case.
    """
    mine = cases.get(tx, case)
    said = [one for one in decisions.of_case(tx, case) if one.stands]
    last = next((one for one in reversed(said) if one.kind is DecisionKind.ILLEGAL), None)
    if last is None or last.lead is None:
        return None
    lead = cases.get(tx, decisions.get(tx, last.lead).case)
    if not mine.account or (lead.service, lead.account) != (mine.service, mine.account):
        return None
    return lead.id
