"""Keys: one random key per purpose, each wrapped by a root key that is never in the database.

The root key is a 0600 file outside data and backups, or what a command to a KMS prints. It
wraps the keys of `key_wraps` (AES-256-GCM); they seal columns, wrap blob keys, sign the
audit log and key pseudonyms. Shredding a purpose is deleting its rows; the table's backups
are kept for their own short time. The recovery copy is an `age` file anybody can open.
Python cannot wipe memory: root on this host sees keys in use.
Contract test: `tests/contract/test_records_core_keys.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from breakwater.errors import MissingKey, Tampered
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core

if TYPE_CHECKING:
    from breakwater.records.database import Database, Tx

AUDIT: Final = "audit"
IDENTIFIERS: Final = "identifiers"
PURPOSES: Final = (
    AUDIT,
    IDENTIFIERS,
    "accounts",
    "api",
    "adapters",
    "classifiers",
    "comments",
    "evidence",
    "ingest",
    "lexicon",
    "pending",
    "people",
    "sessions",
    "spots",
    "webhooks",
)
"""Made at the first open. Others are added by `ensure`, outside any transaction."""

_FORMAT: Final = b"\x01"
_NONCE: Final = 12
_VERSION: Final = 4
_OVERHEAD: Final = 1 + _VERSION + _NONCE + 16


class Keyring:
    """All keys of an installation, unwrapped in memory."""

    def __init__(self, db: Database, root: RootKey, keys: dict[str, dict[int, bytes]]) -> None:
        """Not called by others: use `open`."""
        self._db = db
        self._root = root
        self._keys = keys
        self._mac_keys: dict[str, tuple[dict[int, bytes], dict[int, bytes]]] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(cls, db: Database, root: RootKey) -> Keyring:
        """Unwrap every key, making those that are missing, and give the ring to the database.

        Raises:
            MissingKey: the root key is not the one that wrapped them.
        """
        ring = cls(db, root, {})
        ring.reload()
        if not db.read_only:
            ring.ensure(*PURPOSES)
        db.use_keys(ring)
        return ring

    def reload(self) -> None:
        """Read the table again; another process may have rotated."""
        with self._db.read() as tx:
            rows = tx.execute(sa.select(core.key_wraps)).all()
        keys: dict[str, dict[int, bytes]] = {}
        for row in rows:
            key = self._root.unwrap(row.wrapped, name=_name(row.purpose, row.version))
            keys.setdefault(row.purpose, {})[row.version] = key
        with self._lock:
            self._keys = keys

    def ensure(self, *purposes: str) -> None:
        """Make a first key for each purpose that has none. Never inside a transaction."""
        missing = [purpose for purpose in purposes if purpose not in self._keys]
        if not missing:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            known = set(tx.execute(sa.select(core.key_wraps.c.purpose)).scalars())
            for purpose in missing:
                if purpose not in known:
                    self._add(tx, purpose, 1)
        self.reload()

    def rotate(self, purpose: str) -> int:
        """Make a new version that seals from now on; older ones still open what they sealed.

        Keyed pseudonyms (`mac`) stay with the oldest version, or nothing would be found again.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            newest = tx.execute(
                sa.select(sa.func.max(core.key_wraps.c.version)).where(
                    core.key_wraps.c.purpose == purpose
                )
            ).scalar()
            version = int(newest or 0) + 1
            self._add(tx, purpose, version)
            tx.audit("keys", "key.rotated", purpose, version=version)
        self.reload()
        return version

    def rewrap(self, root: RootKey) -> None:
        """Wrap every key by another root key; the old one opens nothing afterwards."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            for row in tx.execute(sa.select(core.key_wraps)).all():
                name = _name(row.purpose, row.version)
                wrapped = root.wrap(self._root.unwrap(row.wrapped, name=name), name=name)
                tx.execute(
                    sa.update(core.key_wraps)
                    .values(wrapped=wrapped)
                    .where(core.key_wraps.c.purpose == row.purpose)
                    .where(core.key_wraps.c.version == row.version)
                )
            tx.audit("keys", "key.rewrapped", "root", root=root.fingerprint)
        self._root = root
        self._db.checkpoint()
        self.reload()

    def shred(self, purpose: str, version: int) -> None:
        """Destroy one key: what it sealed can never be read again."""
        with self._db.transaction() as tx:
            tx.execute(
                sa.delete(core.key_wraps)
                .where(core.key_wraps.c.purpose == purpose)
                .where(core.key_wraps.c.version == version)
            )
            tx.audit("keys", "key.shredded", purpose, version=version)
        self._db.checkpoint()
        self.reload()

    def seal(self, purpose: str, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Encrypt under the purpose's newest key, bound to `aad` (the id of its row)."""
        version, key = self._newest(purpose)
        nonce = os.urandom(_NONCE)
        head = _FORMAT + version.to_bytes(_VERSION, "big")
        return head + nonce + AESGCM(key).encrypt(nonce, plaintext, _bound(purpose, head, aad))

    def unseal(self, purpose: str, sealed: bytes, aad: bytes = b"") -> bytes:
        """Decrypt what `seal` wrote.

        Raises:
            Tampered: it was changed, or stands in another row than it was sealed for.
            MissingKey: its key was shredded.
        """
        if len(sealed) < _OVERHEAD or sealed[:1] != _FORMAT:
            raise Tampered("A sealed value has no known form.")
        head = sealed[: 1 + _VERSION]
        key = self._of(purpose, int.from_bytes(head[1:], "big"))
        nonce = sealed[len(head) : len(head) + _NONCE]
        try:
            body = sealed[len(head) + _NONCE :]
            return AESGCM(key).decrypt(nonce, body, _bound(purpose, head, aad))
        except InvalidTag:
            raise Tampered("A sealed value does not verify.") from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """A keyed pseudonym (HMAC-SHA256) that stays the same over rotations."""
        _, key = next(iter(self._macs_of(purpose).items()))
        return hmac.digest(key, data, "sha256")

    def macs(self, purpose: str, data: bytes) -> dict[int, bytes]:
        """The pseudonym of each version that stands, the newest last: for what names its version.

        Rows made from now on take the newest; those made before are found by the version they
        name, until that is shredded.
        """
        keys = self._macs_of(purpose)
        return {version: hmac.digest(key, data, "sha256") for version, key in keys.items()}

    def versions(self, purpose: str) -> frozenset[int]:
        """Versions of a purpose that this process knows."""
        return frozenset(self._versions(purpose))

    def sign(self, data: bytes) -> bytes:
        """Sign with the newest audit key (Ed25519)."""
        return self._signer(self._newest(AUDIT)[1]).sign(data)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that verify what `sign` makes now."""
        return self._signer(self._newest(AUDIT)[1]).public_key().public_bytes_raw()

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """Public keys of every audit key version, oldest first."""
        keys = self._versions(AUDIT)
        return tuple(self._signer(keys[v]).public_key().public_bytes_raw() for v in sorted(keys))

    @staticmethod
    def _signer(key: bytes) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"ed25519" + key).digest())

    def _add(self, tx: Tx, purpose: str, version: int) -> None:
        wrapped = self._root.wrap(secrets.token_bytes(32), name=_name(purpose, version))
        tx.execute(
            sa.insert(core.key_wraps),
            {"purpose": purpose, "version": version, "wrapped": wrapped, "created_at": tx.now},
        )

    def _macs_of(self, purpose: str) -> dict[int, bytes]:
        """The keys of pseudonyms by version, the oldest first; made once for each reading."""
        versions = self._versions(purpose)
        known = self._mac_keys.get(purpose)
        if known is None or known[0] is not versions:
            keys = {v: hmac.digest(versions[v], b"mac", "sha256") for v in sorted(versions)}
            known = self._mac_keys[purpose] = (versions, keys)
        return known[1]

    def _versions(self, purpose: str) -> dict[int, bytes]:
        try:
            return self._keys[purpose]
        except KeyError:
            raise MissingKey(f"There is no key for {purpose}.", purpose=purpose) from None

    def _newest(self, purpose: str) -> tuple[int, bytes]:
        versions = self._versions(purpose)
        version = max(versions)
        return version, versions[version]

    def _of(self, purpose: str, version: int) -> bytes:
        key = self._keys.get(purpose, {}).get(version)
        if key is None:
            self.reload()
            key = self._keys.get(purpose, {}).get(version)
        if key is None:
            raise MissingKey(f"Version {version} of {purpose} is gone.", purpose=purpose)
        return key


def _name(purpose: str, version: int) -> str:
    return f"{purpose}/{version}"


def _bound(purpose: str, head: bytes, aad: bytes) -> bytes:
    """What a sealed value is bound to, unambiguously."""
    return purpose.encode() + b"\x00" + head + aad
