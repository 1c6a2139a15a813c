"""The page on which investigators take a case as VICS: alone for a few files, with another for more.

Every act is a plain form and works without scripts. What is taken is written to the audit log
before its first byte (`reporting.vics.exports`). Tests: `tests/integration/test_packages_page.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import (
    BadInput,
    BreakwaterError,
    Conflict,
    NeedsSecondPerson,
    SendingRefused,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import LAPSE, Approval
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.reporting.vics.case import contexts
from breakwater.reporting.vics.exports import VicsState, VicsWish, investigator
from breakwater.web.api.vics import vics_file
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_vics import VicsRow, VicsView
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_queue import case_named
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say, say_n

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
CaseName = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Form(max_length=2000)]
Named = Annotated[str, Form(max_length=64)]
CONTEXTS: Final[Mapping[str, str]] = Spoken({
    "US": later("United States (1 to 4)"), "UK": later("United Kingdom (A, B, C)"),
})  # fmt: skip


@router.get("/cases/{case}/vics")
@needs(P.VICS_EXPORT)
def of_case(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName
) -> HTMLResponse:
    """How a case stands for VICS."""
    return _page(request, app, pages, who, case)


@router.post("/cases/{case}/vics")
@needs(P.VICS_EXPORT)
def take(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName,
    context: Named = "US", reference: Words = "", country: Named = "", to: Named = "take",
) -> Response:  # fmt: skip
    """Take it, or ask for a second person."""
    wish, found = VicsWish(context, reference, country), _id(app, case)
    try:
        if to == "propose":
            app.packages.vics.propose(who, found, wish)
            return RedirectResponse(f"/cases/{case}/vics", SEE_OTHER)
        return vics_file(found, app.packages.vics.take(who, found, wish))
    except (BadInput, Conflict, NeedsSecondPerson) as fault:
        return _page(request, app, pages, who, case, told=fault, status=fault.status)


@router.post("/cases/{case}/vics/acts")
@needs(P.VICS_EXPORT)
def act(
    request: Request, *, app: Parts, pages: Pages, who: Who, case: CaseName, to: Named
) -> Response:
    """Agree, or not."""
    acts: Mapping[str, Callable[[Principal, Id], object]] = {
        "confirm": app.packages.vics.confirm, "refuse": app.packages.vics.refuse,
    }  # fmt: skip
    if to not in acts:
        raise BadInput(f"An act is one of: {', '.join(acts)}.")
    try:
        acts[to](who, _id(app, case))
    except (NeedsSecondPerson, SendingRefused) as fault:
        return _page(request, app, pages, who, case, told=fault, status=fault.status)
    return RedirectResponse(f"/cases/{case}/vics", SEE_OTHER)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, case: str, *,
    told: BreakwaterError | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    by = investigator(who)
    found = app.packages.vics.state(who, _id(app, case))
    with app.db.read() as tx:
        one = case_named(tx, case)
        view = _view(tx, one.id, one.number, found, by)
    said = "" if told is None else refused(told)
    return show(request, pages, who, "vics", section="queue", status=status, view=view, told=said)


def _view(tx: Tx, case: Id, number: int, found: VicsState, by: Id) -> VicsView:
    left = found.left_out
    return VicsView(
        case=case, number=number,
        files=say_n("%(n)s file", "%(n)s files", found.media),
        left=say_n("%(n)s file has no MD5 and is left out.",
                      "%(n)s files have no MD5 and are left out.", left) if left else "",
        alone=found.alone,
        contexts=tuple((name, CONTEXTS.get(name, name)) for name in contexts()),
        waits=None if found.waiting is None else _waits(tx, found.waiting, by),
        agreed=None if found.agreed is None else _agreed(tx, found.agreed, by),
    )  # fmt: skip


def _waits(tx: Tx, one: Approval, by: Id) -> VicsRow:
    told = say("%(name)s asks for it.", name=called(tx, one.by))
    return VicsRow(
        told, str(one.facts["context"]), str(one.facts["reference"]), str(one.facts["country"]),
        words.due(one.lapses_at, tx.now), own=one.by == by,
    )  # fmt: skip


def _agreed(tx: Tx, one: Approval, by: Id) -> VicsRow:
    pair = (one.by, one.decided_by or one.by)
    told = say("%(first)s and %(second)s agreed.", first=called(tx, pair[0]), second=called(tx, pair[1]))  # fmt: skip
    until = (one.decided_at or one.proposed_at) + LAPSE
    return VicsRow(
        told, str(one.facts["context"]), str(one.facts["reference"]), str(one.facts["country"]),
        words.due(until, tx.now), own=by in pair,
    )  # fmt: skip


def _id(app: Parts, case: str) -> Id:
    with app.db.read() as tx:
        return case_named(tx, case).id
