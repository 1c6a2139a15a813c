"""Exhibits: what was seized and taken in, set by set, with the rows that could not be read.

Counts and faults only: what the examiner told of a file stays sealed here, and what is known already
is shown to nobody again. Taken in by `linking.exhibits`. Tests: `tests/integration/test_console_links.py`.
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
from breakwater.model.exhibit import Exhibit, ExhibitSet, ExhibitState, SetKind, SetState
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_links import ChildRow, ExhibitSetRow, ExhibitsView, FaultRow
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
) -> HTMLResponse:  # fmt: skip
    """One set, and what of it could not be read."""
    part = app.exhibiting.exhibits
    found = part.get(who, number)
    bad = part.files(who, number, state=ExhibitState.BAD, after=after, limit=PAGE + 1)
    here = f"/links/exhibits/{number}"
    view = ExhibitsView(
        numbers=(), rows=(_row(found, app.clock.now()),),
        faults=tuple(_fault(each) for each in bad[:PAGE]),
        children=tuple(
            (row.number, _child(child, app.clock.now()))
            for row, known in app.linking.outcomes.of_set(who, number) for child in known
        ),
        next_url=f"{here}?after={bad[PAGE - 1].number}" if len(bad) > PAGE else "",
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


def _fault(one: Exhibit) -> FaultRow:
    return FaultRow(one.reference, retold(one.fault))
