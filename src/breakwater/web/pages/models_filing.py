"""What the page of a case's reports to authorities shows, as frozen values.

See `models` for the rule they keep. Built by `pages.read_filing`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GapRow:
    """Something a report does not say; `blocks`: it is not sent like this."""

    says: str
    why: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class PartyRow:
    """Somebody in the report."""

    title: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that goes with it; `viewed` by the view log alone, `exif` what it says itself."""

    name: str
    viewed: Mark
    marks: tuple[str, ...]
    hash: str
    exif: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One call to the recipient."""

    at: When
    words: str
    detail: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Choice:
    """One report of the case, to be chosen."""

    number: int
    words: str
    state: Mark
    chosen: bool


@dataclass(frozen=True, slots=True)
class FilingView:
    """One report, whole.

    Attributes:
        id: of the filing, for its acts.
        acts: values and words of what may be done now; the first is the main one.
        why_not: why nothing can be sent, in one sentence; empty: it can.
        chat: what was written, one line each, cut; shown when it is opened.
        written: how many lines are sent.
        real: it goes to a real recipient.
        receipt: the recipient's number, once there is one.
        to: the recipient's name.
        declares: a person declares that all reasonably available information is in it.
        parcel: name and SHA-256 of the sealed file; None: there is none.
        receipts: what the recipient gave, with when and by whom.
        parts: values and words of what somebody may be named as; empty: nobody can be.
        stands: why it is not sent: another report stands for it.
        due: None: it ended, and nothing is due any more.
        done: when it was filed.
        moving: it is on its way, so that the page is made anew when it moves.
        fell: the decision under it was taken back, and what to do; empty: it stands.
    """

    id: str
    number: int
    state: Mark
    urgent: bool
    due: When | None
    real: bool
    receipt: str
    fault: str
    why_not: str
    acts: tuple[tuple[str, str], ...]
    gaps: tuple[GapRow, ...]
    incident: Facts
    marks: tuple[str, ...]
    escalation: str
    parties: tuple[PartyRow, ...]
    files: tuple[FileRow, ...]
    chat: tuple[str, ...]
    written: int
    words: str
    steps: tuple[StepRow, ...]
    orphans: int
    to: str
    declares: bool
    parcel: tuple[str, str] | None
    receipts: tuple[tuple[str, When, str], ...]
    may_receive: bool
    stands: str
    parts: tuple[tuple[str, str], ...] = ()
    fell: str = ""
    done: When | None = None
    moving: bool = False


@dataclass(frozen=True, slots=True)
class FilingsView:
    """Every report of a case, and the chosen one; None: none is drafted.

    Attributes:
        many: accounts that sent the same file and that one batched report could stand for; 0: none.
        batched: the chosen one stands for several already.
    """

    case: str
    number: int
    choices: tuple[Choice, ...]
    one: FilingView | None
    missing: tuple[GapRow, ...]
    may: bool
    others: tuple[tuple[str, str], ...] = ()
    many: int = 0
    batched: bool = False
