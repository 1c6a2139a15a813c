"""Filings: one report on its way to one recipient, and every call that was made for it.

`Filing` is a drafted `model.report.Report` with a recipient, a version and a state; `MOVES` is
the table of its legal moves. Each network step is a `FilingStep`: the intent, written before the
call, and the answer, written after it. What stands between the two after a crash may have left
a report open with the recipient: it is never finished (reference: cybertipline, "How ours
works"). Kept by `records.filings`, moved by `reporting.cybertipline.machine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

EXPIRES: Final = timedelta(hours=24)
"""An unfinished report is deleted by NCMEC this long after it was opened (its API, "Expiry")."""


class FilingState(StrEnum):
    """How far a report is on its way.

    `draft` and `second` wait for people, `new` to `described` and `retracting` for the recipient,
    `dead` for a person who mends what the recipient refuses. The others are ends.
    """

    DRAFT = "draft"
    SECOND = "second"
    NEW = "new"
    OPEN = "open"
    UPLOADED = "uploaded"
    DESCRIBED = "described"
    RETRACTING = "retracting"
    DEAD = "dead"
    FINISHED = "finished"
    DROPPED = "dropped"

    @property
    def under_way(self) -> bool:
        """The machine has something to do."""
        return self in {self.NEW, self.OPEN, self.UPLOADED, self.DESCRIBED, self.RETRACTING}

    @property
    def ends(self) -> bool:
        """Nothing follows."""
        return self in {self.FINISHED, self.DROPPED}


S = FilingState
MOVES: Final[Mapping[FilingState, frozenset[FilingState]]] = {
    S.DRAFT: frozenset({S.SECOND, S.NEW, S.DROPPED}),
    S.SECOND: frozenset({S.DRAFT, S.NEW, S.DROPPED}),
    S.NEW: frozenset({S.OPEN, S.DEAD}),
    S.OPEN: frozenset({S.UPLOADED, S.NEW, S.RETRACTING, S.DEAD, S.FINISHED}),
    S.UPLOADED: frozenset({S.DESCRIBED, S.NEW, S.RETRACTING, S.DEAD, S.FINISHED}),
    S.DESCRIBED: frozenset({S.FINISHED, S.NEW, S.RETRACTING, S.DEAD}),
    S.RETRACTING: frozenset({S.NEW, S.FINISHED, S.DEAD}),
    S.DEAD: frozenset({S.NEW, S.OPEN, S.DROPPED}),
    S.FINISHED: frozenset(),
    S.DROPPED: frozenset(),
}
"""Legal moves. `retracting` to `finished`: the recipient says that it was finished before."""


class Call(StrEnum):
    """One call to a recipient."""

    SUBMIT = "submit"
    UPLOAD = "upload"
    DESCRIBE = "fileinfo"
    FINISH = "finish"
    RETRACT = "retract"


class Phase(StrEnum):
    """What a row of a step says. `stray`: an answer that came when somebody else had moved on."""

    INTENT = "intent"
    ANSWER = "answer"
    LOST = "lost"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recipient answered, whatever the status of HTTP.

    Attributes:
        code: NCMEC's `responseCode`; `None` when the body held none.
        http: status.
        request_id: the `Request-ID` header, to ask the recipient about it.
        report_id: of the report; empty: none was told.
        file_id: of the uploaded file.
        md5: of the bytes as they were received, lower case.
        files: ids of all files, told when it is finished.
        body: as it came, for the receipt; never in repr.
    """

    code: int | None
    http: int = 200
    description: str = ""
    request_id: str = ""
    report_id: str = ""
    file_id: str = ""
    md5: str = ""
    files: tuple[str, ...] = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class FilingFile:
    """One file of a filing.

    Attributes:
        position: from 0, in the order of the report.
        blob: in the vault; None for what is made when it is sent.
        md5: of its bytes, lower case; what the recipient answers is compared with it.
        file_id: the recipient's, when it has the file.
        described: its details were taken.
    """

    position: int
    blob: Id | None
    size: int
    sha256: str
    md5: str
    file_id: str = ""
    described: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """One report on its way to one recipient.

    Attributes:
        number: for people, from 1.
        destination: name of the recipient in the settings (`ncmec`, …).
        person: which of the case's reported persons it is about, from 0; a broadcast with k
            directing accounts is k filings of one `group`.
        version: from 1; a correction of what was finished is a new one.
        epoch: raised by whoever takes it up; a later word with an older one is refused.
        attempt: reports that were opened or may have been opened for it.
        report_id: the recipient's, while one is open or finished.
        knowledge_at: when a person confirmed: the clock of the duty runs from here.
        due_at: until when it must be finished.
        fault: code of what stands in its way; empty: nothing does.
    """

    id: Id
    number: int
    case: Id
    destination: str
    group: Id
    person: int
    version: int
    state: FilingState
    urgent: bool
    epoch: int
    attempt: int
    report_id: str
    knowledge_at: datetime
    due_at: datetime
    created_at: datetime
    opened_at: datetime | None = None
    finished_at: datetime | None = None
    fault: str = ""
    wanted_by: str = ""
    files: tuple[FilingFile, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingStep:
    """One row of what was done for a filing.

    Attributes:
        attempt: of the filing when it was written.
        file: position of the file it is about; None for the report.
        code: of the answer; `detail`: our word for what failed.
    """

    id: Id
    filing: Id
    call: Call
    phase: Phase
    attempt: int
    at: datetime
    file: int | None = None
    code: int | None = None
    http: int = 0
    request_id: str = ""
    report_id: str = ""
    file_id: str = ""
    detail: str = ""
