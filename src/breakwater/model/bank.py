"""Banks and entries: lists of known signals, who gave them, and what a match does.

Entry rows are lean (integer number, value, kind, bank, import, status): provenance,
permitted use, labels and expiry stand on the import, overridden singly. 18 USC 2258C and
hash-sharing licences bind a hash to a purpose: `permitted_use` travels with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from breakwater.errors import BadInput
from breakwater.model.ids import Id
from breakwater.model.match import Action


class BankAction(StrEnum):
    """What a match in a bank does."""

    BLOCK = "block"
    HOLD = "hold"
    LOG = "log"

    @property
    def action(self) -> Action:
        """The verdict it asks for."""
        return {"block": Action.BLOCK, "hold": Action.HOLD, "log": Action.ALLOW}[self.value]


class EntryStatus(StrEnum):
    """The life of an entry. Withdrawn is final: a value that returns is a new entry."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"
    PROPOSED = "proposed"

    def may_become(self, other: EntryStatus) -> bool:
        """The table of legal moves."""
        return other in _MOVES[self]


_MOVES: Mapping[EntryStatus, frozenset[EntryStatus]] = MappingProxyType({
    EntryStatus.PROPOSED: frozenset({EntryStatus.ACTIVE, EntryStatus.WITHDRAWN}),
    EntryStatus.ACTIVE: frozenset({EntryStatus.QUARANTINED, EntryStatus.WITHDRAWN}),
    EntryStatus.QUARANTINED: frozenset({EntryStatus.ACTIVE, EntryStatus.WITHDRAWN}),
    EntryStatus.WITHDRAWN: frozenset(),
})  # fmt: skip

NAME = re.compile(r"[A-Z0-9_]{1,64}")


def bank_name(text: str) -> str:
    """Check a bank's name: capitals, digits, underscore, as the older tools ask.

    Raises:
        BadInput: other characters, or longer than 64.
    """
    if not NAME.fullmatch(text):
        raise BadInput("A bank's name has 1 to 64 capitals, digits and underscores: MY_BANK_1.")
    return text


@dataclass(frozen=True, slots=True)
class Bank:
    """A list of known signals.

    Attributes:
        id: of the bank.
        number: small integer, for index and older dialects.
        name: as the API spells it.
        purpose: what it is for, in a sentence.
        source: who gives it.
        permitted_use: what its licence allows; shown with every match.
        action: what a match does.
        limits: largest distance per kind, where tighter than the kind's own.
        enabled_share: 0..1 of uploads for which it acts, chosen stably by upload.
        verified: its entries are quality-assured; a negative entry never beats it.
        expires_at: after this it no longer acts.
        created_at: when it was made.
        change: number of its last change.
        archived: no longer used.
    """

    id: Id
    number: int
    name: str
    purpose: str = ""
    source: str = ""
    permitted_use: str = "detection"
    action: BankAction = BankAction.HOLD
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    enabled_share: float = 1.0
    verified: bool = False
    expires_at: datetime | None = None
    created_at: datetime | None = None
    change: int = 0
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """Where a batch of entries came from; what its entries inherit.

    Attributes:
        id, number: of the import.
        bank: id of the bank.
        source: file name or feed; never a path with a person's name.
        permitted_use: overrides the bank's when not empty.
        labels: inherited by every entry.
        signed_by: person who vouches for it; a signed import is exempt from flood quarantine.
        rows_read, rows_kept, rows_bad: progress and outcome; resumable at `rows_read`.
        finished: whether it ran to the end.
    """

    id: Id
    number: int
    bank: Id
    source: str = ""
    permitted_use: str = ""
    labels: tuple[str, ...] = ()
    expires_at: datetime | None = None
    signed_by: Id | None = None
    rows_read: int = 0
    rows_kept: int = 0
    rows_bad: int = 0
    finished: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One known signal in one bank, joined with what it inherits.

    Attributes:
        id: derived from the number, stable.
        number: position in the index.
        negative: known harmless; counts only at SHA-256 or within the kind's harmless limit.
        labels, permitted_use, source: its own or its import's or its bank's.
        change: number of its last change.
    """

    id: Id
    number: int
    bank: Id
    kind: str
    value: bytes
    status: EntryStatus = EntryStatus.ACTIVE
    negative: bool = False
    quality: int = 100
    labels: tuple[str, ...] = ()
    permitted_use: str = ""
    source: str = ""
    note: str = ""
    expires_at: datetime | None = None
    created_at: datetime | None = None
    change: int = 0


class Opinion(StrEnum):
    """What a member or reviewer says of an entry."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    DISPUTED = "disputed"
