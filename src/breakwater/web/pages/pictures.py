"""What every page that shows pictures asks and answers: one while a key is held, stills of a page.

Used by `looking` (cases), `grade` and `spots`, which add whose picture it is. Answers are never
cached and never have an address of their own: the browser draws them on a canvas.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from breakwater.errors import NotFound
from breakwater.model.ids import Id, parse_id
from breakwater.model.media import Level
from breakwater.review.looking.showing import MOST_STILLS, Look, Still

NEVER_KEPT = {"Cache-Control": "no-store"}


class OneLook(BaseModel):
    """Which frame of which item, how large, and why."""

    model_config = ConfigDict(extra="forbid")
    item: str = Field(max_length=64)
    frame: int = Field(ge=0, lt=1 << 31)
    level: Level
    reason: str = Field(min_length=1, max_length=200)


class OneStill(BaseModel):
    """One still of a page."""

    item: str = Field(max_length=64)
    frame: int = Field(ge=0, lt=1 << 31)


class SomeStills(BaseModel):
    """The stills of one page."""

    model_config = ConfigDict(extra="forbid")
    stills: list[OneStill] = Field(min_length=1, max_length=MOST_STILLS)

    @property
    def wanted(self) -> list[tuple[Id, int]]:
        """(item, frame) of each; raises `NotFound` for what is no id."""
        return [(id_of(one.item), one.frame) for one in self.stills]


def id_of(text: str) -> Id:
    """An id as a page sent it; raises `NotFound` for what is none."""
    found = parse_id(text)
    if found is None:
        raise NotFound("There is nothing of this id.")
    return found


def picture(shown: Look) -> Response:
    """One frame, with the id of its view and for how long it may be seen."""
    headers = {"X-View": shown.view, "X-View-Cap": str(shown.cap_ms), **NEVER_KEPT}
    return Response(shown.picture, media_type="image/webp", headers=headers)


def small_stills(shown: Iterable[Still]) -> JSONResponse:
    """The grey 32 × 18 stills of a page, those that could be shown."""
    body = [
        {"item": one.item, "frame": one.frame, "webp": base64.b64encode(one.picture).decode()}
        for one in shown if one.picture
    ]  # fmt: skip
    return JSONResponse({"stills": body}, headers=NEVER_KEPT)
