"""Signed checkpoints of the audit tree, as C2SP `tlog-checkpoint` notes in a second place.

Comes in: the tree's size and root. Goes out: one small file each, signed with Ed25519, that
any verifier of signed notes reads (https://c2sp.org/tlog-checkpoint,
https://c2sp.org/signed-note), beside `audit.vkeys` with the public keys. Whoever rules the
database cannot write there: that is what makes the log tamper-evident.
Written by `records.audit.Checkpointer`; contract test:
`tests/contract/test_records_core_audit.py`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from breakwater.errors import Tampered, Unavailable
from breakwater.model.clock import iso
from breakwater.records.keys import Keyring

SUFFIX: Final = ".checkpoint"
VKEYS: Final = "audit.vkeys"
ED25519: Final = b"\x01"
_NAME: Final = re.compile(r"breakwater/[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log was at a moment.

    Attributes:
        origin: names the log; made of its first public key.
        size: entries in the tree.
        root: RFC 6962 root hash over them.
        at: when it was signed, as it was written.
    """

    origin: str
    size: int
    root: bytes
    at: str = ""

    def note(self) -> str:
        """The signed text."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.at}\n"

    @classmethod
    def parse(cls, text: str, keys: Mapping[str, bytes]) -> Checkpoint:
        """Read a signed note and verify it.

        Args:
            text: the file.
            keys: public keys by `key_hash` of name and key, in hexadecimal.

        Raises:
            Tampered: not a note, or no signature of a known key verifies.
        """
        note, blank, signatures = text.partition("\n\n")
        lines = note.split("\n")
        if not blank or len(lines) < 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
            raise Tampered("A checkpoint is not a signed note.")
        if not any(_signs(line, lines[0], note + "\n", keys) for line in signatures.splitlines()):
            raise Tampered("A checkpoint's signature does not verify.")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            raise Tampered("A checkpoint has no root.") from None
        at = next((line[5:] for line in lines[3:] if line.startswith("time ")), "")
        return cls(lines[0], int(lines[1]), root, at)


def origin_of(keys: Keyring) -> str:
    """The log's name: it stays when the signing key is rotated."""
    return "breakwater/" + hashlib.sha256(keys.public_keys[0]).hexdigest()[:16]


def key_hash(name: str, public_key: bytes) -> str:
    """The note format's 32-bit key id, in hexadecimal."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4].hex()


def signed(checkpoint: Checkpoint, keys: Keyring) -> str:
    """The note with its signature line."""
    note = checkpoint.note()
    key_id = bytes.fromhex(key_hash(checkpoint.origin, keys.public_key))
    signature = base64.b64encode(key_id + keys.sign(note.encode())).decode()
    return f"{note}\n— {checkpoint.origin} {signature}\n"


def save(directory: Path, checkpoint: Checkpoint, keys: Keyring, at: datetime) -> Path:
    """Write it durably as `<year-month>/<size>.checkpoint`.

    Raises:
        Unavailable: the second place cannot be written.
        Tampered: another root was signed for this size before; that file stays.
    """
    path = directory / iso(at)[:7] / f"{checkpoint.size:012d}{SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        _remember_keys(directory, checkpoint.origin, keys)
        if path.exists():
            known = Checkpoint.parse(path.read_text(encoding="utf-8"), load_keys(directory))
            if known.root != checkpoint.root:
                raise Tampered("Another root was signed for this size.", size=checkpoint.size)
            return path
        _write(path, signed(checkpoint, keys))
    except OSError as error:
        raise Unavailable(f"A checkpoint cannot be written: {error.strerror}.") from None
    return path


def load_keys(directory: Path) -> dict[str, bytes]:
    """The public keys kept beside the checkpoints (`name+hash+base64`), by hash."""
    found: dict[str, bytes] = {}
    path = directory / VKEYS
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        name, digest, encoded = (*line.split("+", 2), "", "")[:3]
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if len(key) == 33 and key[:1] == ED25519 and key_hash(name, key[1:]) == digest:
            found[digest] = key[1:]
    return found


def files(directory: Path) -> Iterator[Path]:
    """Every checkpoint file, smallest tree first."""
    yield from sorted(directory.glob("*/*" + SUFFIX), key=lambda path: (path.name, path.parent))


def _signs(line: str, name: str, note: str, keys: Mapping[str, bytes]) -> bool:
    """Whether one signature line is that of a known key over the note."""
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    key = keys.get(blob[:4].hex())
    if dash != "—" or signer != name or not _NAME.fullmatch(name) or key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], note.encode())
    except InvalidSignature:
        return False
    return True


def _remember_keys(directory: Path, name: str, keys: Keyring) -> None:
    """Put public keys that are not there yet beside the checkpoints."""
    known = load_keys(directory)
    for key in keys.public_keys:
        digest = key_hash(name, key)
        if digest not in known:
            line = f"{name}+{digest}+{base64.b64encode(ED25519 + key).decode()}\n"
            with (directory / VKEYS).open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())


def _write(path: Path, text: str) -> None:
    """A whole file or none: written beside, synced, renamed."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
