"""What users and services tell of a broadcast while it runs: reports, scores, who watches.

A report opens or joins the stream's case at once and changes its risk, its place on the wall
and, where policy says so, hides it: never more, because anybody can report. How far a reporter
is believed follows from what came of their earlier reports (`model.user_report`). In a flood
nobody is weighed anew who changes nothing: one more stranger where as many as count did. Used by `live.streams`; tests:
`tests/contract/test_live_streams.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from breakwater.errors import BadInput
from breakwater.live import acting
from breakwater.live.policy import HISTORY_WEIGHT, Policy
from breakwater.model.access import Principal
from breakwater.model.broadcast import News, NewsKind, Viewer
from breakwater.model.case import Priority
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import OrderState, Stream, StreamState
from breakwater.model.user_report import (
    STRANGERS,
    Concern,
    Reliability,
    ReporterKind,
    UserReport,
    belief,
    urgency_of,
)
from breakwater.model.watch import Act, Place
from breakwater.records import stream_orders, stream_people, streams, user_reports, watch_acts
from breakwater.records.database import Tx

LONGEST: Final = 4_000
"""Characters of what a reporter says."""

MOST_VIEWERS: Final = 10_000
"""Viewers told in one message."""

RISKS: Final = frozenset({NewsKind.COMMENTS, NewsKind.CLASSIFIER})
KEPT_OUT: Final = 0.9
"""Risk of a sender whose account was cut before and may not publish."""

CLASSIFIER: Final = 0.6
"""What a score of 1 is worth as risk: it never acts alone."""


@dataclass(frozen=True, slots=True)
class ReportTold:
    """A report on a broadcast as it comes in.

    Attributes:
        reporter: the service's own name of who reports; kept as a pseudonym only.
        reference: the service's own id of the report; the same one is not taken twice.
        words: the reporter's own; sealed.
    """

    reporter: str
    concern: Concern
    reporter_kind: ReporterKind = ReporterKind.USER
    danger: bool = False
    reference: str = ""
    words: str = ""


def report(tx: Tx, policy: Policy, stream: Stream, by: Principal, told: ReportTold) -> UserReport:
    """Keep a report and act on it at once; the same reference again is the same report.

    Raises:
        BadInput: nobody reports, or too many words.
    """
    if not told.reporter or len(told.words) > LONGEST:
        raise BadInput(f"A report has a reporter, and at most {LONGEST:,} characters.")
    before = (
        user_reports.by_reference(tx, stream.service, told.reference) if told.reference else None
    )
    if before is not None:
        return before
    key = user_reports.reporter_key(tx, stream.service, told.reporter_kind, told.reporter)
    trust = user_reports.reliability(tx, {key: told.reporter_kind})[key]
    first = urgency_of(belief([trust]), danger=told.danger)
    before_case = stream.case
    why = "A viewer reported it." if not told.danger else "A report says: a child is in danger now."
    stream, case = acting.case_for(tx, stream, why=why, priority=_live(first))
    made = user_reports.add(
        tx, report=new_id(), service=stream.service, reference=told.reference, reporter=key,
        reporter_kind=told.reporter_kind, concern=told.concern, danger=told.danger,
        case=case.id, item=stream.label, account=stream.account, words=told.words.strip(),
        weight=trust.mean,
    )  # fmt: skip
    tx.audit(
        by.id, "report.take", made.id, case=case.id, concern=told.concern.value,
        danger=told.danger, weight=round(trust.mean, 3),
    )  # fmt: skip
    tx.emit(EventType.REPORT_TAKEN, made.id, case=case.id)
    if case.id != before_case:
        acting.worry(tx, policy, stream, "reports", belief([trust]))
    elif told.danger or _may_count(tx, case.id, key, trust):
        _weigh(tx, policy, stream, case.id, danger=told.danger)
    return made


def _may_count(tx: Tx, case: Id, key: str, trust: Reliability) -> bool:
    """Whether a report can change what all together are worth: only so many strangers count."""
    if trust.known or trust.kind is not ReporterKind.USER:
        return True
    return user_reports.strangers(tx, case, STRANGERS, but=key) < STRANGERS


def _weigh(tx: Tx, policy: Policy, stream: Stream, case: Id, *, danger: bool) -> None:
    """What all reports together are worth now."""
    who = user_reports.reporters_of(tx, case)
    chance = belief(user_reports.reliability(tx, who).values())
    raised = _live(urgency_of(chance, danger=danger))
    made = acting.worry(tx, policy, stream, "reports", chance)
    acting.case_for(tx, made, why=_many(len(who)), priority=raised)


def _live(priority: Priority) -> Priority:
    """Live is one step more urgent than the same word on an upload, and never less than medium."""
    return min(priority, Priority.MEDIUM, key=lambda one: one.rank)


def _many(people: int) -> str:
    return "A viewer reported it." if people < 2 else f"{people} viewers reported it."


def news(tx: Tx, policy: Policy, stream: Stream, told: News, *, by: str) -> Stream:
    """Take one thing that a service or media server tells of a broadcast.

    Raises:
        BadInput: a risk outside 0 to 1, or an order that is not this stream's.
    """
    if not 0.0 <= told.risk <= 1.0:
        raise BadInput("risk is a number from 0 to 1.")
    if told.kind in RISKS:
        _blame(tx, stream, told)
    if told.kind is NewsKind.COMMENTS:
        return acting.worry(tx, policy, stream, "comments", told.risk)
    if told.kind is NewsKind.CLASSIFIER:
        return acting.worry(tx, policy, stream, "classifier", CLASSIFIER * told.risk)
    if told.kind is NewsKind.JOINED:
        _joined(tx, stream, told)
    elif told.kind is NewsKind.LEFT:
        stream_people.leave(tx, stream.id, told.sender.client)
    elif told.kind is NewsKind.ENDED:
        if stream.state is not StreamState.ENDED:
            streams.set_state(tx, stream.id, StreamState.ENDED)
    else:
        _obeyed(tx, stream, told, by=by)
    return streams.get(tx, stream.id)


def _blame(tx: Tx, stream: Stream, told: News) -> None:
    """What is told of one sender is their own risk too, never below what their account says."""
    if not told.sender.client:
        return
    for one in stream_people.publishers(tx, stream.id):
        if one.key == told.sender.client:
            said = CLASSIFIER * told.risk if told.kind is NewsKind.CLASSIFIER else told.risk
            risk = max(said, _past(tx, stream, one.account))
            stream_people.set_publisher(tx, one.id, risk=round(risk, 4))


def _joined(tx: Tx, stream: Stream, told: News) -> None:
    """A further sender: what their account did before is their own risk from the start."""
    made = stream_people.join(tx, stream.id, told.sender)
    risk = _past(tx, stream, made.account)
    if risk > made.risk:
        stream_people.set_publisher(tx, made.id, risk=risk)
    tx.emit(EventType.STREAM_CHANGED, stream.id, joined=True)


def _past(tx: Tx, stream: Stream, account: str) -> float:
    """Of an account that was stopped before, or may not publish."""
    past = streams.history(tx, stream.service, account, but=stream.id)
    keys = {"account": stream_people.account_keys(tx, stream.service, account)}
    kept_out = bool(stream_orders.denied(tx, keys))
    return KEPT_OUT if kept_out else HISTORY_WEIGHT if past.stopped else 0.0


def _obeyed(tx: Tx, stream: Stream, told: News, *, by: str) -> None:
    """The service says that it did, or could not do, what an order asks."""
    order = stream_orders.get(tx, told.order) if told.order else None
    if order is None or order.stream != stream.id:
        raise BadInput("Name the order of this stream that was obeyed.")
    ms = int((tx.now - order.at).total_seconds() * 1000)
    stream_orders.ack(tx, order.id, "service", done=told.done, detail=told.detail, ms=ms)
    tx.audit(by, "stream.obeyed", stream.id, order=order.id, done=told.done)
    if stream_orders.in_force(tx, order):
        state = OrderState.CONFIRMED if told.done else OrderState.UNCONFIRMED
        stream_orders.set_state(tx, order, state)


def placed(
    who: Sequence[Viewer], resolve: Callable[[str, datetime], Place] | None, now: datetime
) -> list[Viewer]:
    """Viewers with where each seemed to be when they joined; looked up before any transaction."""
    if resolve is None:
        return list(who)
    return [
        replace(one, place=resolve(one.address, one.joined_at or now)) if one.address else one
        for one in who
    ]


def watching(
    tx: Tx, stream: Stream, *, count: int | None, who: Sequence[Viewer], by: str,
    acts: Sequence[Act] = (),
) -> Stream:  # fmt: skip
    """Keep how many watch, who, and what they did, as the service tells.

    Raises:
        BadInput: more than 10,000 at once, or fewer than none.
    """
    if max(len(who), len(acts)) > MOST_VIEWERS or (count is not None and count < 0):
        raise BadInput(f"Tell at most {MOST_VIEWERS:,} viewers at once.")
    stream_people.add_viewers(tx, stream, who)
    told = watch_acts.add(tx, stream, acts, by=by)
    if count is not None and count != stream.viewers:
        streams.set_viewers(tx, stream.id, count)
    if who or acts:
        tx.audit(by, "stream.viewers", stream.id, told=len(who), acts=told)
    return streams.get(tx, stream.id)
