"""`/v1/cases`: what waits for people; take the next, hand over, skip, release, act on many.

For people's sessions: no API key decides a case. The same verbs carry the console's Queue page
and the pages for a telephone. Bulk acts take the token of a preview, so that nothing is done
that nobody saw.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import Field

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseKind, CasePosition, CaseState, Priority
from breakwater.model.ids import Id
from breakwater.model.queue import BulkAct, BulkKind, BulkPreview, CaseFilter, Waiting
from breakwater.records import queue as rows
from breakwater.review.queueing.bulk import Selection
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import SERVICE, Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["cases"])

IdText = Annotated[str, Path(max_length=64, examples=[ID])]
Version = Annotated[int | None, Field(default=None, ge=1, lt=1 << 31, description="Row version you saw; another one is refused with 409.")]  # fmt: skip
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why, in a few words.")]
QUEUE = r"^[a-z][a-z0-9_-]{0,31}$"
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)


class CaseOut(Answer):
    """A case as it waits. The account is told by the case's own page alone."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[1042])
    kind: str = Field(examples=["upload"])
    why: str = Field(examples=["Very close match: 4 of 256 bits differ (limit 31)."])
    priority: str = Field(examples=["high"])
    state: str = Field(examples=["open"])
    service: str
    queue: str = Field(examples=["general"])
    skill: str = Field(description="What whoever takes it is trained for; empty: anybody.")
    opened_at: datetime
    due_at: datetime
    held_by: str | None = Field(description="Id of the person who holds it now.")
    held_until: datetime | None
    version: int

    @classmethod
    def of(cls, case: Case, place: Waiting) -> CaseOut:
        """From the nouns."""
        return cls(
            id=case.id, number=case.number, kind=case.kind.value, why=case.why,
            priority=case.priority.value, state=case.state.value, service=case.service,
            queue=place.queue, skill=place.skill, opened_at=case.opened_at, due_at=case.due_at,
            held_by=case.held_by, held_until=case.held_until, version=case.version,
        )  # fmt: skip


class CasesOut(Answer):
    """A page of what waits, in the order of urgency."""

    cases: list[CaseOut]
    next: str = Field(description="`after` of the next page; empty at the end.")


class NextIn(Body):
    """From where to take the next case."""

    queue: str = Field(default="", pattern=r"^$|" + QUEUE, description="Only from this queue.")


class SkipIn(Body):
    """Why not."""

    reason: Reason


class ReleaseIn(Body):
    """Why it is given back, if there is anything to say."""

    reason: str = Field(default="", max_length=500)


class TakeIn(Body):
    """What was seen."""

    version: Version


class HandOverIn(Body):
    """To whom, and why."""

    to: str = Field(max_length=64, description="Id of the colleague.", examples=[ID])
    reason: Reason
    version: Version


class FilterIn(Body):
    """Every case that waits and that all of these mean."""

    queue: str = Field(default="", pattern=r"^$|" + QUEUE)
    service: str = Field(default="", pattern=r"^$|" + SERVICE)
    kind: CaseKind | None = None
    priority: Priority | None = None

    def noun(self) -> CaseFilter:
        """As the verbs take it."""
        return CaseFilter(self.queue, self.service, self.kind, self.priority)


class BulkIn(Body):
    """What to do to which cases: by id, or by filter."""

    kind: BulkKind = Field(examples=["priority"])
    value: str = Field(
        max_length=64, description="A priority, the name of a queue, or the id of a person.",
        examples=["high"],
    )  # fmt: skip
    cases: list[str] = Field(default_factory=list, max_length=1000, examples=[[ID]])
    filter: FilterIn | None = None

    def chosen(self) -> Selection:
        """Which cases.

        Raises:
            BadInput: both ways of choosing, or neither.
        """
        if bool(self.cases) == (self.filter is not None):
            raise BadInput("Name the cases, or a filter that means them.")
        return self.filter.noun() if self.filter else [known_id(case) for case in self.cases]


class BulkDoIn(BulkIn):
    """The same, as it was previewed."""

    token: str = Field(max_length=64, description="Of the preview.")
    reason: Reason


class ChangeOut(Answer):
    """What would change of one case."""

    case: str
    number: int
    before: str
    after: str


class PreviewOut(Answer):
    """What a bulk act would do."""

    token: str
    changes: list[ChangeOut]
    left: dict[int, str] = Field(description="Cases that stay as they are, and why.")

    @classmethod
    def of(cls, seen: BulkPreview) -> PreviewOut:
        """From the noun."""
        changes = [
            ChangeOut(case=c.case, number=c.number, before=c.before, after=c.after)
            for c in seen.changes
        ]
        return cls(token=seen.token, changes=changes, left=dict(seen.left))


class BulkOut(Answer):
    """A bulk act that was done."""

    id: str = Field(examples=[ID])
    changed: int
    undo_until: datetime

    @classmethod
    def of(cls, act: BulkAct) -> BulkOut:
        """From the noun."""
        return cls(id=act.id, changed=len(act.changes), undo_until=act.undo_until)


class UndoneOut(Answer):
    """What an undo put back."""

    restored: int
    left: list[int] = Field(description="Cases that others changed since, and that stay so.")


@router.get("/v1/cases", summary="What waits, most urgent first", responses=READ)
@needs(P.CASE_READ)
def listed(
    app: Parts,
    *,
    queue: Annotated[str, Query(pattern=r"^$|" + QUEUE)] = "",
    service: Annotated[str, Query(pattern=r"^$|" + SERVICE)] = "",
    kind: CaseKind | None = None,
    priority: Priority | None = None,
    state: CaseState | None = None,
    after: Annotated[str, Query(max_length=64, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesOut:
    """Open and held cases, or those of one state; a page begins after the one before."""
    wanted = CaseFilter(queue, service, kind, priority)
    return _page(app, wanted, state, after, limit)


@router.post(
    "/v1/cases/next",
    response_model=CaseOut,
    summary="Take the next case",
    responses={204: {"description": "Nothing waits for you."}, **CHANGE},
)
@needs(P.CASE_DECIDE)
def take_next(body: NextIn, app: Parts, who: Who) -> CaseOut | Response:
    """The most urgent one for your skills, under a lease of ten minutes."""
    case = app.review.queue.next(who, queue=body.queue)
    return Response(status_code=204) if case is None else _shown(app, case)


@router.post("/v1/cases/{id}/take", summary="Take this case", responses=CHANGE)
@needs(P.CASE_DECIDE)
def take(id: IdText, body: TakeIn, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """Refused while somebody else holds it."""
    case = app.review.queue.take(who, known_id(id), expected_version=body.version)
    return _shown(app, case)


@router.post("/v1/cases/{id}/keep", summary="Keep a case for longer", responses=CHANGE)
@needs(P.CASE_DECIDE)
def keep(id: IdText, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """The lease begins anew; 409 says who took the case meanwhile."""
    return _shown(app, app.review.queue.extend(who, known_id(id)))


@router.post("/v1/cases/{id}/release", summary="Give a case back", responses=CHANGE)
@needs(P.CASE_DECIDE)
def release(id: IdText, body: ReleaseIn, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """Anybody may take it then."""
    return _shown(app, app.review.queue.release(who, known_id(id), reason=body.reason))


@router.post("/v1/cases/{id}/skip", summary="Skip a case", responses=CHANGE)
@needs(P.CASE_DECIDE)
def skip(id: IdText, body: SkipIn, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """It waits for others and is not offered to you again for eight hours."""
    return _shown(app, app.review.queue.skip(who, known_id(id), reason=body.reason))


@router.post("/v1/cases/{id}/escalate", summary="Make a case more urgent", responses=CHANGE)
@needs(P.CASE_DECIDE)
def escalate(id: IdText, body: SkipIn, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """One step; its due time comes nearer with it."""
    return _shown(app, app.review.queue.escalate(who, known_id(id), reason=body.reason))


@router.post("/v1/cases/{id}/hand-over", summary="Hand a case to a colleague", responses=CHANGE)
@needs(P.CASE_DECIDE)
def hand_over(id: IdText, body: HandOverIn, app: Parts, who: Who) -> CaseOut:  # noqa: A002 - the path's own word
    """Theirs for fifteen minutes; then anybody's."""
    case = app.review.queue.hand_over(
        who, known_id(id), to=known_id(body.to), reason=body.reason, expected_version=body.version
    )
    return _shown(app, case)


@router.post("/v1/cases/bulk/preview", summary="What a bulk act would do", responses=CHANGE)
@needs(P.CASE_DECIDE)
def preview(body: BulkIn, app: Parts, who: Who) -> PreviewOut:
    """Changes nothing; its token is what `/v1/cases/bulk` takes."""
    return PreviewOut.of(app.review.bulk.preview(who, body.kind, body.value, body.chosen()))


@router.post("/v1/cases/bulk", status_code=201, summary="Act on many cases", responses=CHANGE)
@needs(P.CASE_DECIDE)
def bulk(body: BulkDoIn, app: Parts, who: Who) -> BulkOut:
    """Exactly what the preview showed, or nothing."""
    act = app.review.bulk.apply(
        who, body.kind, body.value, body.chosen(), token=body.token, reason=body.reason
    )
    return BulkOut.of(act)


@router.post("/v1/cases/bulk/{id}/undo", summary="Undo a bulk act", responses=CHANGE)
@needs(P.CASE_DECIDE)
def undo(id: IdText, app: Parts, who: Who) -> UndoneOut:  # noqa: A002 - the path's own word
    """Your own, within ten minutes; cases that others changed since stay as they are."""
    undone = app.review.bulk.undo(who, known_id(id))
    return UndoneOut(restored=undone.restored, left=list(undone.left))


def _shown(app: Parts, case: Case) -> CaseOut:
    with app.db.read() as tx:
        return CaseOut.of(case, rows.waiting(tx, case.id))


def _page(
    app: Parts, wanted: CaseFilter, state: CaseState | None, after: str, limit: int
) -> CasesOut:
    place = CasePosition.parse(after) if after else None
    with app.db.read() as tx:
        found = rows.page(tx, wanted, state=state, after=place, limit=limit + 1)
        places = rows.places(tx, [case.id for case in found])
    shown = [CaseOut.of(case, places.get(case.id, Waiting(Id(case.id)))) for case in found[:limit]]
    return CasesOut(cases=shown, next=str(found[limit - 1].position) if len(found) > limit else "")
