"""`/v1/banks/{name}/reels` and `/v1/reels`: known videos, added, vouched for and withdrawn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from starlette.requests import Request

from breakwater.banks.reels import NewReel
from breakwater.errors import BadInput
from breakwater.media.spool import Spool
from breakwater.model.access import Permission
from breakwater.model.copies import Reel
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_form, read_json
from breakwater.web.api.media import JSON_BYTES, known_id, patiently, spool_of
from breakwater.web.api.openapi import form_of, problems
from breakwater.web.api.requests import NAME, Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["banks"])

BankName = Annotated[str, Path(pattern=NAME, examples=["DEMO"])]
Number = Annotated[int, Path(ge=1, lt=1 << 32, examples=[7])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
_Words = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class ReelIn(Body):
    """What is said about a known video, beside its bytes."""

    label: _Words = Field(default="", description="For people; no names of persons.", examples=["clip 12"])  # fmt: skip
    source: _Words = Field(default="", description="Who gave it; the bank's source when empty.")


class DecidedIn(ReelIn):
    """An uploaded video that a person decided to be illegal."""

    upload: str = Field(max_length=64, description="Its id.", examples=[ID])


class ReelOut(Answer):
    """A known video."""

    id: str = Field(examples=[ID])
    number: int = Field(examples=[7])
    bank: str = Field(examples=["DEMO"])
    label: str
    source: str
    status: str = Field(description="`active`, `quarantined` or `withdrawn`.", examples=["active"])
    duration_s: float = Field(examples=[31.5])
    frames: int = Field(description="Frames it is recognised by.", examples=[120])
    sources: int = Field(description="Who vouch for it; an automatic cut needs two.", examples=[2])
    sha256: str = Field(description="Of its file; empty for a stopped broadcast.")

    @classmethod
    def of(cls, reel: Reel) -> ReelOut:
        """From the noun."""
        return cls(
            id=reel.id, number=reel.number, bank=reel.bank_name, label=reel.label,
            source=reel.source, status=reel.status.value, duration_s=reel.duration_s,
            frames=reel.frames, sources=reel.sources, sha256=reel.sha256.hex(),
        )  # fmt: skip


class ReelsOut(Answer):
    """Known videos by number."""

    reels: list[ReelOut]
    next: int | None = Field(description="Ask again with `after` set to this; null at the end.")


@router.get("/v1/banks/{name}/reels", summary="Known videos of a bank", responses=READ)
@needs(P.BANK_READ)
def reels(
    name: BankName,
    app: Parts,
    after: Annotated[int, Query(ge=0, lt=1 << 32)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ReelsOut:
    """By number, withdrawn ones too."""
    found = app.reels.page(name, after=after, limit=limit)
    return ReelsOut(
        reels=[ReelOut.of(reel) for reel in found],
        next=found[-1].number if len(found) == limit else None,
    )


@router.post(
    "/v1/banks/{name}/reels",
    status_code=201,
    response_model=ReelOut,
    summary="Make a video known",
    responses={**CHANGE, **problems(400, 413)},
    openapi_extra=form_of(ReelIn, file="file", alternative=DecidedIn),
)
@needs(P.BANK_WRITE, body=None)
async def add(name: BankName, request: Request, app: Parts, who: Who) -> ReelOut:
    """Send `multipart/form-data`, or JSON that names an upload somebody decided to be illegal.

    It is found before this answers, in uploads and broadcasts.
    """
    await patiently(request, app.banks.get, name)
    if request.headers.get("content-type", "").startswith("application/json"):
        wanted = checked(DecidedIn, await read_json(request, limit=JSON_BYTES))
        new = NewReel(name, wanted.label, wanted.source)
        made = await patiently(request, app.reels.add_decided, known_id(wanted.upload), new, who)
        return ReelOut.of(made)
    with spool_of(app) as spool:
        new = await _received(request, app, name, spool)
        return ReelOut.of(await patiently(request, app.reels.add, spool, new, who))


async def _received(request: Request, app: Any, bank: str, spool: Spool) -> NewReel:
    """The bytes into the spool, and what was said about them."""
    form = await read_form(request, spool, limit=app.settings.max_upload_bytes)
    if not form.file:
        raise BadInput("Send the file as a part with a file name: -F file=@clip.mp4.")
    about = checked(ReelIn, form.fields)
    spool.seal()
    return NewReel(bank, about.label, about.source, form.type)


@router.get("/v1/reels/{number}", summary="One known video", responses=READ)
@needs(P.BANK_READ)
def reel(number: Number, app: Parts) -> ReelOut:
    """With how many vouch for it."""
    return ReelOut.of(app.reels.get(number))


@router.post("/v1/reels/{number}/vouch", summary="Vouch for a known video", responses=CHANGE)
@needs(P.BANK_WRITE)
def vouch(number: Number, app: Parts, who: Who) -> ReelOut:
    """Two people or sources allow an automatic cut, where its bank does."""
    return ReelOut.of(app.reels.vouch(number, who))


@router.delete("/v1/reels/{number}", summary="Withdraw a known video", responses=CHANGE)
@needs(P.BANK_WRITE)
def withdraw(
    number: Number,
    app: Parts,
    who: Who,
    reason: Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$")] = "",
) -> ReelOut:
    """For ever: it is found no more before this answers, and verdicts are judged again."""
    return ReelOut.of(app.reels.withdraw(number, who, reason))
