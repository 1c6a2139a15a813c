"""`/hub/{LIST}/v2/…`: NCMEC's hash sharing v2, for clients that speak it already.

One base address for each shared list, and `all` for all of them. HTTP Basic, any user name, the
password is a member's key (or user = the key's id, password = its secret). Answers are XML; a
refusal is a problem, whose status is all that such clients look at. What is answered:
`hub.feeds.windows`. Tests: `tests/integration/test_threatexchange_ncmec.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query
from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from breakwater.errors import BadInput
from breakwater.hub.feeds import ncmec
from breakwater.model.access import Permission, Principal
from breakwater.model.hub import FeedbackKind
from breakwater.web.api.openapi import body_of, problems
from breakwater.web.gate import Parts, Router, Who, client_address, needs

P = Permission
router = Router(tags=["hub"])

XML: Final = "application/xml"
TEXT: Final = {"type": "string"}


def _shown(example: str) -> dict[str, Any]:
    """What an answer looks like, in the API's description."""
    said = f'<?xml version="1.0" encoding="UTF-8"?>\n{example}'
    content = {XML: {"schema": TEXT, "example": said}}
    return {
        "response_class": Response,
        "responses": {
            200: {"description": "XML of the dialect.", "content": content},
            **problems(401, 403, 404, 422, 429),
        },
    }


ListName = Annotated[str, Path(pattern=r"^([A-Z0-9_]{1,64}|all)$", examples=["all"])]
Moment = Annotated[str, Query(max_length=40, examples=["2026-03-01T00:00:00Z"])]
Place = Annotated[str, Query(max_length=20, examples=["1000"])]
Type = Annotated[str, Path(pattern=r"^[A-Z0-9_]{1,24}$", examples=["PDQ"])]
Number = Annotated[int, Path(ge=0, lt=1 << 31, examples=[1])]
Entry = Annotated[str, Path(pattern=r"^[0-9]{1,10}$", examples=["1"])]
_SPACE: Final = f'xmlns="{ncmec.NAMESPACE}"'
_STATUS: Final = f'<status {_SPACE}><ipAddress>192.0.2.7</ipAddress><username>member</username><member id="3">Reed Bay</member></status>'
_MEMBERS: Final = f'<members {_SPACE}><member id="3">Reed Bay</member></members>'
_ENTRIES: Final = f'<queryResult {_SPACE}><images count="0"/></queryResult>'
_REASONS: Final = f"<availableFeedbackReasons {_SPACE}/>"
_GROUPS: Final = f"<availableCategorizations {_SPACE}/>"
_FEEDBACK: Final = body_of(
    TEXT, XML, f"<feedbackSubmission {_SPACE}><affirmative/></feedbackSubmission>"
)


def _xml(text: str) -> Response:
    return Response(text, media_type=XML)


@router.get("/hub/{name}/v2/status", summary="Who asks", **_shown(_STATUS))
@needs(P.HUB_PULL, basic=True)
def status(name: ListName, request: Request, app: Parts, who: Who) -> Response:
    """Shows that the credentials work."""
    return _xml(app.feeds.windows.status(who, name, client_address(request)))


@router.get("/hub/{name}/v2/members", summary="Members of the hub", **_shown(_MEMBERS))
@needs(P.HUB_PULL, basic=True)
def members(name: ListName, app: Parts, who: Who) -> Response:
    """Number and name of each."""
    return _xml(app.feeds.windows.members(who, name))


@router.get("/hub/{name}/v2/entries", summary="Entries of a window", **_shown(_ENTRIES))
@needs(P.HUB_PULL, basic=True)
def entries(  # noqa: PLR0917 - query parameters, passed by name
    name: ListName,
    app: Parts,
    who: Who,
    start: Place = "",
    to: Moment = "",
    begin: Annotated[
        str, Query(alias="from", max_length=40, examples=["2026-03-01T00:00:00Z"])
    ] = "",
) -> Response:
    """A thousand a page, `from <= timestamp < to`; `next` is the rest of the next address."""
    return _xml(app.feeds.windows.entries(who, name, begin, to, start))


@router.get(
    "/hub/{name}/v2/feedback/{kind}/reasons", summary="Reasons of feedback", **_shown(_REASONS)
)
@needs(P.HUB_PULL, basic=True)
def reasons(name: ListName, kind: Type, app: Parts, who: Who) -> Response:
    """Of negative feedback on a type of fingerprint."""
    return _xml(app.feeds.windows.reasons(who, name, kind))


@router.get(
    "/hub/{name}/v2/categorizations", summary="Words entries are sorted by", **_shown(_GROUPS)
)
@needs(P.HUB_PULL, basic=True)
def categorizations(name: ListName, app: Parts, who: Who) -> Response:
    """In their groups."""
    return _xml(app.feeds.windows.categorizations(who, name))


@router.put(
    "/hub/{name}/v2/entries/{member}/{entry}/{kind}/feedback",
    summary="Say what you think of an entry", status_code=204, openapi_extra=_FEEDBACK,
    response_class=Response, responses=problems(401, 403, 404, 422, 429),
)  # fmt: skip
@needs(P.HUB_PULL, basic=True)
async def feedback(  # noqa: PLR0917 - parts of the path, passed by name
    name: ListName,
    member: Number,
    entry: Entry,
    kind: Type,
    request: Request,
    app: Parts,
    who: Who,
) -> Response:
    """The body is one `feedbackSubmission`; the last word of a member counts."""
    affirmative, reasons = submitted(await request.body())
    opinion = FeedbackKind.AFFIRMATIVE if affirmative else FeedbackKind.NEGATIVE
    await run_in_threadpool(_said, app, who, name, member, entry, kind_of(kind), opinion, reasons)
    return Response(status_code=204)


def _said(  # noqa: PLR0917 - parts of the path
    app: Any, who: Principal, name: str, giver: int, entry: str, kind: str,
    opinion: FeedbackKind, reasons: tuple[str, ...],
) -> None:  # fmt: skip
    asking, number = app.feeds.windows.entry(who, name, giver, entry)
    app.feeds.feedback.give(asking.member, number, kind, opinion, reasons)


def submitted(body: bytes) -> tuple[bool, tuple[str, ...]]:
    """What a `feedbackSubmission` says: whether affirmative, and ids of reasons.

    Raises:
        BadInput: not one.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadInput("The body is not XML.") from None
    if root.getroottree().docinfo.doctype or etree.QName(root).localname != "feedbackSubmission":
        raise BadInput("The body is a feedbackSubmission.")
    votes = [one for one in root if isinstance(one.tag, str)]
    names = [etree.QName(one).localname for one in votes]
    if names == ["affirmative"]:
        return True, ()
    if names != ["negative"]:
        raise BadInput("A feedbackSubmission holds one affirmative or one negative.")
    guids = [
        (one.text or "").strip()
        for one in votes[0].iter()
        if isinstance(one.tag, str) and etree.QName(one).localname == "guid"
    ]
    if not guids:
        raise BadInput("Negative feedback names its reasons.")
    return False, tuple(guids)


def kind_of(name: str) -> str:
    """Our kind of a type in a path.

    Raises:
        BadInput: feedback on it is not taken here.
    """
    try:
        return ncmec.KINDS[name]
    except KeyError:
        raise BadInput(f"Feedback is taken on: {', '.join(ncmec.KINDS)}.") from None
