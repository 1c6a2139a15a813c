"""What the pages of links show, as frozen values; built by `pages.read_links` and its neighbours.

See `models`. A medium is never described here: it has a number, a kind and moments; its picture is
asked for by its id and a moment, and each look is written down.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When


@dataclass(frozen=True, slots=True)
class SeriesItem:
    """One series of the list."""

    number: int
    url: str
    name: str
    priority: Mark
    media: str
    joined: str
    newest: When
    kinds: str
    waiting: str
    outcome: str


@dataclass(frozen=True, slots=True)
class LinksView:
    """Series, and how many links wait for a person."""

    numbers: tuple[Number, ...]
    rows: tuple[SeriesItem, ...]
    priorities: tuple[Option, ...]
    waiting: str
    filtered: bool
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """One link that waits: what it says, why it waits, what it would join."""

    number: int
    url: str
    kind: str
    why: str
    joins: str
    score: str


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Links that wait for a person; `likenesses`: which of them are leads of a model."""

    numbers: tuple[Number, ...]
    rows: tuple[WaitingItem, ...]
    kinds: tuple[Option, ...]
    filtered: bool
    next_url: str = ""
    first_url: str = ""
    likenesses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One medium of the graph.

    Attributes:
        x, y: units of the drawing.
        item, frame: what its small still is asked for by; empty: it is a dot.
    """

    number: int
    x: float
    y: float
    url: str
    words: str
    item: str = ""
    frame: int = 0
    here: bool = False


@dataclass(frozen=True, slots=True)
class Strand:
    """All edges of one kind and state, as one path."""

    kind: str
    sure: bool
    path: str


@dataclass(frozen=True, slots=True)
class GraphView:
    """What is near one medium of a series.

    Attributes:
        left: media of the series that are not drawn.
    """

    number: int
    at: int
    nodes: tuple[Node, ...]
    strands: tuple[Strand, ...]
    legend: tuple[tuple[str, str], ...]
    width: int
    height: int
    words: str
    left: int = 0


@dataclass(frozen=True, slots=True)
class MediumRow:
    """One medium of a series, as the table and the strip show it."""

    number: int
    url: str
    words: str
    made: When | None
    since: When
    links: str
    item: str = ""
    frame: int = 0
    at: str = ""
    case: str = ""
    case_number: int = 0
    state: Mark | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One edge of a series."""

    number: int
    kind: str
    words: str
    state: Mark


@dataclass(frozen=True, slots=True)
class TimeLine:
    """When media were made and when they joined: ticks as two paths, 0..100 wide."""

    made: str
    joined: str
    first: When
    last: When
    words: str


@dataclass(frozen=True, slots=True)
class PlaceTile:
    """One country of the map of places."""

    x: int
    y: int
    code: str
    certain: bool
    words: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place in words."""

    words: str
    where: str
    state: Mark
    by: str
    at: When


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One line of the history."""

    at: When
    words: str
    who: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Something to do."""

    id: str
    words: str
    due: When | None
    by: str
    done: When | None = None


@dataclass(frozen=True, slots=True)
class ChildRow:
    """One child of a series, by a label of the investigators."""

    id: str
    label: str
    outcome: Mark
    said: str = ""
    at: When | None = None


@dataclass(frozen=True, slots=True)
class SeriesView:
    """The page of one series; `vics` is where it is taken as VICS, empty where it is not.

    `may_open`: no lead is open, and the viewer may open one.
    """

    number: int
    id: str
    name: str
    version: int
    priority: Mark
    priorities: tuple[Option, ...]
    aliases: str
    numbers: tuple[Number, ...]
    at: int
    strip: tuple[MediumRow, ...]
    media: tuple[MediumRow, ...]
    more_media: int
    links: tuple[LinkRow, ...]
    more_links: int
    waiting: tuple[WaitingItem, ...]
    time: TimeLine | None
    tiles: tuple[PlaceTile, ...]
    places: tuple[PlaceRow, ...]
    outline: str
    box: str
    tasks: tuple[TaskRow, ...]
    children: tuple[ChildRow, ...]
    outcomes: tuple[Option, ...]
    history: tuple[ToldRow, ...]
    may_write: bool
    may_view: bool
    vics: str = ""
    may_open: bool = False


@dataclass(frozen=True, slots=True)
class RowsView:
    """All media of a series, or all its links, page by page."""

    number: int
    title: str
    media: tuple[MediumRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the two media of an edge at the moment that is compared."""

    number: int
    item: str
    frame: int
    at: str
    words: str
    series: int = 0
    series_name: str = ""
    case: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class PointView:
    """One matched point: numbered at both ends, or a dot."""

    n: int
    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True, slots=True)
class FramePair:
    """Two frames that are compared, with what matches."""

    url: str
    at: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class OffsetLine:
    """Where a moment of one is found in the other, as a drawing of 100 by 100."""

    path: str
    dots: str
    words: str
    rows: tuple[tuple[str, str], ...]
    a_end: str
    b_end: str


@dataclass(frozen=True, slots=True)
class SoundView:
    """How far two sounds agree over a stretch."""

    words: str
    share: int
    path: str
    facts: tuple[tuple[str, str], ...]
    waves: tuple[str, ...] = ()
    """Paths in a square of 100: the stretch in each, one over the other."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer, its key and what follows from it."""

    value: str
    word: str
    key: str
    follows: str


@dataclass(frozen=True, slots=True)
class EdgeView:
    """The evidence panel of one link."""

    number: int
    title: str
    kind: str
    state: Mark
    why: str
    facts: tuple[tuple[str, str], ...]
    a: SideView
    b: SideView
    pairs: tuple[FramePair, ...]
    points: tuple[PointView, ...]
    lines: str
    dots: str
    boxes: str
    points_words: str
    line: OffsetLine | None
    sound: SoundView | None
    traits: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    history: tuple[ToldRow, ...]
    may_write: bool
    may_view: bool
    settled: bool
    next_url: str
    left: str
    others: tuple[LinkRow, ...] = ()
    torn: tuple[str, ...] = ()
