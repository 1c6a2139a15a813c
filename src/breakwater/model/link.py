"""Links: two pieces that belong together, why, how sure, and what a person said of it.

An edge says one thing (the same copy, place, sound, device, account, or a person's likeness) with
its method and version. A series is what edges hold together; `scenes.series` computes it and
nothing is ever merged for good. Source: reference linking.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LinkKind(StrEnum):
    """What two pieces have in common."""

    COPY = "copy"
    PLACE = "place"
    DECOR = "decor"
    """The same furnishing, not the same room: hotel chains repeat it. Never joins a series."""
    PERSON = "person"
    """A likeness that an operator's model saw: a lead for a person, never joins a series."""
    SOUND = "sound"
    DEVICE = "device"
    ACCOUNT = "account"

    @property
    def joins(self) -> bool:
        """Whether a machine's edge of this kind may join series without a person."""
        return self not in _LEADS


_LEADS: Final = frozenset({LinkKind.DECOR, LinkKind.PERSON})


class EdgeState(StrEnum):
    """What is known of an edge: who says so last."""

    MACHINE = "machine"
    CONFIRMED = "confirmed"
    """A person says that both belong together: must-link."""
    REJECTED = "rejected"
    """A person says that both do not belong together: cannot-link."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One reason to hold two pieces together, or apart.

    Attributes:
        number: of the edge; edges arrive in this order.
        a, b: numbers of the two media, the smaller first.
        kind: what they have in common.
        score: 0..1 of its method; compared within a kind alone.
        state: a machine's word, or a person's.
    """

    number: int
    a: int
    b: int
    kind: LinkKind
    score: float = 1.0
    state: EdgeState = EdgeState.MACHINE
