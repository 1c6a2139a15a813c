"""What the pages of acts on services show, as frozen values.

See `models` for the rule they keep. Built by `pages.read_acts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act.

    Attributes:
        what: in words.
        about: the service's own name of the thing; empty for who may not see it.
        why: what it follows from.
        note: what stands in its way, or what cannot be taken back.
        said: what happened to it, the newest first.
        again: it can be tried again by this person.
    """

    id: str
    what: str
    about: str
    service: str
    why: str
    state: Mark
    note: str
    at: When
    tries: int
    case: str
    said: tuple[tuple[When, str], ...]
    again: bool


@dataclass(frozen=True, slots=True)
class ActsView:
    """Acts of all services, or of one case.

    Attributes:
        case, number: of the case; empty and 0: of all.
        failing: only those a person must look at.
        waiting: how many those are.
        kinds: value and words of what may be asked for by hand; of a case.
        why_not: why nothing can be asked for; empty: it can, or this person may not.
        next_url, first_url: of further rows.
    """

    case: str
    number: int
    failing: bool
    waiting: int
    rows: tuple[ActRow, ...]
    kinds: tuple[tuple[str, str], ...] = ()
    why_not: str = ""
    next_url: str = ""
    first_url: str = ""
