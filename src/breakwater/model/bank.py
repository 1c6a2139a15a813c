"""Banks and entries: lists of known signals, who gave them, and what a match does.

Entry rows are lean (integer number, value, kind, bank, import, status): provenance,
permitted use, labels and expiry stand on the import, overridden singly. 18 USC 2258C and
hash-sharing licences bind a hash to a purpose: `permitted_use` travels with it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

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


OWN_PICTURES: Final = "OWN_PICTURES"
"""Bank of hashes that people sent of pictures of themselves: nobody has checked them."""


def allowed_action(bank: str, action: BankAction) -> BankAction:
    """What a match in a bank may do: what nobody checked holds at most, whatever was set."""
    if bank == OWN_PICTURES and action is BankAction.BLOCK:
        return BankAction.HOLD
    return action


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
NO_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Kept of an entry that has no end although its import has one: there None is "as the import"."""


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

    @property
    def unchecked(self) -> bool:
        """Its entries come from anybody: they may hold, never block, freeze or cut."""
        return self.name == OWN_PICTURES


@dataclass(frozen=True, slots=True)
class Import:
    """Where a batch of entries came from; what its entries inherit.

    Attributes:
        id, number: of the import.
        bank: id of the bank.
        source: file name or feed; never a path with a person's name.
        digest: SHA-256 of the file in hexadecimal; by it an import is taken up again.
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
    digest: str = ""


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


def end_of(own: datetime | None, inherited: datetime | None) -> datetime | None:
    """When an entry ends, by what it says itself and by what its import says; None: never."""
    return None if own == NO_END else own or inherited


class Opinion(StrEnum):
    """What a member or reviewer says of an entry."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    DISPUTED = "disputed"


_ENTRY_ID: Final = 0x656E7472_7900_8000_8000_000000000000
"""A UUIDv8 (RFC 9562) that spells "entry" and ends in the number."""


def entry_id(number: int) -> Id:
    """The id of an entry: derived from its number, so that 3.5 M rows need not carry one."""
    return Id(str(uuid.UUID(int=_ENTRY_ID | number)))


def entry_number(entry: Id) -> int | None:
    """The number in an entry's id; None when it is the id of something else."""
    try:
        number = uuid.UUID(entry).int ^ _ENTRY_ID
    except ValueError:
        return None
    return number if number < 1 << 32 else None


class EntryChange(NamedTuple):
    """An entry as the index sees it; a plain tuple, because millions are replayed at open.

    Attributes:
        change: number of the entry's last change.
        number: of the entry.
        present: active or quarantined: it is searched. Withdrawn and proposed ones are not.
        negative: known harmless.
    """

    change: int
    number: int
    kind: str
    value: bytes
    present: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class EntryStep:
    """One move in the life of an entry; only ever added.

    Attributes:
        before: None when the entry was made.
        by: id of the person or key, or the name of a part.
    """

    change: int
    before: EntryStatus | None
    after: EntryStatus
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EntryOpinion:
    """What somebody said of an entry; only ever added."""

    id: Id
    opinion: Opinion
    by: str
    at: datetime
    note: str = ""
