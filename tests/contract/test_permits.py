"""A report that may not leave stays, and the case says why; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.errors import SendingRefused
from breakwater.model.case import CaseKind, Priority
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.sending import RecipientKind, Sendings
from breakwater.records import cases, filings
from breakwater.reporting.allowed import shipped
from breakwater.reporting.permits import REFUSED, Destination, Permits

pytestmark = pytest.mark.usefixtures("keyring")
DAY = timedelta(days=1)


def draft(tx, *, urgent=False):
    case = cases.open(
        tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.HIGH
    )
    about = filings.About(case.id, "lyon", tx.now, tx.now + DAY, urgent=urgent)
    return filings.draft(tx, about, simple_report().plain())


def permits(database, seat, to) -> Permits:
    there = Destination("lyon", DAY, country=to, kind=RecipientKind.POLICE, title="Police, Lyon")
    rules = Sendings(seat, shipped())
    return Permits(db=database, sendings=rules, destinations={"lyon": there})


def test_a_refusal_is_noted_in_the_case_and_the_report_stays(database) -> None:
    with database.transaction() as tx:
        one = draft(tx)
    with pytest.raises(SendingRefused, match="Police, Lyon"):
        permits(database, "US", "FR").ask("officer", one)
    with database.read() as tx:
        (note,) = [step for step in cases.history(tx, one.case) if step.what == REFUSED]
        assert filings.get(tx, one.id) == one
    assert "NCMEC" in note.note
    permits(database, "DE", "FR").ask("officer", one)


def test_danger_opens_what_is_closed_otherwise(database) -> None:
    with database.transaction() as tx:
        calm, urgent = draft(tx), draft(tx, urgent=True)
    with pytest.raises(SendingRefused):
        permits(database, "US", "US").ask("officer", calm)
    permits(database, "US", "US").ask("officer", urgent)
    with pytest.raises(SendingRefused, match="No recipient"):
        permits(database, "US", "US").ask("officer", replace(urgent, destination="nobody"))
    assert calm.state is FilingState.DRAFT
