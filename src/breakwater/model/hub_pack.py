"""Packs: what goes between a hub and a member that no network joins, as one signed file.

A pack is a ZIP of `pack.json`, its Ed25519 signature, and the parts it names with size and SHA-256.
It carries a place (`after`, `upto`): who reads packs keeps how far they read, refuses what they had
already (a replay) and what leaves something out (a gap). It is sealed to its reader (age). From the
hub: one segment (`model.segment_file`); from a member: feedback, match counts and entries as JSON.
Written and read by `hub.feeds.packs` and, at a member, by `exchange.clients.packs`.
Tests: `tests/unit/test_hub_pack.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from breakwater.errors import BadInput, Conflict, Tampered
from breakwater.model.hub_feed import moment, printed, text, whole

FORM: Final = "breakwater hub pack 1"
SIGNED: Final = b"breakwater hub pack 1\n"
FACTS: Final = "pack.json"
SIGNATURE: Final = "pack.sig"
ENTRIES: Final = "entries.seg"
FEEDBACK: Final = "feedback.json"
COUNTS: Final = "counts.json"
GIVEN: Final = "given.json"
MOST: Final = 4 << 30
"""Bytes of all parts."""

_UNREADABLE: Final = (
    ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """One file between a hub and a member.

    Attributes:
        writer: who signed it: a hub's name, or a member's number as text.
        reader: whom it is for.
        after, upto: the stretch it holds: changes of the hub, or a member's own count of packs.
        at: when it was signed.
        parts: name to bytes.
    """

    writer: str
    reader: str
    after: int
    upto: int
    at: datetime
    parts: Mapping[str, bytes]


def write(pack: Pack, sign: Callable[[bytes], bytes]) -> bytes:
    """Print and sign a pack."""
    listed = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(pack.parts.items())
    ]
    facts = {
        "form": FORM, "writer": pack.writer, "reader": pack.reader, "after": pack.after,
        "upto": pack.upto, "at": printed(pack.at), "parts": listed,
    }  # fmt: skip
    said = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(FACTS, said)
        file.writestr(SIGNATURE, sign(SIGNED + said))
        for name, data in sorted(pack.parts.items()):
            file.writestr(name, data)
    return out.getvalue()


def read(data: bytes, key: bytes, *, reader: str, place: int) -> Pack:
    """Read a pack that is the next one for this reader.

    Args:
        data: the file, unsealed.
        key: the writer's public key, 32 bytes.
        reader: who reads: packs for others are refused.
        place: how far was read before: the pack goes on from there.

    Raises:
        Tampered: not signed by this key, or a part is not the one that was signed.
        Conflict: it was read already, or one before it is missing.
        BadInput: no pack, for somebody else, or of another form.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            said, signature = _bounded(file, FACTS, 1 << 20), _bounded(file, SIGNATURE, 64)
            Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNED + said)
            pack = _parsed(file, json.loads(said))
    except InvalidSignature:
        raise Tampered("The pack is not signed by this key.") from None
    except _UNREADABLE:
        raise BadInput("This is not a pack of a hub.") from None
    if pack.reader != reader:
        raise BadInput("The pack is for somebody else.")
    if pack.upto <= place and pack.upto != pack.after:
        raise Conflict("This pack was read already.")
    if pack.after > place:
        raise Conflict(f"A pack is missing: this one begins after {pack.after}, {place} was read.")
    return pack


def _parsed(file: zipfile.ZipFile, told: Mapping[str, object]) -> Pack:
    if told["form"] != FORM:
        raise BadInput("This pack is of a form that this program does not read.")
    parts: dict[str, bytes] = {}
    listed = told["parts"]
    if not isinstance(listed, list):
        raise BadInput("The pack does not list its parts.")
    for one in listed:
        size = whole(one["size"])
        data = _bounded(file, text(one["name"]), min(size, MOST))
        if len(data) != size or hashlib.sha256(data).hexdigest() != one["sha256"]:
            raise Tampered(f"{one['name']} is not the part that was signed.")
        parts[text(one["name"])] = data
    at = moment(told["at"])
    if at is None:
        raise BadInput("The pack does not say when it was made.")
    span = whole(told["after"]), whole(told["upto"])
    return Pack(text(told["writer"]), text(told["reader"]), *span, at, parts)


def _bounded(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A part, never more of it than it may have: what is packed may unpack to anything."""
    with file.open(name) as part:
        data = part.read(most + 1)
    if len(data) > most:
        raise Tampered(f"{name} is longer than was signed.")
    return data


def recipient(key: str) -> Any:
    """An age public key, read.

    Raises:
        BadInput: none, or a secret one.
    """
    if key.strip().upper().startswith("AGE-SECRET-KEY-"):
        raise BadInput("This is a secret key. Ask its owner for the public one: age1….")
    try:
        return pyrage.x25519.Recipient.from_str(key.strip())
    except pyrage.RecipientError:
        raise BadInput("This is not an age public key: it begins with age1.") from None


def sealed(data: bytes, recipients: Sequence[Any]) -> bytes:
    """A pack as only its readers open it; `recipients` are what `recipient` read."""
    made: bytes = pyrage.encrypt(data, list(recipients))
    return made


def unsealed(data: bytes, identity: str) -> bytes:
    """A pack as it was before it was sealed.

    Raises:
        BadInput: not sealed to this identity.
    """
    try:
        found: bytes = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(identity.strip())])
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise BadInput("The pack is not sealed to this identity.") from None
    return found
