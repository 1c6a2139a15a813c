"""Pictures that people know of themselves: the code they keep, what became of their hashes, work.

Somebody who knows of a picture of themselves as a child sends its hash, never the picture, and
keeps a code. Nobody here knows who they are. Floods cost work (`effort`), since there is neither
a name nor an address to slow down. Fed by `own_pictures`; kept by `records.own_pictures`. Tests:
`tests/unit/test_own_picture.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.errors import BadInput, BadSignal
from breakwater.model.ids import Id
from breakwater.model.signal import PDQ, SHA256, Signal

MOST_PICTURES: Final = 20
"""Pictures of one request; who has more sends again."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are misread or make words."""
GROUPS: Final = 5
GROUP: Final = 5
_SPOKEN: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": ""})

EFFORT: Final[tuple[tuple[int, int], ...]] = ((0, 16), (30, 17), (60, 18), (120, 19), (240, 20), (480, 21))  # fmt: skip
"""From so many requests within the last hour on, so many zero bits: each bit doubles the work.

16 bits are 65,536 hashes on average, well under a second on a phone; 21 are thirty times that.
"""


class State(StrEnum):
    """Where a request, or one picture of it, stands: what its sender is told."""

    RECEIVED = "received"
    LOOKING = "looking"
    FOUND = "found"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Said(StrEnum):
    """What a reviewer said of a hash, in the case of an upload that it found."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    OPEN = "open"
    """An earlier word was taken back."""


@dataclass(frozen=True, slots=True)
class OwnPicture:
    """One picture or video by its hashes.

    Attributes:
        sha256: of the file.
        pdq: of the picture as seen; None of what has no look, such as a video.
        quality: of the look, 0 to 100.
    """

    sha256: Signal
    pdq: Signal | None = None
    quality: int = 0

    @classmethod
    def read(cls, sha256: str, pdq: str = "", quality: int = 0) -> OwnPicture:
        """From hexadecimal.

        Raises:
            BadInput: not such hashes.
        """
        try:
            file = Signal(SHA256.name, SHA256.parse(sha256))
            look = Signal(PDQ.name, PDQ.parse(pdq)) if pdq else None
        except BadSignal as error:
            raise BadInput(f"That is no hash: {error.detail}") from None
        return cls(file, look, quality)

    @property
    def signals(self) -> tuple[tuple[Signal, int], ...]:
        """What is looked for, with its quality; a look with too little detail would find anything."""
        looks = self.pdq is not None and self.quality >= PDQ.min_quality
        file = ((self.sha256, 100),)
        return (*file, (self.pdq, self.quality)) if looks and self.pdq is not None else file


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """What somebody sent, as it is kept.

    Attributes:
        entries: numbers of the bank's entries, a tuple for each picture.
        ended_at: when it was withdrawn.
    """

    id: Id
    at: datetime
    entries: tuple[tuple[int, ...], ...] = ()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a sender is told.

    Attributes:
        state: of the whole, the furthest of its pictures.
        pictures: of each, in the order in which they were sent.
    """

    state: State
    pictures: tuple[State, ...]


_FURTHEST: Final = (
    State.CONFIRMED, State.FOUND, State.LOOKING, State.RECEIVED, State.REFUSED, State.WITHDRAWN,
)  # fmt: skip
_DECIDED: Final = (State.CONFIRMED, State.FOUND, State.REFUSED)


def furthest(states: tuple[State, ...]) -> State:
    """The state of a whole: what matters most to whoever waits."""
    return next((state for state in _FURTHEST if state in states), State.RECEIVED)


def of_picture(hashes: tuple[State, ...]) -> State:
    """The state of one picture by those of its hashes: what a person said of either is said of it."""
    return next((state for state in _DECIDED if state in hashes), furthest(hashes))


def new_code() -> str:
    """A code of 120 random bits and a sign that shows slips, in groups to be read aloud."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP - 1))
    return _spaced(body + _check(body))


def read_code(text: str) -> str:
    """A code as it was typed: small letters, spaces and misread letters are put right.

    Raises:
        BadInput: a sign is wrong or missing.
    """
    plain = text.strip().upper().translate(_SPOKEN)
    known = len(plain) == GROUPS * GROUP and all(one in ALPHABET for one in plain)
    if not known or _check(plain[:-1]) != plain[-1]:
        raise BadInput("That is not a code of ours. Look again: one sign may be wrong.")
    return _spaced(plain)


def _spaced(plain: str) -> str:
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))


def _check(body: str) -> str:
    """Luhn's sum with 32 signs (ISO/IEC 7812-1, annex B): every wrong sign, nearly every swap."""
    total = 0
    for at, one in enumerate(reversed(body)):
        value = ALPHABET.index(one) * (2 - at % 2)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def effort(sent: int) -> int:
    """Zero bits that the next request's work must show, by the requests of the last hour."""
    return next(bits for least, bits in reversed(EFFORT) if sent >= least)


def worked(challenge: str, nonce: str, bits: int) -> bool:
    """Whether a nonce shows the work: SHA-256 of `challenge:nonce` begins with zero bits."""
    digest = hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0
