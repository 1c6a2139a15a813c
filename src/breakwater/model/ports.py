"""Seams to the outside: Protocols with their embedded forms elsewhere, and one contract each.

`Blob` is satisfied by `records.vault.Vault`, `Bus` by `records.outbox`, `Pool` by
`media.sandbox.JailPool`; contract suites stand in `breakwater.testing`. Object stores,
brokers and clusters come later behind the same Protocols.
"""

from __future__ import annotations

from typing import BinaryIO, Protocol

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
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, lane: str = ""
    ) -> Fingerprints | Undecodable:
        """Screen one file; never raises for bad media. `lane` keeps senders apart."""
        ...

    def close(self) -> None:
        """End every child."""
        ...
