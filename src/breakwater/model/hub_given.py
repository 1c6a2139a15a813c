"""The hub's entries as members know them: who gives one, what is open about it, what curators do.

An entry has as many contributors as give it now: its import's member and those of `hub_gives`,
each by their last word. Kept by `records.hub_given`, `records.hub_feedback`, `records.hub_queue`;
moved by `hub.contribute` and `hub.curate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from breakwater.model.ids import Id


class Mark(NamedTuple):
    """What a row of a list says of its hashes besides their values.

    Attributes:
        category: as its giver graded it; empty: not said.
        labels: further words of it, inherited by new entries.
        withdrawn: its giver takes it back.
    """

    category: str = ""
    labels: tuple[str, ...] = ()
    withdrawn: bool = False

    @property
    def turn(self) -> tuple[bool, int, str, tuple[str, ...]]:
        """In which order marks of one batch are written.

        A file that stands there several times is what its fullest row says; whoever says of one
        both that it is active and that it is withdrawn takes it back.
        """
        return self.withdrawn, -len(self.labels), self.category, self.labels


@dataclass(frozen=True, slots=True)
class Giver:
    """A member that gives an entry now.

    Attributes:
        category: as this member grades it; empty: its entry says it by a label, or nobody did.
        since: when it last said so.
        first: the entry came with its import.
    """

    member: Id
    category: str = ""
    since: datetime | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a batch.

    Attributes:
        import_number: of the batch.
        rows: rows or entries that were read.
        kept: new entries.
        joined: entries of others that have this contributor too now.
        known: hashes that this member gave already.
        taken_back: entries it gives no more.
        returned: values that curators had withdrawn: they wait for two people.
        bad: rows that could not be read, with the first reasons.
        status: of the new entries: `active`, `proposed` or `quarantined`.
        repeated: the answer to a request that came before; nothing was added now.
    """

    import_number: int
    rows: int = 0
    kept: int = 0
    joined: int = 0
    known: int = 0
    taken_back: int = 0
    returned: int = 0
    bad: int = 0
    status: str = "proposed"
    repeated: bool = False
    reasons: tuple[tuple[int, str], ...] = ()


class QueueWhy(StrEnum):
    """Why a curator looks at an entry."""

    CONFLICT = "conflict"
    """Members disagree: harmless against known, categories, negative feedback by several."""
    TRAFFIC = "traffic"
    """It matches much ordinary content, and is held."""
    FLOOD = "flood"
    """A member gave more than its share within an hour; the batch is held."""
    RETURNED = "returned"
    """A value that was withdrawn is given again."""
    GRADED = "graded"
    """Sent to graders; waits for their result."""


class Outcome(StrEnum):
    """What a curator decides."""

    KEEP = "keep"
    WITHDRAW = "withdraw"
    RECLASSIFY = "reclassify"
    GRADERS = "graders"

    @property
    def final(self) -> bool:
        """Whether the question is over."""
        return self is not Outcome.GRADERS


@dataclass(frozen=True, slots=True)
class Question:
    """One entry that a curator is to look at.

    Attributes:
        facts: what led here: counts, names of members, categories; never content.
        outcome: None while it is open.
    """

    id: Id
    entry: int
    why: QueueWhy
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    settled_at: datetime | None = None
    outcome: Outcome | None = None
    settled_by: str = ""
    note: str = ""
    change: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """One line in the history of an entry.

    Attributes:
        change: its place: number order is commit order; 0 where it has none of its own.
        what: `came`, `moved`, `given`, `taken_back`, `feedback`, `asked`, `settled`.
        by: id of the member or person, or the name of a part.
        facts: words and ids.
    """

    change: int
    what: str
    at: datetime | None
    by: str
    facts: Mapping[str, Any] = field(default_factory=dict)
