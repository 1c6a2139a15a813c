"""When the hub holds what came in: pure rules over counts, and their numbers as data.

Services ask for it: one wrong hash in a list blocks thousands of innocent uploads before anybody
looks. A hold stops nothing but the entry, and a person settles it (`hub.curate`).
Tests: `tests/unit/test_hub_holding.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.model.bank import EntryStatus
from breakwater.model.hub import Seen
from breakwater.model.hub_given import Giver


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much.

    Attributes:
        entries_per_hour: new entries of one member that nobody signed for.
        matches: uploads that matched one entry within `days`, reported by `members` members.
            A known file returns some hundred times a week; an empty picture, ten thousand times.
        members: so many must report; one member's fault holds nothing for the others.
        wrong: of the matches, those that people said were wrong: from so many on,
        wrong_share: and from this share on, whoever reports.
        negative_members: so many members with negative feedback are a conflict.
        days: how far back counts are looked at.
    """

    entries_per_hour: int = 100_000
    matches: int = 10_000
    members: int = 2
    wrong: int = 5
    wrong_share: float = 0.5
    negative_members: int = 2
    days: int = 7


def status_of_given(
    *, trusted: bool, signed: bool, arrived: int, adding: int, limits: Limits
) -> EntryStatus:
    """How a member's new entries start.

    Args:
        trusted: what it gives needs no second person.
        signed: a person here vouches for the batch.
        arrived: entries of this member in the last hour, signed ones not counted.
        adding: entries that are being added now.
        limits: the numbers.
    """
    if not signed and arrived + adding > limits.entries_per_hour:
        return EntryStatus.QUARANTINED
    return EntryStatus.ACTIVE if trusted else EntryStatus.PROPOSED


def held_for(traffic: Seen, limits: Limits) -> str:
    """Why an entry is held for what members met: `matches`, `wrong`, or empty."""
    if traffic.wrong >= limits.wrong and traffic.wrong >= limits.wrong_share * traffic.matches:
        return "wrong"
    if traffic.matches > limits.matches and traffic.members >= limits.members:
        return "matches"
    return ""


def disagree(found: tuple[Giver, ...]) -> tuple[str, ...]:
    """Categories of different members that do not agree, sorted; empty where none do.

    Compared within one scale only: the UK's letters say how grave, the industry's first letter
    how old a child looks, so that `A` and `B1` say nothing of one another (classification
    reference: never convert scheme to scheme).
    """
    by_scale: dict[int, set[str]] = {}
    for one in found:
        if one.category:
            by_scale.setdefault(len(one.category), set()).add(one.category)
    for said in by_scale.values():
        if len(said) > 1:
            return tuple(sorted(said))
    return ()
