"""Health, readiness, metrics and the API's own description."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from breakwater.errors import Unavailable
from breakwater.model.access import Permission
from breakwater.web.api.openapi import problems
from breakwater.web.api.shapes import Word
from breakwater.web.gate import Parts, Router, anyone, needs
from breakwater.web.need import known

P = Permission
router = Router(tags=["system"])

STALE: Final = 100_000
"""Changes the index may lag behind: a bulk import in progress, not a stopped feed."""


@router.get("/health", summary="Whether the process answers")
@anyone("one word for load balancers; says nothing else")
async def health() -> Word:
    """Always `ok` while the process lives."""
    return Word(status="ok")


@router.get("/ready", summary="Whether it can take work", responses=problems(503))
@anyone("one word for load balancers; says nothing else")
def ready(app: Parts, response: Response) -> Word:
    """`ready` once database, index and jail work; 503 otherwise."""
    good = is_ready(app)
    response.status_code = 200 if good else 503
    return Word(status="ready" if good else "not_ready")


def is_ready(app: Any) -> bool:
    """Whether the database answers and the index follows it."""
    try:
        return bool(app.feed.lag() < STALE)
    except Unavailable:
        return False


@router.get(
    "/metrics",
    response_class=Response,
    summary="Prometheus metrics",
    responses={
        200: {"content": {"text/plain": {}}, "description": "Metrics."},
        **problems(401, 403),
    },
)
@needs(P.METRICS_READ)
def metrics(app: Parts) -> Response:
    """Counts and times; nothing about anybody."""
    kind = "text/plain; version=0.0.4; charset=utf-8"
    return Response(app.metrics.exposition(), media_type=kind)


@router.get("/v1/openapi.json", include_in_schema=False)
@known("whoever connects a service reads how; it says nothing about anybody")
def description(request: Request) -> JSONResponse:
    """This API as OpenAPI."""
    return JSONResponse(request.app.openapi())
