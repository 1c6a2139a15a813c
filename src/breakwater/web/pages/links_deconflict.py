"""Who else works on the same file: what is entered here, what overlaps, and a form to enter more.

Plain forms; what is refused is said on the page. Thin over `linking.deconflicting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.deconfliction import Entered, Overlap, Question
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import When
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import figure, later, say

P = Permission
router = Router(include_in_schema=False)
SEE_OTHER: Final = 303
SECTION: Final = "links"
CANNOT: Final = (BadInput, NotFound)
SAID: Final = {
    "entered": later("It is entered. Who else works on it stands below."),
    "ended": later("It is taken back."),
}
Text = Annotated[str, Form(max_length=500)]
Number = Annotated[int, Form(ge=0, lt=1 << 53)]


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """Somebody else works on the same; `reference` is ours."""

    reference: str
    other: str
    theirs: str
    contact: str
    files: str
    since: When


@dataclass(frozen=True, slots=True)
class EnteredRow:
    """What stands under a reference of ours."""

    reference: str
    contact: str
    files: str
    at: When


@dataclass(frozen=True, slots=True)
class DeconflictView:
    """The page; what was typed stands in the form again where it was refused."""

    entered: tuple[EnteredRow, ...]
    overlaps: tuple[OverlapRow, ...]
    typed: tuple[str, str, str, str] = ("", "", "", "")


@router.get("/links/deconfliction")
@needs(P.LINK_WRITE)
def page(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    series: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    done: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """What is entered, and who else works on it."""
    typed = ("", "", str(series or ""), "")
    return _page(request, app, pages, who, typed=typed, said=SAID.get(done, ""))


@router.post("/links/deconfliction")
@needs(P.LINK_WRITE)
def enter(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who,
    reference: Text = "", contact: Text = "", series: Text = "", exhibits: Text = "",
) -> Response:  # fmt: skip
    """Enter a series or a set of exhibits."""
    typed = (reference, contact, series, exhibits)
    try:
        asked = Question(reference, contact, ())
        app.exhibiting.deconflicting.ask_here(
            who, asked, series=_number(series), exhibit_set=_number(exhibits)
        )
    except CANNOT as error:
        return _page(request, app, pages, who, typed=typed, wrong=error)
    return RedirectResponse("/links/deconfliction?done=entered", SEE_OTHER)


@router.post("/links/deconfliction/end")
@needs(P.LINK_WRITE)
def end(app: Parts, who: Who, reference: Text = "") -> Response:
    """Take back what stands under a reference."""
    app.exhibiting.deconflicting.end(who, reference)
    return RedirectResponse("/links/deconfliction?done=ended", SEE_OTHER)


def _number(text: str) -> int:
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadInput("A series and a set of exhibits are given by their numbers.")
    return int(text or 0)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, *,
    typed: tuple[str, str, str, str], said: str = "", wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    entered, overlaps = app.exhibiting.deconflicting.overlaps(who)
    now = app.clock.now()
    view = DeconflictView(
        tuple(_entered(one, now) for one in entered), tuple(_overlap(one, now) for one in overlaps),
        typed,
    )  # fmt: skip
    return show(
        request, pages, who, "links_deconflict", section=SECTION, view=view,
        said=say(said) if said else "", wrong=refused(wrong) if wrong else "",
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _entered(one: Entered, now: datetime) -> EnteredRow:
    return EnteredRow(one.reference, one.contact, figure(one.files), words.ago(one.at, now))


def _overlap(one: Overlap, now: datetime) -> OverlapRow:
    return OverlapRow(
        one.reference, one.other, one.other_reference, one.contact, figure(one.files),
        words.ago(one.since, now),
    )  # fmt: skip
