"""What the Grade pages show, as frozen values; see `models` for the rule they keep.

Nothing of other graders, of matches or of the source stands here: a grader is blind to them
(console reference §7), and what is not in the value cannot be in the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Number


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a field, with the key that gives it; a spare one waits for its child."""

    value: str
    word: str
    key: str = ""
    chosen: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the panel."""

    name: str
    word: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ChildPanel:
    """The questions about one child."""

    number: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that is so, or that nobody said."""

    name: str
    value: str
    word: str
    key: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class GradeFrame:
    """One still of the strip, with the seconds at which it stands and the next one begins."""

    frame: int
    at: str
    second: str
    end: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a video with an activity of its own, and who is in it."""

    number: int
    start: str
    end: str
    words: str
    field: Field
    seen: Field


@dataclass(frozen=True, slots=True)
class Panel:
    """The whole form as it was answered so far."""

    activity: Field
    children: tuple[ChildPanel, ...]
    flags: tuple[Flag, ...]
    offenders: Field
    stretches: tuple[Stretch, ...] = ()
    blank_child: ChildPanel | None = None
    blank_stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The item after this one: its small still is fetched while this one is graded."""

    item: str
    frame: int = 0


@dataclass(frozen=True, slots=True)
class GradeView:
    """One item to be graded.

    Attributes:
        set, set_name: which set; the name is its own, never the source's.
        position: "14 of 60".
        previous: facts of the item before as JSON, for "as previous"; empty when there are none.
        questions: what was asked before saving; the codes in `asked` go back with the answer.
        wrong: what cannot be saved, in words.
        again: an answer is corrected, not given.
        ruling: this person settles a dispute.
    """

    set: int
    set_name: str
    item: str
    number: int
    position: str
    level: str
    panel: Panel
    frames: tuple[GradeFrame, ...]
    moving: bool
    behind: str = ""
    previous: str = ""
    ahead: Ahead | None = None
    questions: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    wrong: str = ""
    again: bool = False
    ruling: bool = False
    no_view: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One item of the first pass."""

    item: str
    number: int
    word: str
    moving: bool


@dataclass(frozen=True, slots=True)
class FirstView:
    """One page of the first pass."""

    set: int
    set_name: str
    level: str
    tiles: tuple[Tile, ...]
    looks: tuple[Choice, ...]
    no_view: str = ""


@dataclass(frozen=True, slots=True)
class StackView:
    """Near copies of one graded item."""

    set: int
    set_name: str
    level: str
    leader: Tile
    tiles: tuple[Tile, ...]
    looks: tuple[Choice, ...]
    no_view: str = ""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One set that is open for graders."""

    number: int
    name: str
    items: str
    waiting: str
    share: float
    mine: str


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One item that waits for this person's ruling."""

    number: int
    set: int


@dataclass(frozen=True, slots=True)
class SetsView:
    """The sets that are open for graders."""

    numbers: tuple[Number, ...]
    rows: tuple[SetRow, ...]
    disputes: tuple[DisputeRow, ...] = ()
    done: str = ""
