"""`DELETE /v1/references`: a service's user asked to be forgotten, or it deleted the object.

What passed under the service's own name of an object is erased: its row, its hashes, its frame
hashes. What is evidence stays: a case or preserved media stand against erasure (law reference).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import SERVICE
from breakwater.web.api.shapes import Answer
from breakwater.web.gate import Parts, Router, Who, needs

router = Router(tags=["media"])

Reference = Annotated[
    str, Query(min_length=1, max_length=512, pattern=r"^[^\x00]+$", examples=["obj-991"])
]
Service = Annotated[str, Query(pattern=rf"^$|{SERVICE}", examples=["photos"])]


class ErasedOut(Answer):
    """What was forgotten."""

    erased: int = Field(description="Uploads that passed under this reference, now forgotten.")


@router.delete(
    "/v1/references",
    summary="Forget what passed under a reference",
    responses=problems(401, 403, 422, 429, 503),
)
@needs(Permission.REFERENCE_ERASE)
def erase(reference: Reference, app: Parts, who: Who, service: Service = "") -> ErasedOut:
    """Evidence stays. Hashes are overwritten within seconds; a second call erases nothing."""
    return ErasedOut(erased=app.recorder.erase(service, reference, who))
