"""Bytes that lie elsewhere: object references and, if switched on, plain URLs, into a spool.

An object reference is a presigned HTTPS URL on a host that the operator named, or a key in a
bucket that the operator named (`intake.objectstores`), with the SHA-256 the bytes must have:
the service vouches for them and pays for no second upload. Any other URL is fetched only if
the operator switched fetching on. Feeds `intake.submit` through `web.api.media`; the network
rules are those of `network.fetch`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from breakwater.errors import BadInput, FetchFailed, FetchRefused
from breakwater.intake.objectstores import SCHEMES, ObjectStores
from breakwater.media.spool import Spool
from breakwater.model.clock import Clock
from breakwater.network.addresses import Network, networks
from breakwater.network.fetch import Fetched, Fetcher, FetchRules

REFERENCE_PORTS: Final = (443, 8443, 9000)
"""HTTPS, and where self-hosted object stores usually stand."""


class References:
    """Brings bytes by reference."""

    def __init__(
        self,
        *,
        clock: Clock,
        max_bytes: int,
        hosts: Sequence[str] = (),
        private_networks: Sequence[str] = (),
        any_url: bool = False,
        stores: ObjectStores | None = None,
    ) -> None:
        """Take the operator's rules.

        Args:
            clock: for the deadline.
            max_bytes: the largest object.
            hosts: names whose presigned HTTPS URLs are accepted.
            private_networks: blocks at which those hosts may stand.
            any_url: fetch other public URLs too.
            stores: buckets whose keys are accepted.
        """
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self._stores = stores
        self._any_url = any_url
        opened = networks(private_networks)
        self._store = Fetcher(_rules(max_bytes, tuple(self._hosts), opened), clock)
        held = stores.hosts if stores else ()
        self._bucket = Fetcher(_rules(max_bytes, held, opened), clock)
        self._public = Fetcher(FetchRules(max_bytes=max_bytes), clock)

    def bring(self, url: str, sha256: str, spool: Spool) -> Fetched:
        """Fetch the bytes and check that they are the ones meant.

        Args:
            url: a key in a named bucket, presigned HTTPS on an allowed host, or any public URL
                if that is switched on.
            sha256: hexadecimal; required for an object reference.
            spool: takes the bytes and is finished here.

        Raises:
            FetchRefused: not allowed here.
            FetchFailed: it did not give the bytes, or gave other bytes.
            BadInput: an object reference without its SHA-256.
        """
        if url.partition("://")[0] in SCHEMES and self._stores is not None:
            _required(sha256)
            fetched = self._bucket.fetch(self._stores.url(url), spool)
        else:
            fetched = self._fetcher(url, sha256).fetch(url, spool)
        spool.seal()
        if sha256 and not hmac.compare_digest(spool.sha256, sha256.lower()):
            raise FetchFailed("The bytes there do not have the SHA-256 that was sent.")
        return fetched

    def _fetcher(self, url: str, sha256: str) -> Fetcher:
        try:
            host = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:
            raise FetchRefused("The URL cannot be read.") from None
        if host in self._hosts:
            _required(sha256)
            return self._store
        if not self._any_url:
            raise FetchRefused("Fetching by URL is off here, and its host is not on the list.")
        return self._public


def _required(sha256: str) -> None:
    if not sha256:
        raise BadInput("An object reference comes with the SHA-256 of its bytes.")


def _rules(max_bytes: int, hosts: tuple[str, ...], private: tuple[Network, ...]) -> FetchRules:
    """Object stores: HTTPS only, named hosts only. Without a host nothing is allowed."""
    return FetchRules(
        max_bytes=max_bytes,
        schemes=("https",),
        ports=REFERENCE_PORTS,
        hosts=hosts or ("none.invalid",),
        private=private,
    )
