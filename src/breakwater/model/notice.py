"""Notices: what a user is told of a measure, as values; and the statement of reasons with it.

What, why in neutral words, automated or not, how to appeal (DSA Art. 17(3)); or that nothing
may be said yet. The statement carries the fields of the DSA Transparency Database and no
personal data. Put into words by `review.notices`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.ids import Id


class Measure(StrEnum):
    """What was done, as the user is told of it."""

    HELD = "held"
    UNREADABLE = "unreadable"
    BLOCKED = "blocked"
    CONFIRMED = "confirmed"
    OWN_IMAGE = "own_image"
    RELEASED = "released"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_OVERTURNED = "appeal_overturned"


class DecidedBy(StrEnum):
    """Whether a machine decided: `both` found by one and decided by a person."""

    MACHINE = "machine"
    BOTH = "both"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Notice:
    """What one user is told.

    Attributes:
        language: of the words; English where the wanted one is not there.
        version: of the text it was taken from.
        what, why, decided_by_words, appeal: sentences; empty while withheld.
        statement: fields of a statement of reasons; empty when nothing restricts the user.
        withheld_until: until then the user is not told, so as not to harm an investigation.
    """

    upload: Id
    measure: Measure
    decided_by: DecidedBy
    language: str
    version: int
    what: str = ""
    why: str = ""
    decided_by_words: str = ""
    appeal: str = ""
    statement: Mapping[str, Any] = field(default_factory=dict)
    withheld_until: datetime | None = None

    @property
    def withheld(self) -> bool:
        """Nothing may be said yet."""
        return self.withheld_until is not None
