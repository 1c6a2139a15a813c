"""`/v1/exhibits`: what was seized, a set at a time, and what became of each file of it.

For investigators. Only a command on the server's own host begins an import, because it names files
there. Paths and times are sealed: they are read one file at a time, and that is written down.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from breakwater.app import App
from breakwater.errors import NotAllowed
from breakwater.linking.exhibits import NewExhibits
from breakwater.model.access import Permission, Principal
from breakwater.model.exhibit import Exhibit, ExhibitSet, ExhibitState
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["links"])
READ = problems(401, 403, 404, 422, 429, 503)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
Number = Annotated[int, Path(ge=1, le=(1 << 53) - 1, examples=[3])]
Signer = Annotated[str, Query(max_length=200, description="The investigator who takes them in, by name.")]  # fmt: skip


class ExhibitsIn(Body):
    """A set in files on the server's host."""

    reference: str = Field(min_length=1, max_length=200, description="The examiner's own; the same again goes on.", examples=["K-2026-0815 / 3"])  # fmt: skip
    folder: str = Field(min_length=1, max_length=4096, description="Where the media lie, absolute.")
    vics: str = Field(default="", max_length=4096, description="A VICS file that lists them; else every file.")  # fmt: skip
    source: str = Field(default="", max_length=200, description="Who gave it, and from what.")
    keep: bool = Field(default=True, description="Bytes go into the vault; else hashes alone.")

    def noun(self) -> NewExhibits:
        """As the verb takes it."""
        vics = FilePath(self.vics) if self.vics else None
        return NewExhibits(self.reference, FilePath(self.folder), vics, self.source, self.keep)


class ExhibitSetOut(Answer):
    """A set of exhibits."""

    number: int = Field(examples=[3])
    reference: str = Field(examples=["K-2026-0815 / 3"])
    source: str
    kind: str = Field(description="`vics` or `folder`.", examples=["vics"])
    state: str = Field(description="`taking`, `done` or `failed`.", examples=["done"])
    offered: int = Field(description="Files or rows that were read.", examples=[1200])
    taken: int = Field(description="Those that nobody had judged.", examples=[40])
    known: int = Field(examples=[1140])
    bad: int = Field(examples=[2])
    fault: str
    at: datetime
    done_at: datetime | None

    @classmethod
    def of(cls, one: ExhibitSet) -> ExhibitSetOut:
        """From the noun."""
        return cls(
            number=one.number, reference=one.reference, source=one.source, kind=one.kind.value,
            state=one.state.value, offered=one.offered, taken=one.taken, known=one.known,
            bad=one.bad, fault=one.fault, at=one.at, done_at=one.done_at,
        )  # fmt: skip


class ExhibitSetsOut(Answer):
    """The newest first."""

    sets: list[ExhibitSetOut]


class ExhibitOut(Answer):
    """One file of a set."""

    number: int = Field(examples=[77])
    reference: str = Field(examples=["row 12"])
    state: str = Field(description="`unknown`, `known`, `bad` or `no_bytes`.", examples=["unknown"])
    fault: str
    sha256: str
    size: int
    known_entry: int | None = Field(description="The listed entry that it matched.")
    same_as: int | None = Field(description="An earlier exhibit with the same bytes.")
    medium: int | None = Field(description="Its number among what links are sought for.")
    path: str = Field(
        default="", description="As its examiner gave it; where `names` asked for it."
    )

    @classmethod
    def of(cls, one: Exhibit) -> ExhibitOut:
        """From the noun."""
        return cls(
            number=one.number, reference=one.reference, state=one.state.value, fault=one.fault,
            sha256=one.sha256, size=one.size, known_entry=one.known_entry, same_as=one.same_as,
            medium=one.medium, path=str(one.told.get("path", "")),
        )  # fmt: skip


class ExhibitsOut(Answer):
    """Files of a set, in their order."""

    exhibits: list[ExhibitOut]
    after: int | None = Field(description="For the next page; none: this was the last.")


class ExhibitToldOut(ExhibitOut):
    """One file with what its examiner gave."""

    told: dict[str, Any] = Field(description="Path, source and times.")


@router.post("/v1/exhibit-imports", status_code=202, summary="Take exhibits in", responses=CHANGE)
@needs(P.DESK_SIGN)
def begin(body: ExhibitsIn, app: Parts, who: Who, signed_by: Signer = "") -> ExhibitSetOut:
    """For commands on the server's host. The worker reads them; ask by number how far it is."""
    if not signed_by:
        raise NotAllowed("Name the investigator who takes them in.")
    by = for_person(app, who, signed_by)
    return ExhibitSetOut.of(app.exhibiting.exhibits.begin(by, body.noun()))


@router.get("/v1/exhibits", summary="Sets of exhibits", responses=READ)
@needs(P.LINK_READ)
def sets(
    app: Parts, who: Who, before: Annotated[int | None, Query(ge=1, le=(1 << 53) - 1)] = None
) -> ExhibitSetsOut:
    """The newest first."""
    found = app.exhibiting.exhibits.every(who, before=before)
    return ExhibitSetsOut(sets=[ExhibitSetOut.of(one) for one in found])


@router.get("/v1/exhibits/{number}", summary="One set of exhibits", responses=READ)
@needs(P.LINK_READ)
def one_set(number: Number, app: Parts, who: Who) -> ExhibitSetOut:
    """How far it is."""
    return ExhibitSetOut.of(app.exhibiting.exhibits.get(who, number))


@router.get("/v1/exhibits/{number}/files", summary="Files of a set", responses=READ)
@needs(P.LINK_READ)
def files(
    number: Number, app: Parts, who: Who, *,
    state: Annotated[ExhibitState | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=(1 << 53) - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    names: Annotated[bool, Query(description="Paths too: for those who take in.")] = False,
    signed_by: Signer = "",
) -> ExhibitsOut:  # fmt: skip
    """What became of each, bad ones with their reason. That paths were read is written down."""
    part = app.exhibiting.exhibits
    by = for_person(app, who, signed_by) if signed_by else who
    read = part.named if names else part.files
    found = read(by, number, state=state, after=after, limit=limit)
    last = found[-1].number if len(found) == limit else None
    return ExhibitsOut(exhibits=[ExhibitOut.of(one) for one in found], after=last)


@router.get("/v1/exhibit-files/{number}", summary="One exhibit", responses=READ)
@needs(P.EXHIBIT_WRITE)
def told(number: Number, app: Parts, who: Who) -> ExhibitToldOut:
    """With its path, source and times; reading them is written down."""
    found = app.exhibiting.exhibits.told(who, number)
    return ExhibitToldOut(**ExhibitOut.of(found).model_dump(), told=dict(found.told))


def for_person(app: App, who: Principal, name: str) -> Principal:
    """A command's principal with the investigator behind it."""
    by = app.access.people.on_behalf(who, name, P.EXHIBIT_WRITE)
    return replace(by, permissions=by.permissions | {P.EXHIBIT_WRITE})
