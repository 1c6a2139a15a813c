"""Fetches media by URL without being led inside: off by default, for those who switch it on.

In comes a URL that a stranger may have chosen, out go bytes into a sink. Rules (reliability
reference, "Web and API"): only http and https on ports the operator allows; no user names in
the URL; every name is resolved once and refused if *any* of its addresses is not public;
the connection goes to the checked address and to no other; at most 3 redirects, each checked
like the first and never from https to http; sizes and seconds are counted while streaming;
no proxies from the environment, no cookies, no content encodings. Tested against ≥ 60
hostile URLs, rebinding and redirects in `tests/unit/test_fetch_ssrf.py`.
"""

from __future__ import annotations

import io
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from breakwater.errors import FetchFailed, FetchRefused, TooLarge
from breakwater.model.clock import Clock
from breakwater.network.addresses import Address, Network, allowed

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?"
)
_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*\.?")
"""Hosts that old resolvers read as numbers: 2130706433, 0x7f.1, 017700000001."""

Resolve = Callable[[str, int], Sequence[Address]]
Begun = Callable[[int, Mapping[str, str]], None]


class Sink(Protocol):
    """What bytes are written to: `media.spool.Spool`, or any binary file."""

    def write(self, data: bytes, /) -> Any:
        """Take some bytes."""
        ...


@dataclass(frozen=True, slots=True)
class FetchRules:
    """What may be fetched.

    Attributes:
        max_bytes: counted while streaming; a larger Content-Length is refused at once.
        schemes, ports: allowed ones; no ports means any.
        hosts: if not empty, only these names.
        private: blocks an operator opened for `hosts`; public addresses always pass.
        connect_s, read_s, total_s: longest times.
    """

    max_bytes: int
    schemes: tuple[str, ...] = ("https", "http")
    ports: tuple[int, ...] = (80, 443)
    hosts: tuple[str, ...] = ()
    private: tuple[Network, ...] = ()
    max_redirects: int = 3
    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: declared type, size, and how many redirects it took."""

    type: str
    size: int
    redirects: int


def system_resolve(host: str, port: int) -> Sequence[Address]:
    """Every address the system's resolver knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(info[4][0])) for info in found]


@dataclass(slots=True)
class Fetcher:
    """Fetches by one set of rules; holds no state between calls."""

    rules: FetchRules
    clock: Clock
    resolve: Resolve = system_resolve
    tls: ssl.SSLContext | None = None

    def fetch(self, url: str, sink: Sink) -> Fetched:
        """Fetch one URL into a sink.

        Raises:
            FetchRefused: the URL, one of its addresses or a redirect is not allowed.
            FetchFailed: it did not answer with the media.
            TooLarge: more bytes than allowed.
        """
        deadline = self.clock.monotonic() + self.rules.total_s
        for redirects in range(self.rules.max_redirects + 1):
            target = self._checked(url)
            try:
                answer = self._once(url, target, sink, deadline)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
                raise FetchFailed("The server did not answer as it should.") from None
            if isinstance(answer, str):
                url = self._next(target, url, answer)
                continue
            return Fetched(answer[0], answer[1], redirects)
        raise FetchRefused(f"It redirects more than {self.rules.max_redirects} times.")

    def check(self, url: str) -> None:
        """Refuse at once what would be refused later for its spelling, scheme, port or host.

        Raises:
            FetchRefused: it would never be called.
        """
        self._checked(url)

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send one body by the same rules, without following redirects.

        Returns:
            The answer's status and its body, which must not be over `max_bytes`.

        Raises:
            FetchRefused: the URL or one of its addresses is not allowed.
            FetchFailed: there was no proper answer.
            TooLarge: the answer is over `max_bytes`.
        """
        target = self._checked(url)
        deadline = self.clock.monotonic() + self.rules.total_s
        answer = io.BytesIO()
        sent = {**headers, "Host": target.netloc, "Accept-Encoding": "identity",
                "User-Agent": "breakwater", "Content-Length": str(len(content))}  # fmt: skip
        try:
            with self._stream("POST", url, sent, content) as response:
                self._copy(response.iter_stream(), answer, deadline)
                return response.status, answer.getvalue()
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            raise FetchFailed("The server did not answer as it should.") from None

    def call(
        self, method: str, url: str, sink: Sink, *, headers: Mapping[str, str] | None = None,
        content: bytes | None = None, begun: Begun | None = None,
    ) -> tuple[int, dict[str, str]]:  # fmt: skip
        """Make one request by the same rules, without following redirects.

        `begun` hears status and headers before the sink gets the first byte.

        Returns:
            The answer's status and its headers by names in lower case; its body is in the sink.

        Raises:
            FetchRefused: the URL or one of its addresses is not allowed.
            FetchFailed: there was no proper answer.
            TooLarge: the answer is over `max_bytes`.
        """
        target = self._checked(url)
        deadline = self.clock.monotonic() + self.rules.total_s
        sent = {"Host": target.netloc, "Accept-Encoding": "identity", "User-Agent": "breakwater",
                **({"Content-Length": str(len(content))} if content is not None else {}),
                **(headers or {})}  # fmt: skip
        try:
            with self._stream(method, url, sent, content) as response:
                fields = {
                    k.lower().decode("latin-1"): v.decode("latin-1") for k, v in response.headers
                }
                if fields.get("content-encoding", "identity").lower() != "identity":
                    raise FetchRefused("The answer is compressed, although that was not asked for.")
                if begun is not None:
                    begun(response.status, fields)
                self._copy(response.iter_stream(), sink, deadline)
                return response.status, fields
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            raise FetchFailed("The server did not answer as it should.") from None

    @contextmanager
    def _stream(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[httpcore.Response]:
        """One request over a connection of its own to a checked address."""
        backend = Pinned(self.resolve, self.rules.private)
        timeout = {"connect": self.rules.connect_s, "read": self.rules.read_s,
                   "write": self.rules.read_s, "pool": self.rules.connect_s}  # fmt: skip
        with (
            httpcore.ConnectionPool(
                ssl_context=self.tls, max_connections=1, network_backend=backend
            ) as pool,
            pool.stream(
                method, url, headers=list(headers.items()), content=content,
                extensions={"timeout": timeout},
            ) as response,
        ):  # fmt: skip
            yield response

    def _checked(self, url: str) -> SplitResult:
        """Read a URL strictly: what two parsers could read differently is refused."""
        if len(url) > 8192 or re.search(r"[^\x21-\x7e]|\\", url):
            raise FetchRefused("The URL has characters that do not belong in one.")
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            raise FetchRefused("The URL cannot be read.") from None
        if parts.scheme not in self.rules.schemes:
            raise FetchRefused(f"Only {' and '.join(self.rules.schemes)} URLs are fetched.")
        if "@" in parts.netloc:
            raise FetchRefused("A URL with a user name is not fetched.")
        if self.rules.ports and port not in self.rules.ports:
            raise FetchRefused("Its port is not one that is fetched from.")
        self._check_host(parts.hostname or "")
        return parts

    def _check_host(self, host: str) -> None:
        if ":" not in host:
            if not _HOST.fullmatch(host):
                raise FetchRefused("Its host is not a name.")
            if _NUMERIC.fullmatch(host) and not _is_dotted(host):
                raise FetchRefused("Its host is a number in an unusual spelling.")
        if self.rules.hosts and host.rstrip(".") not in self.rules.hosts:
            raise FetchRefused("Its host is not on the list of allowed hosts.")

    def _next(self, before: SplitResult, url: str, location: str) -> str:
        following = urljoin(url, location)
        if before.scheme == "https" and not following.lower().startswith("https://"):
            raise FetchRefused("It redirects from https to something else.")
        return following

    def _once(
        self, url: str, target: SplitResult, sink: Sink, deadline: float
    ) -> str | tuple[str, int]:
        """One request: the place of a redirect, or type and size of what was written."""
        headers = {
            "Host": target.netloc,
            "Accept": "image/*, video/*",
            "Accept-Encoding": "identity",
            "User-Agent": "breakwater",
        }
        with self._stream("GET", url, headers) as response:
            fields = {k.lower().decode("latin-1"): v.decode("latin-1") for k, v in response.headers}
            if response.status in REDIRECTS:
                return fields.get("location", "")
            self._check_answer(response.status, fields)
            size = self._copy(response.iter_stream(), sink, deadline)
            return fields.get("content-type", ""), size

    def _check_answer(self, status: int, fields: dict[str, str]) -> None:
        if status != 200:
            raise FetchFailed(f"The server answered {status}.")
        if fields.get("content-encoding", "identity").lower() != "identity":
            raise FetchRefused("The answer is compressed, although that was not asked for.")
        length = fields.get("content-length", "0")
        if length.isdecimal() and int(length) > self.rules.max_bytes:
            raise TooLarge(f"At most {self.rules.max_bytes} bytes.", limit=self.rules.max_bytes)

    def _copy(self, chunks: Iterable[bytes], sink: Sink, deadline: float) -> int:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.rules.max_bytes:
                raise TooLarge(f"At most {self.rules.max_bytes} bytes.", limit=self.rules.max_bytes)
            if self.clock.monotonic() > deadline:
                raise FetchFailed(f"It took longer than {self.rules.total_s:g} s.")
            sink.write(chunk)
        return size


class Pinned(httpcore.NetworkBackend):
    """Connects to the address that was checked: a name is resolved once, here, and not again."""

    def __init__(self, resolve: Resolve, private: tuple[Network, ...]) -> None:
        self._resolve = resolve
        self._private = private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, refuse if any address is not allowed, connect to the first that answers."""
        try:
            found = list(self._resolve(host, port))
        except (OSError, UnicodeError):
            raise FetchFailed("Its host has no address.") from None
        if not found:
            raise FetchFailed("Its host has no address.")
        if not all(allowed(address, self._private) for address in found):
            raise FetchRefused("Its host is not on the public internet.")
        last: Exception | None = None
        for address in found[:4]:
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                last = error
                continue
            return stream
        raise FetchFailed("Its host does not answer.") from last

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Never."""
        del path, timeout, socket_options
        raise FetchRefused("Only the public internet is fetched from.")

    def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        self._inner.sleep(seconds)


def _is_dotted(host: str) -> bool:
    """Whether a numeric host is four plain decimal numbers."""
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
