"""The wire to a media server's control interface: one kept connection, checked addresses.

An operator names the address; it may stand in a private network only if the settings say so
(`network.addresses`). Answers are bounded in size and time; whatever goes wrong is
`Unavailable`, whose detail names no address. Used by every adapter.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpcore

from breakwater.errors import BadInput, FetchFailed, FetchRefused, Unavailable
from breakwater.network.addresses import Network
from breakwater.network.fetch import Pinned, Resolve, system_resolve

MAX_ANSWER: Final = 32 << 20
"""A list of 1,000 broadcasts with their viewers is a few megabytes."""
CONNECT_S: Final = 2.0
READ_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """A 2xx status."""
        return 200 <= self.status < 300


class Control:
    """Requests to one media server."""

    def __init__(
        self,
        url: str,
        *,
        private: tuple[Network, ...] = (),
        user: str = "",
        password: str = "",
        bearer: str = "",
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take the address; nothing is sent yet.

        Args:
            url: base address, `http://127.0.0.1:18090`.
            private: blocks that need not be public.
            user: for Basic authentication.
            password: with it.
            bearer: token instead of them.
            resolve: how names become addresses.
            tls: who is trusted; None: the system's authorities.

        Raises:
            BadInput: this is no http or https address.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            raise BadInput("A media server's address cannot be read.") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise BadInput("A media server's address is http://host:port or https://host:port.")
        self._base = url.rstrip("/")
        self._headers = {"Host": parts.netloc, "User-Agent": "breakwater"}
        if bearer:
            self._headers["Authorization"] = f"Bearer {bearer}"
        elif user or password:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=8,
            keepalive_expiry=20.0,
            network_backend=Pinned(resolve, private),
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Read. Raises `Unavailable`."""
        return self.send("GET", path, query)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sink: Any = None,
    ) -> Reply:
        """Send one request.

        Args:
            method: GET, POST, DELETE.
            path: below the base, already quoted by `place`.
            query: parameters.
            content: a body.
            headers: besides our own.
            sink: takes the bytes of a 200 instead of the answer, without the bound on its size.

        Raises:
            Unavailable: no answer, too late, too large, or not HTTP.
        """
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        sent = {**self._headers, **(headers or {})}
        if content is not None:
            sent["Content-Length"] = str(len(content))
        elif method == "POST":
            sent["Content-Length"] = "0"
        timeout = {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": CONNECT_S}
        try:
            with self._pool.stream(
                method, url, headers=list(sent.items()), content=content,
                extensions={"timeout": timeout},
            ) as response:  # fmt: skip
                return Reply(response.status, self._read(response, sink))
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError,
                FetchFailed):  # fmt: skip
            raise Unavailable("The media server does not answer.") from None
        except FetchRefused as refused:
            raise Unavailable(f"The media server is not called. {refused.detail}") from None

    @staticmethod
    def _read(response: httpcore.Response, sink: Any) -> bytes:
        kept = bytearray()
        for chunk in response.iter_stream():
            if sink is not None and response.status == 200:
                sink.write(chunk)
                continue
            kept += chunk
            if len(kept) > MAX_ANSWER:
                raise Unavailable("The media server's answer does not end.")
        return bytes(kept)

    def close(self) -> None:
        """Let the connections go; who still waits for an answer gets `Unavailable`."""
        with suppress(RuntimeError):  # says that somebody still waited
            self._pool.close()


def place(*parts: str) -> str:
    """A path of parts, each quoted: `/hls/live/014`."""
    return "".join("/" + quote(part, safe="") for part in parts)
