"""What people do with a series: name and rate it, write notes, give tasks, tell children apart.

Plain forms over `linking.desk` and `linking.outcomes`; what is refused is said on the page of the series. Tests:
`tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Priority
from breakwater.model.link import Outcome
from breakwater.records import link_series
from breakwater.records.link_about import Place
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_links_series
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.links import SECTION, SEE_OTHER, Number
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import say

P = Permission
router = Router(include_in_schema=False)
CANNOT: Final = (BadInput, Conflict)
Words = Annotated[str, Form(max_length=4000)]
Degrees = Annotated[str, Form(max_length=24)]


@router.post("/links/{number}")
@needs(P.LINK_WRITE)
def change(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    name: Annotated[str, Form(max_length=400)] = "",
    priority: Annotated[str, Form(max_length=12)] = "",
    version: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Name a series and say how urgent it is."""
    desk = app.linking.desk
    try:
        if priority not in set(Priority):
            raise BadInput(say("Choose a priority."))
        with app.db.read() as tx:
            row = link_series.get(tx, number)
        if row.version != version:
            raise Conflict(say("Somebody else changed this series meanwhile: look again."))
        if " ".join(name.split()) != row.name:
            row = desk.rename(who, row.number, name, version=row.version)
        if Priority(priority) is not row.priority:
            desk.rate(who, row.number, Priority(priority), version=row.version)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number)


@router.post("/links/{number}/notes")
@needs(P.LINK_WRITE)
def note(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, words: Words = ""
) -> Response:
    """Write a note on a series."""
    try:
        app.linking.desk.note(who, number, words)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "history")


@router.post("/links/{number}/lead")
@needs(P.LINK_WRITE)
def lead(request: Request, app: Parts, pages: Pages, who: Who, number: Number) -> Response:
    """Go to the open lead of a series; one is opened where none is."""
    try:
        case = app.linking.desk.lead(who, number)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return RedirectResponse(f"/cases/{case.id}", SEE_OTHER)


@router.post("/links/{number}/tasks")
@needs(P.LINK_WRITE)
def give(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number, words: Words = ""
) -> Response:
    """Give a task of a series."""
    try:
        app.linking.desk.give(who, number, words)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "tasks")


@router.post("/links/{number}/tasks/{task}")
@needs(P.LINK_WRITE)
def done(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    task: Annotated[str, Path(max_length=64)],
) -> Response:  # fmt: skip
    """A task is done."""
    try:
        app.linking.desk.done(who, id_of(task))
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "tasks")


@router.post("/links/{number}/children")
@needs(P.LINK_WRITE)
def child(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    label: Annotated[str, Form(max_length=400)] = "",
) -> Response:  # fmt: skip
    """Tell a child of a series apart, by a label."""
    try:
        app.linking.outcomes.add(who, number, label)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "children")


@router.post("/links/{number}/outcomes")
@needs(P.LINK_WRITE)
def outcome(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    of: Annotated[str, Form(alias="child", max_length=64)] = "",
    end: Annotated[str, Form(alias="outcome", max_length=16)] = "", words: Words = "",
) -> Response:  # fmt: skip
    """Say what became of a child; those who reported are told."""
    try:
        if end not in set(Outcome):
            raise BadInput(say("Choose what became of the child."))
        app.linking.outcomes.say(who, number, id_of(of), Outcome(end), words)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "children")


@router.post("/links/{number}/places")
@needs(P.LINK_WRITE)
def place(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, number: Number,
    words: Words = "", country: Annotated[str, Form(max_length=20)] = "",
    latitude: Degrees = "", longitude: Degrees = "",
    certain: Annotated[str, Form(max_length=3)] = "",
) -> Response:  # fmt: skip
    """Say where a series is thought or known to be."""
    try:
        said = Place(
            words, certain == "yes", "", app.clock.now(), country, _degrees(latitude),
            _degrees(longitude),
        )  # fmt: skip
        app.linking.desk.place(who, number, said)
    except CANNOT as error:
        return _again(request, app, pages, who, number, error)
    return _to(number, "places")


def _degrees(text: str) -> float | None:
    """A coordinate with a point or a comma; None: none was given."""
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as error:
        raise BadInput(say("Give coordinates in degrees, such as 52.37.")) from error


def _again(  # noqa: PLR0917 - a request's own parts
    request: Request, app: Any, pages: Console, who: Principal, number: int, error: BreakwaterError
) -> HTMLResponse:
    with app.db.read() as tx:
        view = read_links_series.series(tx, who, number)
    return show(
        request, pages, who, "series", section=SECTION, view=view, wrong=refused(error),
        status=error.status,
    )  # fmt: skip


def _to(number: int, part: str = "") -> RedirectResponse:
    return RedirectResponse(f"/links/{number}{f'#{part}' if part else ''}", SEE_OTHER)
