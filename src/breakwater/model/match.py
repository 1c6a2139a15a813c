"""Matches and verdicts: what a signal was near to, and what follows from it.

`matching` answers candidates (entry number, distance); `recognition` joins them with the
entry's bank into a `Match`; `intake.policy` turns matches into a `Verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from breakwater.model.copies import CopyMatch
from breakwater.model.ids import Id
from breakwater.model.signal import View, kind_named


class Action(StrEnum):
    """What a service does with an item. Ordered: block outranks hold outranks allow."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """0, 1, 2: the larger one wins."""
        return list(Action).index(self)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index's answer: entry `number` is `distance` away from query number `query`."""

    query: int
    number: int
    distance: int


@dataclass(frozen=True, slots=True)
class Match:
    """One entry that one signal of the item is near to.

    Attributes:
        entry: id of the bank entry.
        number: its integer number.
        bank: name of its bank.
        kind: kind of signal.
        value: the entry's value in its kind's spelling.
        own: the item's value that came nearest, for showing which bits differ; may be empty.
        distance: bits that differ; 0 for exact kinds.
        limit: the limit that was in force for this bank and kind.
        negative: the entry says "known harmless".
        acting: counts towards the verdict (enabled share, quarantine and quality considered).
        why_not: when not acting, one of `quarantined`, `not_enabled`, `low_quality`,
            `expired`, `harmless`, `decided`; else empty.
        view: which look of the item matched (a mirrored upload matches by a flipped view).
        frame, time_s: where in the item; None for the whole file.
        moments: every (frame, seconds) at which this entry matched, nearest first, 100 at most.
        quality: of the item's own hash.
        labels: of the entry.
        permitted_use: what the entry's licence allows.
        source: who gave the entry.
        verified: the bank is marked verified.
    """

    entry: Id
    number: int
    bank: str
    kind: str
    value: str
    distance: int
    limit: int
    negative: bool = False
    acting: bool = True
    why_not: str = ""
    view: View = View.ORIGINAL
    frame: int | None = None
    time_s: float | None = None
    moments: tuple[tuple[int, float], ...] = ()
    quality: int = 100
    labels: tuple[str, ...] = ()
    permitted_use: str = ""
    source: str = ""
    verified: bool = False
    own: str = ""

    @property
    def words(self) -> str:
        """The distance as a person reads it (console specification §8)."""
        kind = kind_named(self.kind)
        if self.limit == 0:
            text = f"Exact match: {kind.words}"
        else:
            near = self.distance / self.limit
            word = "Very close" if near < 0.26 else "Close" if near < 0.65 else "Similar"
            text = f"{word} match: {self.distance} of {kind.bits} bits differ (limit {self.limit})"
        return text + ("" if self.view is View.ORIGINAL else f", {VIEW_WORDS[self.view]}")


VIEW_WORDS = {
    View.ORIGINAL: "as it is",
    View.ROTATE90: "turned a quarter to the right",
    View.ROTATE180: "turned upside down",
    View.ROTATE270: "turned a quarter to the left",
    View.FLIPX: "mirrored top to bottom",
    View.FLIPY: "mirrored left to right",
    View.FLIPPLUS1: "mirrored across the diagonal",
    View.FLIPMINUS1: "mirrored across the other diagonal",
}
"""What was done to the item against the known one: its view turned left matches when it was
turned right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one item, and by which rule.

    Attributes:
        action: allow, hold or block.
        rule: name of the rule that decided, e.g. `bank.block`, `undecodable`, `no_match`.
        reason: one sentence for people.
        matches: every match, acting or not, nearest first.
        copies: stretches of known videos, best first.
    """

    action: Action
    rule: str
    reason: str
    matches: tuple[Match, ...] = ()
    copies: tuple[CopyMatch, ...] = ()
