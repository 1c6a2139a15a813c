"""A receiving server that misbehaves on request: for tests of those who send, never in earnest.

Wraps the application of `breakwater reports serve --faults`; without that switch it is not
there. `POST /ispws-faults` plans faults, `GET` says what is planned and what came, `DELETE`
forgets the plan, `GET /ispws-faults/reports` lists what was received with its XML. It has no
key, so it is served on loopback only (`cli.reports`).

A fault names a call (`submit` … or `*`) and one of `KINDS`; it strikes `times` times after
letting `skip` calls pass, or with the probability `rate`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from breakwater.model.clock import SystemClock, iso
from breakwater.records import received
from breakwater.records.database import Database
from breakwater.reporting.receiving.answers import Answer, Code

CONTROL: Final = "/ispws-faults"
PREFIX: Final = "/ispws/"
CRASHED: Final = 86
"""Exit status of a process that was told to crash."""
MOST_SEEN: Final = 10_000

KINDS: Final = {
    "lost_request": "the connection ends before the call is done",
    "lost_answer": "the call is done, the connection ends without an answer",
    "hang_up": "the call is done, the connection ends in the middle of the answer",
    "slow": "the answer comes after `seconds`",
    "error": "HTTP 500 with code 1000, nothing is done",
    "error_after": "HTTP 500 with code 1000, the call is done",
    "answer": "the answer is `code`, nothing is done",
    "wrong_md5": "the hash in the answer is another file's",
    "crash_before": "the process ends before the call is done",
    "crash_unanswered": "the process ends after the call is done, before it is answered",
    "crash_after": "the process ends after the call is answered",
}


class ShiftedClock(SystemClock):
    """The system's clock moved by what a test says: hours of expiry pass at once."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        """The moved moment."""
        return super().now() + self.shift


class Fault(BaseModel):
    """One fault to come."""

    model_config = ConfigDict(extra="forbid")

    call: str = "*"
    fault: str
    times: int = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    rate: float = Field(default=0.0, ge=0.0, le=1.0)
    seconds: float = Field(default=1.0, ge=0.0, le=600.0)
    code: int = 1000


class Plan(BaseModel):
    """What a control call asks for.

    Attributes:
        shift_s: seconds by which the clock stands before the system's from now on.
        seed: of the faults that come by chance.
    """

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault] = []
    shift_s: float | None = None
    seed: int | None = None


class Faults:
    """The application, with faults."""

    def __init__(self, app: ASGIApp, *, db: Database, clock: ShiftedClock) -> None:
        """Wrap an application.

        Args:
            app: that serves the dialect.
            db: what was received is read from here.
            clock: the installation's.
        """
        self._app = app
        self._db = db
        self._clock = clock
        self._planned: list[Fault] = []
        self._seen: deque[tuple[str, str]] = deque(maxlen=MOST_SEEN)
        self._chance = random.Random(0)  # noqa: S311 - chance of a test, seeded so that it repeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, perhaps badly."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(CONTROL):
            await self._control(scope, receive, send)
        elif scope["type"] == "http" and path.startswith(PREFIX):
            call = path.removeprefix(PREFIX)
            fault = self._next(call)
            self._seen.append((call, fault.fault if fault else ""))
            await (self._app if fault is None else self._strike(fault))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _next(self, call: str) -> Fault | None:
        for fault in self._planned:
            if fault.call not in {"*", call}:
                continue
            if fault.rate:
                if self._chance.random() < fault.rate:
                    return fault
            elif fault.skip:
                fault.skip -= 1
            else:
                fault.times -= 1
                if not fault.times:
                    self._planned.remove(fault)
                return fault
        return None

    def _strike(self, fault: Fault) -> ASGIApp:
        ways: dict[str, Callable[[Fault], ASGIApp]] = {
            "lost_request": lambda _: _hang_up,
            "lost_answer": lambda _: self._done_then(_hang_up),
            "hang_up": lambda _: self._half_answered,
            "slow": self._slowly,
            "error": lambda _: answering(Answer(Code.SERVER_ERROR)),
            "error_after": lambda _: self._done_then(
                answering(Answer(Code.SERVER_ERROR), read=False)
            ),
            "answer": lambda one: answering(Answer(Code(one.code))),
            "wrong_md5": lambda _: self._wrong_md5,
            "crash_before": lambda _: _crash,
            "crash_unanswered": lambda _: self._done_then(_crash),
            "crash_after": lambda _: self._answered_then_crash,
        }
        return ways[fault.fault](fault)

    def _done_then(self, after: ASGIApp) -> ASGIApp:
        """Do the call, keep its answer back, and do something else instead."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app(scope, receive, _swallow)
            await after(scope, receive, send)

        return serve

    def _slowly(self, fault: Fault) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            kept: list[Message] = []

            async def keep(message: Message) -> None:
                kept.append(message)

            await self._app(scope, receive, keep)
            await asyncio.sleep(fault.seconds)
            for message in kept:
                await send(message)

        return serve

    async def _half_answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body = message.get("body", b"")
                await send({**message, "body": body[: len(body) // 2], "more_body": True})
            else:
                await send(message)

        await self._app(scope, receive, half)
        await _hang_up(scope, receive, send)

    async def _wrong_md5(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def changed(message: Message) -> None:
            body = message.get("body", b"")
            if b"<hash>" in body:
                at = body.index(b"<hash>") + 6
                message = {**message, "body": body[:at] + b"0" * 32 + body[at + 32 :]}
            await send(message)

        await self._app(scope, receive, changed)

    async def _answered_then_crash(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        await asyncio.sleep(0.05)  # the socket is written by the loop, after this call
        await _crash(scope, receive, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What a test asks: plan, look, forget."""
        status, answer = 200, {}
        if scope["path"] == CONTROL + "/reports":
            answer = {"reports": await asyncio.to_thread(self._reports)}
        elif scope["method"] == "GET":
            answer = {
                "planned": [fault.model_dump() for fault in self._planned],
                "calls": [{"call": call, "fault": fault} for call, fault in self._seen],
            }
        elif scope["method"] == "DELETE":
            self._planned.clear()
            self._seen.clear()
        else:
            status, answer = self._plan(await _body(receive))
        await _json(send, status, answer)

    def _plan(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            plan = Plan.model_validate_json(body)
        except ValidationError as error:
            return 422, {"detail": json.loads(error.json(include_url=False))}
        unknown = [one.fault for one in plan.faults if one.fault not in KINDS]
        codes = [one.code for one in plan.faults if one.code not in set(Code)]
        if unknown or codes:
            return 422, {"unknown": [*unknown, *codes], "kinds": KINDS}
        if plan.seed is not None:
            self._chance.seed(plan.seed)
        if plan.shift_s is not None:
            self._clock.shift = timedelta(seconds=plan.shift_s)
        self._planned += plan.faults
        return 200, {"planned": len(self._planned)}

    def _reports(self) -> list[dict[str, Any]]:
        """Everything received, for whoever counts what was lost and what came twice."""
        with self._db.read() as tx:
            found = received.recent(tx, 1_000_000)
            return [
                {
                    "report_id": one.number, "state": one.state.value, "case": one.case,
                    "opened_at": iso(one.opened_at),
                    "xml": received.xml_of(tx, one.id).decode("utf-8", "replace"),
                    "calls": [
                        {"call": call.what, "code": call.code, "request": call.request}
                        for call in received.calls_of(tx, one.number)
                    ],
                    "files": [
                        {
                            "file_id": file.token, "md5": file.md5, "size": file.size,
                            "name": file.name, "described": file.described_at is not None,
                        }
                        for file in received.files_of(tx, one.id)
                    ],
                }
                for one in reversed(found)
            ]  # fmt: skip


def answering(answer: Answer, *, read: bool = True) -> ASGIApp:
    """Answers this whatever was asked; `read` says that nobody has read the request before."""

    async def serve(_scope: Scope, receive: Receive, send: Send) -> None:
        if read:
            await _body(receive)
        headers = [
            (b"content-type", b"text/xml;charset=UTF-8"), (b"request-id", b"fault"),
        ]  # fmt: skip
        start = {"type": "http.response.start", "status": answer.http_status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.xml()})

    return serve


async def _hang_up(_scope: Scope, receive: Receive, _send: Send) -> None:
    """End the connection as a broken line does."""
    cycle = getattr(receive, "__self__", None)
    if cycle is None:
        raise RuntimeError("This server gives no way to end a connection.")
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _crash(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """End the process as `kill -9` does: nothing is closed, nothing is flushed."""
    os._exit(CRASHED)


async def _swallow(_message: Message) -> None:
    """An answer that nobody hears."""


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            return bytes(body)


async def _json(send: Send, status: int, answer: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
