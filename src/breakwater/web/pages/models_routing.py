"""What the pages of the routing rules and of one's own terms show, as frozen values.

Built by `pages.read_routing`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Option, When


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in words."""

    number: int
    name: str
    when: str
    queue: str
    priority: str
    skill: str
    due: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of the rules, and what may be done with it."""

    number: int
    note: str
    by: str
    at: When
    mode: Mark
    rules: int
    live: bool
    shadow: bool


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One case that would wait elsewhere or otherwise."""

    number: int
    id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """What other rules would have done with the cases of the last week.

    Attributes:
        queues: name, cases before, cases after, in figures.
    """

    title: str
    words: str
    queues: tuple[tuple[str, str, str], ...]
    rows: tuple[DifferenceRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SkilledPerson:
    """Somebody who decides cases, and what they are trained for."""

    id: str
    name: str
    skills: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class RoutingView:
    """The page of the rules.

    Attributes:
        draft: rules as text, to be changed and tried.
        wrong: why they cannot be read.
    """

    live: int
    rules: tuple[RuleRow, ...]
    pressure: tuple[str, ...]
    versions: tuple[VersionRow, ...]
    people: tuple[SkilledPerson, ...]
    draft: str
    note: str = ""
    wrong: str = ""
    comparison: ComparisonView | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class TermsView:
    """What comes to somebody, and what does not."""

    skills: tuple[str, ...]
    contents: tuple[Option, ...]
    labels: tuple[Option, ...]
    said: str = ""
