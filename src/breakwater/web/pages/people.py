"""People: who may sign in here, what each may do, and how to let somebody in or out.

Plain forms. A one-time link is in the answer that made it and nowhere else; a change of roles
names what it was made from, so that two administrators do not overwrite each other. What is
refused is said on the page. Thin over `access.people` and `access.sessions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BreakwaterError, Conflict
from breakwater.model.access import Permission, Person, Principal
from breakwater.web.api.media import known_id
from breakwater.web.api.sessions import site_of
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_people
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_people import GivenLink
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)

Field = Annotated[str, Form(max_length=200)]
Roles = Annotated[list[str], Form(max_length=20)]

SAID: Final = {
    "roles": later("The roles are changed. Open sessions ended, so that it holds at once."),
    "unlocked": later("The name may be tried again now."),
    "left": later("Access is taken away. You can give it back below."),
    "back": later("Access is given back. A one-time link lets them in."),
    "ended": later("The session ended."),
    "all": later("All sessions ended."),
}
"""What was done, after a form came back."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one administrator."""

    request: Request
    app: Any
    pages: Console
    who: Principal


async def _visit(request: Request, app: Parts, pages: Pages, who: Who) -> Visit:
    return Visit(request, app, pages, who)


Here = Annotated[Visit, Depends(_visit)]


@router.get("/people")
@needs(P.PEOPLE_WRITE)
def everybody(here: Here) -> HTMLResponse:
    """Everybody, those who left too."""
    return _list(here)


@router.post("/people")
@needs(P.PEOPLE_WRITE)
def add(here: Here, name: Field = "", roles: Roles = []) -> Response:  # noqa: B006 - never changed
    """Somebody new, with the link that lets them in."""
    try:
        person = here.app.access.people.create(name, roles, here.who)
    except BreakwaterError as error:
        return _list(here, status=error.status, wrong=refused(error), name=name, chosen=roles)
    return _given(here, person)


@router.get("/people/{id}")
@needs(P.PEOPLE_WRITE)
def one(here: Here, id: str, said: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:  # noqa: A002 - the path's own word
    """One person."""
    return _page(here, here.app.access.people.get(known_id(id)), said=say(SAID.get(said, "")))


@router.post("/people/{id}/roles")
@needs(P.PEOPLE_WRITE)
def roles(here: Here, id: str, was: Field = "", roles: Roles = []) -> Response:  # noqa: A002, B006 - the path's word; never changed
    """Change what somebody may do; their sessions end, so that it holds at once."""

    def change(person: Person) -> None:
        if was.split() != sorted(person.roles):
            raise Conflict("Somebody else changed these roles meanwhile. Look again and decide.")
        here.app.access.people.set_roles(person.id, roles, here.who)

    return _do(here, id, change, "roles")


@router.post("/people/{id}/link")
@needs(P.PEOPLE_WRITE)
def link(here: Here, id: str) -> Response:  # noqa: A002 - the path's own word
    """Make a one-time link; those made before stop working."""
    return _given(here, here.app.access.people.get(known_id(id)))


@router.post("/people/{id}/unlock")
@needs(P.PEOPLE_WRITE)
def unlock(here: Here, id: str) -> Response:  # noqa: A002 - the path's own word
    """Let the name be tried again at once."""
    people = here.app.access.people
    return _do(here, id, lambda person: people.unlock(person.id, here.who), "unlocked")


@router.post("/people/{id}/deactivate")
@needs(P.PEOPLE_WRITE)
def deactivate(here: Here, id: str) -> Response:  # noqa: A002 - the path's own word
    """Take somebody's access away."""
    people = here.app.access.people
    return _do(here, id, lambda person: people.deactivate(person.id, here.who), "left")


@router.post("/people/{id}/activate")
@needs(P.PEOPLE_WRITE)
def activate(here: Here, id: str) -> Response:  # noqa: A002 - the path's own word
    """Give somebody's access back."""
    people = here.app.access.people
    return _do(here, id, lambda person: people.activate(person.id, here.who), "back")


@router.post("/people/{id}/sessions/end")
@needs(P.PEOPLE_WRITE)
def end_all(here: Here, id: str) -> Response:  # noqa: A002 - the path's own word
    """End every session of somebody."""
    sessions = here.app.access.sessions
    return _do(here, id, lambda person: sessions.revoke_all(person.id, here.who), "all")


@router.post("/people/{id}/sessions/{session}/end")
@needs(P.PEOPLE_WRITE)
def end(here: Here, id: str, session: str) -> Response:  # noqa: A002 - the path's own word
    """End one session of somebody."""
    ended = known_id(session)
    sessions = here.app.access.sessions
    return _do(here, id, lambda person: sessions.revoke(ended, here.who, person=person.id), "ended")


def _do(here: Visit, person_id: str, act: Callable[[Person], object], said: str) -> Response:
    """Do one thing to a person; what is refused is said on their page."""
    person = here.app.access.people.get(known_id(person_id))
    try:
        act(person)
    except BreakwaterError as error:
        if error.status == 404:
            raise
        return _page(here, person, status=error.status, wrong=refused(error))
    return RedirectResponse(f"/people/{person.id}?said={said}", status_code=303)


def _given(here: Visit, person: Person) -> HTMLResponse:
    """The person's page with a new link on it, this once."""
    token = here.app.access.people.link(person.id, here.who.id)
    url = f"{site_of(here.request).origin}/login/{token}"
    return _page(here, person, status=201, link=GivenLink(url, read_people.LINK_MINUTES))


def _page(
    here: Visit,
    person: Person,
    *,
    status: int = 200,
    said: str = "",
    wrong: str = "",
    link: GivenLink | None = None,
) -> HTMLResponse:
    with here.app.db.read() as tx:
        fresh = here.app.access.people.get(person.id)
        view = read_people.one(tx, here.app, here.who, fresh)
    return show(
        here.request, here.pages, here.who, "person", section="people", status=status, view=view,
        said=said, wrong=wrong, link=link,
    )  # fmt: skip


def _list(
    here: Visit,
    *,
    status: int = 200,
    wrong: str = "",
    name: str = "",
    chosen: list[str] | None = None,
) -> HTMLResponse:
    with here.app.db.read() as tx:
        view = read_people.everybody(tx, here.app, here.who)
    return show(
        here.request, here.pages, here.who, "people", status=status, view=view, wrong=wrong,
        typed=name, chosen=chosen or [],
    )  # fmt: skip
