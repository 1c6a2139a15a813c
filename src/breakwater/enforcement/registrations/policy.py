"""What the clues of a registration come to: one table, one rule, no exceptions.

Each clue has a confidence that the same person is back, if it were all there is; clues of one
group are one clue, the strongest. Groups add up as independent evidence does: 1 − ∏(1 − c). A
refusal needs the sum and one strong clue or two middling ones: weak clues, a device or a card
alone never refuse, for families and neighbours share them (reference law). Confidences are judged
by us, not measured; the reasons stand beside them. Monotone: more clues never make it milder.
Tests: `tests/property/test_registrations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id
from breakwater.model.sanction import Answer, Clue, Found, IdentifierKind, Judgement, together


class Strength(StrEnum):
    """How far a clue goes by itself."""

    STRONG = "strong"
    """Names one person."""
    MIDDLING = "middling"
    """Names a few people: a household, whoever has the number now."""
    WEAK = "weak"
    """Names many."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one clue is worth.

    Attributes:
        group: clues of one thing count once.
        why: the reason for the figure, which is `Clue.confidence`.
    """

    strength: Strength
    group: str
    why: str


S = Strength
TABLE: Final[Mapping[Clue, Weight]] = {
    Clue.EMAIL: Weight(
        S.STRONG, "email", "A mailbox is one person's; a few are shared or given up."
    ),
    Clue.EMAIL_ALIKE: Weight(
        S.MIDDLING, "email", "Not every provider delivers a tag to the bare address."
    ),
    Clue.PHONE: Weight(
        S.STRONG, "phone", "A number is given to nobody else for 45 days (47 CFR 52.15)."
    ),
    Clue.PHONE_OLD: Weight(
        S.MIDDLING, "phone", "A number that was given up is given out again."
    ),
    Clue.DEVICE: Weight(
        S.MIDDLING, "device", "Devices are sold and lent, and families share them."
    ),
    Clue.DEVICE_SHARED: Weight(
        S.WEAK, "device", "Other people are known to use it."
    ),
    Clue.PAYMENT: Weight(
        S.MIDDLING, "payment", "Cards are of one person, and families pay with them."
    ),
    Clue.PAYMENT_BIN: Weight(
        S.WEAK, "payment", "All cards of one kind of one bank."
    ),
    Clue.ADDRESS: Weight(
        S.WEAK, "address", "Up to 256 homes, and all whom a carrier puts behind one."
    ),
}  # fmt: skip
REFUSE: Final = 0.8
"""Confidence from which a registration is refused: a wrong refusal harms, and is let go of."""
WATCH: Final = 0.3
"""Confidence from which it is watched."""
MIDDLING: Final = 2
"""Middling clues of different groups that stand for a strong one."""

PHONE_FRESH: Final = timedelta(days=45)
"""Within it a number is nobody else's: numbers rest 45 to 90 days (47 CFR 52.15(f)(1)(ii))."""

_CLUES: Final[Mapping[IdentifierKind, Clue]] = {kind: Clue(kind.value) for kind in IdentifierKind}


def clue_of(
    found: Found, at: datetime, *, network_for: timedelta, shared_device: bool = False
) -> Clue | None:
    """What a match is a clue of; None where too much time lies between."""
    apart = abs(at - found.seen_at)
    if found.kind is IdentifierKind.ADDRESS and apart > network_for:
        return None
    if found.kind is IdentifierKind.PHONE and apart > PHONE_FRESH:
        return Clue.PHONE_OLD
    if found.kind is IdentifierKind.DEVICE and shared_device:
        return Clue.DEVICE_SHARED
    return _CLUES[found.kind]


def group_of(kind: IdentifierKind) -> str:
    """What a kind of identifier counts with."""
    return TABLE[_CLUES[kind]].group


def judge(clues: Iterable[Clue]) -> Judgement:
    """What the clues of one sanction come to.

    >>> judge([Clue.EMAIL]).answer, judge([Clue.DEVICE, Clue.ADDRESS]).answer
    (<Answer.REFUSE: 'refuse'>, <Answer.WATCH: 'watch'>)
    """
    best: dict[str, Clue] = {}
    for clue in clues:
        group = TABLE[clue].group
        if group not in best or clue.confidence > best[group].confidence:
            best[group] = clue
    counted = sorted(best.values(), key=lambda one: (-one.confidence, one.value))
    confidence = together(counted)
    strengths = [TABLE[one].strength for one in counted]
    enough = S.STRONG in strengths or strengths.count(S.MIDDLING) >= MIDDLING
    answer = Answer.ALLOW
    if confidence >= WATCH:
        answer = Answer.REFUSE if enough and confidence >= REFUSE else Answer.WATCH
    return Judgement(answer, confidence, tuple(counted))


def strongest(
    found: Iterable[Found], at: datetime, *, network_for: timedelta, shared_device: bool = False
) -> list[tuple[Id, Judgement]]:
    """What each sanction's clues come to, the gravest first; those of two never add up.

    Args:
        found: identifiers that sanctions know.
        at: when the registration was.
        network_for: how far from it a network counts.
        shared_device: the service knows that several people use the device.
    """
    clues: dict[Id, list[Clue]] = {}
    for one in found:
        clue = clue_of(one, at, network_for=network_for, shared_device=shared_device)
        if clue is not None:
            clues.setdefault(one.sanction, []).append(clue)
    judged = [(sanction, judge(said)) for sanction, said in clues.items()]
    return sorted(judged, key=lambda one: (-one[1].answer.rank, -one[1].confidence, one[0]))
