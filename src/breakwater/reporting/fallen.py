"""Reports whose decision fell after they were sent: the recipient still has them and must be told.

In: filings, and what of their cases' decisions still stands. Out: which wait until a person writes
down that the recipient was told, and that they were. No recipient's form takes a filed report back
(NCMEC: a finished report cannot be retracted), so a person tells it by its number; a decision that is
taken anew drafts a version that names the first (`following`). Read and called by `web.pages`; tests:
`tests/contract/test_fallen.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Principal
from breakwater.model.event import EventType
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.records import cases, decisions, filings
from breakwater.records.database import Database, Tx
from breakwater.records.texts import storable

TOLD: Final = "filing.told"
"""The step of a case's history that says so."""
LONGEST: Final = 2_000
"""Letters of what is written down."""


def fell(tx: Tx, filing: Filing) -> bool:
    """Whether a report was sent, or is on its way, though nothing that was decided stands for it."""
    if filing.state is not FilingState.FINISHED and not filing.state.under_way:
        return False
    return not decisions.known_since(tx, filing.case) and not decisions.in_danger(tx, filing.case)


def told(tx: Tx, filing: Filing) -> str:
    """What a person wrote down that the recipient was told; empty: nothing yet."""
    steps = cases.history(tx, filing.case)
    said = [s.note for s in steps if s.what == TOLD and s.facts.get("filing") == filing.id]
    return said[-1] if said else ""


def waiting(tx: Tx) -> list[Filing]:
    """Filed reports whose decision fell and whose recipient was not told, the first filed first."""
    return [one for one in filings.in_doubt(tx) if fell(tx, one) and not told(tx, one)]


def tell(db: Database, by: Principal, filing: Id, words: str) -> None:
    """Write down that the recipient was told that a report was wrong.

    Raises:
        NotFound: no such report.
        BadInput: nothing is said.
        Conflict: it is not filed, or what was decided stands.
    """
    words = words.strip()[:LONGEST]
    if not words:
        raise BadInput("Write down how the recipient was told, and what they answered.")
    storable(words)
    with db.transaction() as tx:
        tx.lock_changes()
        found = filings.get(tx, filing)
        if found.state is not FilingState.FINISHED or not fell(tx, found):
            raise Conflict("Only a filed report whose decision was taken back is corrected so.")
        cases.note(tx, found.case, by=by.person or by.id, what=TOLD, words=words, filing=filing)
        tx.audit(by.id, TOLD, filing, case=found.case)
        tx.emit(EventType.CASE_CHANGED, found.case, told=filing)
