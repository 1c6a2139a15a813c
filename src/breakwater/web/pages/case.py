"""One case: read, decide, undo, agree as second person, comment. Pictures go through `views`.

Each form works without scripts. A decision that reaches more than its own upload is shown
before it is taken (`case_effect.html`); what was shown is what is done. After a decision the
next case opens, with the way back in a toast. A refusal keeps what was typed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Form, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import (
    BadInput,
    BreakwaterError,
    Conflict,
    ExposureLimit,
    NeedsSecondPerson,
    NeedsSignature,
    NotAllowed,
    TooManyRequests,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case
from breakwater.model.decision import (
    AccountRole,
    Context,
    Decision,
    DecisionFacts,
    DecisionKind,
    Effect,
)
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id, parse_id
from breakwater.model.signin import Signed
from breakwater.records import decisions
from breakwater.web.api.sessions import site_of
from breakwater.web.api.signing import signature
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_deciding
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models_case import Done
from breakwater.web.pages.models_sign import SignForm
from breakwater.web.pages.queue import FIRST_RUN
from breakwater.web.pages.read_queue import Look, case_named
from breakwater.web.pages.retold import refused
from breakwater.web.pages.sign import proof_of
from breakwater.web.pages.speech import say
from breakwater.web.workstation import approach

P = Permission
router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
Reason = Annotated[str, Form(max_length=2000)]


class DecideForm(BaseModel):
    """The decision bar as it is sent.

    Attributes:
        then: `next` opens the next case, `stay` this one.
        effect: digest of what was shown, once it was.
        password, credential: the signature, where it cuts a broadcast.
    """

    kind: DecisionKind
    reason: str = Field(default="", max_length=2000)
    context: Context | None = None
    activity: Activity | None = None
    role: AccountRole | None = None
    also: list[str] = Field(default_factory=list, max_length=100)
    version: int | None = None
    effect: str = Field(default="", max_length=64)
    then: str = "next"
    password: str = Field(default="", max_length=1024)
    credential: str = Field(default="", max_length=20_000)

    @property
    def facts(self) -> DecisionFacts:
        """What belongs to this decision; answers to other ones are left behind."""
        illegal = self.kind is DecisionKind.ILLEGAL
        seen = ItemFacts(self.activity) if illegal and self.activity else None
        context = self.context if self.kind is DecisionKind.LAWFUL_CONTEXT else None
        role = AccountRole.APPARENT_CHILD if self.kind is DecisionKind.OWN_IMAGE else None
        return DecisionFacts(context, self.role if illegal else role, seen)

    @property
    def cases(self) -> list[Id]:
        """The other cases of the stack."""
        return [found for text in self.also if (found := parse_id(text)) is not None]

    def fields(self, effect: Effect) -> tuple[tuple[str, str], ...]:
        """To be sent once more, with what was shown."""
        said = {
            "kind": self.kind.value, "context": self.context, "activity": self.activity,
            "role": self.role, "version": self.version, "then": self.then, "reason": self.reason,
            "effect": effect.digest,
        }  # fmt: skip
        kept = tuple((name, str(value)) for name, value in said.items() if value not in {None, ""})
        return kept + tuple(("also", case) for case in self.cases)


@router.get("/cases/{case}")
@needs(P.CASE_READ)
def one(
    request: Request, *, pages: Pages, app: Parts, who: Who, case: str,
    done: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:  # fmt: skip
    """One case, by id or by number; `done` is the decision that led here."""
    return _page(request, pages, app, who, case, done=_done(app, who, done))


@router.post("/cases/{case}/decide")
@needs(P.CASE_DECIDE)
def decide(
    request: Request, *, pages: Pages, app: Parts, who: Who, case: str,
    form: Annotated[DecideForm, Form()],
) -> Response:  # fmt: skip
    """Take a decision, or show first what it would reach."""
    found = _found(app, case)
    effect = app.review.decisions.preview(who, found.id, form.kind, also=form.cases)
    if _reaches_far(effect) and form.effect != effect.digest:
        return _effect_page(
            request, pages=pages, app=app, who=who, found=found, effect=effect, form=form
        )
    try:
        decision = app.review.decisions.decide(
            who, found.id, form.kind, reason=form.reason, facts=form.facts, also=form.cases,
            expected_version=form.version, expected_effect=form.effect,
            signed=_signature(request, app, who, found, form),
        )  # fmt: skip
    except (NeedsSignature, _NotSigned, TooManyRequests) as waits:
        return _sign_page(request, pages, app, who, found, form=form, effect=effect, waits=waits)
    except NeedsSecondPerson as waits:
        if "approval" not in waits.facts:
            return _page(request, pages, app, who, case, status=409, told=waits.detail)
        return RedirectResponse(f"/cases/{found.id}", SEE_OTHER)
    except Conflict as changed:
        return _page(
            request, pages, app, who, case, status=409, told=changed.detail, draft=form.reason
        )
    stays = form.then == "stay" or form.kind is DecisionKind.DANGER_NOW
    return _after(app, who, found, decision, stay=stays)


@router.post("/cases/{case}/undo")
@needs(P.CASE_DECIDE)
def undo(
    app: Parts, who: Who, case: str, decision: Annotated[str, Form(max_length=64)],
    reason: Reason = "",
) -> RedirectResponse:  # fmt: skip
    """Take a decision back; the case waits again."""
    row = app.review.decisions.undo(who, Id(parse_id(decision) or decision), reason)
    with suppress(Conflict, NotAllowed):  # where it is not theirs to hold, it waits for all
        app.review.queue.take(who, row.case)
    return RedirectResponse(f"/cases/{_found(app, case).id}?done={row.id}", SEE_OTHER)


@router.post("/cases/{case}/confirm")
@needs(P.CASE_DECIDE)
def confirm(
    request: Request, *, pages: Pages, app: Parts, who: Who, case: str, reason: Reason = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    credential: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:  # fmt: skip
    """Agree as second person, signed anew; a signature that fails leaves the page as it was."""
    found = _found(app, case)
    waits = app.review.decisions.to_sign(who, found.id)
    try:
        proof = proof_of(password, credential)
        signed = app.access.signing.check(who, site_of(request), waits.id, proof)
    except BadInput as wrong:
        return _page(request, pages, app, who, case, status=422, told=refused(wrong))
    app.review.decisions.confirm(who, found.id, signed, note=reason)
    return RedirectResponse(f"/cases/{found.id}", SEE_OTHER)


@router.post("/cases/{case}/refuse")
@needs(P.CASE_DECIDE)
def refuse(app: Parts, who: Who, case: str, reason: Reason = "") -> RedirectResponse:
    """Disagree as second person, or take one's own proposal back."""
    found = _found(app, case)
    app.review.decisions.refuse(who, found.id, note=reason)
    return RedirectResponse(f"/cases/{found.id}", SEE_OTHER)


@router.post("/cases/{case}/comments")
@needs(P.CASE_DECIDE)
def comment(app: Parts, who: Who, case: str, words: Reason) -> RedirectResponse:
    """A note for colleagues."""
    found = _found(app, case)
    app.review.decisions.comment(who, found.id, words)
    return RedirectResponse(f"/cases/{found.id}#history", SEE_OTHER)


def _page(
    request: Request,
    pages: Any,
    app: Any,
    who: Principal,
    case: str,
    *,
    status: int = 200,
    told: str = "",
    draft: str = "",
    done: Done | None = None,
) -> HTMLResponse:
    """The case page; `told` says why a decision was not taken, `draft` keeps its reason."""
    view = pages.reads.case(who, case)
    if view.may_view and (words := _no_pictures(request, app)):
        view = replace(view, may_view=False, no_view=words)
    seen = show(
        request, pages, who, "case", status=status, section="queue", view=view, told=told,
        draft=draft, done=done,
    )  # fmt: skip
    seen.set_cookie(FIRST_RUN, "done", max_age=31536000, httponly=True, samesite="strict")
    return seen


def _no_pictures(request: Request, app: Any) -> str:
    """Why this machine shows no picture; empty where it does."""
    came = approach(request)
    if came.phone:
        return say("A telephone shows words only.")
    if came.here or app.review.devices.known(came) is not None:
        return ""
    return say("Pictures are shown on enrolled workstations. Enrol this machine under your name.")


def _effect_page(
    request: Request, *, pages: Any, app: Any, who: Principal, found: Case, effect: Effect,
    form: DecideForm,
) -> HTMLResponse:  # fmt: skip
    """What would be done; the same form once more."""
    with app.db.read() as tx:
        look = Look(tx, app.clock.now(), who)
        view = read_deciding.effect_view(look, found, effect, form.fields(effect))
    return show(request, pages, who, "case_effect", section="queue", view=view)


class _NotSigned(BadInput):
    """A signature that is none."""


def _signature(
    request: Request, app: Any, who: Principal, found: Case, form: DecideForm
) -> Signed | None:
    """Who signed the cut; None where nothing is cut, or nothing is signed yet."""
    about = app.review.decisions.cut_to_sign(found.id)
    if not about or not form.kind.keeps:
        return None
    try:
        return signature(request, app, who, about, proof_of(form.password, form.credential))
    except BadInput as wrong:
        raise _NotSigned(wrong.detail) from wrong


def _sign_page(
    request: Request, pages: Any, app: Any, who: Principal, found: Case, *, form: DecideForm,
    effect: Effect, waits: BreakwaterError,
) -> HTMLResponse:  # fmt: skip
    """The decision once more, to be signed: it cuts a broadcast."""
    asked = isinstance(waits, NeedsSignature)
    signs = SignForm(
        words=read_deciding.WORD[form.kind],
        button=say("Sign and cut"),
        method=app.access.signing.method(who),
        action=f"/cases/{found.id}/decide",
        options=f"/v1/streams/{found.subject}/orders/options",
        back=f"/cases/{found.id}",
        fields=tuple(one for one in form.fields(effect) if one[0] != "version"),
    )
    return show(
        request, pages, who, "case_sign", section="queue", form=signs, case=found.id,
        number=found.number, wrong="" if asked else refused(waits),
        status=200 if asked else waits.status,
    )  # fmt: skip


def _after(app: Any, who: Principal, found: Case, decision: Decision, *, stay: bool) -> Response:
    """To the next case that this person may have, or back to this one."""
    after = None if stay else _next(app, who)
    to = after.id if after is not None else found.id
    return RedirectResponse(f"/cases/{to}?{urlencode({'done': decision.id})}", SEE_OTHER)


def _next(app: Any, who: Principal) -> Case | None:
    """The next case; none while it is time for a break, or too many are held already."""
    try:
        taken: Case | None = app.review.queue.next(who)
    except (Conflict, ExposureLimit):
        return None
    return taken


def _done(app: Any, who: Principal, decision: str) -> Done | None:
    """What this person just decided, while it can be taken back whole."""
    named = parse_id(decision)
    if named is None:
        return None
    with app.db.read() as tx:
        look = Look(tx, app.clock.now(), who)
        return read_deciding.done(look, decisions.get(tx, named))


def _found(app: Any, case: str) -> Case:
    with app.db.read() as tx:
        return case_named(tx, case)


def _reaches_far(effect: Effect) -> bool:
    """It concerns more than the upload that was looked at."""
    return effect.second or len(effect.touched) + effect.later > 1
