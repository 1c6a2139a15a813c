"""A load generator that shares no code with the server: raw HTTP/1.1 over asyncio streams.

Closed loop: each connection asks again when it has its answer. Open loop: requests are due at
fixed times whatever the server does, and latency counts from the due time, so that a slow
answer is not hidden by the requests that were not sent meanwhile (coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import uvloop


@dataclass
class Outcome:
    """What a run saw: seconds per answer, answers by status, and the wall time."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall_s if self.wall_s else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of answers did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 if ordered else 0.0


class Connection:
    """One keep-alive connection."""

    def __init__(self, host: str, port: int) -> None:
        self._where = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one prepared request; answers status and body."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(*self._where)
        reader = self._reader
        assert reader is not None
        self._writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        body = await reader.readexactly(length)
        if b"connection: close" in head.lower():
            self.close()
        return status, body

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None


def json_post(path: str, body: object, key: str, host: str) -> bytes:
    """A prepared JSON request."""
    raw = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


def file_post(
    path: str, content: bytes, mime: str, fields: dict[str, str], key: str, host: str
) -> bytes:
    """A prepared multipart upload."""
    mark = "breakwaterbench"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        f"Content-Type: {mime}\r\n\r\n".encode()
        + content
        + b"\r\n"
    )
    raw = b"".join(parts) + f"--{mark}--\r\n".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary={mark}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


async def _closed(
    where: tuple[str, int], requests: Sequence[bytes], connections: int, seconds: float
) -> Outcome:
    out = Outcome()
    end = time.perf_counter() + seconds
    turn = iter(range(1 << 60))

    async def one() -> None:
        connection = Connection(*where)
        while time.perf_counter() < end:
            request = requests[next(turn) % len(requests)]
            started = time.perf_counter()
            status, _ = await connection.ask(request)
            out.seconds.append(time.perf_counter() - started)
            out.statuses[status] = out.statuses.get(status, 0) + 1
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    out.wall_s = time.perf_counter() - started
    return out


async def _open(
    where: tuple[str, int], requests: Sequence[bytes], connections: int, rate: float, seconds: float
) -> Outcome:
    out = Outcome()
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

    async def one() -> None:
        connection = Connection(*where)
        while (item := await due.get()) is not None:
            at, request = item
            status, _ = await connection.ask(request)
            out.seconds.append(time.perf_counter() - at)
            out.statuses[status] = out.statuses.get(status, 0) + 1
        connection.close()

    workers = [asyncio.create_task(one()) for _ in range(connections)]
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = started + number / rate
        wait = at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait((at, requests[number % len(requests)]))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    out.wall_s = time.perf_counter() - started
    return out


def closed_loop(
    where: tuple[str, int], requests: Sequence[bytes], *, connections: int, seconds: float
) -> Outcome:
    """As fast as the server answers, over `connections`."""
    return _run(lambda: _closed(where, requests, connections, seconds))


def open_loop(
    where: tuple[str, int],
    requests: Sequence[bytes],
    *,
    connections: int,
    rate: float,
    seconds: float,
) -> Outcome:
    """At `rate` a second, whatever the server does."""
    return _run(lambda: _open(where, requests, connections, rate, seconds))


def _run(make: Callable[[], object]) -> Outcome:
    return uvloop.run(make())  # type: ignore[arg-type]
