"""What taking hashes from anybody asks of other rooms; `app` gives it."""

from __future__ import annotations

from typing import Protocol

from breakwater.model.bank import EntryStatus
from breakwater.records.database import Tx


class Challenges(Protocol):
    """Challenges that carry their own proof (`access.challenges` has them)."""

    def issue(self, use: str, bound: str = "") -> bytes:
        """Make one for a use, bound to a text."""
        ...

    def check(self, challenge: bytes, use: str, bound: str = "") -> None:
        """Whether we made it for this; raises BadInput."""
        ...

    def spend(self, tx: Tx, challenge: bytes) -> None:
        """Use it up; raises BadInput when it was used before."""
        ...


class Door(Protocol):
    """How much may come in from everybody together."""

    def __call__(self, name: str) -> float:
        """Take one; 0.0 when taken, else the seconds until it would be."""
        ...


class Starting(Protocol):
    """How new entries of a bank begin: active, or quarantined where they flood it."""

    def __call__(self, *, arrived: int, adding: int) -> EntryStatus:
        """By entries that came unsigned within the hour, and those that come now."""
        ...
