"""What the list of reports and the table of sendings show, as frozen values.

See `models` for the rule they keep. Built by `pages.read_filings`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class FilingRow:
    """One report; `due` counts from when a person knew."""

    number: int
    url: str
    to: str
    state: Mark
    urgent: bool
    due: When
    known: When
    done: When | None
    receipt: str
    fault: str


@dataclass(frozen=True, slots=True)
class FilingsList:
    """The page: those that are open, or those that are filed."""

    numbers: tuple[Number, ...]
    rows: tuple[FilingRow, ...]
    filed: bool
    late: bool
    recipients: tuple[Option, ...]
    clocks: tuple[tuple[str, str, str], ...]
    next_url: str
    first_url: str


@dataclass(frozen=True, slots=True)
class SendingRow:
    """Classes of data that share an answer; `own`: by the operator's rule."""

    what: tuple[str, ...]
    allowed: bool
    says: str
    own: bool


@dataclass(frozen=True, slots=True)
class SendingsView:
    """What may leave for a country, by kind of recipient."""

    seat: str
    to: str
    occasions: tuple[Option, ...]
    kinds: tuple[tuple[str, tuple[SendingRow, ...]], ...]
