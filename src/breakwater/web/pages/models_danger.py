"""What the page of a child in danger shows, as frozen values.

See `models` for the rule they keep. Built by `pages.read_danger`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class SeenRow:
    """Where the account was seen; `address` is empty where it is not for this person."""

    address: str
    port: str
    at: When
    country: str
    sure: str
    network: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Whom to call; `near`: of a country in which the account may be, or of any."""

    name: str
    phone: str
    dial: str
    country: str
    hours: str
    note: str
    near: bool


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call that was made."""

    at: When
    contact: str
    outcome: Mark
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class SentRow:
    """A report that went, or waits."""

    title: str
    state: Mark
    number: str
    at: When | None


@dataclass(frozen=True, slots=True)
class DangerView:
    """The page.

    Attributes:
        said: somebody has said already that a child is in danger.
        waits: who asked for a second person; empty: nothing waits.
        gone: a report went at once already, or is on its way.
        second: the report waits for a second person, who presses the same button.
        hidden: addresses are there, and not for this person.
        script: what to say, a sentence a line.
        roles: value, words and chosen, of who broadcasts; without a broadcast, whose account it is.
        may: this person may file, and write calls down.
        live: the broadcast's label, where there is one.
    """

    case: str
    number: int
    why: str
    account: str
    live: str
    said: bool
    waits: str
    gone: bool
    second: bool
    hidden: bool
    seen: tuple[SeenRow, ...]
    contacts: tuple[ContactRow, ...]
    script: tuple[str, ...]
    calls: tuple[CallRow, ...]
    sent: tuple[SentRow, ...]
    roles: tuple[tuple[str, str, bool], ...]
    outcomes: tuple[tuple[str, str], ...]
    may: bool
