"""Calls to peers: by the rules of `network.fetch`, capped, and never in the clear but inside.

https anywhere on the public internet; other addresses (a hub on this host or in this network) and
plain http only inside the blocks an operator named (`exchange_private_networks`). A status that
says wait, or go away, becomes an error here, once for all clients. Tests:
`tests/contract/test_exchange_clients.py`.
"""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Final

from breakwater.errors import (
    FetchFailed,
    FetchRefused,
    PeerFault,
    PeerRefused,
    TooLarge,
    Unavailable,
)
from breakwater.exchange.ports import Answer
from breakwater.model.clock import Clock
from breakwater.network.addresses import Address, Network
from breakwater.network.fetch import Fetcher, FetchRules, Resolve, system_resolve

UNKNOWN: Final = "it does not know these credentials."
"""What a refusal means where the peer says nothing more."""
PAGE_BYTES: Final = 32 << 20
"""Bytes of one page: 30 times what a page of 1,000 entries takes."""
FILE_BYTES: Final = 16 << 30
"""Bytes of a whole list as a file: 10 M rows of VICS are about 6 GB."""
LONGEST_WAIT_S: Final = 6 * 3600.0
"""A peer that asks us to wait longer is asked again after this."""


class PeerWire:
    """Calls to one peer."""

    def __init__(
        self,
        *,
        clock: Clock,
        private: tuple[Network, ...] = (),
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
        page_bytes: int = PAGE_BYTES,
        read_s: float = 60.0,
    ) -> None:
        """Take the rules.

        Args:
            clock: for deadlines.
            private: blocks an operator opened; plain http goes nowhere else.
            tls: whom to believe; None: the system's authorities.
            resolve: names to addresses.
            page_bytes: largest answer of `call`.
            read_s: longest silence.
        """

        def inside(host: str, port: int) -> Sequence[Address]:
            found = resolve(host, port)
            if not all(any(one in block for block in private) for one in found):
                raise FetchRefused("Plain http is for networks that were opened for it: use https.")
            return found

        def fetcher(scheme: str, most: int, total_s: float) -> Fetcher:
            rules = FetchRules(
                max_bytes=most, schemes=(scheme,), ports=(), private=private, max_redirects=0,
                connect_s=10.0, read_s=read_s, total_s=total_s,
            )  # fmt: skip
            names = inside if scheme == "http" else resolve
            return Fetcher(rules, clock, resolve=names, tls=tls)

        self._clock = clock
        self._pages = {s: fetcher(s, page_bytes, 600.0) for s in ("https", "http")}
        self._files = {s: fetcher(s, FILE_BYTES, 6 * 3600.0) for s in ("https", "http")}

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One request; see `ports.Wire`."""
        body = io.BytesIO()
        fetcher = self._pages[_scheme(url)]
        status, fields = _asked(
            lambda: fetcher.call(method, url, body, headers=headers, content=content)
        )
        return self._judged(Answer(status, fields, body.getvalue()))

    def download(
        self, url: str, to: Path, *, headers: Mapping[str, str] | None = None, part_of: str = ""
    ) -> Answer:  # fmt: skip
        """One large answer into a file; see `ports.Wire`."""
        have = to.stat().st_size if part_of and to.exists() else 0
        rest = {"Range": f"bytes={have}-", "If-Range": f'"{part_of}"'} if have else {}
        fetcher = self._files[_scheme(url)]
        with to.open("ab" if have else "wb") as file:
            sink = _Rest(file, have)
            status, fields = _asked(
                lambda: fetcher.call(
                    "GET", url, sink, headers={**(headers or {}), **rest}, begun=sink.begun
                )
            )
        if status == 416 and have:  # it holds as much as there is, or more: of something else
            to.unlink()
            return self.download(url, to, headers=headers)
        return self._judged(Answer(status, fields, b""))

    def follow(
        self, url: str, line: Callable[[str], bool], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Lines of an answer that does not end; see `ports.Wire`."""
        fetcher = self._files[_scheme(url)]
        try:
            status, fields = _asked(lambda: fetcher.call("GET", url, _Lines(line), headers=headers))
        except _Enough:
            return Answer(200, {}, b"")
        return self._judged(Answer(status, fields, b""))

    def _judged(self, answer: Answer) -> Answer:
        """The answer, unless its status says to wait or to go."""
        status = answer.status
        if status in {401, 403}:
            raise PeerRefused(f"It answered {status}: {_why(answer.body) or UNKNOWN}")
        if status == 429 or status >= 500:
            wait = self.wait_of(answer.headers.get("retry-after", ""))
            raise Unavailable(f"The peer answered {status}.", retry_after=wait)
        return answer

    def wait_of(self, text: str) -> float:
        """Seconds of a Retry-After header, a number or a date (RFC 9110 §10.2.3); 0: not said."""
        text = text.strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), LONGEST_WAIT_S)
        return _until(text, self._clock.now())


def _why(body: bytes) -> str:
    """What a problem document (RFC 9457) of the peer says, on one line; empty: nothing."""
    try:
        said = json.loads(body[:4096])
    except ValueError:
        return ""
    found = said.get("detail") if isinstance(said, dict) else None
    return (
        " ".join(word for word in found[:200].split() if word.isprintable())
        if isinstance(found, str)
        else ""
    )


class _Rest:
    """Takes the rest of a file, or the whole of it where the peer sends that instead."""

    def __init__(self, file: IO[bytes], have: int) -> None:
        self._file = file
        self._have = have
        self._good = False

    def begun(self, status: int, fields: Mapping[str, str]) -> None:
        """An answer begins; what is no part of the file is not written into it.

        Raises:
            PeerFault: it sends another part than was asked for.
        """
        if status == 206:
            if not fields.get("content-range", "").startswith(f"bytes {self._have}-"):
                raise PeerFault("It sends another part of the file than was asked for.")
        elif status == 200:
            self._file.truncate(0)
        self._good = status in {200, 206}

    def write(self, data: bytes, /) -> None:
        """Take some bytes."""
        if self._good:
            self._file.write(data)


class _Enough(Exception):
    """Ends a connection from inside."""


class _Lines:
    """Cuts what comes into lines."""

    def __init__(self, line: Callable[[str], bool]) -> None:
        self._line = line
        self._rest = b""

    def write(self, data: bytes, /) -> None:
        """Take some bytes; a line over 64 kB is dropped."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-65_536:]
        for one in lines:
            if not self._line(one.decode("utf-8", "replace").rstrip("\r")):
                raise _Enough


def _until(text: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), LONGEST_WAIT_S)


def _scheme(url: str) -> str:
    return "http" if url.startswith("http://") else "https"


def _asked(ask: Callable[[], tuple[int, dict[str, str]]]) -> tuple[int, dict[str, str]]:
    """Status and headers; what a call cannot do is an error of the peer's."""
    try:
        return ask()
    except FetchFailed as error:
        raise Unavailable(f"The peer does not answer: {error.detail}") from None
    except TooLarge as error:
        raise PeerFault(f"One answer is over {error.facts.get('limit')} bytes.") from None
    except OSError as error:  # TLS, and what sockets raise beside httpcore
        raise Unavailable(f"The peer cannot be reached ({type(error).__name__}).") from None
