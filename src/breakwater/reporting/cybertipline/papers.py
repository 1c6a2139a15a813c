"""The documents of a filing to NCMEC, made from its sealed draft at the moment they are sent.

What stands open with the recipient by then is cited: as `priorCTReports` of the person where the
report is opened after the others, and in a text of its own, since nothing of a report can be
changed once it is open. `Forms` satisfies `reporting.ports.Documents`. Tests:
`tests/unit/test_filing_papers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from breakwater.model.clock import Clock
from breakwater.model.filing import Filing
from breakwater.model.report import Report
from breakwater.reporting.cybertipline.write import file_details_xml, report_xml


class Forms:
    """Reads drafts."""

    def __init__(self, *, clock: Clock) -> None:
        """Take the clock: times that lie in the future are written as told."""
        self._clock = clock

    def of(self, draft: Mapping[str, Any]) -> Papers:
        """The documents of one draft."""
        return Papers(Report.read(draft), self._clock)


class Papers:
    """Writes the documents of one report."""

    def __init__(self, told: Report, clock: Clock) -> None:
        """Take what the report says."""
        self._told = told
        self._clock = clock

    def report(self, filing: Filing, cited: Sequence[str]) -> bytes:
        """The `<report>`, with a mark by which a lost one is found again at the recipient."""
        mark = f"{filing.number}/{filing.version}/{filing.attempt}"
        return report_xml(replace(citing(self._told, cited), reference=mark), now=self._clock.now())

    def details(self, filing: Filing, position: int) -> bytes:
        """The `<fileDetails>` of a file the recipient has."""
        return file_details_xml(
            self._told.files[position], report_id=int(filing.report_id),
            file_id=filing.files[position].file_id, now=self._clock.now(),
        )  # fmt: skip

    def name(self, position: int) -> str:
        """The name a file is sent under."""
        return self._told.files[position].name

    def related(self, filing: Filing, cited: Sequence[str]) -> bytes:
        """The other reports about the same incident, one a line."""
        lines = [f"Report {filing.report_id} belongs to an incident with these other reports:"]
        return "\n".join([*lines, *cited, ""]).encode()


def citing(report: Report, cited: Sequence[str]) -> Report:
    """A report whose persons name earlier reports about the same incident."""
    numbers = tuple(int(one) for one in cited if one.isdigit())
    if not numbers:
        return report
    persons = tuple(
        replace(one, prior_reports=tuple(dict.fromkeys((*one.prior_reports, *numbers))))
        for one in report.reported
    )
    return replace(report, reported=persons, related=tuple(cited))
