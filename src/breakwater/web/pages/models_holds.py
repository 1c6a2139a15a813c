"""What the pages of holds show, as frozen values; built by `pages.read_holds`.

Nothing here says who somebody is. See `models` for the rule they keep.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class WaitsEnd:
    """Somebody proposed that a hold ends.

    Attributes:
        own: the viewer did.
    """

    by: str
    reason: str
    at: When
    lapses: When
    own: bool


@dataclass(frozen=True, slots=True)
class LongerRow:
    """Somebody kept it longer."""

    by: str
    at: When
    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One hold.

    Attributes:
        why: who asks that it is kept, in words, with the reference.
        until: None: until it is released.
        counts: what is kept of its case, in words.
        counted: from what its time counts, in words.
        ended: how it ended, in words; empty: it stands.
        end: word of the button that proposes its end; empty: it cannot end now.
        stays: why it cannot end now; empty: it can.
        least: first day to which it can be extended, for the field; empty: not at all.
        longer: who kept it longer, the newest first.
    """

    id: str
    number: int
    case: str
    case_number: int
    state: Mark
    why: str
    reason: str
    until: When | None
    counts: str = ""
    counted: str = ""
    ended: str = ""
    end: str = ""
    stays: str = ""
    least: str = ""
    waits: WaitsEnd | None = None
    longer: tuple[LongerRow, ...] = ()


@dataclass(frozen=True, slots=True)
class FailingRow:
    """A case that is not kept yet."""

    case: str
    number: int
    since: When
    again: When
    fault: str
    attempts: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One list of holds."""

    url: str
    word: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class HoldsView:
    """The list."""

    numbers: tuple[Number, ...]
    choices: tuple[Choice, ...]
    rows: tuple[HoldRow, ...]
    failing: tuple[FailingRow, ...]
    void: tuple[str, str]
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One thing that is kept, or a gap.

    Attributes:
        sha256: of its bytes; empty: there are none.
        note: why it is not kept, or when it was destroyed, in words.
    """

    what: str
    name: str
    state: Mark
    since: When
    sha256: str
    size: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HoldView:
    """What is held of one case.

    Attributes:
        keeping: how far it is, in words; late: something stands in its way.
        seat: what may be kept of media, in words.
    """

    case: str
    number: int
    holds: tuple[HoldRow, ...]
    items: tuple[ItemRow, ...]
    keeping: str
    late: bool
    seat: str
    may: bool
    more: int = 0
