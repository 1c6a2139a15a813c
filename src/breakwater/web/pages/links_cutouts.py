"""Cut-outs of things for public appeals: a box drawn in a medium, seen and agreed to by another person.

The first person holds a key or the pointer, sees the medium small and grey, and draws; the second
sees exactly the cut-out before they say that nobody is in it. What leaves is a PNG of pixels alone.
Thin over `linking.cropping`. Tests: `tests/integration/test_console_cutouts.py`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.app import App
from breakwater.errors import BadInput, BreakwaterError, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.records import link_lists
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_cutouts
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_cutouts import CutoutView
from breakwater.web.pages.pictures import NEVER_KEPT, OneLook, id_of, picture
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say
from breakwater.web.workstation import Workstation

P = Permission
router = Router(include_in_schema=False)
SECTION: Final = "links"
SEE_OTHER: Final = 303
SAID: Final = Spoken({
    "made": later("Cut out. Another person looks at exactly this and agrees within 24 hours."),
    "agree": later("Agreed: nobody is in it. It can be downloaded."),
    "refuse": later("Refused. Its bytes are destroyed."),
})  # fmt: skip
Text = Annotated[str, Form(max_length=600)]
Crop = Annotated[str, Path(max_length=64)]
Said = Annotated[str, Query(max_length=12)]


@router.get("/links/cutouts")
@needs(P.LINK_WRITE)
def every(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """The newest, with who made and who agreed to each."""
    found = app.linking.cropping.every()
    with app.db.read() as tx:
        view = read_cutouts.every(tx, who, found)
    return show(request, pages, who, "links_cutouts", section=SECTION, view=view)


@router.get("/links/cutouts/new")
@needs(P.LINK_WRITE)
def new(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    medium: Annotated[int, Query(ge=1, lt=1 << 53)], at: Annotated[int, Query(ge=0, lt=1 << 31)] = 0,
) -> HTMLResponse:  # fmt: skip
    """A box is drawn in a medium, `at` milliseconds from its start."""
    return _page(request, pages, who, _new(app, medium, at))


@router.post("/links/cutouts")
@needs(P.LINK_WRITE)
def make(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, medium: Annotated[int, Form(ge=1, lt=1 << 53)],
    time_s: Text = "", x: Text = "", y: Text = "", w: Text = "", h: Text = "", purpose: Text = "",
) -> Response:  # fmt: skip
    """Cut it out; nothing leaves by it."""
    given = (x, y, w, h)
    try:
        at_s = _number(time_s or "0")
        left, top, wide, high = (_number(one) / 100 for one in given)
        box = (left, top, min(wide, 1 - left), min(high, 1 - top))
        made = app.linking.cropping.propose(who, medium, time_s=at_s, box=box, purpose=purpose)
    except NotFound:
        raise
    except BreakwaterError as error:
        at = round(1000 * _number(time_s)) if time_s.replace(".", "", 1).isdigit() else 0
        view = _new(app, medium, min(at, (1 << 31) - 1), purpose=purpose, box=given)
        return _page(request, pages, who, view, wrong=error)
    return RedirectResponse(f"/links/cutouts/{made.id}?said=made", SEE_OTHER)


@router.get("/links/cutouts/{crop}")
@needs(P.LINK_WRITE)
def one(
    request: Request, app: Parts, pages: Pages, who: Who, crop: Crop, *, said: Said = ""
) -> HTMLResponse:
    """One cut-out: seen while a key is held, agreed to or refused."""
    return _page(request, pages, who, _one(app, who, crop), said=SAID.get(said, ""))


@router.post("/links/cutouts/look/views")
@needs(P.LINK_WRITE)
def look(app: Parts, who: Who, at: Workstation, body: OneLook) -> Response:
    """Show exactly the cut-out while a key is held; written down before its first byte."""
    return picture(
        app.review.crop_views.look(
            who, crop=id_of(body.item), level=body.level, reason=body.reason, device=at
        )
    )


@router.post("/links/cutouts/{crop}")
@needs(P.LINK_WRITE)
def act(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who, crop: Crop, what: Text = "",
    nobody: Text = "",
) -> Response:  # fmt: skip
    """Say as second person that nobody is in it, or refuse it."""
    cropping = app.linking.cropping
    try:
        if what == "agree":
            cropping.confirm(who, id_of(crop), nobody=nobody == "yes")
        elif what == "refuse":
            cropping.refuse(who, id_of(crop))
        else:
            raise BadInput(say("Say what is to be done."))
    except NotFound:
        raise
    except BreakwaterError as error:
        return _page(request, pages, who, _one(app, who, crop), wrong=error)
    return RedirectResponse(f"/links/cutouts/{crop}?said={what}", SEE_OTHER)


@router.post("/links/cutouts/{crop}/file")
@needs(P.LINK_WRITE)
def download(app: Parts, who: Who, crop: Crop) -> Response:
    """The PNG of a cut-out that two people agreed to; each time is an audit row."""
    out = app.linking.cropping.export(who, id_of(crop))
    named = {"Content-Disposition": f'attachment; filename="appeal-{out.crop.id[:8]}.png"'}
    return Response(out.png, media_type="image/png", headers=named | NEVER_KEPT)


def _new(
    app: App, medium: int, at: int, *, purpose: str = "",
    box: tuple[str, str, str, str] = ("", "", "", ""),
) -> CutoutView:  # fmt: skip
    with app.db.read() as tx:
        found = link_lists.medium(tx, medium)
    if found is None:
        raise NotFound("There is no medium of this number.")
    return read_cutouts.new(found, at, purpose=purpose, box=box)


def _one(app: App, who: Principal, crop: str) -> CutoutView:
    found, state = app.linking.cropping.get(id_of(crop))
    with app.db.read() as tx:
        return read_cutouts.one(tx, who, found, state)


def _page(
    request: Request, pages: Console, who: Principal, view: CutoutView, *, said: str = "",
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    return show(
        request, pages, who, "links_cutout", section=SECTION, view=view, said=said,
        wrong=refused(wrong) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(say("Draw a box, or give it in hundredths of the picture.")) from None
