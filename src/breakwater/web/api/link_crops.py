"""`/v1/links/crops`: cut-outs of things for public appeals, by two people, nobody in them.

The second person looks at exactly the cut-out (`/look`, an audit row) before they say that nobody is
in it. What leaves is a PNG of pixels alone. Thin over `linking.cropping`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from breakwater.model.access import Permission
from breakwater.model.link_crop import Crop, CropState
from breakwater.model.media import Level
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.workstation import Workstation

P = Permission
router = Router(tags=["links"])
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)
CropId = Annotated[str, Path(max_length=64, examples=[ID])]
Share = Annotated[float, Field(ge=0, le=1)]


class CropIn(Body):
    """What shall be cut out, and for which appeal."""

    medium: int = Field(ge=1, le=(1 << 53) - 1, examples=[41])
    time_s: float = Field(default=0, ge=0, le=1e6, description="Seconds from its start; 0 of a picture.")  # fmt: skip
    box: tuple[Share, Share, Share, Share] = Field(description="x, y, width, height; 0 to 1 of the picture's sides.", examples=[[0.5, 0.25, 0.2, 0.3]])  # fmt: skip
    purpose: str = Field(min_length=3, max_length=500, examples=["A poster beside a door"])


class AgreeIn(Body):
    """What the second person says, having looked."""

    nobody: bool = Field(description="Nobody is in it.", examples=[True])


class CropLookIn(Body):
    """How large, and why."""

    level: Level = Field(default=Level.S4, examples=["s4"])
    reason: str = Field(min_length=1, max_length=200, examples=["To agree to an appeal"])


class CropOut(Answer):
    """One cut-out, and where it stands."""

    id: str = Field(examples=[ID])
    medium: int = Field(examples=[41])
    time_s: float
    box: tuple[float, float, float, float]
    purpose: str
    state: CropState
    proposed_by: str = Field(examples=[ID])
    agreed_by: str | None = Field(default=None, examples=[ID])
    at: datetime
    exported_at: datetime | None = None

    @classmethod
    def of(cls, one: Crop, now: datetime) -> CropOut:
        """From the noun."""
        return cls(
            id=one.id, medium=one.medium, time_s=one.time_s, box=one.box, purpose=one.purpose,
            state=one.state(now), proposed_by=one.by, agreed_by=one.second_by, at=one.at,
            exported_at=one.done_at,
        )  # fmt: skip


class CropsOut(Answer):
    """Cut-outs, the newest first; a hundred at most."""

    crops: list[CropOut]


@router.get("/v1/links/crops", summary="Cut-outs for public appeals", responses=READ)
@needs(P.LINK_WRITE)
def every(
    app: Parts, medium: Annotated[int | None, Query(ge=1, le=(1 << 53) - 1)] = None
) -> CropsOut:
    """The newest, or those of one medium."""
    found = app.linking.cropping.every(None if medium is None else [medium])
    return CropsOut(crops=[CropOut.of(one, app.clock.now()) for one in found])


@router.post("/v1/links/crops", status_code=202, summary="Cut a thing out", responses=CHANGE)
@needs(P.LINK_WRITE)
def propose(body: CropIn, app: Parts, who: Who) -> CropOut:
    """Another person looks at it and agrees within 24 hours; a key cannot."""
    made = app.linking.cropping.propose(
        who, body.medium, time_s=body.time_s, box=body.box, purpose=body.purpose
    )
    return CropOut.of(made, app.clock.now())


@router.post("/v1/links/crops/{crop}/look", summary="Look at a cut-out", responses={**CHANGE, 200: {"content": {"image/webp": {}}, "description": "It, with the viewer's name in it."}}, response_class=Response)  # fmt: skip
@needs(P.LINK_WRITE)
def look(crop: CropId, body: CropLookIn, app: Parts, who: Who, at: Workstation) -> Response:
    """On a workstation; the look is an audit row before its first byte leaves."""
    shown = app.review.crop_views.look(
        who, crop=known_id(crop), level=body.level, reason=body.reason, device=at
    )
    headers = {
        "X-View": shown.view, "X-View-Cap": str(shown.cap_ms), "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(shown.picture, media_type="image/webp", headers=headers)


@router.post("/v1/links/crops/{crop}/confirm", summary="Agree as second person", responses=CHANGE)
@needs(P.LINK_WRITE)
def confirm(crop: CropId, body: AgreeIn, app: Parts, who: Who) -> CropOut:
    """Nobody is in it, says who has looked at exactly it. Who cut it out is refused."""
    made = app.linking.cropping.confirm(who, known_id(crop), nobody=body.nobody)
    return CropOut.of(made, app.clock.now())


@router.delete("/v1/links/crops/{crop}", summary="Refuse a cut-out", responses=CHANGE)
@needs(P.LINK_WRITE)
def refuse(crop: CropId, app: Parts, who: Who) -> CropOut:
    """By one person; its bytes are destroyed."""
    return CropOut.of(app.linking.cropping.refuse(who, known_id(crop)), app.clock.now())


@router.post("/v1/links/crops/{crop}/export", summary="Export a cut-out", responses={**CHANGE, 200: {"content": {"image/png": {}}, "description": "A PNG of pixels alone; `X-SHA256` is its hash."}}, response_class=Response)  # fmt: skip
@needs(P.LINK_WRITE)
def export(crop: CropId, app: Parts, who: Who) -> Response:
    """Each export is an audit row with the purpose and the hash."""
    out = app.linking.cropping.export(who, known_id(crop))
    headers = {
        "X-SHA256": out.sha256, "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="appeal-{crop[:8]}.png"',
    }  # fmt: skip
    return Response(out.png, media_type="image/png", headers=headers)
