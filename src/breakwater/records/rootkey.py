"""The root key: what wraps all others, and how it is kept, lost and found again.

A 0600 file outside data and backups, or what a command (to a KMS, a smart card) prints. Its
recovery copy is an `age` file (https://age-encryption.org/v1) under a passphrase or a
recipient, written at set-up and kept elsewhere. Read by `records.keys`; contract test:
`tests/contract/test_records_core_keys.py`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from breakwater.errors import BadInput, Conflict, MissingKey, Unfit

_PREFIX: Final = "breakwater-root-key-1 "
_NONCE: Final = 12
_COMMAND_S: Final = 30


class RootKey:
    """32 random bytes that wrap the other keys. Never printed, logged or stored in SQL."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise MissingKey("A root key has 32 bytes.")
        self._key = key

    def __repr__(self) -> str:
        return f"RootKey({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """Eight digits that tell root keys apart and say nothing about them."""
        return hashlib.sha256(b"breakwater root key" + self._key).hexdigest()[:8]

    @classmethod
    def create(cls, path: Path) -> RootKey:
        """Make a new one at `path`, readable by this user only, durable when it returns.

        Raises:
            Conflict: a file is there already; it is never overwritten.
        """
        root = cls(secrets.token_bytes(32))
        _write_private(path, root._text().encode())
        return root

    @classmethod
    def from_file(cls, path: Path) -> RootKey:
        """Read it.

        Raises:
            MissingKey: there is none, or it is not a root key.
            Unfit: others may read or replace the file.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise MissingKey(f"{path}: {error.strerror}.") from None
        with os.fdopen(fd, encoding="ascii", errors="replace") as file:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077:
                raise Unfit(f"{path}: only its owner may read the root key; set its mode to 0600.")
            if facts.st_uid not in {os.geteuid(), 0}:
                raise Unfit(f"{path}: the root key belongs to another user.")
            return cls._parse(file.read(200))

    @classmethod
    def from_command(cls, argv: Sequence[str]) -> RootKey:
        """Take what a command prints: the line of a key file, from a KMS or a smart card.

        Raises:
            MissingKey: the command failed or printed something else.
        """
        try:
            answer = subprocess.run(
                list(argv), capture_output=True, timeout=_COMMAND_S, check=True, text=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingKey(f"The key command failed: {type(error).__name__}.") from None
        return cls._parse(answer.stdout)

    def wrap(self, key: bytes, *, name: str) -> bytes:
        """Encrypt another key, bound to its name."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, key, b"wrap " + name.encode())

    def unwrap(self, wrapped: bytes, *, name: str) -> bytes:
        """Decrypt what `wrap` wrote.

        Raises:
            MissingKey: this is not the root key that wrapped it.
        """
        try:
            return AESGCM(self._key).decrypt(
                wrapped[:_NONCE], wrapped[_NONCE:], b"wrap " + name.encode()
            )
        except (InvalidTag, ValueError):
            raise MissingKey(
                f"Root key {self.fingerprint} does not open {name}: it is another one's.",
                key=name,
            ) from None

    def write_recovery(self, path: Path, *, passphrase: str = "", recipient: str = "") -> None:
        """Write the recovery copy as an `age` file: `age -d` opens it anywhere.

        Args:
            path: where to; kept away from this host afterwards.
            passphrase: at least 12 characters, or
            recipient: an age public key (`age1…`).

        Raises:
            BadInput: neither, both, or too short.
            Conflict: a file is there already.
        """
        if bool(passphrase) == bool(recipient) or (passphrase and len(passphrase) < 12):
            raise BadInput("Give a passphrase of at least 12 characters, or an age recipient.")
        if passphrase:
            sealed = pyrage.passphrase.encrypt(self._text().encode(), passphrase)
        else:
            try:
                key = pyrage.x25519.Recipient.from_str(recipient)
            except pyrage.RecipientError:
                raise BadInput("This is not an age recipient (age1…).") from None
            sealed = pyrage.encrypt(self._text().encode(), [key])
        _write_private(path, sealed)

    @classmethod
    def read_recovery(cls, path: Path, *, passphrase: str = "", identity: str = "") -> RootKey:
        """Open a recovery copy.

        Raises:
            MissingKey: it cannot be read, or the passphrase or identity is another one's.
        """
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise MissingKey(f"{path}: {error.strerror}.") from None
        try:
            if identity:
                key = pyrage.x25519.Identity.from_str(identity.strip())
                text = pyrage.decrypt(sealed, [key])
            else:
                text = pyrage.passphrase.decrypt(sealed, passphrase)
        except (pyrage.DecryptError, pyrage.IdentityError):
            raise MissingKey("The recovery copy does not open with this.") from None
        return cls._parse(text.decode("ascii", "replace"))

    @classmethod
    def restore_recovery(
        cls, source: Path, target: Path, *, passphrase: str = "", identity: str = ""
    ) -> RootKey:
        """Put a lost root key back from its recovery copy.

        Raises:
            MissingKey: the copy does not open.
            Conflict: a root key is there already.
        """
        if target.exists():
            raise Conflict(f"{target} exists already and is not overwritten.")
        root = cls.read_recovery(source, passphrase=passphrase, identity=identity)
        _write_private(target, root._text().encode())  # noqa: SLF001 - a class method of its own class
        return root

    def _text(self) -> str:
        return _PREFIX + base64.b64encode(self._key).decode() + "\n"

    @classmethod
    def _parse(cls, text: str) -> RootKey:
        line = text.strip()
        try:
            key = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not line.startswith(_PREFIX) or len(key) != 32:
            raise MissingKey("This is not a breakwater root key.")
        return cls(key)


def _write_private(path: Path, content: bytes) -> None:
    """Write a new 0600 file, durable with its name when this returns."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Conflict(f"{path} exists already and is not overwritten.") from None
    except OSError as error:
        raise Unfit(f"{path}: {error.strerror}.") from None
    try:
        os.write(fd, content)
        os.fsync(fd)
    finally:
        os.close(fd)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
