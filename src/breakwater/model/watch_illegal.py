"""What of a broadcast is illegal as long as no person said it: from alerts and orders. Pure.

Read through `records.watch_illegal` by `viewers` and `reporting`; tests:
`tests/unit/test_viewers_policy.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.stream import Control, Evidence, Order, Stream
from breakwater.model.watch import Span

TELLS: Final = frozenset({"match", "copy", "stopped", "classifier"})
"""Alerts that say that something is seen; those of lost or unreadable pictures do not."""


def illegal(
    stream: Stream, evidence: Sequence[Evidence], orders: Sequence[Order], now: datetime
) -> tuple[tuple[Span, ...], str]:
    """What is illegal as long as no person says it, and what that rests on.

    From the first alert, with the stretch it aligns with, until it was first stopped; a broadcast
    that only people stopped counts from its start. `alerts` or `whole`.
    """
    stops = [
        one.at for one in orders if one.to.rank >= Control.FROZEN.rank and one.publisher is None
    ]
    end = min([*stops, stream.ended_at or now])
    seen = [one.alert for one in evidence if one.alert.kind in TELLS]
    starts = [max(stream.started_at, one.at - timedelta(seconds=one.span_s)) for one in seen]
    start = min(starts, default=stream.started_at)
    basis = "alerts" if starts and start < end else "whole"
    if basis == "whole":
        start = stream.started_at
    return ((Span(start, max(start, end)),), basis)
