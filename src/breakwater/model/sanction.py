"""Sanctions of accounts, and what of a registration says that the same person is back.

A sanction follows a decision "illegal" about an account whose holder is a suspect; an apparent
child, and who is not known to be one or the other, never has one (reference law). It is known by
keyed hashes of identifiers alone. Made and judged by `enforcement.registrations`; kept by
`records.sanctions` and `records.identifiers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id


class IdentifierKind(StrEnum):
    """What a keyed hash is of."""

    EMAIL = "email"
    """A mailbox: every spelling that its provider delivers there is one."""
    EMAIL_ALIKE = "email_alike"
    """An address without its tag, where nobody knows whether the provider delivers both alike."""
    PHONE = "phone"
    DEVICE = "device"
    DEVICE_SHARED = "device_shared"
    """A device that other accounts were seen with too: a family's, a library's."""
    PAYMENT = "payment"
    PAYMENT_BIN = "payment_bin"
    """The bank's digits of a card: thousands share them."""
    ADDRESS = "address"
    """The network that an address belongs to, for some days."""


class Clue(StrEnum):
    """What was found of a sanction in a registration: a kind of identifier, and how fresh it is."""

    EMAIL = "email"
    EMAIL_ALIKE = "email_alike"
    PHONE = "phone"
    PHONE_OLD = "phone_old"
    """A number last told so long ago that its operator may have given it to somebody else."""
    DEVICE = "device"
    DEVICE_SHARED = "device_shared"
    PAYMENT = "payment"
    PAYMENT_BIN = "payment_bin"
    ADDRESS = "address"

    @property
    def confidence(self) -> float:
        """That the same person is back, 0 to 1, if it were all there is; judged, not measured."""
        return _CONFIDENCE[self]


_CONFIDENCE: Final[Mapping[Clue, float]] = {
    Clue.EMAIL: 0.95, Clue.EMAIL_ALIKE: 0.6, Clue.PHONE: 0.9, Clue.PHONE_OLD: 0.6,
    Clue.DEVICE: 0.6, Clue.DEVICE_SHARED: 0.25, Clue.PAYMENT: 0.65, Clue.PAYMENT_BIN: 0.02,
    Clue.ADDRESS: 0.15,
}  # fmt: skip
"""The reasons stand in `enforcement.registrations.policy`."""


def together(clues: Iterable[Clue]) -> float:
    """What clues of different things come to: they add up as independent evidence does.

    >>> together([Clue.DEVICE, Clue.PAYMENT])
    0.86
    """
    return round(1 - math.prod(1 - one.confidence for one in clues), 4)


class Answer(StrEnum):
    """What becomes of a registration, the mildest first."""

    ALLOW = "allow"
    WATCH = "watch"
    REFUSE = "refuse"

    @property
    def rank(self) -> int:
        """0 is the mildest."""
        return list(Answer).index(self)


class EndKind(StrEnum):
    """Why a sanction is over."""

    OVERTURNED = "overturned"
    """The decision it rests on was taken back, or an appeal was right."""
    NO_SUSPECT = "no_suspect"
    """Somebody said since that the holder is an apparent child, or not known."""
    RELEASED = "released"
    """A person let go of it."""
    EXPIRED = "expired"

    @property
    def by_decision(self) -> bool:
        """It ended because of what was decided, and comes back where that is taken back."""
        return self in {EndKind.OVERTURNED, EndKind.NO_SUSPECT}


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier made one: in clear here, a keyed hash where it is kept.

    Attributes:
        text: normalised, so that every spelling gives the same.
        seen_at: when it was known to be this account's.
        hidden: it is known by this keyed hash alone, which was made elsewhere.
    """

    kind: IdentifierKind
    text: str
    seen_at: datetime
    hidden: bytes | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier of a registration that a sanction in force knows.

    Attributes:
        key: the keyed hash by which it was found, in hexadecimal.
        seen_at: when it was known to be the sanctioned account's.
    """

    sanction: Id
    kind: IdentifierKind
    key: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as a service tells of it: in clear, and kept nowhere.

    Attributes:
        email, phone, device, payment, payment_bin, address: empty where there is none.
        shared_device: the service knows that several people use the device.
        at: when it was; None: now.
    """

    email: str = ""
    phone: str = ""
    device: str = ""
    payment: str = ""
    payment_bin: str = ""
    address: str = ""
    shared_device: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a registration's clues come to.

    Attributes:
        confidence: that the same person is back, 0 to 1.
        clues: what counted, the strongest first.
    """

    answer: Answer
    confidence: float = 0.0
    clues: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A registration that was checked.

    Attributes:
        id: of the row that was written; None where it is allowed, which leaves no row.
        unread: names of fields that gave nothing to compare.
    """

    judgement: Judgement
    id: Id | None = None
    sanction: Id | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SanctionEnd:
    """Why, when and by whom a sanction ended.

    Attributes:
        by: id of a person, or the name of a part.
        second: the other person, where two were needed.
    """

    kind: EndKind
    by: str
    at: datetime
    reason: str = ""
    second: Id | None = None


@dataclass(frozen=True, slots=True)
class Sanction:
    """An account that was sanctioned.

    Attributes:
        number: for people.
        account: the service's own name of it.
        decision: that it rests on.
        until: when it ends by itself.
        kinds: how many keyed hashes of each kind it is known by.
    """

    id: Id
    number: int
    service: str
    account: str
    case: Id
    decision: Id
    at: datetime
    until: datetime
    end: SanctionEnd | None = None
    kinds: Mapping[IdentifierKind, int] = field(default_factory=dict)

    def stands(self, now: datetime) -> bool:
        """Whether it is in force, as far as its own rows say."""
        return self.end is None and now < self.until


@dataclass(frozen=True, slots=True)
class Hit:
    """A registration that was refused or is watched: what was found, and nothing of who it was.

    Attributes:
        by: id of the key that asked.
        wrong_by: the person who said that it was somebody else; empty: nobody did.
    """

    id: Id
    service: str
    judgement: Judgement
    sanction: Id
    by: str
    at: datetime
    wrong_by: str = ""
