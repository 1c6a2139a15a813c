"""What follows from risk: cases, priorities and orders, in the transaction that raised it.

In comes a stream with one more reason to worry; out go its risk anew, the case a person looks
at and, where policy says so, the wish to stop it. Used by everything in `live` that hears of a
stream; tests: `tests/contract/test_live_streams.py`.
"""

from __future__ import annotations

from dataclasses import replace

from breakwater.live import policy as grades
from breakwater.live.policy import Policy
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.ids import Id
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.records import cases, stream_orders, streams
from breakwater.records.database import Tx

SYSTEM = "system"
"""Who opens a case that no person asked for."""


def worry(tx: Tx, policy: Policy, stream: Stream, source: str, weight: float) -> Stream:
    """Raise a stream's risk by one source, and let policy act on the whole.

    Args:
        tx: the transaction.
        policy: in force.
        stream: as read in it.
        source: `frames`, `reports`, `comments`, `classifier`, `history`.
        weight: 0 to 1, the newest that this source says; frames never say less than before.
    """
    known = stream.risks.get(source, 0.0)
    weight = max(known, weight) if source == "frames" else weight
    risks = {**stream.risks, source: round(weight, 4)}
    return settle(tx, policy, replace(stream, risks=risks), was=stream)


def settle(tx: Tx, policy: Policy, stream: Stream, *, was: Stream) -> Stream:
    """Keep the risk of `stream.risks`, and watch or hide it where that follows."""
    risk = grades.together(stream.risks)
    word = grades.priority(policy, risk, stream.control)
    made = streams.set_risk(tx, was, risk, stream.risks, word)
    to = grades.graded(policy, risk)
    if to.rank > made.control.rank and made.state is not StreamState.ENDED:
        return order(tx, made, to, why="risk")
    return made


def order(tx: Tx, stream: Stream, to: Control, *, why: str) -> Stream:
    """Let policy stop a stream; it never lets go of one."""
    if to.rank <= stream.control.rank:
        return stream
    stream_orders.want(tx, stream, to, by=stream_orders.SELF, why=why)
    return streams.get(tx, stream.id)


def case_for(
    tx: Tx, stream: Stream, *, why: str, priority: Priority, by: str = SYSTEM
) -> tuple[Stream, Case]:
    """The case a person looks at: the one that waits, more urgent if need be, or a new one."""
    known = cases.get(tx, stream.case) if stream.case else None
    if known is not None and known.state is not CaseState.CLOSED:
        if priority.rank < known.priority.rank:
            known = cases.set_priority(tx, known.id, priority, by=by, reason=why)
        return stream, known
    opened = cases.open(
        tx, kind=CaseKind.STREAM, subject=stream.id, why=why, priority=priority,
        service=stream.service, account=stream.account, by=by,
    )  # fmt: skip
    streams.set_case(tx, stream.id, opened.id)
    return streams.get(tx, stream.id), opened


def waiting_case(tx: Tx, stream: Stream) -> Id | None:
    """The case about a stream that is not closed; None when there is none."""
    if stream.case is None or cases.get(tx, stream.case).state is CaseState.CLOSED:
        return None
    return stream.case
