"""Other recipients: who they are, the sealed parcel one gets, its receipt, calls in danger.

`Recipient` is one row of an operator's file; `Contact` one of whom to call. Kept by
`records.parcels` and `records.danger_calls`; used by `reporting.sinks` and `reporting.danger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from breakwater.model.ids import Id
from breakwater.model.sending import RecipientKind


class Way(StrEnum):
    """How a parcel goes over: a person hands it over, a folder takes it, or mail tells of it."""

    HAND = "hand"
    FOLDER = "folder"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient besides NCMEC.

    Attributes:
        name: by which rows know it; title: for people.
        country, kind: what the table of sendings knows it by.
        sink: name of the sink that writes for it.
        keys: age recipients to which parcels are sealed.
        folder: where parcels are put; mail: address that is told of them.
        due: from actual knowledge until it must be filed; due_urgent: of what is urgent.
        drafts: a report is drafted whenever a case is decided; otherwise when asked.
        media: files go into the parcel; otherwise their hashes only.
        covered_by: recipients a report to whom stands for one to this.
    """

    name: str
    title: str
    country: str
    kind: RecipientKind
    sink: str
    keys: tuple[str, ...]
    way: Way = Way.HAND
    folder: Path | None = None
    mail: str = ""
    due: timedelta = timedelta(hours=24)
    due_urgent: timedelta | None = None
    drafts: bool = False
    two_people: bool = True
    media: bool = True
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """A sealed file.

    Attributes:
        blob: in the vault.
        name: under which it is handed over; the same for the same filing.
        keys: age recipients who can open it.
    """

    filing: Id
    blob: Id
    name: str
    size: int
    sha256: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a recipient gave for a report; `by`: who wrote it down."""

    id: Id
    filing: Id
    reference: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """Another filing that stands for this one, and by which law."""

    filing: Id
    by: Id
    basis: str
    at: datetime


class Reached(StrEnum):
    """How a call ended."""

    TAKEN = "taken"
    CALL_BACK = "call_back"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class DangerCall:
    """One call to somebody who can act at once.

    Attributes:
        contact: whom; words: what was said, with the reference that was given.
    """

    id: Id
    case: Id
    contact: str
    outcome: Reached
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call in a country when a child is in danger now.

    Attributes:
        country: ISO 3166-1 alpha-2; empty: wherever it is.
        hours: when they answer, in words.
    """

    country: str
    name: str
    phone: str
    hours: str = ""
    note: str = ""
