"""What the page of a case as VICS shows, as frozen values.

See `models` for the rule they keep. Built by `pages.vics`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import When


@dataclass(frozen=True, slots=True)
class VicsRow:
    """An export that waits, or that two people agreed to.

    Attributes:
        words: who proposed it, or who the two are.
        own: the reader proposed it; of one that is agreed: the reader is one of the two.
    """

    words: str
    context: str
    reference: str
    country: str
    lapses: When
    own: bool


@dataclass(frozen=True, slots=True)
class VicsView:
    """The page.

    Attributes:
        files: how many files are named, in words; left: what is left out; empty: nothing.
        alone: one person may take it.
        contexts: whose categories, as value and word.
    """

    case: str
    number: int
    files: str
    left: str
    alone: bool
    contexts: tuple[tuple[str, str], ...]
    waits: VicsRow | None
    agreed: VicsRow | None
