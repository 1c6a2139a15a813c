"""The gates of likeness models: which there are, whether any is open, by which law, and by whom.

A gate is one model for one role in one country; two people open it, one closes it. Off is said
first and in words. Thin over `linking.likeness`. Tests: `tests/integration/test_console_cutouts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.app import App
from breakwater.errors import BadInput, BreakwaterError
from breakwater.linking.likeness import Standing
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.likeness import Gate, GateState
from breakwater.records import link_persons
from breakwater.records.database import Tx
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import Mark, Number, Option
from breakwater.web.pages.models_cutouts import GateRow, GatesView, ModelRow
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_people import ROLES
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, figure, later, say

P = Permission
router = Router(include_in_schema=False)
SECTION: Final = "links"
SEE_OTHER: Final = 303
MOST: Final = 50
SAID: Final = Spoken({
    "propose": later("Proposed. Another person opens it within 24 hours; nothing is open yet."),
    "confirm": later("Open. What is kept is looked at by this model from now on."),
    "close": later("Closed. With a model's last gate its vectors and unjudged leads are gone."),
})  # fmt: skip
STATES: Final[Mapping[GateState, Mark]] = Spoken({
    GateState.WAITING: Mark("wait", later("Waits for a second person")),
    GateState.LAPSED: Mark("none", later("Nobody agreed in time")),
    GateState.OPEN: Mark("ok", later("Open")),
    GateState.CLOSED: Mark("none", later("Closed")),
})  # fmt: skip
Text = Annotated[str, Form(max_length=2000)]


@router.get("/links/likeness")
@needs(P.LIKENESS_OPEN)
def gates(
    request: Request, app: Parts, pages: Pages, who: Who, *,
    said: Annotated[str, Query(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """What there is, and what may be used."""
    return _page(request, app, pages, who, said=SAID.get(said, ""))


@router.post("/links/likeness")
@needs(P.LIKENESS_OPEN)
def propose(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who,
    model: Text = "", role: Text = "", place: Text = "", law: Text = "",
) -> Response:  # fmt: skip
    """Propose to open a gate."""
    try:
        if role not in set(Role):
            raise BadInput(say("Choose a role."))
        app.linking.likeness.propose(
            who, model=model, role=Role(role), jurisdiction=place, basis=law
        )
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=error, role=role, law=law)
    return RedirectResponse("/links/likeness?said=propose", SEE_OTHER)


@router.post("/links/likeness/{gate}")
@needs(P.LIKENESS_OPEN)
def act(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who,
    gate: Annotated[str, Path(max_length=64)], what: Text = "",
) -> Response:  # fmt: skip
    """Agree as second person, or close it at once."""
    verb, found = app.linking.likeness, id_of(gate)
    with app.db.read() as tx:
        link_persons.get(tx, found)
    try:
        if what not in {"confirm", "close"}:
            raise BadInput(say("Say what is to be done."))
        (verb.confirm if what == "confirm" else verb.close)(who, found)
    except BreakwaterError as error:
        return _page(request, app, pages, who, wrong=error)
    return RedirectResponse(f"/links/likeness?said={what}", SEE_OTHER)


def _page(
    request: Request, app: App, pages: Console, who: Principal, *, said: str = "",
    wrong: BreakwaterError | None = None, role: str = "", law: str = "",
) -> HTMLResponse:  # fmt: skip
    found = app.linking.likeness.standing()
    with app.db.read() as tx:
        view = _view(tx, who, found, app.linking.likeness.seat, role=role, law=law)
    return show(
        request, pages, who, "links_likeness", section=SECTION, view=view, said=said,
        wrong=refused(wrong) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _view(tx: Tx, who: Principal, found: Standing, seat: str, *, role: str, law: str) -> GatesView:
    usable = {
        one.sha256 for one, state in found.gates
        if state is GateState.OPEN and seat and one.jurisdiction.split("-")[0] == seat
    }  # fmt: skip
    chosen = role or Role.INVESTIGATOR.value
    cards = [one.card for one in found.models]
    return GatesView(
        numbers=(
            Number(figure(len(usable & {one.sha256 for one in cards})), say("models in use")),
            Number(figure(found.vectors), say("vectors kept")),
        ),
        off=_off(found, seat, usable),
        models=tuple(
            ModelRow(
                f"{one.name} {one.version}",
                Mark("ok", say("In use")) if one.sha256 in usable else Mark("none", say("Off")),
                (
                    (say("Licence"), one.licence), (say("Sees"), say("faces")),
                    (say("A lead from"), f"{one.threshold_lead:g} ({one.metric.value})"),
                    (say("SHA-256"), one.sha256),
                ),
            )
            for one in cards
        ),
        broken=tuple((one.name, one.why) for one in found.broken),
        gates=tuple(_gate(tx, who, *one) for one in found.gates[:MOST]),
        names=tuple(Option(one.name, f"{one.name} {one.version}", chosen=False) for one in cards),
        roles=tuple(
            Option(one.value, say(ROLES[one][0]), one.value == chosen)
            for one in Role if P.LINK_READ in one.permissions
        ),
        seat=seat, role=chosen, law=law,
    )  # fmt: skip


def _off(found: Standing, seat: str, usable: set[str]) -> str:
    """Why nobody is compared; empty where somebody may be."""
    if not found.models:
        return say(
            "Off: there is no model here. None comes with breakwater; the operator sets BREAKWATER_LIKENESS_DIR."
        )
    if not seat:
        return say("Off: the country of the service is not set, so no law can be named.")
    if not usable & {one.card.sha256 for one in found.models}:
        return say(
            "Off: no gate is open here. No face is sought, nobody is compared, no vector is kept."
        )
    return ""


def _gate(tx: Tx, who: Principal, one: Gate, state: GateState) -> GateRow:
    waits = state is GateState.WAITING
    second = called(tx, one.second_by) if one.second_by else ""
    first = called(tx, one.by)
    at: datetime = one.ended_at or one.opened_at or one.at
    return GateRow(
        one.id,
        say("%(model)s for %(role)s in %(place)s", model=one.name, role=say(ROLES[one.role][0]),
            place=one.jurisdiction),
        one.legal_basis, STATES[state],
        say("%(a)s and %(b)s", a=first, b=second) if second else first,
        words.ago(at, tx.now), may_agree=waits and who.person != one.by,
        may_close=state in {GateState.WAITING, GateState.OPEN, GateState.LAPSED},
        close=say("Refuse") if waits else say("Close at once"),
    )  # fmt: skip
