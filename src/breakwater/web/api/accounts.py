"""`PUT /v1/accounts/{id}`: what a service knows of an account, kept with the evidence."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from breakwater.model.access import Permission
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import SERVICE, AccountIn
from breakwater.web.api.shapes import AccountOut
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["accounts"])

Account = Annotated[str, Path(max_length=512, pattern=r"^[^\x00]+$", examples=["acct-17"])]


@router.put(
    "/v1/accounts/{id}",
    summary="Tell what you know of an account",
    responses=problems(401, 403, 422, 429, 503),
)
@needs(P.ACCOUNT_WRITE)
def put(id: Account, body: AccountIn, app: Parts, who: Who) -> AccountOut:  # noqa: A002 - the path's own word
    """Each call is a new sealed row; earlier ones stay. Nothing of it is read back by a key."""
    taken_at = app.accounts.put(id, body.service, body.snapshot, body.taken_at, who)
    return AccountOut(service=body.service, account=id, taken_at=taken_at)


@router.get("/v1/accounts/{id}", summary="When an account was last told of", responses=problems(401, 403, 404, 422, 429))  # fmt: skip
@needs(P.ACCOUNT_WRITE)
def known(
    id: Account,  # noqa: A002 - the path's own word
    service: Annotated[str, Query(pattern=SERVICE, examples=["photos"])],
    app: Parts,
    who: Who,
) -> AccountOut:
    """The time only: what was told is evidence and leaves by a case, not by a key."""
    taken_at = app.accounts.told_at(id, service, who)
    return AccountOut(service=service, account=id, taken_at=taken_at)
