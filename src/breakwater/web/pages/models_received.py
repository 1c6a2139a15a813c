"""What the case page shows of a report that another service sent, as frozen values.

See `models` for the rule they keep. Built by `pages.read_received`, where rights are applied.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import When

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReceivedFileRow:
    """One file of the report.

    Attributes:
        title: its name, or its number where the viewer may not read names.
        marks: what the sender says that it shows.
        found: what banks and earlier reports say of it; empty when they know nothing.
    """

    title: str
    facts: Facts
    marks: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedPersonRow:
    """Somebody in the report: their role in words, and what the viewer may know of them."""

    title: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """To whom the report went on."""

    recipient: str
    reference: str
    by: str
    at: When


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """A received report on the page of its case.

    Attributes:
        reasons: why it is as urgent as it is.
        hidden: why this viewer sees nothing but reasons; then the rest is empty.
        masked: what this viewer's role does not show, in one sentence.
        escalation: why the sender calls it urgent, in their words.
        more_files, more_people: how many are not listed.
        may_refer: the viewer marks referrals.
    """

    case: str
    number: int
    at: When
    reasons: tuple[str, ...]
    hidden: str = ""
    masked: str = ""
    reporter: Facts = ()
    incident: Facts = ()
    marks: tuple[str, ...] = ()
    escalation: str = ""
    people: tuple[ReceivedPersonRow, ...] = ()
    more_people: int = 0
    files: tuple[ReceivedFileRow, ...] = ()
    more_files: int = 0
    referrals: tuple[ReferralRow, ...] = ()
    may_refer: bool = False
