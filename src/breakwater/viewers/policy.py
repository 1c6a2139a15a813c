"""What of a broadcast is illegal, and what its viewers are.

Pure: in come alerts, orders and sessions as values, out go spans and tiers. An act counts
as paid or directed when it was done while it was illegal, or by who watched any of it. Used by
`viewers.seeing`; tests: `tests/unit/test_viewers_policy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.ids import Id
from breakwater.model.stream import Control, Evidence, Order, Stream
from breakwater.model.watch import (
    ActKind,
    ActSeen,
    Span,
    ViewerSession,
    Watching,
    merged,
    overlap_s,
    visits_to,
)

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


def visit(session: ViewerSession, ended: datetime) -> Span:
    """A session as a span; one without an end lasts until the broadcast ended."""
    end = session.left_at or ended
    return Span(session.joined_at, max(session.joined_at, end))


def watching(
    visits: Sequence[Span], spans: Sequence[Span], acts: Sequence[ActSeen],
    elsewhere: Mapping[Id, float],
) -> Watching:  # fmt: skip
    """What is known of one viewer.

    Args:
        visits: theirs here.
        spans: what is illegal here.
        acts: theirs.
        elsewhere: seconds of what is illegal in other stopped broadcasts.
    """
    overlap = overlap_s(visits, spans)
    met = {stream: seconds for stream, seconds in elsewhere.items() if seconds > 0}
    counted = {
        one.kind for one in acts if overlap > 0 or any(s.start <= one.at <= s.end for s in spans)
    }
    return Watching(
        overlap=overlap, visits=visits_to(visits, spans), elsewhere=sum(met.values()),
        streams=len(met), paid=ActKind.PAID in counted, directed=ActKind.DIRECTED in counted,
    )  # fmt: skip


def lasting(visits: Sequence[Span]) -> float:
    """Seconds watched in all, none twice."""
    return sum(one.seconds for one in merged(visits))
