"""`/v1/routing`: the rules by which cases find their queue, versioned, tried before they act.

For people who lead the work. A version is written once and never changed; what it does is set
apart: nothing (draft), only notes (shadow), or decides (live). The way back is to set the
version before live again. Rules are documented in `docs/howto/queue.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.queue import WorkTerms
from breakwater.model.routing import Comparison, Difference, Mode, Place, Version
from breakwater.model.routing_form import parse, written
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["routing"])

Number = Annotated[int, Path(ge=0, lt=1 << 31, examples=[3])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
EXAMPLE = {
    "rules": [
        {
            "name": "Severe, public",
            "when": {"labels": ["A1"], "surfaces": ["public", "live"]},
            "queue": "severe",
            "priority": "high",
            "skill": "severe",
            "due_minutes": 30,
        }
    ],
    "pressure": {"viewers_now": 1, "reports_high": 2, "reports_now": 5},
}
Rules = Annotated[dict[str, Any], Field(description="`rules` in order, and `pressure`.", examples=[EXAMPLE])]  # fmt: skip


class RulesIn(Body):
    """Rules to be tried."""

    rules: Rules


class DraftIn(RulesIn):
    """Rules to be kept, and what they are for."""

    note: str = Field(min_length=1, max_length=200, examples=["Severe ones apart"])


class ModeIn(Body):
    """What a version is to do."""

    mode: Literal["live", "shadow", "retired"]


class VersionOut(Answer):
    """One version of the rules."""

    number: int = Field(description="0 is built in.", examples=[3])
    mode: str = Field(examples=["live"])
    note: str
    by: str = Field(description="Id of the person who wrote it.")
    at: datetime | None
    since: datetime | None = Field(description="When it was put into its mode.")
    rules: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> VersionOut:
        """From the noun."""
        return cls(
            number=version.number, mode=version.mode.value, note=version.note, by=version.by,
            at=version.at, since=version.since, rules=written(version.ruleset),
        )  # fmt: skip


class VersionsOut(Answer):
    """All versions, the newest first."""

    versions: list[VersionOut]


class PlaceOut(Answer):
    """Where a case waits."""

    queue: str
    priority: str
    skill: str
    due_minutes: int
    rule: str

    @classmethod
    def of(cls, place: Place) -> PlaceOut:
        """From the noun."""
        return cls(
            queue=place.queue, priority=place.priority.value, skill=place.skill,
            due_minutes=int(place.due_in.total_seconds() // 60), rule=place.rule,
        )  # fmt: skip


class DifferenceOut(Answer):
    """One case that would wait elsewhere or otherwise."""

    case: str = Field(examples=[ID])
    number: int
    before: PlaceOut
    after: PlaceOut

    @classmethod
    def of(cls, one: Difference) -> DifferenceOut:
        """From the noun."""
        before, after = PlaceOut.of(one.before), PlaceOut.of(one.after)
        return cls(case=one.case, number=one.number, before=before, after=after)


class ComparisonOut(Answer):
    """What other rules would have done with the cases of the last week."""

    cases: int
    changed: int
    by_queue: dict[str, tuple[int, int]] = Field(description="Cases before and after, by queue.")
    differences: list[DifferenceOut] = Field(description="The newest hundred.")

    @classmethod
    def of(cls, found: Comparison) -> ComparisonOut:
        """From the noun."""
        return cls(
            cases=found.cases, changed=found.changed, by_queue=dict(found.by_queue),
            differences=[DifferenceOut.of(one) for one in found.differences],
        )  # fmt: skip


class SkillsIn(Body):
    """What somebody is trained for."""

    skills: list[str] = Field(max_length=50, examples=[["severe"]])


class OptOutsIn(Body):
    """What is not offered to oneself."""

    opt_outs: list[str] = Field(max_length=50, examples=[["video"]])


class TermsOut(Answer):
    """On what terms somebody works."""

    skills: list[str]
    opt_outs: list[str] = Field(description="Told to nobody but that person.")

    @classmethod
    def of(cls, terms: WorkTerms, *, own: bool) -> TermsOut:
        """From the noun; opt-outs only for whose they are."""
        return cls(skills=sorted(terms.skills), opt_outs=sorted(terms.opt_outs) if own else [])


@router.get("/v1/routing", summary="All versions of the rules", responses=READ)
@needs(P.ROUTING_WRITE)
def versions(app: Parts, who: Who) -> VersionsOut:
    """The newest first; the one in force has the mode `live`."""
    return VersionsOut(versions=[VersionOut.of(one) for one in app.review.routing.versions(who)])


@router.post("/v1/routing", status_code=201, summary="Write a version", responses=CHANGE)
@needs(P.ROUTING_WRITE)
def create(body: DraftIn, app: Parts, who: Who) -> VersionOut:
    """A draft: it does nothing until it is set in shadow or live."""
    return VersionOut.of(app.review.routing.create(who, body.rules, note=body.note))


@router.post("/v1/routing/dry-run", summary="Try rules on the last week", responses=CHANGE)
@needs(P.ROUTING_WRITE)
def dry_run(body: RulesIn, app: Parts, who: Who) -> ComparisonOut:
    """Changes nothing."""
    return ComparisonOut.of(app.review.routing.dry_run(who, parse(body.rules)))


@router.get("/v1/routing/{number}/shadow", summary="What a shadow would do", responses=READ)
@needs(P.ROUTING_WRITE)
def shadowed(number: Number, app: Parts, who: Who) -> ComparisonOut:
    """Beside what was done, for the cases it saw in the last week."""
    return ComparisonOut.of(app.review.routing.shadowed(who, number))


@router.put("/v1/routing/{number}/mode", summary="Set a version live or in shadow", responses=CHANGE)  # fmt: skip
@needs(P.ROUTING_WRITE)
def set_mode(number: Number, body: ModeIn, app: Parts, who: Who) -> VersionOut:
    """The version that did it before is retired."""
    return VersionOut.of(app.review.routing.set_mode(who, number, Mode(body.mode)))


@router.put("/v1/people/{id}/skills", summary="Say what somebody is trained for", responses=CHANGE)
@needs(P.ROUTING_WRITE)
def skills(
    id: Annotated[str, Path(max_length=64, examples=[ID])],  # noqa: A002 - the path's own word
    body: SkillsIn,
    app: Parts,
    who: Who,
) -> TermsOut:
    """In place of what was said before."""
    terms = app.review.queue.set_skills(who, known_id(id), frozenset(body.skills))
    return TermsOut.of(terms, own=False)


@router.get("/v1/me/work", summary="On what terms you work", responses=READ)
@needs(P.CASE_DECIDE)
def terms(app: Parts, who: Who) -> TermsOut:
    """Your skills, and what is not offered to you."""
    return TermsOut.of(app.review.queue.terms(who), own=True)


@router.put("/v1/me/work", summary="Choose what is not offered to you", responses=CHANGE)
@needs(P.CASE_DECIDE)
def opt_out(body: OptOutsIn, app: Parts, who: Who) -> TermsOut:
    """No reason is asked, and nobody else is told which."""
    return TermsOut.of(app.review.queue.opt_out(who, frozenset(body.opt_outs)), own=True)
