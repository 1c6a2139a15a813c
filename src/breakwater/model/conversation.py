"""Conversations: who takes part, under which law they are weighed, and what one side showed.

A `Party` is an account with the ages that the service knows of; `Ground` is the law that stands
behind; `Stage` is how often and when one side showed one kind of cue towards the other: numbers
and dates, never what was written. Used by `conversations`, kept by `records.conversations`.
Tests: tests/unit/test_conversation_sides.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from breakwater.errors import ScanningNotPermitted

ADULT: Final = 18


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who takes part.

    Attributes:
        account: the service's own name.
        youngest, oldest: years, as the service knows them; None: it does not.
    """

    account: str = field(repr=False)
    youngest: int | None = None
    oldest: int | None = None

    def older_than(self, other: Party) -> int:
        """Years that an adult is older than a child at least; 0 where that is not known."""
        if self.youngest is None or other.oldest is None:
            return 0
        return self.youngest - other.oldest if self.youngest >= ADULT > other.oldest else 0


@dataclass(frozen=True, slots=True)
class Ground:
    """The law that a conversation is weighed under.

    Attributes:
        jurisdiction: ISO 3166, e.g. `US` or `US-CA`.
        basis: in the service's words, e.g. a paragraph; stands in the row and the audit log.
    """

    jurisdiction: str
    basis: str


@dataclass(frozen=True, slots=True)
class Stage:
    """How often one side showed one kind of cue towards the other.

    Attributes:
        name: a `Cue`, `words` (model and lists) or `contacts` (counts the service tells).
        nats: what it counts now.
        messages: that showed it.
    """

    name: str
    nats: float
    messages: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Signals:
    """What a service counts of an account, where nobody can read what it writes.

    Attributes:
        first_contacts: people it wrote to for the first time, in the last days.
        of_young: of them those that the service knows to be young.
        unanswered: pictures and the like that it sent and nobody answered.
    """

    account: str = field(repr=False)
    first_contacts: int = 0
    of_young: int = 0
    unanswered: int = 0


def permit(jurisdiction: str, permitted: Sequence[str], where: str) -> None:
    """Refuse private content where no legal basis is configured (ePrivacy; law reference).

    Args:
        jurisdiction: of the content; an unnamed one has no basis. `US` permits `US-CA` too.
        permitted: those with a basis.
        where: the setting that names them.

    Raises:
        ScanningNotPermitted: nothing may be stored; the caller counts it.
    """
    place = jurisdiction.upper()
    if place and any(place == one or place.startswith(f"{one}-") for one in permitted):
        return
    raise ScanningNotPermitted(
        f"Name the jurisdiction in {where} once its legal basis is settled.",
        jurisdiction=place or "none",
    )
