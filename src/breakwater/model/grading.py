"""Grading as nouns: sets of items, what became of each item, and what each grader answered.

Items come by the million (`review.grading.sets` imports them), so their id is derived from a
number. Answers are only ever added: the latest of each grader counts, the result is a row of
its own, and every scheme's code is derived from the result (`model.scheme`). Read and written
by `records.grading`; `review.grading.grade` moves them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from breakwater.model.facts import FirstLook, ItemFacts
from breakwater.model.ids import Id

NEAR_BITS: Final = 10
"""Bits of 256 up to which two pictures are one stack (PDQ; the kind's own limit is 31): close
enough that one look at the stack confirms all of it."""

MOST_GRADERS: Final = 3


class SetState(StrEnum):
    """Where a set stands. A failed import goes on where it stopped when its file is sent again."""

    IMPORTING = "importing"
    FAILED = "failed"
    OPEN = "open"
    CLOSED = "closed"


class ItemState(StrEnum):
    """Where an item stands.

    `known`, `copy`, `missing` and `unreadable` are never shown to graders: a bank has it, another
    item is the same file, the set names it without its file, or it cannot be decoded. `near`
    waits behind the leader of its stack. `disputed` waits for an adjudicator.
    """

    OPEN = "open"
    NEAR = "near"
    DISPUTED = "disputed"
    SETTLED = "settled"
    KNOWN = "known"
    COPY = "copy"
    MISSING = "missing"
    UNREADABLE = "unreadable"

    @property
    def hidden(self) -> bool:
        """Nobody ever sees such an item."""
        return self in {
            ItemState.KNOWN, ItemState.COPY, ItemState.MISSING, ItemState.UNREADABLE,
        }  # fmt: skip


class Part(StrEnum):
    """In which part somebody answers. Only graders' answers count towards agreement."""

    GRADER = "grader"
    ADJUDICATOR = "adjudicator"
    GOLD = "gold"


class How(StrEnum):
    """How a result came about."""

    SINGLE = "single"
    AGREED = "agreed"
    ADJUDICATED = "adjudicated"
    STACK = "stack"


_ITEM_ID: Final = 0x67726164_6500_8000_8000_000000000000
"""A UUIDv8 (RFC 9562) that spells "grade" and ends in the number."""


def item_id(number: int) -> Id:
    """The id of an item: derived from its number, so that two million rows need not carry one."""
    return Id(str(uuid.UUID(int=_ITEM_ID | number)))


def item_number(item: Id) -> int | None:
    """The number in an item's id; None when it is the id of something else."""
    try:
        number = uuid.UUID(item).int ^ _ITEM_ID
    except ValueError:
        return None
    return number if 0 < number < 1 << 40 else None


@dataclass(frozen=True, slots=True)
class GradeSet:
    """A set of items that is graded together.

    Attributes:
        number: small integer, as people name it.
        name: for people.
        source: who gave it; never shown to graders.
        form: `vics 2.0`, `csv`, `uploads`.
        context: whose categories the source used (`US`, `UK`, `Default`); kept beside them.
        digest: SHA-256 of the file, by which an import is taken up again; empty for uploads.
        graders: independent people for each item, 1 to 3.
        rows_read: rows of the file behind us; resumable there.
        rows_bad: rows that could not be read.
        share: of the file's bytes that were read, 0 to 1.
        fault: why the import failed, in words; else empty.
        counts: items by state, as of reading.
    """

    id: Id
    number: int
    name: str
    source: str
    form: str
    state: SetState
    graders: int
    context: str = ""
    digest: str = ""
    rows_read: int = 0
    rows_bad: int = 0
    share: float = 0.0
    fault: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    change: int = 0
    counts: Mapping[ItemState, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All its items."""
        return sum(self.counts.values())

    @property
    def visible(self) -> int:
        """Items that graders see or saw."""
        return sum(count for state, count in self.counts.items() if not state.hidden)

    @property
    def waiting(self) -> int:
        """Items that still need a grader or an adjudicator."""
        return self.counts.get(ItemState.OPEN, 0) + self.counts.get(ItemState.DISPUTED, 0)


@dataclass(frozen=True, slots=True)
class GradeItem:
    """One picture or video of a set.

    Attributes:
        row: its place in the file, from 1.
        leader: number of the item whose facts it takes, for copies and stacks; else None.
        bits: how far its picture hash is from the leader's; None for exact copies.
        needed: graders it needs; a second opinion adds one.
        graded: different people who answered it completely.
        blob: its bytes in the vault; None for what is never shown.
        why: why nobody sees it: how a bank knows it, or what is wrong with the file; else empty.
        claims: what the source says of it (raw category, flags): kept, never believed.
        upload: the upload it came from, for sets made of cases.
    """

    id: Id
    number: int
    set: int
    row: int
    state: ItemState
    type: str
    sha256: str = ""
    md5: str = ""
    sha1: str = ""
    pdq: str = ""
    size: int = 0
    frames: int = 0
    duration_s: float = 0.0
    leader: int | None = None
    bits: int | None = None
    needed: int = 1
    graded: int = 0
    blob: Id | None = None
    upload: Id | None = None
    why: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1

    @property
    def moving(self) -> bool:
        """Whether it is shown as a strip of stills with facts per segment."""
        return self.type.startswith("video/") or self.frames > 1


@dataclass(frozen=True, slots=True)
class Grading:
    """One answer of one person to one item; only ever added.

    Attributes:
        item: number of the item.
        grader: the person.
        look: the answer of the first pass; `full_facts` with facts is complete.
        facts: None for `not_pertinent`, `cannot_tell` and a mere first pass.
        asked: codes of contradictions that the grader confirmed.
        ms: from picture to save, as the page measured it.
        replaces: the person's earlier answer to this item.
        note: why a second opinion is wanted, or how a dispute was settled.
    """

    id: Id
    item: int
    grader: Id
    part: Part
    look: FirstLook
    at: datetime
    facts: ItemFacts | None = None
    asked: tuple[str, ...] = ()
    ms: int = 0
    replaces: Id | None = None
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing more is wanted of this person."""
        return self.look is not FirstLook.FULL_FACTS or self.facts is not None

    @property
    def judged(self) -> tuple[Any, ...]:
        """What graders must agree on."""
        return (self.look, self.facts.judged if self.facts else ())


@dataclass(frozen=True, slots=True)
class GradeResult:
    """What holds for an item since a moment; the highest revision is the present one.

    Attributes:
        pertinent: False when it is not pertinent; then there are no facts.
        how: how it came about.
        by: who made it so: the last grader, the adjudicator, who confirmed the stack.
        gradings: the answers it rests on.
    """

    item: int
    revision: int
    pertinent: bool
    facts: ItemFacts | None
    how: How
    by: Id
    at: datetime
    gradings: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemCode:
    """What one scheme says of an item now.

    Attributes:
        codes: one for schemes that answer with one, any number for annotations.
    """

    item: int
    scheme: str
    version: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Near copies behind one leader: confirmed once, then all take its facts.

    Attributes:
        leader: the item that is graded.
        members: the others, nearest first.
    """

    leader: GradeItem
    members: tuple[GradeItem, ...]


@dataclass(frozen=True, slots=True)
class CodeChange:
    """An item's code became another: by a new result, or by another table."""

    change: int
    item: int
    scheme: str
    at: datetime
    before_version: str
    before: tuple[str, ...]
    version: str
    codes: tuple[str, ...]
