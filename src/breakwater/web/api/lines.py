"""A body of lines of any length, in batches, with bounded memory.

A batch is a thousand lines, eight megabytes of them, or what came in half a second. While a batch waits nothing more is
read, so that the sender feels it. A line that is too long is counted and skipped to its end; one
that is no message is counted by number. Used by `web.api.comments`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from breakwater.errors import BadInput, TooManyRequests
from breakwater.model.chat import MOST_MESSAGES, About, Taken
from breakwater.model.comment import Message

M = TypeVar("M", bound=BaseModel)

LINE: Final = 1 << 20
"""Bytes of a line."""

PAUSE_S: Final = 0.5
"""After which what came is taken, however many pieces it came in."""

BATCH_BYTES: Final = 8 << 20
"""Bytes of lines that make a batch full, whatever their number."""

PATIENCE: Final = 20
"""Times that a batch is tried while lanes have enough to do; then the sender is told."""

NAMED: Final = 10
"""Lines that are named in the answer."""

MOST_HELD: Final = 10_000
"""Ids of one answer; a service that sends for hours hears of the rest by webhook."""


@dataclass(slots=True)
class Batch:
    """Lines with their numbers.

    Attributes:
        unread: lines that were too long to be read.
        bad: numbers of lines that are no message, or of nobody.
        waits: what is still to be taken with the numbers of its lines, by chat; None: nobody has
            looked yet.
        taken: what was, so that another try takes nothing twice.
    """

    lines: list[tuple[int, bytes]] = field(default_factory=list, repr=False)
    unread: int = 0
    bad: list[int] = field(default_factory=list)
    waits: dict[About, list[tuple[int, Message]]] | None = field(default=None, repr=False)
    taken: list[Taken] = field(default_factory=list)

    def refuse(self, number: int) -> None:
        """A line that is no message, or of nobody."""
        self.bad.append(number)

    def read(self, model: type[M]) -> list[M]:
        """What the lines say; those that say nothing are refused."""
        return [one for _, one in self.numbered(model)]

    def numbered(self, model: type[M]) -> list[tuple[int, M]]:
        """What the lines say, with their numbers; those that say nothing are refused."""
        self.bad.clear()
        raw: list[tuple[int, object]] = []
        for number, line in self.lines:
            try:
                raw.append((number, json.loads(line.decode("utf-8", "replace"))))
            except (ValueError, RecursionError):
                self.refuse(number)
        return self._valid(model, raw)

    def _valid(self, model: type[M], raw: list[tuple[int, object]]) -> list[tuple[int, M]]:
        some = TypeAdapter(list[model])  # type: ignore[valid-type] # the caller names it
        try:
            made = some.validate_python([one for _, one in raw])
        except ValidationError as error:
            wrong = {int(one["loc"][0]) for one in error.errors(include_input=False)}
            for place in sorted(wrong):
                self.refuse(raw[place][0])
            raw = [one for place, one in enumerate(raw) if place not in wrong]
            made = some.validate_python([one for _, one in raw])
        return list(zip((number for number, _ in raw), made, strict=True))


class Lines:
    """What became of a body so far."""

    def __init__(self, stopping: Callable[[], bool] | None = None) -> None:
        """Begin with nothing; `stopping` says that the server ends."""
        self.taken: list[Taken] = []
        self.refused_lines: list[int] = []
        self.refused = 0
        self.stopping = stopping or (lambda: False)

    async def patiently(self, take: Callable[[Batch], Awaitable[None]], batch: Batch) -> None:
        """Take a batch, waiting while lanes have enough to do.

        Raises:
            TooManyRequests: for too long; says how many were taken before.
        """
        for tried in range(PATIENCE):
            try:
                await take(batch)
                break
            except TooManyRequests as busy:
                if tried == PATIENCE - 1:
                    done = sum(one.taken for one in (*self.taken, *batch.taken))
                    facts = {**busy.facts, "taken": done}
                    raise TooManyRequests(busy.detail, **facts) from None
                wait = busy.facts.get("retry_after")
                await asyncio.sleep(wait if isinstance(wait, float) else 1.0)
        if batch.taken:
            self.taken = [_sum([*self.taken, *batch.taken])]
        self.refused += len(batch.bad) + batch.unread
        self.refused_lines += batch.bad[: NAMED - len(self.refused_lines)]


async def read_lines(request: Request, lines: Lines) -> AsyncIterator[Batch]:
    """The body in batches.

    Raises:
        BadInput: the sender went away in the middle.
    """
    pieces = aiter(request.stream())
    cutter = _Cutter()
    waiting: asyncio.Task[bytes] | None = None
    due = time.monotonic() + PAUSE_S
    while not cutter.over and not lines.stopping():
        waiting = waiting or asyncio.ensure_future(anext(pieces, b""))
        done, _ = await asyncio.wait({waiting}, timeout=max(0.0, due - time.monotonic()))
        if time.monotonic() >= due:  # also where pieces never pause so long
            if cutter.batch.lines or cutter.batch.unread:
                yield cutter.next()
            due = time.monotonic() + PAUSE_S
        if not done:
            continue
        try:
            piece = waiting.result()
        except ClientDisconnect:
            raise BadInput("The body ended before its end.") from None
        waiting = None
        for batch in cutter.cut(piece):
            yield batch
    if waiting is not None:
        waiting.cancel()
    if cutter.batch.lines or cutter.batch.unread:
        yield cutter.next()


class _Cutter:
    """Cuts bytes into lines and lines into batches."""

    def __init__(self) -> None:
        self.batch = Batch()
        self.over = False
        self._rest = b""
        self._bytes = 0
        self._number = 0
        self._skips = False

    def next(self) -> Batch:
        """The batch so far; begins another."""
        full, self.batch, self._bytes = self.batch, Batch(), 0
        return full

    def cut(self, piece: bytes) -> list[Batch]:
        """Take bytes; no bytes are the end. Answers batches that are full."""
        self.over = not piece
        *whole, self._rest = (self._rest + (piece or b"\n")).split(b"\n")
        full = []
        for line in whole:
            self._line(line)
            if len(self.batch.lines) >= MOST_MESSAGES or self._bytes >= BATCH_BYTES:
                full.append(self.next())
        if len(self._rest) > LINE:
            self._skips, self._rest = True, b""
        return full

    def _line(self, line: bytes) -> None:
        self._number += 1
        if self._skips or len(line) > LINE:
            self._skips = False
            self.batch.unread += 1
        elif line.strip():
            self.batch.lines.append((self._number, line))
            self._bytes += len(line)


def _sum(some: list[Taken]) -> Taken:
    return Taken(
        taken=sum(one.taken for one in some),
        unscored=sum(one.unscored for one in some),
        held=tuple(name for one in some for name in one.held)[:MOST_HELD],
        alarms=tuple(alarm for one in some for alarm in one.alarms)[:MOST_HELD],
        measure=max((one.measure for one in some), key=lambda one: one.rank),
    )
