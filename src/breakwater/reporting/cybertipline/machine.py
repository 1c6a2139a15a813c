"""The state machine of a report to NCMEC: which call comes next, and what its answer means.

Pure: in comes a filing as its rows say it, out goes the next call; in comes an answer, out goes
a ruling. `sender` does what it says. Every `responseCode` of the reference has a row in the
tables below, judged by the body and never by the status of HTTP alone. Tests:
`tests/property/test_filing_machine.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.filing import Answer, Call, Filing, FilingState

MOST_OPENED: Final = 100
"""Reports that may have been opened for one filing before a person must look."""

FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=10)
LOCKED_WAIT: Final = timedelta(minutes=10)
"""Between tries while the recipient refuses our credentials."""


class Ruling(StrEnum):
    """What an answer means. `anew`: the report is gone, another is opened."""

    NEXT = "next"
    AGAIN = "again"
    LOCKED = "locked"
    ANEW = "anew"
    RETRACT = "retract"
    FINISHED = "finished"
    DEAD = "dead"


R = Ruling
ALWAYS: Final[Mapping[int, Ruling]] = {
    1000: R.AGAIN, 1100: R.AGAIN, 1110: R.AGAIN, 1111: R.AGAIN, 1210: R.AGAIN, 1300: R.AGAIN,
    2000: R.LOCKED, 3000: R.LOCKED, 3100: R.LOCKED, 3300: R.LOCKED,
    4000: R.DEAD, 4100: R.DEAD, 4110: R.DEAD, 4200: R.DEAD,
    5001: R.ANEW, 5101: R.ANEW, 5102: R.FINISHED,
}  # fmt: skip
"""What each code means wherever a call says nothing of its own."""

OWN: Final[Mapping[Call, Mapping[int, Ruling]]] = {
    Call.SUBMIT: {0: R.NEXT, 5001: R.AGAIN, 5101: R.AGAIN, 5102: R.AGAIN},
    Call.UPLOAD: {0: R.NEXT},
    Call.DESCRIBE: {0: R.NEXT, 5002: R.RETRACT},
    Call.FINISH: {0: R.FINISHED},
    Call.RETRACT: {
        0: R.ANEW, 4000: R.AGAIN, 4100: R.AGAIN, 4110: R.AGAIN, 4200: R.AGAIN,
    },
}  # fmt: skip
"""What a code means to one call."""

REFUSED_AGAIN: Final = frozenset({4000, 4100})
"""Details are taken at most once a file, and no code is documented for the second time: where a
call was made before and its answer lost, one of these says that they were taken."""


@dataclass(frozen=True, slots=True)
class Todo:
    """The next call.

    Attributes:
        file: position of the file it is about; None for the report.
    """

    call: Call
    file: int | None = None


def next_call(filing: Filing) -> Todo | None:
    """What is to be called now; None where the filing only moves on, or nothing is left."""
    match filing.state:
        case FilingState.NEW:
            return Todo(Call.SUBMIT)
        case FilingState.OPEN:
            waits = [one for one in filing.files if not one.file_id]
            return Todo(Call.UPLOAD, waits[0].position) if waits else None
        case FilingState.UPLOADED:
            waits = [one for one in filing.files if not one.described]
            return Todo(Call.DESCRIBE, waits[0].position) if waits else None
        case FilingState.DESCRIBED:
            return Todo(Call.FINISH)
        case FilingState.RETRACTING:
            return Todo(Call.RETRACT)
        case _:
            return None


GOES_ON: Final[Mapping[FilingState, FilingState]] = {
    FilingState.OPEN: FilingState.UPLOADED,
    FilingState.UPLOADED: FilingState.DESCRIBED,
}
"""Where a filing goes without a call, once `next_call` has none: its files are there, described."""


def judge(todo: Todo, said: Answer, *, md5: str = "", made: int = 0) -> Ruling:
    """What an answer means.

    Args:
        todo: the call.
        said: what came back.
        md5: of the file's bytes as we hold them, for an upload.
        made: how often the same call was made before, without success.
    """
    if said.code is None:
        return R.LOCKED if said.http in {401, 403} else R.AGAIN
    if todo.call is Call.DESCRIBE and made and said.code in REFUSED_AGAIN:
        return R.NEXT
    ruling = OWN[todo.call].get(said.code) or ALWAYS.get(said.code, R.AGAIN)
    if ruling is R.NEXT and todo.call is Call.SUBMIT:
        return ruling if said.report_id else R.AGAIN
    if ruling is R.NEXT and todo.call is Call.UPLOAD:
        return ruling if said.file_id and said.md5.lower() == md5 else R.RETRACT
    return ruling


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries without success: 1 s, 2 s, 4 s, ... 10 min."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(max(0, tries - 1), 20)))
