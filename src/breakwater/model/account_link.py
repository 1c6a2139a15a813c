"""Other accounts that were found here beside one that is reported, and what they share with it.

A link is a lead and merges nothing. It is made of clues that are weighed as those of a registration
are (`model.sanction.Clue`): what a few share counts, what many share names nobody (reference
linking; law, "who may see what"). Found by `records.account_links`, drafted by
`reporting.drafting`. Tests: `tests/contract/test_account_links.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.model.sanction import Clue, together

STRONG: Final = 0.6
"""Confidence from which a link is told: a device or a card that hardly anybody else shares."""

SAME: Final = 0.8
"""Confidence from which it seems to be the same person: two things of one household, or one that
names a person. A registration is refused from here on (`enforcement.registrations.policy`)."""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """Another account that shares something with one.

    Attributes:
        account: the service's own name of it.
        clues: what they share, each once.
        sanctioned: numbers of sanctions of that account that stand.
        last_at: when the newest of it was seen.
    """

    service: str
    account: str
    clues: tuple[Clue, ...]
    last_at: datetime
    sanctioned: tuple[int, ...] = ()

    @property
    def confidence(self) -> float:
        """That the same person stands behind both, 0 to 1."""
        return together(self.clues)

    @property
    def strong(self) -> bool:
        """Whether it is told to anybody."""
        return self.confidence >= STRONG

    @property
    def same(self) -> bool:
        """Whether it seems to be the same person."""
        return self.confidence >= SAME
