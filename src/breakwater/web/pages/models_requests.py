"""What the pages of legal requests show, as frozen values.

See `models` for the rule they keep. Built by `pages.read_requests`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request in a list."""

    number: int
    way: str
    party: str
    country: str
    basis: str
    state: Mark
    due: When


@dataclass(frozen=True, slots=True)
class RequestsView:
    """Requests both ways.

    Attributes:
        ended: those that ended, the newest first; else those that wait, the first due first.
        bases: values and words, to choose from.
    """

    ended: bool
    rows: tuple[RequestRow, ...]
    bases: tuple[tuple[str, str], ...]
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class RequestAct:
    """What can be done: value, word of the button, and what the words are about.

    Attributes:
        asks: the label of its words; empty: it needs none.
        packages: id and words of sealed packages it may answer with.
        dated: it takes the date until when an answer is expected.
    """

    value: str
    word: str
    asks: str
    packages: tuple[tuple[str, str], ...] = ()
    dated: bool = False


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request, whole.

    Attributes:
        steps: what was done, the newest first: when, what, by whom, in which words.
        waits: it was approved, and this person may not agree to it.
    """

    row: RequestRow
    version: int
    facts: tuple[tuple[str, str], ...]
    scope: str
    case: str
    steps: tuple[tuple[When, str, str, str], ...]
    acts: tuple[RequestAct, ...]
    waits: bool
