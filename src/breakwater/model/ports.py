"""Seams to the outside: Protocols with their embedded forms elsewhere, and one contract each.

`Blob` is satisfied by `records.vault.Vault`, `Bus` by `records.bus.LocalBus`, `Pool` by
`media.sandbox.JailPool`; contract suites stand in `breakwater.testing`. Object stores,
brokers and clusters come later behind the same Protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.signal import Fingerprints


class Blob(Protocol):
    """Encrypted objects by id. Written and synced before any transaction names them."""

    def put(self, source: BinaryIO, *, purpose: str) -> Id:
        """Encrypt and store; durable when it returns."""
        ...

    def open(self, blob: Id) -> BinaryIO:
        """Read back, verified chunk by chunk; raises `Tampered` or `NotFound`."""
        ...

    def shred(self, blob: Id) -> None:
        """Destroy the key, then the bytes; idempotent."""
        ...


class Bus(Protocol):
    """Wakes those who wait for committed events. Carries hints only: the truth is SQL."""

    def notify(self, topic: str) -> None:
        """Say that something of this topic was committed."""
        ...

    def wait(self, topic: str, timeout_s: float) -> bool:
        """Sleep until the topic is notified; False when the time ran out."""
        ...


class Pool(Protocol):
    """Decodes and hashes untrusted bytes in jailed children."""

    def fingerprint(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        lane: str = "",
        views: bool = False,
    ) -> Fingerprints | Undecodable:
        """Screen one file; never raises for bad media. `lane` keeps senders apart."""
        ...

    def close(self) -> None:
        """End every child."""
        ...


class KindIndex(Protocol):
    """Compares queries with a fixed set of values of one kind; safe to call from many threads."""

    def search(
        self, values: NDArray[np.uint8], limit: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
        """Find everything within `limit` of each row of `values`, of shape (n, size).

        Returns:
            Three arrays of one length: row of the query, row of the known value, distance.
        """
        ...


class IndexFactory(Protocol):
    """Makes a `KindIndex` for a LICENSED kind; `fingerprint.registry.Plugin` carries it.

    Values are handed over as a read-only (n, size) array that may be mapped from a file and
    stays valid as long as the index is used. Contract: `breakwater.testing.signal_kinds`.
    """

    def build(self, values: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        """Compute arrays that are worth keeping in the file beside the values; may be none."""
        ...

    def open(self, values: NDArray[np.uint8], kept: Mapping[str, NDArray[Any]]) -> KindIndex:
        """Make the values searchable; `kept` is what `build` made, or empty for a few values."""
        ...
