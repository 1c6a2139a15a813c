"""Grade: sets, the first pass over small stills, one item on one screen, and its frames.

Thin over `review.grading.grade` and `review.looking.grade_views`. Every form works without scripts; with them
the next item is swapped in and its small still is there already (console reference §6, §7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Form, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.model.facts import Contradiction, FirstLook
from breakwater.model.grading import GradeSet
from breakwater.records import gradesets, grading
from breakwater.review.grading.grade import Asked
from breakwater.review.looking.showing import MOST_STILLS
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_grade
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.form_grade import Answers
from breakwater.web.pages.pictures import OneLook, SomeStills, id_of, picture, small_stills
from breakwater.web.pages.speech import say
from breakwater.web.workstation import Workstation

if TYPE_CHECKING:
    from breakwater.app import App

router = Router(include_in_schema=False)

Set = Annotated[int, Path(ge=1, lt=1 << 31)]
Item = Annotated[int, Path(ge=1, lt=1 << 40)]


async def _sent(request: Request) -> list[tuple[str, str]]:
    form = await request.form(max_fields=2_000)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


Sent = Annotated[list[tuple[str, str]], Depends(_sent)]
"""The fields of a form, in their order, repeated ones too."""


@router.get("/grade")
@needs(Permission.GRADE_WRITE)
def sets(request: Request, pages: Pages, app: Parts, who: Who, done: int = 0) -> HTMLResponse:
    """The sets that are open, and what waits for this person's ruling."""
    found = _with_own(app, who, app.review.grading.sets(who))
    words = say("Nothing is waiting for you in set %(n)s.", n=done) if done else ""
    view = read_grade.sets(found, app.review.grading.disputes(who), words)
    return show(request, pages, who, "grade_sets", section="grade", view=view)


@router.get("/grade/sets/{number}")
@needs(Permission.GRADE_WRITE)
def onwards(app: Parts, who: Who, number: Set) -> Response:
    """The next item of a set, by its own address, so that loading it again changes nothing."""
    task = app.review.grading.next(who, number)
    return _to(f"/grade/sets/{number}/stack" if task is None else f"/grade/items/{task.number}")


@router.get("/grade/sets/{number}/first")
@needs(Permission.GRADE_WRITE)
def first(request: Request, pages: Pages, app: Parts, who: Who, number: Set) -> Response:
    """One page of the first pass."""
    tasks = app.review.grading.page(who, number, limit=MOST_STILLS)
    if not tasks:
        return _to(f"/grade/sets/{number}")
    view = read_grade.first(who, _set(app, number), tasks)
    return show(request, pages, who, "grade_first", section="grade", view=view)


@router.post("/grade/sets/{number}/first")
@needs(Permission.GRADE_WRITE)
def mark(app: Parts, who: Who, number: Set, sent: Sent) -> Response:
    """Keep the answers of one page; what was left open comes again."""
    looks = {
        int(name.removeprefix("look-")): _look(value)
        for name, value in sent
        if name.startswith("look-") and name[5:].isdecimal() and len(name) < 20
    }
    if looks:
        app.review.grading.mark(who, number, looks)
    return _to(f"/grade/sets/{number}/first")


@router.get("/grade/sets/{number}/stack")
@needs(Permission.GRADE_WRITE)
def stack(request: Request, pages: Pages, app: Parts, who: Who, number: Set) -> Response:
    """Near copies to be confirmed by one look; when none wait, the set is done."""
    found = app.review.stacks.next(who, number)
    if found is None or not found.members:
        return _to(f"/grade?done={number}")
    view = read_grade.stack(who, _set(app, number), found)
    return show(request, pages, who, "grade_stack", section="grade", view=view)


@router.post("/grade/sets/{number}/stack")
@needs(Permission.GRADE_WRITE)
def confirm(
    app: Parts, who: Who, number: Set, sent: Sent,
    leader: Annotated[int, Form(ge=1, lt=1 << 40)],
) -> Response:  # fmt: skip
    """Keep what is the same picture and what is not; what was left open comes again."""
    said = {
        answer: [int(name[5:]) for name, value in sent if _is_near(name) and value == answer]
        for answer in ("same", "other")
    }
    if any(said.values()):
        app.review.stacks.confirm(who, leader, same=said["same"], other=said["other"])
    return _to(f"/grade/sets/{number}/stack")


@router.get("/grade/items/{number}")
@needs(Permission.GRADE_WRITE)
def item(request: Request, pages: Pages, app: Parts, who: Who, number: Item) -> HTMLResponse:
    """One item that this person was given."""
    task = app.review.grading.task(who, number)
    ahead = app.review.grading.ahead(who, task.set, besides=number)
    view = read_grade.item(who, _set(app, task.set), task, ahead=ahead)
    return show(request, pages, who, "grade", section="grade", view=view)


@router.post("/grade/items/{number}")
@needs(Permission.GRADE_WRITE)
def save(
    request: Request, pages: Pages, app: Parts, who: Who, *, number: Item, sent: Sent
) -> Response:
    """Keep the facts and go on, or ask what seldom goes together."""
    answers = Answers.read(sent)
    task = app.review.grading.task(who, number)
    questions: tuple[Contradiction, ...] = ()
    wrong = ""
    try:
        facts = answers.facts()
        saved = app.review.grading.save(
            who, number, facts, confirmed=answers.confirms(facts), ms=answers.ms
        )
        if not isinstance(saved, Asked):
            return _to(f"/grade/sets/{task.set}")
        questions = saved.questions
    except BadInput as error:
        wrong = say(error.detail)
    view = read_grade.item(
        who, _set(app, task.set), task,
        answers=answers, questions=questions, wrong=wrong,
    )  # fmt: skip
    status = 422 if wrong else 200
    return show(request, pages, who, "grade", section="grade", view=view, status=status)


@router.post("/grade/items/{number}/second-opinion")
@needs(Permission.GRADE_WRITE)
def second_opinion(app: Parts, who: Who, number: Item) -> Response:
    """Say that one cannot tell; somebody else is asked."""
    task = app.review.grading.task(who, number)
    app.review.grading.second_opinion(who, number)
    return _to(f"/grade/sets/{task.set}")


@router.post("/grade/items/{number}/not-pertinent")
@needs(Permission.GRADE_WRITE)
def not_pertinent(app: Parts, who: Who, number: Item) -> Response:
    """Say that the item has nothing to do with the set's purpose."""
    task = app.review.grading.task(who, number)
    app.review.grading.mark(who, task.set, {number: FirstLook.NOT_PERTINENT})
    return _to(f"/grade/sets/{task.set}")


@router.get("/grade/items/{number}/back")
@needs(Permission.GRADE_WRITE)
def back(app: Parts, who: Who, number: Item) -> Response:
    """The item answered before this one."""
    task = app.review.grading.task(who, number)
    before = number if task.answer is not None else None
    past = app.review.grading.back(who, task.set, before=before)
    if past is None:
        raise Conflict("There is no item before this one.")
    return _to(f"/grade/items/{past.number}")


@router.post("/grade/disputes/{number}/take")
@needs(Permission.GRADE_WRITE)
def take(app: Parts, who: Who, number: Item) -> Response:
    """Take a disputed item, to settle it without knowing what others said."""
    app.review.grading.take_dispute(who, number)
    return _to(f"/grade/items/{number}")


class LookBody(OneLook):
    """A frame of an item of a set."""

    set: int = Field(ge=1, lt=1 << 31)


class StillsBody(SomeStills):
    """The stills of one page of a set."""

    set: int = Field(ge=1, lt=1 << 31)


@router.post("/grade/views")
@needs(Permission.MEDIA_VIEW)
def look(app: Parts, who: Who, at: Workstation, body: LookBody) -> Response:
    """Show one frame while a key is held."""
    shown = app.review.grade_views.look(
        who, set_number=body.set, item=id_of(body.item), frame=body.frame, level=body.level,
        reason=body.reason, device=at,
    )  # fmt: skip
    return picture(shown)


@router.post("/grade/stills")
@needs(Permission.MEDIA_VIEW)
def stills(app: Parts, who: Who, at: Workstation, body: StillsBody) -> JSONResponse:
    """The grey 32 × 18 stills of one page, and of the item after it."""
    shown = app.review.grade_views.stills(
        who, set_number=body.set, frames=body.wanted, device=at
    )  # fmt: skip
    return small_stills(shown)


def _set(app: App, number: int) -> GradeSet:
    with app.db.read() as tx:
        return gradesets.get(tx, number)


def _with_own(app: App, who: Principal, sets: list[GradeSet]) -> list[tuple[GradeSet, int]]:
    """Each set with how many of its items this person has answered."""
    with app.db.read() as tx:
        return [(one, grading.done_by(tx, one.number, who.person or who.id)) for one in sets]


def _to(where: str) -> RedirectResponse:
    return RedirectResponse(where, status_code=303)


def _is_near(name: str) -> bool:
    return name.startswith("near-") and name[5:].isdecimal() and len(name) < 20


def _look(value: str) -> FirstLook:
    try:
        return FirstLook(value)
    except ValueError:
        raise BadInput("A first look is not pertinent, full facts or cannot tell.") from None
