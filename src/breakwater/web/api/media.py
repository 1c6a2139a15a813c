"""`POST /v1/media`, resumable uploads and verdicts: bytes in, one verdict out.

Multipart bodies stream into a spool that never has a name; JSON names an object instead.
Screening runs on threads of its own, so that a slow decode never makes a look-up wait.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import anyio.to_thread
from fastapi import Header, Path
from starlette.requests import Request
from starlette.responses import Response

from breakwater.errors import BadInput, NotFound
from breakwater.intake import testfiles
from breakwater.intake.submit import Submission
from breakwater.media.spool import Spool
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.model.upload import Upload, UploadState
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_form, read_json, read_raw
from breakwater.web.api.openapi import body_of, form_of, problems
from breakwater.web.api.requests import AnnounceIn, ReferenceIn, SubmissionIn, storable
from breakwater.web.api.shapes import ID, PartOut, VerdictOut
from breakwater.web.gate import Parts, Router, Who, caller, needs

T = TypeVar("T")
P = Permission
router = Router(tags=["media"])

JSON_BYTES: Final = 64 << 10
KEY_LENGTH: Final = 255
IdText = Annotated[str, Path(max_length=64, examples=[ID])]


@router.post(
    "/v1/media",
    response_model=VerdictOut,
    summary="Screen one image or video",
    responses={
        202: {"model": VerdictOut, "description": "Taken; the verdict comes later."},
        **problems(400, 401, 403, 413, 422, 429, 503),
    },
    openapi_extra=form_of(SubmissionIn, file="file", alternative=ReferenceIn),
)
@needs(P.MEDIA_SCREEN, test_keys=True, body=None)
async def post_media(
    request: Request,
    app: Parts,
    who: Who,
    idempotency_key: Annotated[str, Header(max_length=KEY_LENGTH)] = "",
) -> Response:
    """Send `multipart/form-data` (file and fields), or JSON that names an object."""
    storable_header(idempotency_key)
    with spool_of(app) as spool:
        about, declared = await _receive(request, app, spool)
        submission = about.submission(declared_type=declared, idempotency_key=idempotency_key)
        upload = await patiently(request, app.intake.submit, spool, submission, who)
    return verdict_response(upload)


async def _receive(request: Request, app: Any, spool: Spool) -> tuple[SubmissionIn, str]:
    """The bytes into the spool, and what was said about them."""
    if request.headers.get("content-type", "").startswith("application/json"):
        wanted = checked(ReferenceIn, await read_json(request, limit=JSON_BYTES))
        at = wanted.object
        app.intake.permit(wanted.surface, wanted.jurisdiction)
        fetched = await patiently(request, app.references.bring, at.url, at.sha256, spool)
        return wanted, at.type or fetched.type
    form = await read_form(request, spool, limit=app.settings.max_upload_bytes)
    if not form.file:
        raise BadInput("Send the file as a part with a file name: -F file=@picture.jpg.")
    about = checked(SubmissionIn, form.fields)
    spool.seal()
    return about, form.type


@router.post(
    "/v1/uploads",
    status_code=201,
    response_model=PartOut,
    summary="Announce a large file",
    responses=problems(401, 403, 413, 422, 429, 503),
)
@needs(P.MEDIA_SCREEN)
def announce(body: AnnounceIn, app: Parts, who: Who, response: Response) -> PartOut:
    """Then send its parts with `PATCH`, each at the offset where the last one ended."""
    part = app.resumables.start(body.size, body.submission(declared_type=body.type), who)
    response.headers["Location"] = f"/v1/uploads/{part.id}"
    response.headers["Upload-Offset"] = "0"
    return PartOut(id=part.id, size=part.size, offset=part.received)


@router.get("/v1/uploads/{id}", summary="Where to go on", responses=problems(401, 403, 404))
@needs(P.MEDIA_SCREEN)
def arriving(id: IdText, app: Parts, who: Who, response: Response) -> PartOut:  # noqa: A002 - the path's own word
    """After a lost connection: the next part starts at `offset`."""
    part = app.resumables.get(known_id(id), who)
    response.headers["Upload-Offset"] = str(part.received)
    return PartOut(id=part.id, size=part.size, offset=part.received)


@router.patch(
    "/v1/uploads/{id}",
    response_model=None,
    summary="Send one part",
    responses={
        200: {"model": VerdictOut, "description": "The last part came; here is the verdict."},
        202: {"model": VerdictOut, "description": "The last part came; the verdict comes later."},
        204: {"description": "Taken; `Upload-Offset` says where the next part starts."},
        **problems(401, 403, 404, 409, 413, 422, 429, 503),
    },
    openapi_extra=body_of(
        {"type": "string", "format": "binary"}, "application/offset+octet-stream"
    ),
)
@needs(P.MEDIA_SCREEN, body=None)
async def append(
    id: IdText,  # noqa: A002 - the path's own word
    request: Request,
    app: Parts,
    who: Who,
    upload_offset: Annotated[int, Header(ge=0, le=1 << 62)],
) -> Response:
    """The answer to the last part is the verdict."""
    with spool_of(app) as spool:
        size = await read_raw(request, spool, limit=app.settings.max_upload_bytes)
        spool.seal()
        with spool.reader() as part:
            taken = await patiently(
                request, app.resumables.append, known_id(id), upload_offset, part, size, who
            )
    if isinstance(taken, Upload):
        return verdict_response(taken)
    return Response(status_code=204, headers={"Upload-Offset": str(taken.received)})


@router.get("/v1/verdicts/{id}", summary="Read a verdict", responses=problems(401, 403, 404))
@needs(P.VERDICT_READ)
def verdict(id: IdText, app: Parts, who: Who) -> VerdictOut:  # noqa: A002 - the path's own word
    """The present verdict; `revision` counts its changes."""
    return VerdictOut.of(app.intake.get(known_id(id), who))


@router.get(
    "/v1/test-files/{name}",
    response_class=Response,
    summary="An always-match file",
    responses={
        200: {"content": {"image/png": {}}, "description": "A harmless picture."},
        **problems(401, 403, 404),
    },
)
@needs(P.MEDIA_SCREEN)
def test_file(name: Annotated[str, Path(max_length=64, examples=["block.png"])]) -> Response:
    """`block.png` and `hold.png` always match for a *test* key, and for no other."""
    return Response(testfiles.content(name), media_type="image/png")


def verdict_response(upload: Upload) -> Response:
    """A verdict, 202 while it is pending."""
    body = VerdictOut.of(upload).model_dump_json()
    if upload.state is UploadState.DONE:
        return Response(body, media_type="application/json")
    headers = {"Location": f"/v1/verdicts/{upload.id}", "Retry-After": "1"}
    return Response(body, 202, headers, media_type="application/json")


def known_id(text: str) -> Id:
    """Read an id from a path; one that cannot be is simply not there."""
    found = parse_id(text)
    if found is None:
        raise NotFound("An id has the form 0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11.")
    return found


def spool_of(app: Any) -> Spool:
    """A fresh spool of this installation."""
    return Spool(limit=app.settings.max_upload_bytes, directory=app.settings.spool_dir)


def storable_header(value: str) -> None:
    """Refuse a header value that cannot be kept as text."""
    try:
        storable(value)
    except ValueError:
        raise BadInput("The Idempotency-Key is plain text.") from None


async def patiently(request: Request, verb: Callable[..., T], *args: Any) -> T:
    """Run a verb that may wait for the jail on the threads kept for that."""
    limiter = request.app.state.screening_threads
    return await anyio.to_thread.run_sync(partial(verb, *args), limiter=limiter)


def submitted(request: Request, app: Any, spool: Spool, submission: Submission) -> Upload:
    """For the older dialects: one submission, by whoever calls."""
    who = caller(request)
    if not isinstance(who, Principal):
        raise NotFound
    upload: Upload = app.intake.submit(spool, submission, who)
    return upload
