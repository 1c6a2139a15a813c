"""What the pages of the hub show, as frozen values; built by `pages.read_hub`. See `models`."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.hub.clients import Lines
from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a list to choose from."""

    value: str
    word: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class PullRow:
    """How one member follows in one way.

    Attributes:
        behind: changes it has not read, in words; empty where it does not say.
        share: 0..100, how far it is.
    """

    member: str
    member_id: str
    way: str
    last: When | None
    behind: str
    share: int
    rows: str
    requests: str
    errors: str
    fault: str
    state: Mark


@dataclass(frozen=True, slots=True)
class PullPlot:
    """How a member followed in one way, hour by hour.

    Attributes:
        words: the same in words.
        bars, line, errors: paths in 72 by 40: rows, changes behind, hours with an error.
        rows, behind: the most of an hour; behind is empty where the way does not say.
    """

    way: str
    words: str
    bars: str
    line: str
    errors: str
    rows: str
    behind: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member."""

    id: str
    number: int
    name: str
    kind: str
    country: str
    purposes: str
    state: Mark
    trusted: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch that waits for publication.

    Attributes:
        gave: who gave how many entries to which list, in words; of a member's own page its name.
        waits: a first person's words; empty: nobody proposed it.
        by: who proposed it.
        own: the viewer proposed it.
    """

    number: int
    gave: str
    way: str
    category: str
    at: When | None
    bad: str
    waits: str = ""
    own: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class HubView:
    """The page of the hub."""

    numbers: tuple[Number, ...]
    members: tuple[MemberRow, ...]
    pulls: tuple[PullRow, ...]
    batches: tuple[BatchRow, ...]
    kinds: tuple[Choice, ...]
    purposes: tuple[Choice, ...]
    may_write: bool


@dataclass(frozen=True, slots=True)
class HubKey:
    """A key of a member."""

    id: str
    name: str
    may: str
    where: str
    state: Mark
    live: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """The page of one member, and of the member's own portal.

    Attributes:
        lines: to copy; with the token where one was made just now.
        token: shown once; empty otherwise.
        said: what it said of entries, the newest first: word, entry, when.
        trial: lines to copy that try the way to the hub with the test list; of the portal.
    """

    row: MemberRow
    contact: str
    change: int
    keys: tuple[HubKey, ...]
    pulls: tuple[PullRow, ...]
    batches: tuple[BatchRow, ...]
    lines: tuple[Lines, ...]
    token: str = ""
    said: tuple[tuple[str, int, When], ...] = ()
    may_write: bool = False
    trial: tuple[Lines, ...] = ()
    plots: tuple[PullPlot, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A release rule, or one that waits.

    Attributes:
        of: what it speaks of, in words.
        own: the viewer proposed it.
    """

    id: str
    effect: Mark
    of: str
    reason: str
    at: When | None
    until: When | None
    own: bool = False


@dataclass(frozen=True, slots=True)
class ListRow:
    """A shared list."""

    name: str
    tlp: str
    gives: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """Entries on which one thing decided."""

    mark: Mark
    list: str
    source: str
    category: str
    why: str
    entries: str


@dataclass(frozen=True, slots=True)
class RulesView:
    """The page of lists and rules, with the simulator."""

    numbers: tuple[Number, ...]
    lists: tuple[ListRow, ...]
    banks: tuple[Choice, ...]
    rules: tuple[RuleRow, ...]
    waiting: tuple[RuleRow, ...]
    members: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    purposes: tuple[Choice, ...]
    may_write: bool
    asked: str = ""
    lines: tuple[LineRow, ...] = ()
    sums: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One entry that a curator is to look at.

    Attributes:
        gave: who gives it and as what, in words.
        said: what members say of it, in words.
        score: 0..100; empty where there is none.
        alike: how many look like it, itself too.
    """

    id: str
    entry: int
    list: str
    why: Mark
    at: When
    gave: str
    said: str
    score: str
    alike: int


@dataclass(frozen=True, slots=True)
class QueueView:
    """The curators' queue."""

    numbers: tuple[Number, ...]
    rows: tuple[QuestionRow, ...]
    outcomes: tuple[Choice, ...]
