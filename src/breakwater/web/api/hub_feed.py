"""`/v1/hub/changes`, `/v1/hub/segments`, `/v1/hub/news`: how members' own clients follow the hub.

A follower downloads the segments once, then asks for changes whenever `news` says that there are
some, at most seconds later. What it may have is decided by `hub.policy` at each request. What is
answered: `hub.feeds`; form of the files: docs/reference/hub-feeds.md. Tests:
`tests/integration/test_hub_feed.py`.
"""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import Path, Query
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, StreamingResponse

from breakwater.errors import BreakwaterError, TooManyRequests
from breakwater.hub.feeds.changes import MOST
from breakwater.model.access import Permission, Principal
from breakwater.model.hub_feed import hub_name
from breakwater.web.api.openapi import problems
from breakwater.web.gate import Parts, Router, Who, gate_of, needs
from breakwater.web.need import need_of

P = Permission
router = Router(tags=["hub"])

READ: Final = problems(401, 403, 404, 422, 429)
BEAT_S: Final = 10.0
GLANCE_S: Final = 0.5
"""How soon followers hear: a small part of the five seconds they are promised."""
STREAMS: Final = 1000
Purpose = Annotated[str, Query(pattern=r"^[a-z]{0,20}$", examples=["detection"])]
FileName = Annotated[
    str,
    Path(pattern=r"^[0-9a-f-]{36}\.seg$", examples=["0192a1c0-0000-7000-8000-000000000001.seg"]),
]


@router.get("/v1/hub/changes", summary="Entries and tombstones after a change", responses=READ)
@needs(P.HUB_PULL)
def changes(
    app: Parts,
    who: Who,
    after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
    purpose: Purpose = "",
) -> JSONResponse:
    """In commit order; ask again with `after` set to `through` until it is `newest`.

    `terms` of an entry is a place in the answer's `terms`. `reset` means: begin anew from 0.
    """
    return JSONResponse(asdict(app.feeds.changes.page(who, after, limit, purpose)))


@router.get("/v1/hub/key", summary="The key that the hub signs with", responses=READ)
@needs(P.HUB_PULL)
def key(app: Parts) -> JSONResponse:
    """Ed25519, 32 bytes in base64, older ones after it. Learn it once and keep it."""
    keys = app.db.keys
    every = [keys.public_key, *(one for one in keys.public_keys if one != keys.public_key)]
    return JSONResponse(
        {"hub": hub_name(every[0]), "keys": [base64.b64encode(one).decode() for one in every]}
    )


@router.get("/v1/hub/segments", summary="Files to download", responses=READ | problems(503))
@needs(P.HUB_PULL)
def segments(app: Parts, who: Who, purpose: Purpose = "") -> JSONResponse:
    """`manifest` is the text that is signed; `signature` and `key` are base64."""
    made = app.feeds.segments.manifest(who, purpose)
    return JSONResponse(
        {
            "manifest": made.manifest.decode(),
            "signature": base64.b64encode(made.signature).decode(),
            "key": base64.b64encode(made.key).decode(),
        }
    )


@router.get("/v1/hub/segments/{name}", summary="One file", responses=READ, response_class=FileResponse)  # fmt: skip
@needs(P.HUB_PULL)
def segment(name: FileName, app: Parts, who: Who, purpose: Purpose = "") -> FileResponse:
    """Takes `Range`, so that a download goes on where it was cut.

    Its entity tag is the SHA-256 of the list, in quotes: with `If-Range` two files are never mixed.
    """
    path, digest = app.feeds.segments.file(who, name, purpose)
    return FileResponse(
        path, media_type="application/octet-stream", headers={"ETag": f'"{digest}"'}
    )


@router.get("/v1/hub/export.csv", summary="A view as CSV v1", responses=READ, response_class=FileResponse)  # fmt: skip
@needs(P.HUB_PULL)
def export_csv(
    app: Parts,
    who: Who,
    after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
    purpose: Purpose = "",
) -> FileResponse:
    """Header `X-Hub-Through` says how far it goes; after a change, withdrawn rows too.

    `X-Hub-Left-Out` counts fingerprints that no column holds, such as URLs and domains.
    """
    return _export(app, who, "csv", "text/csv; charset=utf-8", after=after, purpose=purpose)


@router.get("/v1/hub/export.vics.json", summary="A view as a VICS hash set", responses=READ, response_class=FileResponse)  # fmt: skip
@needs(P.HUB_PULL)
def export_vics(app: Parts, who: Who, purpose: Purpose = "") -> FileResponse:
    """What has an MD5, without categories; `X-Hub-Left-Out` counts the rest."""
    return _export(app, who, "vics", "application/json", purpose=purpose)


def _export(app: Any, who: Principal, form: str, media: str, **how: Any) -> FileResponse:
    handle, name = tempfile.mkstemp(prefix="hub-", dir=app.settings.spool_dir)
    os.close(handle)
    path = FilePath(name)
    try:
        done = app.feeds.exports.write(who, form, path, **how)
    except BaseException:  # whatever it was, nothing stays behind
        path.unlink()
        raise
    return FileResponse(
        path, media_type=media,
        headers={"X-Hub-Through": str(done.through), "X-Hub-Left-Out": str(done.left_out)},
        background=BackgroundTask(path.unlink),
    )  # fmt: skip


class Newest:
    """Reads the newest change for all streams together, while there are any."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Condition()
        self.streams = 0
        self.change = 0

    async def join(self) -> None:
        """One stream more.

        Raises:
            TooManyRequests: too many are open.
        """
        if self.streams >= STREAMS:
            raise TooManyRequests("Too many followers listen.", retry_after=10)
        self.streams += 1
        if self._task is None or self._task.done():
            self.change = await self._read()
            self._task = asyncio.create_task(self._watch())

    async def _read(self) -> int:
        try:
            return int(await run_in_threadpool(self._app.feeds.changes.newest))
        except BreakwaterError:
            return self.change

    async def _watch(self) -> None:
        while self.streams:
            await asyncio.sleep(GLANCE_S)
            found = await self._read()
            if found != self.change:
                async with self._moved:
                    self.change = found
                    self._moved.notify_all()

    async def past(self, change: int) -> bool:
        """Wait until it is another; False when nothing came for a while."""
        try:
            async with asyncio.timeout(BEAT_S), self._moved:
                await self._moved.wait_for(lambda: self.change != change)
        except TimeoutError:
            return False
        return True


def _newest(request: Request, app: Any) -> Newest:
    state = request.app.state
    if not hasattr(state, "hub_newest"):
        state.hub_newest = Newest(app)
    found: Newest = state.hub_newest
    return found


@router.get("/v1/hub/news", summary="Hear when there are changes", responses=READ, response_class=StreamingResponse)  # fmt: skip
@needs(P.HUB_PULL)
async def news(request: Request, app: Parts, who: Who) -> StreamingResponse:
    """Server-sent events: `data: changes N` when the newest change is N, `data: beat` between."""
    del who
    newest = _newest(request, app)
    await newest.join()
    return StreamingResponse(_lines(request, newest), media_type="text/event-stream")


async def _lines(request: Request, newest: Newest) -> AsyncIterator[str]:
    stopping = getattr(request.app.state, "stopping", bool)
    try:
        told = newest.change
        yield f"retry: 2000\ndata: changes {told}\n\n"
        quiet = 0.0
        while not stopping():
            if newest.change != told or await _moved(newest, told):
                told = newest.change
                yield f"data: changes {told}\n\n"
                continue
            quiet += GLANCE_S
            if quiet >= BEAT_S:
                quiet = 0.0
                await gate_of(request).admit(request, need_of(news))
                yield "data: beat\n\n"
    except BreakwaterError:
        return  # the key is over; the follower finds out when it asks for anything
    finally:
        newest.streams -= 1


async def _moved(newest: Newest, told: int) -> bool:
    """Wait a moment: the server may be told to end meanwhile."""
    try:
        return await asyncio.wait_for(newest.past(told), GLANCE_S)
    except TimeoutError:
        return False
