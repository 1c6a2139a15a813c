"""Exhibits: what was seized and taken in, set by set, with the files that wait and the bad rows.

What the examiner told of a file stays sealed until somebody asks for paths, which is written down;
what is known already is shown to nobody again. Taken in by `linking.exhibits`. Tests: `tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.linking.outcomes import ChildLook
from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseState
from breakwater.model.exhibit import Exhibit, ExhibitSet, ExhibitState, SetKind, SetState
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_exhibits import (
    ExhibitFileRow,
    ExhibitSetRow,
    ExhibitsView,
    FaultRow,
)
from breakwater.web.pages.models_links import ChildRow
from breakwater.web.pages.read_links import OUTCOMES
from breakwater.web.pages.read_links_series import NO_OUTCOME
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say

P = Permission
router = Router(include_in_schema=False)
SECTION: Final = "links"
PAGE: Final = 50
KINDS: Final[Mapping[SetKind, str]] = Spoken({
    SetKind.VICS: later("VICS case"),
    SetKind.FOLDER: later("Directory"),
})  # fmt: skip
STATES: Final[Mapping[SetState, Mark]] = Spoken({
    SetState.TAKING: Mark("wait", later("Being taken in")),
    SetState.DONE: Mark("ok", later("Taken in")),
    SetState.FAILED: Mark("bad", later("Stopped by a fault")),
})  # fmt: skip


@router.get("/links/exhibits")
@needs(P.LINK_READ)
def every(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """Sets, the newest first."""
    now = app.clock.now()
    sets = app.exhibiting.exhibits.every(who)
    view = ExhibitsView(
        numbers=(
            Number(figure(len(sets)), say("sets")),
            Number(figure(sum(one.taken for one in sets)), say("files that nobody knew")),
        ),
        rows=tuple(_row(one, now) for one in sets[:PAGE]),
    )  # fmt: skip
    return show(request, pages, who, "links_exhibits", section=SECTION, view=view)


@router.get("/links/exhibits/{number}")
@needs(P.LINK_READ)
def one(
    request: Request, app: Parts, pages: Pages, who: Who,
    number: Annotated[int, Path(ge=1, lt=1 << 53)], *,
    after: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    seen: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    names: Annotated[bool, Query()] = False,
) -> HTMLResponse:  # fmt: skip
    """One set: what waits for somebody, and what could not be read."""
    part = app.exhibiting.exhibits
    found = part.get(who, number)
    names = names and who.may(P.EXHIBIT_WRITE)
    read = part.named if names else part.files
    bad = read(who, number, state=ExhibitState.BAD, after=after, limit=PAGE + 1)
    new = read(who, number, state=ExhibitState.UNKNOWN, after=seen, limit=PAGE + 1)
    series = part.series_of(who, [one.medium for one in new if one.medium])
    case = part.case_of(who, number)
    here = f"/links/exhibits/{number}"
    named = "&names=1" if names else ""
    view = ExhibitsView(
        numbers=(), rows=(_row(found, app.clock.now()),),
        faults=tuple(_fault(each) for each in bad[:PAGE]),
        files=tuple(_file(each, series, case) for each in new[:PAGE]),
        more_url=f"{here}?seen={new[PAGE - 1].number}{named}" if len(new) > PAGE else "",
        case=case.number if case else 0, case_url=f"/cases/{case.id}" if case else "",
        names_url=f"{here}?names=1" if who.may(P.EXHIBIT_WRITE) and not names else "",
        children=tuple(
            (row.number, _child(child, app.clock.now()))
            for row, known in app.linking.outcomes.of_set(who, number) for child in known
        ),
        next_url=f"{here}?after={bad[PAGE - 1].number}{named}" if len(bad) > PAGE else "",
        first_url=here if after else "", fault=retold(found.fault),
    )  # fmt: skip
    return show(request, pages, who, "links_exhibit", section=SECTION, view=view)


def _row(one: ExhibitSet, now: datetime) -> ExhibitSetRow:
    return ExhibitSetRow(
        number=one.number, reference=one.reference, kind=KINDS[one.kind], state=STATES[one.state],
        at=words.ago(one.at, now), offered=figure(one.offered), known=figure(one.known),
        bad=figure(one.bad), taken=figure(one.taken),
    )  # fmt: skip


def _child(one: ChildLook, now: datetime) -> ChildRow:
    end = one.outcome
    mark = Mark("wait", say(NO_OUTCOME)) if end is None else Mark("ok", OUTCOMES[end])
    return ChildRow(one.id, one.label, mark, at=words.ago(one.said[0].at, now) if end else None)


def _file(one: Exhibit, series: Mapping[int, int], case: Case | None) -> ExhibitFileRow:
    ended = case is not None and case.state is CaseState.CLOSED
    note = say("Looked into with its case") if ended else say("Waits in the case")
    if one.same_as is not None:
        note = say("The same as file %(n)s", n=one.same_as)
    return ExhibitFileRow(
        one.number, _name(one), words.size(one.size), note, series.get(one.medium or 0, 0)
    )


def _fault(one: Exhibit) -> FaultRow:
    return FaultRow(_name(one), retold(one.fault))


def _name(one: Exhibit) -> str:
    return str(one.told.get("path", "")) or one.reference
