"""What reporting needs from outside: the wire to a recipient, and the documents that go over it.

`Wire` is satisfied by `reporting.cybertipline.client`; a faulty one stands in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from breakwater.model.filing import Answer, Filing


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
