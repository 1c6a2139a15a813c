"""What reporting needs from outside: wires, documents, and sinks for other recipients.

`Wire` is satisfied by `reporting.cybertipline.client`; a faulty one stands in the tests.
`ReportSink` writes for one other recipient: built-in ones stand in `reporting.sinks`, others come
under the entry point group `breakwater.report_sinks`; contract: `breakwater.testing.report_sinks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from breakwater.model.filing import Answer, Filing
from breakwater.model.recipient import Parcel
from breakwater.model.report import Report


class Wire(Protocol):
    """Calls to one recipient. Each raises `Unavailable` where no answer came.

    After `Unavailable` the call may have taken place all the same.
    """

    def submit(self, report: bytes) -> Answer:
        """Open a report by its document."""
        ...

    def upload(self, report_id: str, name: str, source: BinaryIO) -> Answer:
        """Send one file's bytes."""
        ...

    def describe(self, details: bytes) -> Answer:
        """Send one file's details, once."""
        ...

    def finish(self, report_id: str) -> Answer:
        """File the report: nothing can be changed after it."""
        ...

    def retract(self, report_id: str) -> Answer:
        """Take an unfinished report back."""
        ...


class Documents(Protocol):
    """Reads drafts."""

    def of(self, draft: Mapping[str, Any]) -> Papers:
        """What is sent of one draft."""
        ...


class Papers(Protocol):
    """What is sent, made from one draft."""

    def report(self, filing: Filing, cited: Sequence[str]) -> bytes:
        """The report; `cited` are ids of reports of its group that are open or finished."""
        ...

    def details(self, filing: Filing, position: int) -> bytes:
        """The details of a file that the recipient has."""
        ...

    def name(self, position: int) -> str:
        """The name a file is sent under."""
        ...

    def related(self, filing: Filing, cited: Sequence[str]) -> bytes:
        """The text that names the other reports of a group."""
        ...


class ReportSink(Protocol):
    """Writes for one recipient, and hands what was sealed for it over."""

    def lacks(self, report: Report) -> Sequence[str]:
        """What keeps a report from being sent, each in a sentence; empty: nothing does."""
        ...

    def papers(self, report: Report, filing: Filing) -> Mapping[str, bytes]:
        """Everything that is sealed beside the files, by name; the same for the same report."""
        ...

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """Hand a sealed parcel over, once or again: the recipient has one of it.

        Args:
            parcel: what was sealed; its name is the same each time.
            filing: which report it is.
            source: its bytes.

        Returns:
            What was answered; None: a person hands it over and writes the receipt down.

        Raises:
            Unavailable: no answer came; it may have taken place all the same.
        """
        ...
