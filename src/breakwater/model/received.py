"""Reports that others send to us: what came, how far it is, and how urgent it is.

A platform opens a report, uploads files to it, describes them and finishes it; only a finished
report is evidence and becomes a case. `ReportSummary` is what people and triage read of the
sender's XML; the XML itself is kept whole. Rows: `records.received`; rules:
`reporting.receiving`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.model.case import Priority
from breakwater.model.ids import Id


class ReceivedState(StrEnum):
    """How far a received report is. Only an open one takes anything."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """One report that somebody sent.

    Attributes:
        number: the report id that senders are told.
        sender: id of the key that opened it; only that key goes on with it.
        service: the label of the sender's service.
        size: bytes of the XML.
        sha256: of the XML as received, in hexadecimal.
        case: that it became when it was finished.
    """

    id: Id
    number: int
    sender: Id
    service: str
    state: ReceivedState
    opened_at: datetime
    modified_at: datetime
    size: int
    sha256: str
    closed_at: datetime | None = None
    case: Id | None = None


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file of a received report.

    Attributes:
        id: its dashes left out, it is the file id that senders are told.
        place: 0 for the first that came.
        name: as the sender's form called it.
        blob: where its bytes lie; None when they were destroyed.
        details: the sender's `fileDetails` as received; empty while it has none.
    """

    id: Id
    report: Id
    place: int
    size: int
    md5: str
    sha256: str
    received_at: datetime
    name: str = ""
    declared_type: str = ""
    blob: Id | None = None
    details: bytes = b""
    described_at: datetime | None = None

    @property
    def token(self) -> str:
        """The file id as senders know it: 32 hexadecimal digits."""
        return self.id.replace("-", "")


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One call that opened or named a report.

    Attributes:
        code: what was answered.
        request: the `Request-ID` of the answer.
    """

    number: int
    what: str
    code: int
    sender: Id
    request: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Referral:
    """To whom a received report was referred, by whom.

    Attributes:
        reference: the recipient's own, where they gave one.
    """

    id: Id
    report: Id
    recipient: str
    reference: str
    by: Id
    at: datetime


@dataclass(frozen=True, slots=True)
class Triage:
    """How urgent a received report is, and every reason for it, the weightiest first."""

    priority: Priority
    reasons: tuple[str, ...]
