"""`/v1/links/search`: a picture or clip, or a box drawn in it, and what of the kept is like it.

Thin over `linking.searching`: the example is compared in the jail and forgotten, who asked and why is
written down.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field
from starlette.requests import Request

from breakwater.errors import BadInput
from breakwater.linking.searching import Searching
from breakwater.model.access import Permission, Principal
from breakwater.model.link import LinkKind
from breakwater.model.link_crop import Box
from breakwater.model.link_search import Hit, Searched
from breakwater.records.link_searches import Search
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_form
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import form_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["links"])
READ = problems(401, 403, 404, 422, 429)
LARGEST = 64 << 20
"""Bytes of an example: a clip of a minute."""
NUMBER = r"(0|1|0?\.\d{1,6}|1\.0{1,6})"


class SearchIn(Body):
    """Why, and where in the example to look."""

    reason: str = Field(min_length=3, max_length=500, examples=["Case file 12-3: the curtain"])
    box: str = Field(default="", pattern=rf"^({NUMBER}(,{NUMBER}){{3}})?$", description="x, y, width, height, 0 to 1 of the picture's sides, with commas; empty: all of it.", examples=["0.5,0.25,0.2,0.3"])  # fmt: skip
    time_s: float = Field(default=0, ge=0, le=1e6, description="Of a clip, where the box was drawn.")  # fmt: skip

    def part(self) -> Box | None:
        """The box as numbers."""
        if not self.box:
            return None
        x, y, w, h = (float(one) for one in self.box.split(","))
        return x, y, w, h


class HitOut(Answer):
    """One kept medium that is like the example."""

    medium: int = Field(examples=[41])
    id: str = Field(examples=[ID])
    kind: LinkKind = Field(description="`place` is the same room; `decor` the same thing, which another room may have too.")  # fmt: skip
    score: float = Field(description="Compared within a kind alone.", examples=[0.71])
    method: str
    series: int | None = Field(default=None, examples=[12])
    evidence: dict[str, Any] = Field(description="Moments and points that agree; `a` is the kept medium, `b` the example.")  # fmt: skip

    @classmethod
    def of(cls, one: Hit) -> HitOut:
        """From the noun."""
        return cls(
            medium=one.medium, id=one.id, kind=one.kind, score=one.score, method=one.method,
            series=one.series, evidence=dict(one.evidence),
        )  # fmt: skip


class SearchOut(Answer):
    """What was found, the surest kinds first; 50 at most."""

    id: str = Field(examples=[ID])
    sha256: str = Field(description="Of the example; it is kept nowhere.")
    hits: list[HitOut]
    frames: int = Field(description="Frames that were compared.", examples=[1])
    seconds: float
    abstained: str = Field(description="Why there was nothing to compare by; empty: there was.")

    @classmethod
    def of(cls, made: Searched) -> SearchOut:
        """From the noun."""
        return cls(
            id=made.id, sha256=made.sha256, hits=[HitOut.of(one) for one in made.hits],
            frames=made.frames, seconds=made.seconds, abstained=made.abstained,
        )  # fmt: skip


class PastSearchOut(Answer):
    """One search that was made."""

    id: str = Field(examples=[ID])
    sha256: str
    box: list[float]
    reason: str
    found: list[Any] = Field(description="Medium, kind and score of each hit.")
    by: str = Field(examples=[ID])
    at: datetime

    @classmethod
    def of(cls, one: Search) -> PastSearchOut:
        """From the row."""
        return cls(
            id=one.id, sha256=one.sha256, box=list(one.box), reason=one.reason,
            found=list(one.found), by=one.by, at=one.at,
        )  # fmt: skip


class SearchesOut(Answer):
    """The newest first; a hundred at most."""

    searches: list[PastSearchOut]


async def searched(
    request: Request, searching: Searching, who: Principal, app: Parts
) -> tuple[Searched, SearchIn]:
    """Read a form with an example, and search by it; for the API and for the page."""
    with spool_of(app) as spool:
        form = await read_form(request, spool, limit=LARGEST)
        if not form.file:
            raise BadInput("Send the example as a part with a file name: -F example=@curtain.jpg.")
        about = checked(SearchIn, {k: v for k, v in form.fields.items() if k != "csrf"})
        spool.seal()

        def run() -> Searched:
            with spool.reader() as file:
                return searching.search(
                    who, file, reason=about.reason, box=about.part(), time_s=about.time_s
                )

        return await patiently(request, run), about


@router.post(
    "/v1/links/search",
    response_model=SearchOut,
    summary="Search by example",
    responses={**READ, **problems(400, 413, 503)},
    openapi_extra=form_of(SearchIn, file="example"),
)
@needs(P.LINK_WRITE, body=None)
async def search(request: Request, app: Parts, who: Who) -> SearchOut:
    """By people; each search is a row with its reason, 60 an hour a person."""
    made, _ = await searched(request, app.linking.searching, who, app)
    return SearchOut.of(made)


@router.get("/v1/links/searches", summary="Searches that were made", responses=READ)
@needs(P.LINK_WRITE)
def every(app: Parts) -> SearchesOut:
    """Who searched, why, and what was found."""
    return SearchesOut(searches=[PastSearchOut.of(one) for one in app.linking.searching.newest()])
