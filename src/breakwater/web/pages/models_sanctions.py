"""What the page of sanctioned accounts shows, as frozen values; built by `pages.read_sanctions`.

Nothing here says who somebody is but the service's own name of the account, for those who may
read it. See `models` for the rule they keep.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class HitRow:
    """A registration that was refused or is watched.

    Attributes:
        why: what was known again, in words.
        may_wrong: the viewer may say that it was somebody else.
    """

    id: str
    answer: Mark
    at: When
    why: str
    may_wrong: bool


@dataclass(frozen=True, slots=True)
class SanctionRow:
    """One sanction.

    Attributes:
        name: of the account, or a number where the viewer may not read names.
        known_by: kinds of hashes and how many, in words.
        case, case_number: that it rests on.
        ended: why it is over, in words; empty while it stands.
        waits: a release that waits, in words; empty: none.
        own: the viewer proposed it.
        may_release: the viewer may let go of it.
        more: how many further registrations there are.
    """

    id: str
    number: int
    name: str
    service: str
    state: Mark
    since: When
    until: When
    known_by: str
    case: str
    ended: str
    hits: tuple[HitRow, ...]
    waits: str = ""
    own: bool = False
    may_release: bool = False


@dataclass(frozen=True, slots=True)
class SanctionsView:
    """The page.

    Attributes:
        two: letting go of a sanction takes two people.
        next_url, first_url: further rows.
    """

    numbers: tuple[Number, ...]
    ended: bool
    two: bool
    rows: tuple[SanctionRow, ...]
    next_url: str = ""
    first_url: str = ""
