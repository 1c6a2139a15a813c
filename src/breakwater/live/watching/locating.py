"""Where a broadcast is fetched: a URL of a media server or service in, one checked address out.

The name is resolved once, here, and only the address goes on: the watcher connects to it and
the jailed child cannot connect at all. A media server may stand in the operator's private
networks; an address that a service tells must be public, or be a media server that an
administrator entered. Source: reference "reliability", Web and API (SSRF). Tests:
`tests/unit/test_live_locating.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from breakwater.errors import FetchRefused, Unavailable
from breakwater.live.playlist import Offer
from breakwater.live.servers import Servers
from breakwater.live.watching.held import RTMP, Target
from breakwater.model.stream import Stream
from breakwater.network.addresses import Network, allowed
from breakwater.network.fetch import Resolve, system_resolve

HLS_STALL_S: Final = "24"
"""More than the playlist's own patience (`live.playlist`), which ends the bytes by itself."""

PORTS: Final = {"rtmp": 1935, "rtmps": 443, "srt": 9710, "mpegts": 0, "flv": 0}
"""`mpegts://host:port` and `flv://host:port` are bytes over TCP."""


class Locator:
    """Finds addresses."""

    def __init__(
        self,
        servers: Servers,
        private: tuple[Network, ...],
        *,
        resolve: Resolve = system_resolve,
        hls: Offer | None = None,
    ) -> None:
        """Take what it asks.

        Args:
            servers: media servers with their adapters.
            private: blocks of private addresses at which media servers may stand.
            resolve: how names become addresses.
            hls: fetches playlists and offers their bytes at a loopback port.
        """
        self._servers, self._private, self._resolve = servers, private, resolve
        self._hls = hls

    def __call__(self, stream: Stream, patience: int = 1) -> Target:
        """Where to fetch a broadcast.

        Raises:
            Unavailable: there is no way to fetch it, or its name is unknown.
            FetchRefused: its address is one that we do not connect to.
        """
        options: Mapping[str, str] = {}
        private: tuple[Network, ...] = ()
        if stream.pull_url:
            url = stream.pull_url
            if self._is_ours(urlsplit(url)):
                private = self._private
        elif stream.server:
            adapter = self._servers.adapter(stream.server)
            url, options = adapter.pull_url(stream.name), adapter.pull_options()
            private = self._private
        else:
            raise Unavailable("Nobody said where this broadcast can be fetched.")
        return self._target(url, options, private, patience)

    def _target(
        self, url: str, options: Mapping[str, str], private: tuple[Network, ...], patience: int
    ) -> Target:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and self._hls is not None:
            here = self._hls(url, private)
            return Target(
                "127.0.0.1", here, "mpegts", "", {"stall_s": HLS_STALL_S}, patience=patience
            )
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 0)
        if parts.scheme not in PORTS or not host or not port:
            raise FetchRefused(f"Broadcasts are fetched by {', '.join(PORTS)}; not by this URL.")
        try:
            found = self._resolve(host, port)
        except OSError:
            raise Unavailable("The broadcast's host is unknown.") from None
        address = next((one for one in found if allowed(one, private)), None)
        if address is None:
            raise FetchRefused("The broadcast's host is at no address that may be watched.")
        numeric = f"[{address}]" if address.version == 6 else str(address)
        place = parts._replace(netloc=f"{numeric}:{port}").geturl()
        extra = dict(options)
        if parts.scheme in RTMP and host != str(address):
            app = parts.path.strip("/").split("/")[0]
            extra["rtmp_tcurl"] = f"{parts.scheme}://{parts.netloc}/{app}"
        if parts.scheme == "rtmps":  # the child speaks RTMP: its watcher speaks the TLS
            place = place.replace("rtmps:", "rtmp:", 1)
        return Target(
            str(address), port, parts.scheme, place, extra, patience=patience, name=host
        )  # fmt: skip

    def _is_ours(self, told: SplitResult) -> bool:
        """Whether a told address is that of a media server an administrator entered."""
        for server in self._servers.every():
            for url in (server.rtmp_url, server.hls_url):
                own = urlsplit(url)
                if url and (own.hostname, own.port) == (told.hostname, told.port):
                    return True
        return False
