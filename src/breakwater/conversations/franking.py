"""The proof that a reported message was sent: message franking, verified with the platform's key.

Where messages are encrypted from end to end only who received one can show it. The sender's
program commits to the text under a key that travels inside the encryption; the platform tags the
commitment, which it sees, with what it knows of the delivery:

    commitment = HMAC-SHA256(key, text)
    tag = HMAC-SHA256(platform's key, commitment | conversation | id | author | to | milliseconds)

Each name is UTF-8 after its length in four bytes, big-endian; milliseconds of 1970 are decimal
digits, framed alike. The recipient's report shows key, commitment and tag. Source: Grubbs, Lu and
Ristenpart, "Message Franking via Committing Authenticated Encryption" (2017), and Facebook's
"Messenger Secret Conversations" (2016). Tests: tests/unit/test_franking.py.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from breakwater.errors import BadInput, ProofRefused
from breakwater.model.comment import Message

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """What the platform supplied with a message.

    Attributes:
        key: 32 bytes under which its sender committed to it.
        commitment, tag: 32 bytes each.
    """

    key: bytes = field(repr=False)
    commitment: bytes = field(repr=False)
    tag: bytes = field(repr=False)


def commitment_of(key: bytes, text: str) -> bytes:
    """What a sender commits to."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def tag_of(platform: bytes, commitment: bytes, conversation: str, message: Message) -> bytes:
    """What a platform says of a delivery."""
    names = (
        conversation, message.id, message.author, message.to or "",
        str(round(message.at.timestamp() * 1_000)),
    )  # fmt: skip
    told = [name.encode("utf-8", "surrogatepass") for name in names]
    framed = b"".join(len(one).to_bytes(4, "big") + one for one in told)
    return hmac.new(platform, commitment + framed, hashlib.sha256).digest()


def verify(platform: bytes, proof: Proof, conversation: str, message: Message) -> None:
    """Believe that a message was sent as it is reported.

    Raises:
        ProofRefused: its text is not what was committed to, or the platform did not deliver it so.
    """
    if not hmac.compare_digest(commitment_of(proof.key, message.text), proof.commitment):
        raise ProofRefused(
            "The commitment is not the HMAC of this text under this key.", why="commitment"
        )
    expected = tag_of(platform, proof.commitment, conversation, message)
    if not hmac.compare_digest(expected, proof.tag):
        raise ProofRefused(
            "The tag is not the platform's for this commitment, conversation, message and time.",
            why="tag",
        )


def keys_of(said: str) -> dict[str, bytes]:
    """Platforms' keys by service, as the setting says them: `service=64 hex digits`, by comma.

    Raises:
        BadInput: a service has no key of 32 bytes.
    """
    found = {}
    for one in filter(None, (part.strip() for part in said.split(","))):
        service, _, digits = one.partition("=")
        try:
            key = bytes.fromhex(digits)
        except ValueError:
            key = b""
        if not service or len(key) != KEY_BYTES:
            raise BadInput("A franking key is written service=64 hex digits.")
        found[service] = key
    return found
