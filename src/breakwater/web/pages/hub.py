"""The hub: members and how they follow, lists and release rules, the simulator, publication.

Plain forms that work without scripts; what is refused is said on the page. A key's token is in the
answer that made it and nowhere else. Thin over `hub`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import Depends, Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson, NotFound
from breakwater.hub import clients
from breakwater.hub.members import MemberWish
from breakwater.hub.rules import RuleWish
from breakwater.model.access import Permission, Principal
from breakwater.model.hub import Effect, MemberKind, MemberState, ReleasePurpose
from breakwater.model.ids import Id
from breakwater.records import hub_feeds
from breakwater.web.api.sessions import site_of
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import read_hub
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.read_names import called
from breakwater.web.pages.reads import Console
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import later, say

P = Permission
router = Router(include_in_schema=False)
SEE_OTHER: Final = 303
CANNOT: Final = (BadInput, Conflict, NeedsSecondPerson)
Field = Annotated[str, Form(max_length=200)]
Words = Annotated[str, Form(max_length=2000)]
Name = Annotated[str, Path(max_length=64)]
Number = Annotated[int, Path(ge=1, lt=1 << 31)]
SAID: Final = {
    "joined": later("The member takes part. It sees nothing until a rule says so."),
    "changed": later("The member is changed."),
    "revoked": later("The key is revoked."),
    "waits": later("It waits for a second person."),
    "out": later("It goes out."),
    "stays": later("It stays where it is."),
    "rule": later("The rule stands."),
    "ended": later("The rule has ended."),
    "shared": later("The list is shared. A rule lets it out."),
    "unshared": later("The list is shared no more."),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one person."""

    request: Request
    app: Any
    pages: Console
    who: Principal


async def _visit(request: Request, app: Parts, pages: Pages, who: Who) -> Visit:
    return Visit(request, app, pages, who)


Here = Annotated[Visit, Depends(_visit)]


@router.get("/hub")
@needs(P.HUB_READ)
def everybody(here: Here, done: Annotated[str, Query(max_length=16)] = "") -> HTMLResponse:
    """Members, how they follow, and what waits for publication."""
    return _hub(here, said=done)


@router.post("/hub/members")
@needs(P.HUB_WRITE)
def take_in(  # noqa: PLR0917 - the form's fields
    here: Here, name: Field = "", kind: Field = "service", country: Field = "",
    contact: Annotated[str, Form(max_length=500)] = "", purpose: Field = "detection",
) -> Response:  # fmt: skip
    """Take a member in."""
    try:
        made = here.app.hub.members.take_in(
            here.who, name=name, kind=_kind(kind), country=country, contact=contact,
            purposes=[_purpose(purpose)],
        )  # fmt: skip
    except CANNOT as error:
        return _hub(here, wrong=error)
    return _to(f"/hub/members/{made.id}?done=joined")


@router.post("/hub/publications/{number}")
@needs(P.HUB_WRITE)
def publication(here: Here, number: Number, to: Field = "", reason: Words = "") -> Response:
    """Propose that a batch goes out, agree, or disagree."""
    publishing = here.app.hub.publishing
    try:
        if to == "confirm":
            publishing.confirm(here.who, number)
            return _to("/hub?done=out")
        if to == "refuse":
            publishing.refuse(here.who, number)
            return _to("/hub?done=stays")
        publishing.propose(here.who, number, reason=reason)
    except CANNOT as error:
        return _hub(here, wrong=error)
    return _to("/hub?done=waits")


@router.get("/hub/members/{member}")
@needs(P.HUB_READ)
def one(here: Here, member: Name, done: Annotated[str, Query(max_length=16)] = "") -> HTMLResponse:
    """One member."""
    return _member(here, id_of(member), said=done)


@router.post("/hub/members/{member}")
@needs(P.HUB_WRITE)
def change(  # noqa: PLR0917 - the form's fields
    here: Here, member: Name, state: Field = "", trusted: Field = "",
    contact: Annotated[str, Form(max_length=500)] = "", version: Field = "",
) -> Response:  # fmt: skip
    """Change what is said of a member, and whether it takes part."""
    who, members, found = here.who, here.app.hub.members, id_of(member)
    try:
        wish = MemberWish(contact=contact, trusted=bool(trusted))
        now = members.look(who, found).member
        expected = int(version) if version.isascii() and version.isdigit() else now.change
        members.change(who, found, wish, expected=expected)
        if state and state != now.state.value:
            members.set_state(who, found, _state(state))
    except CANNOT as error:
        return _member(here, found, wrong=error)
    return _to(f"/hub/members/{found}?done=changed")


@router.post("/hub/members/{member}/keys")
@needs(P.HUB_WRITE)
def key(
    here: Here, member: Name, label: Field = "", give: Field = "",
    networks: Annotated[str, Form(max_length=1000)] = "",
) -> Response:  # fmt: skip
    """Make a key; its token stands in this answer and nowhere else."""
    found = id_of(member)
    try:
        _, token = here.app.hub.members.give_key(
            here.who, found, name=label, give=bool(give), networks=networks.replace(",", " ").split()
        )  # fmt: skip
    except CANNOT as error:
        return _member(here, found, wrong=error)
    return _member(here, found, token=token)


@router.post("/hub/keys/{key}/revoke")
@needs(P.HUB_WRITE)
def revoke(here: Here, key: Name) -> Response:
    """Stop a key."""
    here.app.hub.members.revoke_key(here.who, id_of(key))
    return _to("/hub?done=revoked")


@router.get("/hub/rules")
@needs(P.HUB_READ)
def rules(
    here: Here, member: Annotated[str, Query(max_length=64)] = "",
    purpose: Annotated[str, Query(max_length=16)] = "", done: Annotated[str, Query(max_length=16)] = "",
) -> HTMLResponse:  # fmt: skip
    """Lists, rules, and what a member would see."""
    return _rules(here, member=member, purpose=purpose, said=done)


@router.post("/hub/lists")
@needs(P.HUB_WRITE)
def share(here: Here, name: Field = "", tlp: Field = "amber", open: Field = "") -> Response:  # noqa: A002 - the field's own word
    """Share a bank."""
    try:
        here.app.hub.lists.share(here.who, name, tlp=tlp, open=bool(open))
    except (*CANNOT, NotFound) as error:
        return _rules(here, wrong=error)
    return _to("/hub/rules?done=shared")


@router.post("/hub/lists/{name}/end")
@needs(P.HUB_WRITE)
def unshare(here: Here, name: Name) -> Response:
    """Share a bank no more."""
    here.app.hub.lists.end(here.who, name)
    return _to("/hub/rules?done=unshared")


@router.post("/hub/rules")
@needs(P.HUB_WRITE)
def add(  # noqa: PLR0917 - the form's fields
    here: Here, effect: Field = "allow", source: Field = "", list: Field = "", recipient: Field = "",  # noqa: A002 - the field's own word
    kind: Field = "", country: Field = "", purpose: Field = "", category: Field = "",
    until: Field = "", reason: Words = "",
) -> Response:  # fmt: skip
    """Add a rule that denies, or propose one that allows."""
    try:
        wish = RuleWish(
            Effect.DENY if effect == "deny" else Effect.ALLOW, _maybe(source), list or None,
            _maybe(recipient), _kind(kind) if kind else None, country.strip().upper() or None,
            _purpose(purpose) if purpose else None, category.strip() or None, _end_of(until),
        )  # fmt: skip
        made = here.app.hub.rules.add(here.who, wish, reason=reason)
    except (*CANNOT, NotFound) as error:
        return _rules(here, wrong=error)
    return _to(f"/hub/rules?done={'waits' if made.waits else 'rule'}")


@router.post("/hub/rules/{rule}")
@needs(P.HUB_WRITE)
def settle(here: Here, rule: Name, to: Field = "", reason: Words = "") -> Response:
    """End a rule, agree to what waits, or disagree."""
    rules, subject = here.app.hub.rules, id_of(rule)
    try:
        if to == "confirm":
            rules.confirm(here.who, subject)
            return _to("/hub/rules?done=rule")
        if to == "refuse":
            rules.refuse(here.who, subject)
            return _to("/hub/rules?done=stays")
        waits = rules.end(here.who, subject, reason=reason).waits
    except CANNOT as error:
        return _rules(here, wrong=error)
    return _to(f"/hub/rules?done={'waits' if waits else 'ended'}")


def _hub(here: Visit, *, said: str = "", wrong: BreakwaterError | None = None) -> HTMLResponse:
    hub, who = here.app.hub, here.who
    waits = hub.publishing.waiting(who)
    with here.app.db.read() as tx:
        proposers = {
            one.given.import_number: called(tx, one.proposal.by) for one in waits if one.proposal
        }
    view = read_hub.hub(
        who, hub.members.every(who), hub.members.pulls(who), waits, proposers,
        _newest(here), here.app.clock.now(),
    )  # fmt: skip
    return _show(here, "hub", view, said, wrong)


def _member(
    here: Visit, member: Id, *, said: str = "", wrong: BreakwaterError | None = None, token: str = ""
) -> HTMLResponse:  # fmt: skip
    hub, who = here.app.hub, here.who
    looked = hub.members.look(who, member)
    lists = [one.name for one in hub.lists.every(who)]
    home = site_of(here.request).origin
    lines = clients.lines(home, token or read_hub.TOKEN, lists)
    view = read_hub.member(
        who, looked, _newest(here), here.app.clock.now(), lines=lines, token=token
    )  # fmt: skip
    return _show(here, "hub_member", view, said, wrong)


def _rules(
    here: Visit, *, member: str = "", purpose: str = "", said: str = "",
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    hub, who = here.app.hub, here.who
    found = None
    if member:
        asked = _purpose(purpose or "detection")
        found = hub.simulator.simulate(who, id_of(member), asked)
    view = read_hub.rules(
        who, lists=hub.lists.every(who), former=hub.lists.every(who, ended=True),
        banks=[one.name for one in here.app.banks.every()],
        every=hub.rules.every(who), waits=hub.rules.waiting(who), members=hub.members.every(who),
        now=here.app.clock.now(), asked=member, purpose=purpose, found=found,
    )  # fmt: skip
    return _show(here, "hub_rules", view, said, wrong)


def _show(
    here: Visit, page: str, view: object, said: str, wrong: BreakwaterError | None
) -> HTMLResponse:
    return show(
        here.request, here.pages, here.who, page, view=view,
        said=say(SAID[said]) if said in SAID else "", wrong=refused(wrong) if wrong else "",
        status=wrong.status if wrong else 200,
    )  # fmt: skip


def _newest(here: Visit) -> int:
    with here.app.db.read() as tx:
        return hub_feeds.newest(tx)


def _to(where: str) -> RedirectResponse:
    return RedirectResponse(where, SEE_OTHER)


def _maybe(text: str) -> Id | None:
    return id_of(text) if text else None


def _end_of(day: str) -> datetime | None:
    """When a day is over, in UTC; None: none was named."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time.min, UTC)
    except (ValueError, OverflowError):
        raise BadInput("Name a day, such as 2030-05-31.") from None


def _kind(text: str) -> MemberKind:
    if text not in set(MemberKind):
        raise BadInput("There is no such kind of member.")
    return MemberKind(text)


def _purpose(text: str) -> ReleasePurpose:
    if text not in set(ReleasePurpose):
        raise BadInput("There is no such purpose.")
    return ReleasePurpose(text)


def _state(text: str) -> MemberState:
    if text not in set(MemberState):
        raise BadInput("A member takes part, is suspended, or left.")
    return MemberState(text)
