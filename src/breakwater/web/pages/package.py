"""The page of a case's evidence packages: proposed by one person, agreed to by another, taken.

Looking is written to the audit log before the page is shown, and taking before the first byte.
Every act is a plain form and works without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.sending import RecipientKind
from breakwater.reporting.packages.packages import NewKey, Packages, Wish, person_of
from breakwater.web.api.packages import sealed_file
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_package
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
Short = Annotated[str, Form(max_length=200)]
Named = Annotated[str, Form(max_length=64)]
Act = Callable[[Packages, Principal, Id, str], object]
ACTS: Final[Mapping[str, Act]] = {
    "confirm": lambda desk, who, case, _: desk.confirm(who, case),
    "refuse": lambda desk, who, case, _: desk.refuse(who, case),
    "retry": lambda desk, who, _, one: desk.again(who, id_of(one)),
    "withdraw": lambda desk, who, _, one: desk.withdraw_key(who, id_of(one)),
}


@router.get("/cases/{case}/package")
@needs(P.PACKAGE_EXPORT)
def of_case(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName
) -> HTMLResponse:
    """Packages of a case."""
    return _page(request, app, pages, who, case)


@router.post("/cases/{case}/package")
@needs(P.PACKAGE_EXPORT)
def propose(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    key: Annotated[list[str] | None, Form(max_length=20)] = None, reason: Words = "",
    reference: Words = "", danger: Named = "", content: Named = "",
) -> Response:  # fmt: skip
    """Propose one."""
    chosen = key or []

    def act() -> object:
        wish = Wish(
            tuple(id_of(one) for one in chosen), reason, reference, danger=bool(danger),
            media=content != "facts",
        )  # fmt: skip
        return app.packages.desk.propose(who, _id(app, case), wish)

    return _done(request, app, pages, who, case, act=act, chosen=tuple(chosen))


@router.post("/cases/{case}/package/acts")
@needs(P.PACKAGE_EXPORT)
def act(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName, to: Named,
    one: Named = "",
) -> Response:  # fmt: skip
    """Do what the button says."""
    if to not in ACTS:
        raise BadInput(f"An act is one of: {', '.join(ACTS)}.")
    return _done(
        request, app, pages, who, case,
        act=lambda: ACTS[to](app.packages.desk, who, _id(app, case), one),
    )  # fmt: skip


@router.post("/cases/{case}/package/keys")
@needs(P.PACKAGE_EXPORT)
def add_key(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName, name: Short = "",
    country: Named = "", kind: Named = "police",
    public: Annotated[str, Form(max_length=4000)] = "",
    receipts: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Enter a recipient's key."""

    def entered() -> object:
        try:
            chosen = RecipientKind(kind)
        except ValueError:
            raise BadInput("Say what the recipient is.") from None
        return app.packages.desk.add_key(who, NewKey(name, country, chosen, public, receipts))

    return _done(request, app, pages, who, case, act=entered)


@router.post("/cases/{case}/package/receipts")
@needs(P.PACKAGE_EXPORT)
def record(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    receipt: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:  # fmt: skip
    """Keep what a receiving officer signed; browsers send line breaks their own way."""
    text = receipt.replace("\r\n", "\n").strip("\n") + "\n"
    return _done(request, app, pages, who, case, act=lambda: app.packages.desk.record(who, text))


@router.get("/packages/{package}/file")
@needs(P.PACKAGE_EXPORT)
def file(app: Parts, who: Who, package: CaseName) -> Response:
    """The sealed file."""
    return sealed_file(*app.packages.desk.take(who, id_of(package)))


def _done(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    act: Callable[[], object], chosen: tuple[str, ...] = (),
) -> Response:  # fmt: skip
    """Do it and show the page again; what was refused is said on it."""
    _id(app, case)
    try:
        act()
    except (BadInput, Conflict, NeedsSecondPerson) as fault:
        return _page(request, app, pages, who, case, told=fault, status=fault.status, chosen=chosen)
    return RedirectResponse(f"/cases/{case}/package", SEE_OTHER)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    told: BreakwaterError | None = None, status: int = 200, chosen: tuple[str, ...] = (),
) -> HTMLResponse:  # fmt: skip
    by = person_of(who)
    found = app.packages.desk.of_case(who, _id(app, case))
    with app.db.read() as tx:
        view = read_package.view(tx, case_named(tx, case), found, by=by, chosen=chosen)
    said = "" if told is None else refused(told)
    return show(
        request, pages, who, "package", section="queue", status=status, view=view, told=said
    )


def _id(app: Parts, case: str) -> Id:
    with app.db.read() as tx:
        return case_named(tx, case).id
