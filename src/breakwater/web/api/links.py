"""`/v1/links`: series of media that belong together, the links that say so, and what people say.

For investigators, and for commands on the host. Media are not here: who sees one sees it by
`/v1/cases`, with an entry in the audit log. Thin over `linking.desk` and `linking.judging`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from breakwater.app import App
from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Priority
from breakwater.model.link import LinkKind, Outcome
from breakwater.records.link_about import Place
from breakwater.web.api.link_shapes import (
    ChildIn,
    ChildOut,
    ChildrenOut,
    EdgeLookOut,
    HandIn,
    JudgedOut,
    LeadOut,
    LinksStatusOut,
    MediaOut,
    MediumLookOut,
    MediumOut,
    OutcomeIn,
    PlaceIn,
    PlaceOut,
    PlacesOut,
    RebuiltOut,
    SeriesChange,
    SeriesListOut,
    SeriesLookOut,
    SeriesNoteIn,
    SeriesOut,
    StepOut,
    VerdictIn,
    WaitingListOut,
    WaitingOut,
)
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.shapes import ID
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["links"])
READ = problems(401, 403, 404, 422, 429, 503)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
IdText = Annotated[str, Field(max_length=64, examples=[ID])]
Number = Annotated[int, Path(ge=1, le=(1 << 53) - 1, examples=[7])]
SignedBy = Annotated[str, Query(max_length=200, description="Of a command on the host: the person who does it, by name.")]  # fmt: skip


@router.get("/v1/links/status", summary="How far links are", responses=READ)
@needs(P.LINK_READ)
def status(app: Parts, who: Who) -> LinksStatusOut:
    """Media by state, links by kind, series, and what waits for a person."""
    found = app.linking.desk.status(who)
    return LinksStatusOut(
        media=found.media, links=found.links, series=found.series, waiting=found.waiting
    )


@router.get("/v1/links/series", summary="Series", responses=READ)
@needs(P.LINK_READ)
def series_list(
    app: Parts, who: Who, *,
    after: Annotated[int | None, Query(ge=1, le=(1 << 53) - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    priority: Annotated[Priority | None, Query()] = None,
    text: Annotated[str, Query(max_length=120, description="Part of a name.")] = "",
) -> SeriesListOut:  # fmt: skip
    """Those that have media, the newest number first."""
    rows = app.linking.desk.page(who, after=after, limit=limit, priority=priority, text=text)
    return SeriesListOut(
        series=[SeriesOut.of(one) for one in rows],
        after=rows[-1].number if len(rows) == limit else None,
    )


@router.get("/v1/links/series/{number}", summary="One series", responses=READ)
@needs(P.LINK_READ)
def series(number: Number, app: Parts, who: Who) -> SeriesLookOut:
    """By any number that means it: with its media, links and history."""
    return SeriesLookOut.of(app.linking.desk.series(who, number))


@router.patch("/v1/links/series/{number}", summary="Name or rate a series", responses=CHANGE)
@needs(P.LINK_WRITE)
def change(
    number: Number, body: SeriesChange, app: Parts, who: Who, signed_by: SignedBy = ""
) -> SeriesOut:
    """No names of children."""
    by, version, desk = signer(app, who, signed_by), body.version, app.linking.desk
    if body.name is not None:
        version = desk.rename(by, number, body.name, version=version).version
    if body.priority is not None:
        desk.rate(by, number, Priority(body.priority), version=version)
    return SeriesOut.of(desk.series(by, number).row)


@router.post(
    "/v1/links/series/{number}/notes", status_code=201, summary="Note on a series",
    responses=CHANGE,
)  # fmt: skip
@needs(P.LINK_WRITE)
def note(
    number: Number, body: SeriesNoteIn, app: Parts, who: Who, signed_by: SignedBy = ""
) -> StepOut:
    """It stays."""
    return StepOut.of(app.linking.desk.note(signer(app, who, signed_by), number, body.words))


@router.post("/v1/links/series/{number}/lead", summary="Open a lead", responses=CHANGE)
@needs(P.LINK_WRITE)
def lead(number: Number, app: Parts, who: Who, signed_by: SignedBy = "") -> LeadOut:
    """The one that is open, or a new one: series that people joined by hand have none."""
    case = app.linking.desk.lead(signer(app, who, signed_by), number)
    return LeadOut(case=case.id, number=case.number)


@router.get("/v1/links/series/{number}/children", summary="Children of a series", responses=READ)
@needs(P.LINK_READ)
def children(number: Number, app: Parts, who: Who) -> ChildrenOut:
    """By labels, with everything that was said of each."""
    found = app.linking.outcomes.children(who, number)
    return ChildrenOut(children=[ChildOut.of(one) for one in found])


@router.post(
    "/v1/links/series/{number}/children", status_code=201, summary="Tell a child apart",
    responses=CHANGE,
)  # fmt: skip
@needs(P.LINK_WRITE)
def child(
    number: Number, body: ChildIn, app: Parts, who: Who, signed_by: SignedBy = ""
) -> ChildOut:
    """By a label, never a name."""
    return ChildOut.of(app.linking.outcomes.add(signer(app, who, signed_by), number, body.label))


@router.post(
    "/v1/links/series/{number}/outcomes", status_code=201, summary="What became of a child",
    responses=CHANGE,
)  # fmt: skip
@needs(P.LINK_WRITE)
def outcome(
    number: Number, body: OutcomeIn, app: Parts, who: Who, signed_by: SignedBy = ""
) -> ChildOut:
    """It stays. Cases of the series learn it, and services that sent or reported what they are about."""
    by, end = signer(app, who, signed_by), Outcome(body.outcome)
    told = app.linking.outcomes.say(by, number, known_id(body.child), end, body.words)
    return ChildOut.of(told)


@router.get("/v1/links/series/{number}/places", summary="Places of a series", responses=READ)
@needs(P.LINK_READ)
def places(number: Number, app: Parts, who: Who) -> PlacesOut:
    """Where it is thought or known to be, by whom, and what speaks for it."""
    found = app.linking.desk.places(who, number)
    return PlacesOut(places=[PlaceOut.of(one) for one in found])


@router.post(
    "/v1/links/series/{number}/places", status_code=201, summary="Say where a series is",
    responses=CHANGE,
)  # fmt: skip
@needs(P.LINK_WRITE)
def place(
    number: Number, body: PlaceIn, app: Parts, who: Who, signed_by: SignedBy = ""
) -> PlaceOut:
    """Roughly: coordinates are kept to two decimals, sealed."""
    by = signer(app, who, signed_by)
    said = Place(
        body.words, body.certain, "", app.clock.now(), body.country, body.latitude, body.longitude
    )
    return PlaceOut.of(app.linking.desk.place(by, number, said))


@router.get("/v1/links/media", summary="Media of cases", responses=READ)
@needs(P.LINK_READ)
def media(
    app: Parts, who: Who, *,
    case: Annotated[list[IdText], Query(min_length=1, max_length=50)],
) -> MediaOut:  # fmt: skip
    """What is kept of some cases and links are sought for, case by case."""
    found = app.linking.desk.media_of(who, [known_id(one) for one in case])
    return MediaOut(media=[MediumOut.of(one) for one in found])


@router.get("/v1/links/media/{number}", summary="One medium", responses=READ)
@needs(P.LINK_READ)
def medium(number: Number, app: Parts, who: Who) -> MediumLookOut:
    """With its series and its links, the strongest first."""
    return MediumLookOut.of(app.linking.desk.medium(who, number))


@router.post("/v1/links/media/{number}/retry", summary="Look again", responses=CHANGE)
@needs(P.LINK_WRITE)
def retry(number: Number, app: Parts, who: Who, signed_by: SignedBy = "") -> MediumOut:
    """At a medium that could not be read, or had nothing to compare by."""
    return MediumOut.of(app.linking.desk.retry(signer(app, who, signed_by), number))


@router.get("/v1/links/waiting", summary="Links that wait for a person", responses=READ)
@needs(P.LINK_READ)
def waiting(
    app: Parts, who: Who, *,
    after: Annotated[int, Query(ge=0, le=(1 << 53) - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    kind: Annotated[LinkKind | None, Query()] = None,
) -> WaitingListOut:  # fmt: skip
    """Leads, bridges between series, and conflicts."""
    rows = app.linking.desk.waiting(who, after=after, limit=limit, kind=kind)
    app.linking.likeness.listed(
        who, [one.edge.number for one in rows if one.edge.kind is LinkKind.PERSON]
    )
    return WaitingListOut(waiting=[WaitingOut.of(one) for one in rows])


@router.get("/v1/links/edges/{number}", summary="One link", responses=READ)
@needs(P.LINK_READ)
def edge(number: Number, app: Parts, who: Who) -> EdgeLookOut:
    """With its evidence and what was said of it."""
    app.linking.likeness.opened(who, number)
    return EdgeLookOut.of(app.linking.desk.edge(who, number))


@router.post("/v1/links/edges", status_code=201, summary="Link two media by hand", responses=CHANGE)
@needs(P.LINK_WRITE)
def by_hand(body: HandIn, app: Parts, who: Who, signed_by: SignedBy = "") -> JudgedOut:
    """What no method found and a person sees."""
    by = signer(app, who, signed_by)
    made = app.linking.judging.join_by_hand(by, body.a, body.b, LinkKind(body.kind), body.reason)
    return JudgedOut.of(made)


@router.post("/v1/links/edges/{number}/verdicts", summary="Judge a link", responses=CHANGE)
@needs(P.LINK_WRITE)
def judge(
    number: Number, body: VerdictIn, app: Parts, who: Who, signed_by: SignedBy = ""
) -> JudgedOut:
    """Together, apart, or nothing any more; series are computed anew at once."""
    by, judging = signer(app, who, signed_by), app.linking.judging
    app.linking.likeness.opened(by, number)
    acts = {
        "confirm": judging.confirm, "reject": judging.reject, "take_back": judging.take_back
    }  # fmt: skip
    return JudgedOut.of(acts[body.verdict](by, number, body.reason))


@router.post("/v1/links/rebuild", summary="Compute all series anew", responses=CHANGE)
@needs(P.LINK_WRITE)
def rebuild(app: Parts, who: Who) -> RebuiltOut:
    """From all links; what is right stays as it is."""
    return RebuiltOut.of(app.linking.desk.rebuild(who))


def signer(app: App, who: Principal, name: str) -> Principal:
    """The person behind a call: of a command on the host, the one it names.

    Raises:
        NotAllowed: a name, and not by such a command.
        NotFound: nobody of this name.
    """
    if not name:
        return who
    if not who.may(P.DESK_SIGN):
        raise NotAllowed("Only a command on the server's host signs in a person's name.")
    return for_person(app, who, name)


def for_person(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the person behind it."""
    return app.access.people.on_behalf(who, name, P.LINK_WRITE)
