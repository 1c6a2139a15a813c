"""The Sets pages from `review.grading.sets`: what is imported, how far, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.model.grading import GradeSet, ItemState, SetState
from breakwater.review.grading.folder import ImportFolder
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.speech import Spoken, later, say

STATES: Final = Spoken({
    SetState.IMPORTING: later("Importing"),
    SetState.FAILED: later("Import failed"),
    SetState.OPEN: later("Open for graders"),
    SetState.CLOSED: later("Closed"),
})  # fmt: skip
STYLES: Final = {
    SetState.IMPORTING: "wait",
    SetState.FAILED: "bad",
    SetState.OPEN: "ok",
    SetState.CLOSED: "off",
}
ITEMS: Final = Spoken({
    ItemState.OPEN: later("Wait for graders"),
    ItemState.NEAR: later("Wait in a stack, to be confirmed at one look"),
    ItemState.COPY: later("Copies, which take the facts of the first"),
    ItemState.KNOWN: later("Known to a bank, so nobody views them"),
    ItemState.MISSING: later("Named without their file"),
    ItemState.UNREADABLE: later("Not decodable"),
    ItemState.SETTLED: later("Settled"),
    ItemState.DISPUTED: later("Wait for an adjudicator"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetLine:
    """One set in the list."""

    number: int
    name: str
    state: Mark
    importing: bool
    share: float
    rows: str
    bad: str
    items: str
    waiting: str


@dataclass(frozen=True, slots=True)
class SetsPage:
    """Every set, and what may be imported."""

    numbers: tuple[Number, ...]
    rows: tuple[SetLine, ...]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    place: str
    running: bool


@dataclass(frozen=True, slots=True)
class SetPage:
    """One set.

    Attributes:
        counts: what became of its items, in words.
        bad: rows nobody could read, with the reason.
        fault: why the import failed.
    """

    line: SetLine
    form: str
    source: str
    graders: int
    numbers: tuple[Number, ...]
    counts: tuple[tuple[str, str], ...]
    bad: tuple[tuple[str, str], ...]
    fault: str
    may_open: bool
    may_close: bool
    may_qa: bool


def every(found: Sequence[GradeSet], folder: ImportFolder) -> SetsPage:
    """The list and the form."""
    running = [one for one in found if one.state is SetState.IMPORTING]
    return SetsPage(
        numbers=(
            Number(words.count(len(running)), say("imports run")),
            Number(words.count(sum(one.waiting for one in found)), say("items wait")),
        ),
        rows=tuple(line(one) for one in found),
        files=tuple(folder.files()),
        folders=tuple(folder.folders()),
        place=str(folder.root),
        running=bool(running),
    )


def one(found: GradeSet, bad: Sequence[tuple[int, str]], *, may_qa: bool) -> SetPage:
    """One set with its bad rows."""
    return SetPage(
        line=line(found),
        form=found.form,
        source=found.source,
        graders=found.graders,
        numbers=(
            Number(words.count(found.rows_read), say("rows read")),
            Number(words.count(found.rows_bad), say("rows nobody could read"), late=found.rows_bad > 0),
        ),
        counts=tuple(
            (ITEMS[state], words.count(count)) for state, count in found.counts.items() if state in ITEMS
        ),
        bad=tuple((words.count(row), say(reason)) for row, reason in bad),
        fault=say(found.fault) if found.fault else "",
        may_open=found.state is SetState.CLOSED,
        may_close=found.state is SetState.OPEN,
        may_qa=may_qa,
    )  # fmt: skip


def line(one: GradeSet) -> SetLine:
    """One set as a row."""
    return SetLine(
        number=one.number,
        name=one.name,
        state=Mark(STYLES[one.state], STATES[one.state]),
        importing=one.state is SetState.IMPORTING,
        share=one.share,
        rows=words.count(one.rows_read),
        bad=words.count(one.rows_bad),
        items=words.count(one.total),
        waiting=words.count(one.waiting),
    )
