"""What viewers of a broadcast are, by what they watched and did.

Pure: in come sessions and acts as values, out goes what tiers follow from. An act counts
as paid or directed when it was done while it was illegal, or by who watched any of it. Used by
`viewers.seeing`; tests: `tests/unit/test_viewers_policy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from breakwater.model.ids import Id
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
