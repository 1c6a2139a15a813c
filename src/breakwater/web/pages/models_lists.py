"""What the bank and audit pages show, as frozen values; see `models` for the rule they keep."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class KindShare:
    """How many entries of one kind can be matched here."""

    kind: str
    words: str
    entries: str
    share: float
    note: str


@dataclass(frozen=True, slots=True)
class BankRow:
    """One bank in the list."""

    name: str
    url: str
    purpose: str
    action: Mark
    entries: str
    share: float
    share_words: str
    source: str
    enabled: str
    expires: When | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True)
class BanksView:
    """All banks, with the share of their entries that this installation can match."""

    numbers: tuple[Number, ...]
    rows: tuple[BankRow, ...]
    share_words: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One known signal. `value` is empty for those who see no hashes."""

    number: int
    kind: str
    value: str
    status: Mark
    source: str
    labels: tuple[str, ...]
    added: When
    negative: bool = False


@dataclass(frozen=True, slots=True)
class ImportRow:
    """Where a batch came from and how it went."""

    source: str
    at: When
    read: str
    kept: str
    bad: str
    state: Mark
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class BankView:
    """One bank."""

    name: str
    purpose: str
    action: Mark
    facts: tuple[tuple[str, str], ...]
    numbers: tuple[Number, ...]
    kinds: tuple[KindShare, ...]
    entries: tuple[EntryRow, ...]
    imports: tuple[ImportRow, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    next_url: str = ""
    first_url: str = ""
    hashes_withheld: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One leaf of the audit log; `named` where the subject is somebody's name and no id."""

    number: int
    at: When
    who: str
    words: str
    subject: str
    facts: tuple[tuple[str, str], ...] = ()
    named: bool = False


@dataclass(frozen=True, slots=True)
class AuditView:
    """The audit log: what was done, by whom, and whether the record is whole."""

    numbers: tuple[Number, ...]
    state: Mark
    state_words: str
    rows: tuple[AuditRow, ...]
    actions: tuple[Option, ...] = ()
    filtered: bool = False
    next_url: str = ""
    first_url: str = ""
