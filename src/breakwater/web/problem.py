"""Errors as answers, once for all routes: `application/problem+json` of RFC 9457.

In comes an exception, out goes a `Problem` (status, stable code, what to do, facts) and from
it a response. Errors of the tree carry their own words; the framework's are given codes; a
validation fault names the field and what it takes; anything else is "internal" with a
reference that finds the log line, and nothing more. Tested in `tests/unit/test_problem.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from breakwater.errors import BadInput, BreakwaterError, NotFound, TooLarge

MEDIA_TYPE: Final = "application/problem+json"

_BY_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad_request", "The request cannot be read. Check its form and its Content-Type."),
    404: ("no_such_route", "There is no such address here. See /v1/openapi.json."),
    405: ("method_not_allowed", "This address does not take that method. See Allow."),
    413: (TooLarge.code, TooLarge.title()),
    415: ("unsupported_media_type", "This address does not take that Content-Type."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as the caller sees it.

    Attributes:
        reference: finds the log line; the only thing said of an unexpected failure.
        facts: machine-readable members besides the standard ones.
    """

    status: int
    code: str
    title: str
    detail: str = ""
    reference: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON members."""
        members: dict[str, Any] = {
            "type": f"urn:breakwater:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            members["detail"] = self.detail
        if self.reference:
            members["reference"] = self.reference
        return members | {k: v for k, v in self.facts.items() if k not in members}

    def response(self) -> Response:
        """As problem+json."""
        return Response(
            json.dumps(self.body(), separators=(",", ":")),
            status_code=self.status,
            headers=dict(self.headers),
            media_type=MEDIA_TYPE,
        )


def problem_of(error: Exception, *, reference: str) -> Problem:
    """Read any exception as a problem."""
    if isinstance(error, BreakwaterError):
        return _of_ours(error, reference)
    if isinstance(error, RequestValidationError):
        return _of_validation(error, reference)
    if isinstance(error, HTTPException):
        return _of_http(error, reference)
    return Problem(500, BreakwaterError.code, BreakwaterError.title(), reference=reference)


def _of_ours(error: BreakwaterError, reference: str) -> Problem:
    headers: dict[str, str] = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="breakwater"'
    wait = error.facts.get("retry_after")
    if isinstance(wait, int | float):
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    # An error of the tree without a class of its own says nothing it may not.
    detail = error.detail if type(error) is not BreakwaterError else ""
    return Problem(
        error.status,
        error.code,
        error.title(),
        detail=detail,
        reference=reference,
        facts={name: value for name, value in error.facts.items() if value is not None},
        headers=headers,
    )


def _of_validation(error: RequestValidationError, reference: str) -> Problem:
    faults = [_fault(fault) for fault in error.errors()[:20]]
    first = faults[0] if faults else {"where": "body", "what": "cannot be read"}
    return Problem(
        BadInput.status,
        BadInput.code,
        BadInput.title(),
        detail=f"{first['where']}: {first['what']}.",
        reference=reference,
        facts={"errors": faults},
    )


def _fault(fault: Mapping[str, Any]) -> dict[str, str]:
    """Where and what; never the value that was sent, which may be private."""
    if fault.get("type") == "json_invalid":
        place = next((str(p) for p in fault.get("loc", ()) if isinstance(p, int)), "?")
        return {"where": "body", "what": f"is not JSON (at character {place})"}
    where = ".".join(str(part) for part in _place(fault.get("loc", ())))
    what = str(fault.get("msg", "cannot be read")).rstrip(".")
    return {"where": where or "body", "what": what[:1].lower() + what[1:]}


def _place(loc: Sequence[Any]) -> Sequence[Any]:
    """The field's own name, without the framework's word for where it stood."""
    return loc[1:] if len(loc) > 1 and loc[0] in {"body", "query", "path", "header"} else loc


def _of_http(error: HTTPException, reference: str) -> Problem:
    code, title = _BY_STATUS.get(
        error.status_code,
        ("http_error", HTTPStatus(error.status_code).phrase + "."),
    )
    return Problem(
        error.status_code, code, title, reference=reference, headers=dict(error.headers or {})
    )


def example(error: type[BreakwaterError], detail: str = "") -> dict[str, Any]:
    """A problem for the OpenAPI document, made from the error class itself."""
    return Problem(error.status, error.code, error.title(), detail=detail).body()


NOT_FOUND_EXAMPLE: Final = example(NotFound)
