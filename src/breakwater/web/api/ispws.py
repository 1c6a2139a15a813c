"""`/ispws/…`: NCMEC's reporting interface, at which others file reports with us.

Calls, codes and statuses: reference CyberTipline. Callers authenticate with HTTP Basic (an API
key's id and secret) and judge by `responseCode`; every answer carries `Request-ID`. A 401 has an
empty body, as theirs. Mounted where `reports_receive` is on; what is done: `reporting.receiving`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from breakwater.errors import BadInput, TooLarge
from breakwater.media.spool import Spool
from breakwater.model.access import Permission, Principal
from breakwater.reporting.receiving import rules
from breakwater.reporting.receiving.answers import Answer, Code
from breakwater.reporting.receiving.ispws import Caller, Sent
from breakwater.web.api.forms import Form, read_form, read_json
from breakwater.web.api.openapi import body_of
from breakwater.web.envelope import REFERENCE
from breakwater.web.gate import Parts, Router, Who, client_address, needs
from breakwater.web.problem import Problem

P = Permission
router = Router(tags=["reports of others"])

PREFIX: Final = "/ispws/"
OPEN: Final = frozenset({"/health", "/ready"})
XML: Final = "text/xml"
DOCUMENT: Final = "text/xml;charset=UTF-8"
NAME_LENGTH: Final = 2056
"""What the interface takes of a file's name."""

_SCHEMA: Final = {"type": "string"}
_ID_FORM: Final = body_of(
    {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    "multipart/form-data",
)
_FILE_FORM: Final = body_of(
    {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "file": {"type": "string", "format": "binary"},
        },
        "required": ["id", "file"],
    },
    "multipart/form-data",
)
_BY_STATUS: Final[Mapping[int, Code]] = {
    401: Code.AUTHENTICATION_REQUIRED, 404: Code.NO_RESOURCE, 405: Code.INVALID_REQUEST,
    400: Code.INVALID_REQUEST, 413: Code.INVALID_REQUEST, 422: Code.INVALID_REQUEST,
}  # fmt: skip
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Done; `responseCode` 0.", "content": {XML: {"schema": _SCHEMA}}},
    400: {
        "description": "Refused; `responseCode` says why.",
        "content": {XML: {"schema": _SCHEMA}},
    },
    401: {"description": "No key, or not a good one; the body is empty."},
    403: {"description": "Not by this key.", "content": {XML: {"schema": _SCHEMA}}},
    404: {"description": "No such report or file.", "content": {XML: {"schema": _SCHEMA}}},
    413: {"description": "Too large.", "content": {XML: {"schema": _SCHEMA}}},
    429: {"description": "Over the key's limit.", "content": {XML: {"schema": _SCHEMA}}},
    500: {"description": "Not done; call again.", "content": {XML: {"schema": _SCHEMA}}},
}


def _options(summary: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "summary": summary, "response_class": Response, "responses": _ANSWERS,
        "openapi_extra": body,
    }  # fmt: skip


@router.get("/ispws/status", **_options("Who asks"))
@needs(P.REPORT_SUBMIT, basic=True)
async def status(request: Request, app: Parts, who: Who) -> Response:
    """Shows that the credentials work."""
    return told(request, app.receiving.ispws.status(_caller(request, who)))


@router.get("/ispws/xsd", **_options("The schema of reports"))
@needs(P.REPORT_SUBMIT, basic=True)
async def xsd(request: Request) -> Response:
    """Ours, written from the published description."""
    return Response(rules.schema_bytes(), headers=_headers(request), media_type=DOCUMENT)


@router.post("/ispws/submit", **_options("Open a report", body_of(_SCHEMA, XML)))
@needs(P.REPORT_SUBMIT, body=None, basic=True)
async def submit(request: Request, app: Parts, who: Who) -> Response:
    """The body is one `report`; the answer has its `reportId`."""
    xml = await _xml(request, app)
    if isinstance(xml, Answer):
        return told(request, xml)
    return await _done(request, who, app.receiving.ispws.submit, xml)


@router.post("/ispws/upload", **_options("Add a file", _FILE_FORM))
@needs(P.REPORT_SUBMIT, body=None, basic=True)
async def upload(request: Request, app: Parts, who: Who) -> Response:
    """The answer has its `fileId` and the MD5 of the bytes that came."""
    limit = app.settings.reports_receive_file_bytes
    with Spool(limit=limit, directory=app.settings.spool_dir) as spool:
        form = await _form(request, spool, limit)
        if isinstance(form, Answer):
            return told(request, form)
        spool.seal()
        md5, _, sha256 = (digest.hex() for digest in spool.digests)
        sent = Sent(form.filename[:NAME_LENGTH], form.type[:255], spool.size, md5, sha256)
        with spool.reader() as source:
            verb = app.receiving.ispws.upload
            return await _done(request, who, verb, form.fields["id"], sent, source)


@router.post("/ispws/fileinfo", **_options("Describe a file", body_of(_SCHEMA, XML)))
@needs(P.REPORT_SUBMIT, body=None, basic=True)
async def fileinfo(request: Request, app: Parts, who: Who) -> Response:
    """The body is one `fileDetails`; at most one for each file."""
    xml = await _xml(request, app)
    if isinstance(xml, Answer):
        return told(request, xml)
    return await _done(request, who, app.receiving.ispws.fileinfo, xml)


@router.post("/ispws/finish", **_options("Finish a report", _ID_FORM))
@needs(P.REPORT_SUBMIT, body=None, basic=True)
async def finish(request: Request, app: Parts, who: Who) -> Response:
    """The answer is the receipt: a `reportDoneResponse` with every `fileId`."""
    return await _closing(request, who, app, app.receiving.ispws.finish)


@router.post("/ispws/retract", **_options("Take a report back", _ID_FORM))
@needs(P.REPORT_SUBMIT, body=None, basic=True)
async def retract(request: Request, app: Parts, who: Who) -> Response:
    """Only before it is finished; its content is destroyed."""
    return await _closing(request, who, app, app.receiving.ispws.retract)


async def _closing(
    request: Request, who: Principal, app: Any, verb: Callable[..., Answer]
) -> Response:
    with Spool(limit=1, directory=app.settings.spool_dir) as spool:
        form = await _form(request, spool, 1, file=False)
    if isinstance(form, Answer):
        return told(request, form)
    return await _done(request, who, verb, form.fields["id"])


async def _done(
    request: Request, who: Principal, verb: Callable[..., Answer], *args: Any
) -> Response:
    answer = await run_in_threadpool(verb, _caller(request, who), *args)
    return told(request, answer)


async def _xml(request: Request, app: Any) -> bytes | Answer:
    """The body of a call that sends XML, or what is wrong with it."""
    limit = app.settings.reports_receive_xml_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {XML, "application/xml"}:
        return Answer(Code.INVALID_REQUEST, "Send Content-Type: text/xml; charset=utf-8.")
    try:
        body = await read_json(request, limit=limit)
    except TooLarge:
        return Answer(Code.INVALID_REQUEST, f"At most {limit} bytes of XML are taken.", status=413)
    except BadInput as error:
        return Answer(Code.INVALID_REQUEST, error.detail)
    return body or Answer(Code.INVALID_REQUEST, "The body is empty.")


async def _form(request: Request, spool: Spool, limit: int, *, file: bool = True) -> Form | Answer:
    """The body of a call that sends a form, or what is wrong with it."""
    try:
        form = await read_form(request, spool, limit=limit)
    except TooLarge:
        words = (
            f"At most {limit} bytes are taken in one file." if file else "No file is taken here."
        )
        return Answer(Code.UPLOAD_FAILED if file else Code.INVALID_REQUEST, words, status=413)
    except BadInput as error:
        return Answer(Code.MALFORMED_FILE if file else Code.INVALID_REQUEST, error.detail)
    if not form.fields.get("id", "").strip():
        return Answer(Code.INVALID_REQUEST, "The field id is missing.")
    if file and form.file != "file":
        return Answer(Code.MALFORMED_FILE, "The part file is missing.")
    return form


def refusal(path: str, problem: Problem) -> Response:
    """What stopped a call before its handler, in the dialect."""
    headers = {"Request-ID": problem.reference, **problem.headers}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ispws", charset="UTF-8"'
        return Response(status_code=401, headers=headers)
    code = _BY_STATUS.get(problem.status, Code.SERVER_ERROR)
    if problem.status == 403:
        code = _forbidden(path)
    answer = Answer(code, problem.detail or problem.title, status=problem.status)
    return Response(answer.xml(), problem.status, headers, media_type=DOCUMENT)


def _forbidden(path: str) -> Code:
    call = path.removeprefix(PREFIX)
    if call == "submit":
        return Code.NOT_AUTHORISED_TO_SUBMIT
    return Code.NOT_AUTHORISED if call in {"status", "xsd"} else Code.NOT_AUTHORISED_TO_UPDATE


def alone(api: ASGIApp) -> ASGIApp:
    """The application with nothing else than this dialect and the health checks reachable."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and not path.startswith(PREFIX) and path not in OPEN:
            scope = {**scope, "path": f"{PREFIX}none"}
        await api(scope, receive, send)

    return serve


def told(request: Request, answer: Answer) -> Response:
    """An answer as a response."""
    return Response(answer.xml(), answer.http_status, _headers(request), media_type=DOCUMENT)


def _headers(request: Request) -> dict[str, str]:
    return {"Request-ID": str(request.scope.get(REFERENCE, ""))}


def _caller(request: Request, who: Principal) -> Caller:
    return Caller(who, client_address(request), str(request.scope.get(REFERENCE, "")))
