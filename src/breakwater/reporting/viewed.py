"""Writes into a draft what the view log says of each file at the moment it is sent.

In: a filing and a fresh draft of the same case. Out: the same report with truthful `viewed` flags
(18 USC 2258A; reference: cybertipline, "Flags that are evidence"). Called by `filing`; tests:
`tests/integration/test_filing.py`.
"""

from __future__ import annotations

from dataclasses import replace

from breakwater.model.filing import Filing
from breakwater.model.report import Report
from breakwater.records import filings
from breakwater.records.database import Tx
from breakwater.reporting.drafting.draft import Drafted


def say_who_viewed(tx: Tx, filing: Filing, fresh: Drafted | None) -> None:
    """What the view log says now of each file, whatever the draft was when it was made."""
    if fresh is None or fresh.report is None:
        return
    seen = {one.sha256: one for one in fresh.report.files}
    report = Report.read(filings.report_of(tx, filing.id))
    files = tuple(
        replace(one, viewed=seen[one.sha256].viewed, exif_viewed=seen[one.sha256].exif_viewed)
        if one.sha256 in seen
        else one
        for one in report.files
    )
    if files != report.files:
        filings.redraft(tx, filing, replace(report, files=files).plain(), filing.files)
