"""What a service or a media server is asked to do in a chat, complete in itself.

A `ChatRule` says how the chat shall be, not what changes: sent twice it is as good as once, and
the newest one stands whatever came before. Made by `enforcement`, carried out by the adapters of
`live`. Source: issue "Comments" (graded policy). Tests: tests/unit/test_chat_control.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breakwater.model.chat import Measure


@dataclass(frozen=True, slots=True)
class ChatRule:
    """How a chat shall be.

    Attributes:
        measure: the strongest step; it includes those before it.
        slow_s: seconds between two messages of one account; 0: as the service likes.
        age_days: accounts younger than this do not write; 0: all may.
        gifts: whether gifts are taken.
        paused: nobody writes.
    """

    measure: Measure
    slow_s: int = 0
    age_days: int = 0
    gifts: bool = True
    paused: bool = False

    @classmethod
    def of(cls, measure: Measure, *, slow_s: int, age_days: int) -> ChatRule:
        """What a measure means.

        Args:
            measure: wanted.
            slow_s: of slow mode here.
            age_days: of the gate here.
        """
        return cls(
            measure,
            slow_s=slow_s if measure.rank >= Measure.SLOW.rank else 0,
            age_days=age_days if measure.rank >= Measure.GATED.rank else 0,
            gifts=measure.rank < Measure.NO_GIFTS.rank,
            paused=measure is Measure.PAUSED,
        )

    @property
    def told(self) -> dict[str, Any]:
        """As a service is told of it."""
        return {
            "measure": self.measure.value, "slow_s": self.slow_s, "age_days": self.age_days,
            "gifts": self.gifts, "paused": self.paused,
        }  # fmt: skip
