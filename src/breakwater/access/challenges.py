"""Challenges that carry their own proof: made by any process, used once over all of them.

A challenge is random bytes, the moment it ends and a MAC over both, its use and what it is
bound to (key purpose "sessions"). So nothing is stored when one is made, and whoever is not
signed in can fill no table; the transaction of what it proves stores that it was used
(`records.challenges`). Read by `passkeys` and `oidc`. Tests:
`tests/unit/test_access_challenges.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict
from breakwater.model.clock import Clock
from breakwater.records import challenges
from breakwater.records.database import Tx
from breakwater.records.keys import Keyring

PURPOSE: Final = "sessions"
LIFE: Final = timedelta(minutes=5)
"""People find a key or a second device within it; a stolen challenge is stale after it."""

_RANDOM: Final = 16
_MOMENT: Final = 8
_SIZE: Final = _RANDOM + _MOMENT + 32


class Challenges:
    """Makes and checks challenges."""

    def __init__(self, *, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def issue(self, use: str, bound: str = "", *, life: timedelta = LIFE) -> bytes:
        """Make a challenge.

        Args:
            use: what it may be answered for.
            bound: whose it is, e.g. a session; the answer must come from the same.
            life: how long it may be answered.
        """
        ends = int((self._clock.now() + life).timestamp() * 1000)
        head = secrets.token_bytes(_RANDOM) + ends.to_bytes(_MOMENT)
        return head + self._mac(use, bound, head)

    def check(self, challenge: bytes, use: str, bound: str = "") -> None:
        """Whether we made it for this and it is not too old; using it is `spend`.

        Raises:
            BadInput: it was made for something else, by somebody else, or is too old.
        """
        head, mac = challenge[: _RANDOM + _MOMENT], challenge[_RANDOM + _MOMENT :]
        ours = hmac.compare_digest(mac, self._mac(use, bound, head))
        if len(challenge) != _SIZE or not ours or self._ends(challenge) <= self._clock.now():
            raise _STALE

    def spend(self, tx: Tx, challenge: bytes) -> None:
        """Use a checked challenge up, in the transaction of what it proves.

        Raises:
            BadInput: it was used before, here or in another process.
        """
        digest = hashlib.sha256(challenge).digest()
        try:
            challenges.spend(tx, digest, expires_at=self._ends(challenge))
        except Conflict:
            raise _STALE from None

    def derive(self, challenge: bytes, use: str) -> bytes:
        """32 bytes that only we can tell from a challenge: secrets that need no storage."""
        return self._keyring.mac(PURPOSE, b"derive\0" + use.encode() + b"\0" + challenge)

    def _mac(self, use: str, bound: str, head: bytes) -> bytes:
        about = f"challenge\0{use}\0{bound}\0".encode("utf-8", "replace")
        return self._keyring.mac(PURPOSE, about + head)

    @staticmethod
    def _ends(challenge: bytes) -> datetime:
        ends = int.from_bytes(challenge[_RANDOM : _RANDOM + _MOMENT])
        return datetime.fromtimestamp(ends / 1000, UTC)


_STALE: Final = BadInput("The challenge is too old or was used. Try again.")
