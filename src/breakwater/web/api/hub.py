"""`/v1/hub`: members, their keys, shared lists, release rules, the simulator, publication.

For people who run the hub, and for commands on the host; a member's key sees itself at
`/v1/hub/self` and nothing else here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from breakwater.hub.members import MemberWish
from breakwater.model.access import Permission
from breakwater.model.hub import MemberKind, MemberState, ReleasePurpose
from breakwater.web.api.hub_shapes import (
    HubHealthOut,
    HubKeyIn,
    ListIn,
    ListOut,
    ListsOut,
    LookedOut,
    MemberChange,
    MemberIn,
    MemberOut,
    MembersOut,
    PublicationOut,
    PublicationsOut,
    PublishedOut,
    PullOut,
    RuleDone,
    RuleIn,
    RuleOut,
    RulesOut,
    SimulatedOut,
    SimulateIn,
    WaitsOut,
    WhyIn,
)
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.shapes import ID, KeyOut, NewKeyOut
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["hub"])
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
Name = Annotated[str, Path(min_length=1, max_length=64, examples=["HARBOUR"])]
Number = Annotated[int, Path(ge=1, lt=1 << 31, examples=[7])]


@router.get("/v1/hub/members", summary="Members of the hub", responses=FAULTS)
@needs(P.HUB_READ)
def members(app: Parts, who: Who) -> MembersOut:
    """By name, those that left too."""
    return MembersOut(members=[MemberOut.of(one) for one in app.hub.members.every(who)])


@router.post("/v1/hub/members", status_code=201, summary="Take a member in", responses=FAULTS)
@needs(P.HUB_WRITE)
def take_in(body: MemberIn, app: Parts, who: Who) -> MemberOut:
    """It sees nothing until a rule says so."""
    made = app.hub.members.take_in(
        who, name=body.name, kind=MemberKind(body.kind), country=body.country,
        contact=body.contact, purposes=map(ReleasePurpose, body.purposes), trusted=body.trusted,
    )  # fmt: skip
    return MemberOut.of(made)


@router.get("/v1/hub/members/{id}", summary="One member", responses=FAULTS)
@needs(P.HUB_READ)
def member(id: IdText, app: Parts, who: Who) -> LookedOut:  # noqa: A002 - the path's own word
    """With its keys, how it follows, and what it gave last."""
    return LookedOut.of(app.hub.members.look(who, known_id(id)))


@router.patch("/v1/hub/members/{id}", summary="Change a member", responses=FAULTS)
@needs(P.HUB_WRITE)
def change(id: IdText, body: MemberChange, app: Parts, who: Who) -> MemberOut:  # noqa: A002 - the path's own word
    """What is left out stays as it is; a suspended member sees nothing at once."""
    one = known_id(id)
    wish: MemberWish | None = body.noun()
    done = app.hub.members.look(who, one).member
    if wish is not None:
        expected = done.change if body.change is None else body.change
        done = app.hub.members.change(who, one, wish, expected=expected)
    if body.state is not None:
        done = app.hub.members.set_state(who, one, MemberState(body.state))
    return MemberOut.of(done)


@router.post("/v1/hub/members/{id}/keys", status_code=201, summary="Make a key of a member", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def give_key(id: IdText, body: HubKeyIn, app: Parts, who: Who) -> NewKeyOut:  # noqa: A002 - the path's own word
    """It speaks for this member alone; its token is in this answer and nowhere else."""
    key, token = app.hub.members.give_key(
        who, known_id(id), name=body.name, give=body.give, deconflict=body.deconflict,
        networks=body.networks, expires_at=body.expires_at,
    )  # fmt: skip
    return NewKeyOut(key=KeyOut.of(key), token=token)


@router.delete("/v1/hub/keys/{id}", summary="Revoke a key of a member", responses=FAULTS)
@needs(P.HUB_WRITE)
def revoke_key(id: IdText, app: Parts, who: Who) -> KeyOut:  # noqa: A002 - the path's own word
    """It stops working within 5 s, everywhere."""
    return KeyOut.of(app.hub.members.revoke_key(who, known_id(id)))


@router.get("/v1/hub/self", summary="The member whose key asks", responses=FAULTS)
@needs(P.HUB_PULL)
def own(app: Parts, who: Who) -> LookedOut:
    """Its own keys, how it follows, and what it gave; nothing of anybody else."""
    return LookedOut.of(app.hub.members.own(who))


@router.get("/v1/hub/lists", summary="Shared lists", responses=FAULTS)
@needs(P.HUB_READ)
def lists(app: Parts, who: Who, *, ended: bool = False) -> ListsOut:
    """By name."""
    return ListsOut(lists=[ListOut.of(one) for one in app.hub.lists.every(who, ended=ended)])


@router.put("/v1/hub/lists/{name}", summary="Share a bank", responses=FAULTS)
@needs(P.HUB_WRITE)
def share(name: Name, body: ListIn, app: Parts, who: Who) -> ListOut:
    """Or change how it is shared. Sharing releases nothing: a rule does."""
    return ListOut.of(app.hub.lists.share(who, name, tlp=body.tlp, open=body.open))


@router.delete("/v1/hub/lists/{name}", summary="Share a bank no more", responses=FAULTS)
@needs(P.HUB_WRITE)
def unshare(name: Name, app: Parts, who: Who) -> ListOut:
    """Members are told that its entries are gone."""
    return ListOut.of(app.hub.lists.end(who, name))


@router.get("/v1/hub/rules", summary="Release rules", responses=FAULTS)
@needs(P.HUB_READ)
def rules(app: Parts, who: Who, *, over: bool = False) -> RulesOut:
    """Those in force, and what waits for a second person."""
    found = app.hub.rules.every(who, over=over)
    waits = app.hub.rules.waiting(who)
    return RulesOut(rules=[RuleOut.of(one) for one in found], waiting=[WaitsOut.of(one) for one in waits])  # fmt: skip


@router.post("/v1/hub/rules", status_code=201, summary="Add a release rule", responses=FAULTS)
@needs(P.HUB_WRITE)
def add_rule(body: RuleIn, app: Parts, who: Who) -> RuleDone:
    """One that denies stands at once; one that allows waits for a second person."""
    return RuleDone.of(app.hub.rules.add(who, body.noun(), reason=body.reason))


@router.post("/v1/hub/rules/{id}/end", summary="End a release rule", responses=FAULTS)
@needs(P.HUB_WRITE)
def end_rule(id: IdText, body: WhyIn, app: Parts, who: Who) -> RuleDone:  # noqa: A002 - the path's own word
    """One that allows ends at once; the end of one that denies waits for a second person."""
    return RuleDone.of(app.hub.rules.end(who, known_id(id), reason=body.reason))


@router.post("/v1/hub/rules/{id}/confirm", summary="Agree to a rule as second person", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def confirm_rule(id: IdText, app: Parts, who: Who) -> RuleOut:  # noqa: A002 - the path's own word
    """It stands, or has ended, from now on."""
    return RuleOut.of(app.hub.rules.confirm(who, known_id(id)))


@router.post("/v1/hub/rules/{id}/refuse", status_code=204, summary="Disagree with a rule", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def refuse_rule(id: IdText, app: Parts, who: Who) -> None:  # noqa: A002 - the path's own word
    """Or take one's own proposal back."""
    app.hub.rules.refuse(who, known_id(id))


@router.post("/v1/hub/simulate", summary="What would a member see?", responses=FAULTS)
@needs(P.HUB_READ)
def simulate(body: SimulateIn, app: Parts, who: Who) -> SimulatedOut:
    """Entries by list, source and category with what decided; nothing goes out."""
    one, purpose = known_id(body.member), ReleasePurpose(body.purpose)
    if body.entry is not None:
        return SimulatedOut.of_one(app.hub.simulator.entry(who, one, purpose, body.entry))
    extra = None if body.extra is None else body.extra.noun()
    return SimulatedOut.of(app.hub.simulator.simulate(who, one, purpose, extra=extra))


@router.get("/v1/hub/publications", summary="Batches that wait for publication", responses=FAULTS)
@needs(P.HUB_READ)
def publications(app: Parts, who: Who) -> PublicationsOut:
    """What members gave and nobody let out yet."""
    found = app.hub.publishing.waiting(who)
    return PublicationsOut(publications=[PublicationOut.of(one) for one in found])


@router.post("/v1/hub/publications/{number}", status_code=202, summary="Propose a publication", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def propose_publication(number: Number, body: WhyIn, app: Parts, who: Who) -> WaitsOut:
    """It waits for a second person."""
    return WaitsOut.of(app.hub.publishing.propose(who, number, reason=body.reason))


@router.post("/v1/hub/publications/{number}/confirm", summary="Agree to a publication as second person", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def confirm_publication(number: Number, app: Parts, who: Who) -> PublishedOut:
    """Its entries go out: some at once, the rest by a job."""
    return PublishedOut(entries=app.hub.publishing.confirm(who, number))


@router.post("/v1/hub/publications/{number}/refuse", status_code=204, summary="Disagree with a publication", responses=FAULTS)  # fmt: skip
@needs(P.HUB_WRITE)
def refuse_publication(number: Number, app: Parts, who: Who) -> None:
    """It stays where it is."""
    app.hub.publishing.refuse(who, number)


@router.get("/v1/hub/health", summary="How members follow", responses=FAULTS)
@needs(P.HUB_READ)
def health(app: Parts, who: Who) -> HubHealthOut:
    """Their last request, how far they read, rows and errors."""
    return HubHealthOut(pulls=[PullOut.of(one) for one in app.hub.members.pulls(who)])
