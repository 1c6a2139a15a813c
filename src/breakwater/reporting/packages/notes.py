"""Signed notes of packages: the signature over a manifest, and a receiving officer's receipt.

Comes in: lines of text and an Ed25519 key. Goes out: a note of C2SP's form
(https://c2sp.org/signed-note) as checkpoints are, read again by the arithmetic of `verify`. A
receipt's first line, `breakwater receipt 1`, keeps it apart from every other note. Used by
`making`, `packages` and `breakwater receipt`; tests: `tests/unit/test_package_receipts.py`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from breakwater.errors import BadInput
from breakwater.model.clock import iso
from breakwater.records.checkpoints import ED25519, key_hash
from breakwater.reporting.packages import verify

RECEIPT: Final = "breakwater receipt 1"
LONGEST: Final = 20_000
"""Characters of a receipt; one that is longer was not made by an officer."""

NAME: Final = re.compile(r"[!-*,-~]{1,200}")
"""A key's name: printable ASCII without spaces and `+`."""


def vkey(name: str, public: bytes) -> str:
    """A public key as it is written: `name+hash+base64`."""
    return f"{name}+{key_hash(name, public)}+{base64.b64encode(ED25519 + public).decode()}"


def known_key(text: str) -> str:
    """A receipt key as it is kept.

    Raises:
        BadInput: it is none.
    """
    try:
        verify.key_of(text)
    except ValueError:
        raise BadInput(
            "A receipt key is written name+hash+base64, as `breakwater receipt key` prints it."
        ) from None
    return text.strip()


def signed(text: str, *, name: str, public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """A note with its signature line; `text` ends with a line break."""
    digest = bytes.fromhex(key_hash(name, public))
    return f"{text}\n— {name} {base64.b64encode(digest + sign(text.encode())).decode()}\n"


@dataclass(frozen=True, slots=True)
class ReceiptText:
    """What a receipt says.

    Attributes:
        package: id, as it stands on the cover and in the file's name.
        sha256: of the sealed file as it was received.
        officer: who received it, in one line.
    """

    package: str
    sha256: str
    received_at: datetime
    officer: str

    @classmethod
    def parse(cls, text: str, key: str) -> Self:
        """Read a receipt and check its signature.

        Args:
            text: the file.
            key: the public key it must be signed by, `name+hash+base64`.

        Raises:
            BadInput: it is no receipt, or not of this key.
        """
        if len(text) > LONGEST:
            raise BadInput("This is no receipt: it is too long.")
        try:
            lines = verify.note_of(text, [verify.key_of(key)])
            said = dict(line.split(" ", 1) for line in lines[1:] if line)
            at = datetime.fromisoformat(said["received"])
            made = cls(said["package"], said["sha256"], at, said["officer"])
        except (ValueError, KeyError):
            raise BadInput(
                "This receipt does not verify: it was changed, or it is signed by another key than "
                "the recipient's."
            ) from None
        if lines[0] != RECEIPT or at.tzinfo is None or not made.officer.strip():
            raise BadInput("This is a signed note, and no receipt for a package.")
        return made

    def note(self) -> str:
        """The text that is signed."""
        return (
            f"{RECEIPT}\npackage {self.package}\nsha256 {self.sha256}\n"
            f"received {iso(self.received_at)}\nofficer {self.officer}\n"
        )


def new_key() -> tuple[bytes, bytes]:
    """A key for receipts: PEM of the secret half, and the 32 public bytes."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, key.public_key().public_bytes_raw()


def sign_receipt(said: ReceiptText, *, pem: bytes, name: str) -> str:
    """Sign a receipt.

    Raises:
        BadInput: the key is no Ed25519 key, or a line holds a break.
    """
    officer = said.officer.strip()
    if not NAME.fullmatch(name) or not officer or any(not one.isprintable() for one in officer):
        raise BadInput("A receipt names the officer in one line, and its key without spaces.")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput("This is not a key that `breakwater receipt key` made.")
    public = key.public_key().public_bytes_raw()
    return signed(said.note(), name=name, public=public, sign=key.sign)
