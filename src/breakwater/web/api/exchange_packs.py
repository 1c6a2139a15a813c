"""`/v1/exchanges/{name}/packs`: signed files between us and a hub that no network reaches.

In comes a pack of the hub's, unsealed by whoever carried it: the secret identity never travels. Out
goes one of ours, signed with this installation's key and sealed to the hub. What is done:
`exchange.carried`. Tests: `tests/integration/test_exchange_packs.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from breakwater.exchange.carried import MOST_GIVEN, Given, Laid
from breakwater.model.access import Permission
from breakwater.web.api.forms import read_raw
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import body_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["exchange"])
FAULTS: Final = problems(400, 401, 403, 404, 409, 413, 422, 429, 503)
BINARY: Final = {"type": "string", "format": "binary"}
FILE: Final = {
    "description": "The pack, an age file; headers `X-Pack-*` say its number, what it holds and "
    "the key that verifies it.",
    "content": {"application/octet-stream": {"schema": BINARY, "example": "a pack"}},
}
Name = Annotated[str, Path(min_length=1, max_length=64, examples=["ncmec-1"])]


class LaidOut(Answer):
    """A pack that is right and the next one; it is taken now, as a pull."""

    after: int = Field(description="The hub's changes it begins after.")
    upto: int = Field(description="The next pack begins after this.")

    @classmethod
    def of(cls, laid: Laid) -> LaidOut:
        """From the noun."""
        return cls(after=laid.after, upto=laid.upto)


class GiveBackIn(Body):
    """What goes beside the words and counts that wait."""

    given: list[dict[str, Any]] = Field(
        default_factory=list, max_length=MOST_GIVEN,
        description="Entries for the hub's lists: `list`, and the words of one row as "
        "`/v1/hub/lists/{name}/entries` takes them.",
        examples=[[{"list": "HARBOUR", "md5": "9e107d9d372bb6826bd81d3542a419d6"}]],
    )  # fmt: skip


@router.post("/v1/exchanges/{name}/packs/taken", status_code=202, response_model=LaidOut, summary="Take a pack of a hub", responses=FAULTS, openapi_extra=body_of(BINARY, "application/octet-stream", "a pack"))  # fmt: skip
@needs(P.EXCHANGE_WRITE, body=None)
async def take(request: Request, name: Name, app: Parts, who: Who) -> LaidOut:
    """Unsealed. A replay, a gap and a forgery change nothing, and the answer says what to do."""
    with spool_of(app) as spool:
        await read_raw(request, spool, limit=app.settings.max_upload_bytes)
        spool.seal()
        with spool.reader() as file:
            data = file.read()
    carried = app.exchange.carried
    return LaidOut.of(await patiently(request, lambda: carried.take(name, data, who)))


@router.post("/v1/exchanges/{name}/packs", summary="Write a pack back to a hub", responses=FAULTS | {200: FILE}, response_class=Response)  # fmt: skip
@needs(P.EXCHANGE_WRITE)
def give(name: Name, body: GiveBackIn, app: Parts, who: Who) -> Response:
    """Feedback and match counts that wait, by the feed's policy, and the entries you name."""
    return answer(app.exchange.carried.give(name, body.given, who))


@router.get("/v1/exchanges/{name}/packs/last", summary="The last pack back, again", responses=FAULTS | {200: FILE}, response_class=Response)  # fmt: skip
@needs(P.EXCHANGE_WRITE)
def again(name: Name, app: Parts, who: Who) -> Response:
    """As it was written, for a file that was lost: the hub takes each pack once."""
    return answer(app.exchange.carried.again(name, who))


def answer(made: Given) -> Response:
    """A pack with what it holds."""
    said = {
        "X-Pack-Number": str(made.number), "X-Pack-Key": made.key_text,
        "X-Pack-Feedback": str(made.feedback), "X-Pack-Counts": str(made.counts),
        "X-Pack-Given": str(made.given),
    }  # fmt: skip
    return Response(made.data, media_type="application/octet-stream", headers=said)
