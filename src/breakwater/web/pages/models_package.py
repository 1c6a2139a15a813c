"""What the page of a case's evidence packages shows, as frozen values.

See `models` for the rule they keep. Built by `pages.read_package`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A recipient's key; `fingerprint` in groups, as people read it out."""

    id: str
    name: str
    about: str
    fingerprint: str
    receipts: bool
    withdrawn: When | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receiving officer's receipt, and whose key signed it."""

    officer: str
    recipient: str
    at: When


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package.

    Attributes:
        recipients: names of those whose keys open it.
        url: of the sealed file; empty: there is none.
        fault: why it could not be made, in words; empty: nothing.
    """

    id: str
    number: int
    state: Mark
    recipients: str
    reason: str
    reference: str
    at: When
    size: str
    sha256: str
    url: str
    fault: str
    receipts: tuple[ReceiptRow, ...]


@dataclass(frozen=True, slots=True)
class WaitsRow:
    """A package that waits for a second person; `own`: the reader proposed it."""

    words: str
    keys: tuple[KeyRow, ...]
    reason: str
    reference: str
    media: bool
    lapses: When
    own: bool


@dataclass(frozen=True, slots=True)
class PackagesView:
    """The page."""

    case: str
    number: int
    packages: tuple[PackageRow, ...]
    waits: WaitsRow | None
    keys: tuple[KeyRow, ...]
    withdrawn: tuple[KeyRow, ...]
    kinds: tuple[tuple[str, str], ...]
    making: bool
