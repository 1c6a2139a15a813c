"""A case on one line of time: points in, the plot's rows out; pure.

In comes a plain list of `Point`s, whoever has them: reports, decisions and views of any case,
and of a broadcast also its risk, its comments and the spans that matched. Out goes `Timeline`:
the rows of one table, which is all that the plot of `js/timeline.js` reads too, so that plot
and table cannot differ. Long series are thinned to what 96 pixels show (console specification
§5). Fed by `read_timeline`; tests: `tests/unit/test_timeline.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.clock import iso
from breakwater.web.pages import words
from breakwater.web.pages.models import When
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

MARKS: Final = 30
"""Marks on one page, the newest; the rest is counted (the page's budget of 40,000 bytes)."""
STEPS: Final = 24
"""Points of a series: on 96 pixels of height nobody tells more apart, and each is a table row."""
STRETCHES: Final = 12
"""Stretches not seen on one page, the longest; the rest is counted."""
LOOKS: Final = timedelta(minutes=1)
"""Views nearer to one another than this are one mark: a person holds and lets go many times."""


class Sort(StrEnum):
    """What a point is, and so how it is drawn."""

    OPENED = "opened"
    REPORT = "report"
    ALARM = "alarm"
    DECISION = "decision"
    VIEW = "view"
    SPAN = "span"
    UNSEEN = "unseen"
    RISK = "risk"
    VIEWERS = "viewers"
    COMMENTS = "comments"


WORD: Final[Mapping[Sort, str]] = Spoken({
    Sort.OPENED: later("Opened"),
    Sort.REPORT: later("Report"),
    Sort.ALARM: later("Comments alarm"),
    Sort.DECISION: later("Decision"),
    Sort.VIEW: later("Looked at"),
    Sort.SPAN: later("Matched span"),
    Sort.UNSEEN: later("Not seen"),
    Sort.RISK: later("Risk"),
    Sort.VIEWERS: later("Viewers"),
    Sort.COMMENTS: later("Comments"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """Something at a moment.

    Attributes:
        sort: what it is.
        at: when, or when it began.
        words: for the table; a series needs none.
        until: when it ended; for spans.
        value: of a series: risk as 0..1, viewers as how many watch, comments as how many came
            since the point before.
    """

    sort: Sort
    at: datetime
    words: str = ""
    until: datetime | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One point as the table says it; `value` and `until` in the form that the plot reads."""

    sort: str
    word: str
    at: When
    words: str
    until: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows, the newest first, and which sorts are among them, for the legend.

    Attributes:
        more: older marks that are not listed.
    """

    rows: tuple[TimelineRow, ...]
    legend: tuple[tuple[str, str], ...]
    more: int = 0


def timeline(points: Iterable[Point]) -> Timeline:
    """Put points on one line of time.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    >>> made = timeline([Point(Sort.RISK, noon, value=0.42), Point(Sort.OPENED, noon)])
    >>> [(row.word, row.words) for row in made.rows]
    [('Opened', ''), ('Risk', '42 of 100')]
    """
    every = sorted(points, key=lambda point: point.at)
    marks = _looks([one for one in every if one.value is None and one.sort is not Sort.UNSEEN])
    unseen = [one for one in every if one.sort is Sort.UNSEEN]
    kept = [
        *sorted(unseen, key=_length, reverse=True)[:STRETCHES],
        *marks[-MARKS:],
        *_thinned([one for one in every if one.sort is Sort.RISK], max),
        *_thinned([one for one in every if one.sort is Sort.VIEWERS], max),
        *_thinned([one for one in every if one.sort is Sort.COMMENTS], sum),
    ]
    kept.sort(key=lambda point: (point.at, point.value is None), reverse=True)
    present = {point.sort for point in kept}
    return Timeline(
        rows=tuple(_row(point) for point in kept),
        legend=tuple((sort.value, WORD[sort]) for sort in Sort if sort in present),
        more=max(0, len(marks) - MARKS) + max(0, len(unseen) - STRETCHES),
    )


def _length(point: Point) -> timedelta:
    return (point.until or point.at) - point.at


def _looks(marks: Sequence[Point]) -> list[Point]:
    """Views of the same minute as one mark that counts them."""
    found: list[Point] = []
    began: datetime | None = None
    n = 0
    for mark in marks:
        if mark.sort is Sort.VIEW and began is not None and mark.at - began < LOOKS:
            n += 1
            last = max(at for at, point in enumerate(found) if point.sort is Sort.VIEW)
            found[last] = replace(found[last], words=_times(n))
            continue
        if mark.sort is Sort.VIEW:
            began, n = mark.at, 1
            found.append(replace(mark, words=mark.words or _times(1)))
            continue
        found.append(mark)
    return found


def _times(n: int) -> str:
    return say_n("%(n)s look", "%(n)s looks", n)


def _thinned(series: Sequence[Point], join: Callable[[Iterable[float]], float]) -> list[Point]:
    """At most `STEPS` points: each stretch of equal length by what stands for it."""
    if len(series) <= STEPS:
        return list(series)
    first, length = series[0].at, series[-1].at - series[0].at
    stretches: dict[int, list[Point]] = {}
    for point in series:
        share = (point.at - first) / length if length else 0.0
        stretches.setdefault(min(STEPS - 1, int(share * STEPS)), []).append(point)
    return [_standing_for(some, join) for some in stretches.values()]


def _standing_for(some: Sequence[Point], join: Callable[[Iterable[float]], float]) -> Point:
    """One of the points whose value stands for all, or a sum without words."""
    value = join(point.value or 0.0 for point in some)
    same = [point for point in some if point.value == value]
    return same[0] if same else replace(some[-1], value=value, words="")


def _row(point: Point) -> TimelineRow:
    return TimelineRow(
        sort=point.sort.value,
        word=WORD[point.sort],
        at=words.moment(point.at),
        words=_words(point),
        until=iso(point.until) if point.until else "",
        value="" if point.value is None else f"{point.value:.3g}",
    )


def _words(point: Point) -> str:
    if point.words or point.value is None:
        return point.words
    if point.sort is Sort.RISK:
        return say("%(n)s of 100", n=figure(round(point.value * 100)))
    if point.sort is Sort.VIEWERS:
        return say_n("%(n)s viewer", "%(n)s viewers", int(point.value))
    return say_n("%(n)s comment", "%(n)s comments", int(point.value))
