"""The page on which somebody searches by example: a picture or clip, a box in it, a reason.

The picture is drawn in the browser alone until it is sent; what is found comes back as a part of the
page. Thin over `linking.searching`, by the form of `web.api.link_search`. Tests:
`tests/integration/test_console_links_search.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.errors import BadInput, TooManyRequests, Unavailable
from breakwater.model.access import Permission
from breakwater.model.link import LinkKind
from breakwater.model.link_search import Searched
from breakwater.web.api.link_search import searched
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.read_links import KINDS
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, later, say

P = Permission
router = Router(include_in_schema=False)
SECTION: Final = "links"
CANNOT: Final = (BadInput, TooManyRequests, Unavailable)
WHY: Final[Mapping[LinkKind, str]] = Spoken({
    LinkKind.COPY: later("the same picture or the same piece of a video."),
    LinkKind.PLACE: later("perhaps from another side."),
    LinkKind.DECOR: later("the same thing in it. Another room may have it too."),
    LinkKind.SOUND: later("a stretch of it."),
    LinkKind.DEVICE: later("a device or a program left the same marks."),
    LinkKind.ACCOUNT: later("as far as its traces say."),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class HitItem:
    """One hit: which medium, why, how sure."""

    medium: int
    kind: str
    why: str
    score: int
    detail: str
    series: int


@dataclass(frozen=True, slots=True)
class FoundView:
    """What a search found."""

    hits: tuple[HitItem, ...]
    words: str
    abstained: bool


@router.get("/links/search")
@needs(P.LINK_WRITE)
def form(request: Request, pages: Pages, who: Who) -> HTMLResponse:
    """The empty form."""
    return show(request, pages, who, "links_search", section=SECTION)


@router.post("/links/search")
@needs(P.LINK_WRITE, body=None)
async def search(request: Request, app: Parts, pages: Pages, who: Who) -> HTMLResponse:
    """Search, and answer the part of the page that says what was found."""
    try:
        made, _ = await searched(request, app.linking.searching, who, app)
    except CANNOT as error:
        return show(
            request, pages, who, "parts/links_found", hits=None, wrong=refused(error),
            status=error.status,
        )  # fmt: skip
    return show(request, pages, who, "parts/links_found", hits=_view(made), wrong="")


def _view(made: Searched) -> FoundView:
    if made.abstained:
        return FoundView((), say("The example shows nothing to compare by."), abstained=True)
    hits = tuple(
        HitItem(
            one.medium, KINDS[one.kind], WHY[one.kind], round(100 * one.score),
            _detail(one.evidence), one.series or 0,
        )
        for one in made.hits
    )  # fmt: skip
    words = say(
        "%(n)s found. Frames that were compared: %(frames)s.", n=len(hits), frames=made.frames
    )
    return FoundView(hits, words, abstained=False)


def _detail(evidence: Mapping[str, object]) -> str:
    """How many points agree, where that is the reason."""
    pairs = evidence.get("pairs")
    if not isinstance(pairs, list) or not pairs:
        return ""
    most = max(int(one.get("inliers", 0)) for one in pairs)
    return say("%(n)s points agree.", n=most) if most else ""
