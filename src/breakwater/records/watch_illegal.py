"""What of a broadcast is illegal: what a person said last, else what its alerts and orders show.

Read by `viewers.seeing` and `reporting.drafting`; contract: `tests/contract/test_viewers.py`.
"""

from __future__ import annotations

from breakwater.model.stream import Stream
from breakwater.model.watch import Span
from breakwater.model.watch_illegal import illegal
from breakwater.records import stream_alerts, stream_orders, watch_acts
from breakwater.records.database import Tx


def of_stream(tx: Tx, stream: Stream) -> tuple[tuple[Span, ...], str]:
    """Stretches that are illegal, and what that rests on: `person`, `alerts` or `whole`."""
    said = watch_acts.spans(tx, stream.id)
    if said is not None:
        return said, "person"
    alerts = stream_alerts.of_stream(tx, stream.id)
    return illegal(stream, alerts, stream_orders.of_stream(tx, stream.id), tx.now)
