"""`/v1/grade-sets`: sets, and what holds for their items.

For those who answer for quality. Only a command on the server's own host begins an import,
because it names files there; the console begins one from the import folder (`web.pages.sets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import StreamingResponse

from breakwater.model.access import Permission
from breakwater.model.grading import GradeResult, GradeSet, ItemCode
from breakwater.review.grading.derive import Holding
from breakwater.review.grading.gather import MOST
from breakwater.review.grading.sets import NewSet
from breakwater.web.api.grading import FAULTS, FactsShape, Number
from breakwater.web.api.media import known_id
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["grade sets"])

BAD_ROWS: Final = 20
FORMS: Final = {"vics": "application/json", "csv": "text/csv"}
Form = Annotated[Literal["vics", "csv"], Query(description="VICS 2.0, or CSV.")]


class NewSetIn(Body):
    """A set in files on the server's host."""

    file: str = Field(min_length=1, max_length=4096, description="VICS or CSV, absolute.")
    media: str = Field(min_length=1, max_length=4096, description="Where its paths begin.")
    name: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200, description="Never shown to graders.")
    graders: int = Field(default=1, ge=1, le=3, description="Independent people for each item.")
    context: str = Field(default="", max_length=32, description="US, UK, … where not in the file.")

    def noun(self) -> NewSet:
        """As the verb takes it."""
        said = self.model_dump()
        return NewSet(**said | {"file": FilePath(self.file), "media": FilePath(self.media)})


class GatherIn(Body):
    """A set of uploads."""

    name: str = Field(min_length=1, max_length=200)
    uploads: list[str] = Field(min_length=1, max_length=MOST, description="Their ids.")
    graders: int = Field(default=1, ge=1, le=3, description="Independent people for each item.")


class GradeSetOut(Answer):
    """A set of items that is graded together."""

    number: int
    name: str
    source: str
    form: str = Field(examples=["vics 2.0"])
    context: str = Field(examples=["US"])
    state: str = Field(description="`importing`, `failed`, `open` or `closed`.")
    graders: int
    rows_read: int
    rows_bad: int
    fault: str = Field(description="Why the import failed; else empty.")
    created_at: datetime | None
    counts: dict[str, int] = Field(description="Items by state.")

    @classmethod
    def of(cls, one: GradeSet) -> GradeSetOut:
        """From the noun."""
        return cls(
            number=one.number, name=one.name, source=one.source, form=one.form,
            context=one.context, state=one.state.value, graders=one.graders,
            rows_read=one.rows_read, rows_bad=one.rows_bad, fault=one.fault,
            created_at=one.created_at,
            counts={state.value: count for state, count in one.counts.items()},
        )  # fmt: skip


class GradeImportOut(GradeSetOut):
    """A set that is being imported."""

    share: float = Field(default=0.0, description="Of the file's bytes that were read, 0 to 1.")
    reasons: list[tuple[int, str]] = Field(default_factory=list, description="The first bad rows.")

    @classmethod
    def of_import(cls, one: GradeSet, bad: Sequence[tuple[int, str]] = ()) -> GradeImportOut:
        """From the noun and its bad rows."""
        shown = GradeSetOut.of(one).model_dump()
        return cls(**shown, share=one.share, reasons=list(bad[:BAD_ROWS]))


class GradeSetsOut(Answer):
    """The newest first."""

    sets: list[GradeSetOut]


class BadRowsOut(Answer):
    """Rows that could not be read: place and reason."""

    rows: list[tuple[int, str]]


class ResultOut(Answer):
    """What held for an item since a moment."""

    revision: int
    pertinent: bool
    facts: FactsShape | None
    how: str = Field(description="`single`, `agreed` or `adjudicated`.")
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, result: GradeResult) -> ResultOut:
        """From the noun."""
        return cls(
            revision=result.revision, pertinent=result.pertinent, how=result.how.value,
            facts=FactsShape.of(result.facts) if result.facts else None, by=result.by,
            at=result.at,
        )  # fmt: skip


class CodeOut(Answer):
    """What one scheme says of an item."""

    scheme: str = Field(examples=["uk_abc"])
    version: str
    codes: list[str]

    @classmethod
    def of(cls, code: ItemCode) -> CodeOut:
        """From the noun."""
        return cls(scheme=code.scheme, version=code.version, codes=list(code.codes))


class GradeItemOut(Answer):
    """One item with what holds for it, and what its source claims beside it."""

    id: str = Field(examples=[ID])
    number: int
    set: int
    row: int
    state: str
    why: str = Field(description="Why nobody sees it; else empty.")
    type: str
    sha256: str
    leader: int | None = Field(description="The item whose facts it takes.")
    claims: dict[str, Any]
    results: list[ResultOut]
    codes: list[CodeOut]

    @classmethod
    def of(cls, found: Holding) -> GradeItemOut:
        """From the value."""
        item = found.item
        return cls(
            id=item.id, number=item.number, set=item.set, row=item.row,
            state=item.state.value, why=item.why, type=item.type, sha256=item.sha256,
            leader=item.leader, claims=dict(item.claims),
            results=[ResultOut.of(result) for result in found.results],
            codes=[CodeOut.of(code) for code in found.codes],
        )  # fmt: skip


@router.post("/v1/grade-imports", status_code=202, summary="Import a set", responses=FAULTS)
@needs(P.DESK_SIGN)
def begin(body: NewSetIn, app: Parts, who: Who) -> GradeImportOut:
    """For commands on the server's host. The worker reads it; ask by number how far it is."""
    return GradeImportOut.of_import(app.review.grade_sets.begin(who, body.noun()))


@router.get("/v1/grade-imports", summary="All imports of sets", responses=FAULTS)
@needs(P.DESK_SIGN)
def imports(app: Parts) -> GradeSetsOut:
    """For commands on the server's host."""
    return GradeSetsOut(sets=[GradeSetOut.of(one) for one in app.review.grade_sets.every()])


@router.get("/v1/grade-imports/{number}", summary="How far an import is", responses=FAULTS)
@needs(P.DESK_SIGN)
def progress(number: Number, app: Parts) -> GradeImportOut:
    """For commands on the server's host."""
    sets = app.review.grade_sets
    return GradeImportOut.of_import(sets.get(number), sets.bad_rows(number))


@router.get("/v1/grade-sets", summary="All sets", responses=FAULTS)
@needs(P.GRADE_QA)
def grade_sets(app: Parts) -> GradeSetsOut:
    """With their items counted by state."""
    return GradeSetsOut(sets=[GradeSetOut.of(one) for one in app.review.grade_sets.every()])


@router.post("/v1/grade-sets", status_code=201, summary="Make a set of uploads", responses=FAULTS)
@needs(P.GRADE_QA)
def gather(body: GatherIn, app: Parts, who: Who) -> GradeSetOut:
    """Of uploads whose bytes are kept; copies and near copies are joined."""
    wanted = [known_id(one) for one in body.uploads]
    return GradeSetOut.of(app.review.gather.gather(who, body.name, wanted, graders=body.graders))


@router.get("/v1/grade-sets/{number}", summary="One set", responses=FAULTS)
@needs(P.GRADE_QA)
def grade_set(number: Number, app: Parts) -> GradeSetOut:
    """With its items counted by state."""
    return GradeSetOut.of(app.review.grade_sets.get(number))


@router.get("/v1/grade-sets/{number}/bad-rows", summary="Rows nobody could read", responses=FAULTS)
@needs(P.GRADE_QA)
def bad_rows(number: Number, app: Parts) -> BadRowsOut:
    """Place in the file and reason, never the content."""
    return BadRowsOut(rows=app.review.grade_sets.bad_rows(number))


@router.post("/v1/grade-sets/{number}/open", summary="Open a set", responses=FAULTS)
@needs(P.GRADE_QA)
def open_set(number: Number, app: Parts, who: Who) -> GradeSetOut:
    """Graders get its items again."""
    return GradeSetOut.of(app.review.grade_sets.open(who, number))


@router.post("/v1/grade-sets/{number}/close", summary="Close a set", responses=FAULTS)
@needs(P.GRADE_QA)
def close_set(number: Number, app: Parts, who: Who) -> GradeSetOut:
    """Graders get no more of its items; what was answered stays."""
    return GradeSetOut.of(app.review.grade_sets.close(who, number))


@router.get("/v1/grade-sets/{number}/facts", summary="What holds for a set", responses=FAULTS)
@needs(P.GRADE_QA)
def facts(number: Number, app: Parts, who: Who, form: Form = "vics") -> StreamingResponse:
    """Hashes, codes and facts as VICS 2.0 or CSV; every child and every stretch of a video."""
    written = app.review.tellings.write(who, number, form)
    name = f"set-{number}.{'json' if form == 'vics' else 'csv'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(written, media_type=FORMS[form], headers=headers)


@router.get("/v1/grade-items/{number}", summary="What holds for an item", responses=FAULTS)
@needs(P.GRADE_QA)
def item(number: Number, app: Parts) -> GradeItemOut:
    """Results, codes by every scheme, and what the source claims."""
    return GradeItemOut.of(app.review.schemes.holding(number))
