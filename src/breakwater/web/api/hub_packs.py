"""`/v1/hub/members/{id}/packs`: signed files for members that no network reaches.

Out goes one pack of what the member may have, sealed to its age keys; in comes what it sends back,
unsealed by whoever carried it: the secret identity never travels. Rules decide what goes out as on
every way. What is done: `hub.feeds.packs`. Tests: `tests/integration/test_hub_packs_api.py`.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.web.api.forms import read_raw
from breakwater.web.api.media import known_id, patiently, spool_of
from breakwater.web.api.openapi import body_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.hub.feeds.packs import Taken

P = Permission
router = Router(tags=["hub"])
FAULTS: Final = problems(400, 401, 403, 404, 409, 413, 422, 429, 503)
KEY_BYTES: Final = 32
BINARY: Final = {"type": "string", "format": "binary"}
FILE: Final = {
    "description": "The pack, an age file; `X-Hub-Through` says where the next begins, `X-Hub-Member` "
    "and `X-Hub-Key` what its reader enters once.",
    "content": {"application/octet-stream": {"schema": BINARY, "example": "a pack"}},
}
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
AgeKey = Annotated[str, Field(min_length=1, max_length=200)]


class PackIn(Body):
    """What a pack is to hold, and for whom it is sealed."""

    keys: list[AgeKey] = Field(
        min_length=1, max_length=8, description="Public age keys of the member.",
        examples=[["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]],
    )  # fmt: skip
    after: int = Field(default=0, ge=0, lt=1 << 62, description="Where its last pack ended.")
    purpose: str = Field(default="", pattern=r"^[a-z]{0,20}$", description="Empty: what it asks for.")  # fmt: skip


class TakenOut(Answer):
    """What came of a member's pack."""

    upto: int = Field(description="Its number: the next one goes on from here.")
    feedback: int = Field(description="Words on entries.")
    given: int = Field(description="New entries.")
    counted: int = Field(description="Entries whose matches were counted.")
    passed: int = Field(description="Words and counts of entries that are not, or no more, for it.")

    @classmethod
    def of(cls, taken: Taken) -> TakenOut:
        """From the noun."""
        return cls.model_validate(taken, from_attributes=True)


def public_key(text: str) -> bytes:
    """A member's Ed25519 public key.

    Raises:
        BadInput: not 32 bytes in base64.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInput("The member's signing key is 32 bytes in base64.")
    return key


@router.post("/v1/hub/members/{id}/packs", summary="Write a pack for a member without a network", responses=FAULTS | {200: FILE}, response_class=Response)  # fmt: skip
@needs(P.HUB_WRITE)
def write_pack(id: IdText, body: PackIn, app: Parts, who: Who) -> Response:  # noqa: A002 - the path's own word
    """Sealed to the member's keys. Headers say where the next one begins and how many rows it has."""
    made = app.feeds.packs.write(who, known_id(id), body.after, body.keys, body.purpose)
    said = {
        "X-Hub-Through": str(made.upto), "X-Hub-Rows": str(made.rows),
        "X-Hub-Member": str(made.member), "X-Hub-Key": base64.b64encode(made.key).decode(),
    }  # fmt: skip
    return Response(made.data, media_type="application/octet-stream", headers=said)


@router.post("/v1/hub/members/{id}/packs/taken", response_model=TakenOut, summary="Take a pack of a member", responses=FAULTS, openapi_extra=body_of(BINARY, "application/octet-stream", "a pack"))  # fmt: skip
@needs(P.HUB_WRITE, body=None)
async def take_pack(
    request: Request, id: IdText, app: Parts, who: Who,  # noqa: A002 - the path's own word
    key: Annotated[str, Query(max_length=64, description="The member's Ed25519 public key, in base64, learnt when it joined.")] = "",
) -> TakenOut:  # fmt: skip
    """Unsealed. Feedback and entries count once: a replay, a gap and a forgery change nothing."""
    member, sender = known_id(id), public_key(key)
    with spool_of(app) as spool:
        await read_raw(request, spool, limit=app.settings.max_upload_bytes)
        spool.seal()
        with spool.reader() as file:
            data = file.read()
    return TakenOut.of(
        await patiently(request, lambda: app.feeds.packs.take(who, member, data, sender))
    )
