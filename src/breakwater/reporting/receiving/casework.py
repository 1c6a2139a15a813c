"""A finished received report becomes a case, in the transaction that finishes it.

In: the report, its XML and what was said of its files. Out: a case in the queue, as urgent as
`triage` says, with every reason in its history, and a job that screens the files. What the
sender wrote never stands in the case's sentence: only what kind of report it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from breakwater.model.case import Case, CaseKind
from breakwater.model.received import ReceivedFile, ReceivedReport
from breakwater.records import cases, jobs
from breakwater.records.database import Tx
from breakwater.reporting.receiving import reading, triage

SCREEN_JOB: Final = "reporting.screen_received"
"""Kind of the job that screens the files of a received report."""


def open_case(tx: Tx, report: ReceivedReport, xml: bytes, files: Sequence[ReceivedFile]) -> Case:
    """Open the case of a report that is being finished."""
    contents = reading.contents(xml)
    found = triage.triage(contents, [reading.file_facts(one.details) for one in files])
    reported = contents.of_role("reported")
    account = (reported[0].account or reported[0].screen_name) if reported else ""
    case = cases.open(
        tx, kind=CaseKind.RECEIVED, subject=report.id,
        why=f"Report {report.number} came in: {contents.incident}. {found.reasons[0]}",
        priority=found.priority, service=report.service, account=account, by=report.sender,
    )  # fmt: skip
    for reason in found.reasons:
        cases.note(tx, case.id, by="triage", what="triaged", words=reason)
    jobs.enqueue(tx, SCREEN_JOB, {"report": report.id}, dedup_key=f"received:{report.id}")
    return case
