"""Who else works on the same file: members ask with their key, investigators here by a series or set.

Hashes alone go in; a name, a reference and whom to call come out. Thin over `linking.deconflicting`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from breakwater.app import App
from breakwater.model.access import Permission, Principal
from breakwater.model.deconfliction import MOST, Answer, Entered, Overlap, Question
from breakwater.web.api import shapes
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["links"])
READ = problems(401, 403, 404, 422, 429, 503)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$", examples=["0f" * 32])]
Reference = Annotated[str, Query(min_length=1, max_length=200, description="As you entered it.")]
SignedBy = Annotated[str, Query(max_length=200, description="Of a command on the host: the person who does it, by name.")]  # fmt: skip


class QuestionIn(Body):
    """What you work on. Others who work on the same are told reference and contact."""

    reference: str = Field(min_length=1, max_length=200, description="Your own.", examples=["K-2026-0815"])  # fmt: skip
    contact: str = Field(min_length=1, max_length=500, description="Whom to call.", examples=["Unit 4, +44 20 7946 0001"])  # fmt: skip
    sha256s: list[Sha256] = Field(min_length=1, max_length=MOST, description="Of whole files.")

    def noun(self) -> Question:
        """As the verb takes it."""
        return Question(self.reference, self.contact, tuple(self.sha256s))


class HereQuestionIn(Body):
    """What is worked on here: a series, a set of exhibits, or hashes by hand."""

    reference: str = Field(min_length=1, max_length=200, description="Your own.", examples=["K-2026-0815"])  # fmt: skip
    contact: str = Field(min_length=1, max_length=500, description="Whom to call.", examples=["Unit 4, +44 20 7946 0001"])  # fmt: skip
    series: int = Field(default=0, ge=0, lt=1 << 53, description="Its media; 0: none.")
    exhibit_set: int = Field(default=0, ge=0, lt=1 << 53, description="Its unknown files; 0: none.")
    sha256s: list[Sha256] = Field(default_factory=list, max_length=MOST)


class OverlapOut(shapes.Answer):
    """Somebody else works on the same."""

    reference: str = Field(description="Yours.")
    other: str = Field(description="Who.", examples=["Harbour Police"])
    other_reference: str = Field(description="Theirs.")
    contact: str = Field(description="Whom to call.")
    files: int = Field(examples=[2])
    sha256s: list[str] = Field(description="Which, where you brought them just now.")
    since: datetime

    @classmethod
    def of(cls, one: Overlap) -> OverlapOut:
        """From the noun."""
        return cls(
            reference=one.reference, other=one.other, other_reference=one.other_reference,
            contact=one.contact, files=one.files, sha256s=list(one.sha256s), since=one.since,
        )  # fmt: skip


class EnteredOut(shapes.Answer):
    """What stands under a reference of yours."""

    reference: str
    contact: str
    files: int
    at: datetime

    @classmethod
    def of(cls, one: Entered) -> EnteredOut:
        """From the noun."""
        return cls(reference=one.reference, contact=one.contact, files=one.files, at=one.at)


class AnswerOut(shapes.Answer):
    """What came of a question."""

    entered: int = Field(description="Files that are new under this reference.")
    overlaps: list[OverlapOut] = Field(description="Who else has them. Empty: nobody who said so.")

    @classmethod
    def of(cls, one: Answer) -> AnswerOut:
        """From the noun."""
        return cls(entered=one.entered, overlaps=[OverlapOut.of(each) for each in one.overlaps])


class StandingOut(shapes.Answer):
    """What you entered, and who else works on it."""

    entered: list[EnteredOut]
    overlaps: list[OverlapOut]


class EndedOut(shapes.Answer):
    """What was taken back."""

    files: int


@router.post("/v1/deconfliction", summary="Ask who else works on the same", responses=CHANGE)
@needs(P.LINK_DECONFLICT)
def ask(body: QuestionIn, app: Parts, who: Who) -> AnswerOut:
    """For members' keys. It stands until you take it back: whoever enters the same later is told."""
    return AnswerOut.of(app.exhibiting.deconflicting.ask(who, body.noun()))


@router.get("/v1/deconfliction", summary="Who else works on what you entered", responses=READ)
@needs(P.LINK_DECONFLICT)
def standing(app: Parts, who: Who) -> StandingOut:
    """By reference; not on which files."""
    return _standing(app, who)


@router.delete("/v1/deconfliction", summary="Take back what you entered", responses=CHANGE)
@needs(P.LINK_DECONFLICT)
def end(reference: Reference, app: Parts, who: Who) -> EndedOut:
    """Nobody is told of it any more."""
    return EndedOut(files=app.exhibiting.deconflicting.end(who, reference))


@router.post("/v1/links/deconfliction", summary="Enter what is worked on here", responses=CHANGE)
@needs(P.LINK_WRITE)
def ask_here(body: HereQuestionIn, app: Parts, who: Who, signed_by: SignedBy = "") -> AnswerOut:
    """Members who entered the same are told reference and contact, and you theirs."""
    asked = Question(body.reference, body.contact, tuple(body.sha256s))
    by = signer(app, who, signed_by)
    return AnswerOut.of(
        app.exhibiting.deconflicting.ask_here(
            by, asked, series=body.series, exhibit_set=body.exhibit_set
        )
    )


@router.get("/v1/links/deconfliction", summary="Who else works on what is entered here", responses=READ)  # fmt: skip
@needs(P.LINK_WRITE)
def standing_here(app: Parts, who: Who, signed_by: SignedBy = "") -> StandingOut:
    """By reference; not on which files."""
    return _standing(app, signer(app, who, signed_by))


@router.delete("/v1/links/deconfliction", summary="Take back what is entered here", responses=CHANGE)  # fmt: skip
@needs(P.LINK_WRITE)
def end_here(reference: Reference, app: Parts, who: Who, signed_by: SignedBy = "") -> EndedOut:
    """Nobody is told of it any more."""
    return EndedOut(files=app.exhibiting.deconflicting.end(signer(app, who, signed_by), reference))


def _standing(app: App, who: Principal) -> StandingOut:
    entered, overlaps = app.exhibiting.deconflicting.overlaps(who)
    return StandingOut(
        entered=[EnteredOut.of(one) for one in entered],
        overlaps=[OverlapOut.of(one) for one in overlaps],
    )


def signer(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the person behind it."""
    return app.access.people.on_behalf(who, name, P.LINK_WRITE) if name else who
