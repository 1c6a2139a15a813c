"""Alerts of watchers: kept with their evidence, judged by policy, acted on in one transaction.

In comes what a watcher saw with its segments or matches; out go the alert's row, the stream's
risk, its case and, where policy says so, the order to freeze or cut it. Whether a bank may cut
by itself, and whether two verified the video, is read from rows here, never believed of the alert. The same sight again within
seconds changes nothing. Used by `live.streams`; tests: `tests/contract/test_live_streams.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from breakwater.errors import NotFound
from breakwater.live import acting
from breakwater.live.policy import Judged, Policy, judge
from breakwater.model.bank import Bank, BankAction
from breakwater.model.case import Priority
from breakwater.model.copies import ReelStatus, Segment, Zone
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.scene import CloserLook
from breakwater.model.stream import Alert, Control, Stream, StreamState
from breakwater.records import bank_cuts, banks, cases, reels, stream_alerts, streams
from breakwater.records.database import Tx

AGAIN: Final = timedelta(seconds=10)
"""The same sight within this is the same alert, unless it goes further."""

LINK: Final = 3.0
"""Score from which an alignment links (model.copies); for alerts that bring no segments."""

ORDER: Final = (Zone.LINK, Zone.LOOK, Zone.NOTHING)


def take(
    tx: Tx,
    policy: Policy,
    alert: Alert,
    *,
    segments: Sequence[Segment] = (),
    matches: Sequence[Match] = (),
    looks: Sequence[CloserLook] = (),
) -> Stream:
    """Take one alert.

    Args:
        tx: the transaction that makes it true.
        policy: in force.
        alert: what was seen.
        segments: aligned stretches that support it.
        matches: entries that single frames were near to.
        looks: what a closer look at its segments found; kept even where it changes nothing.

    Raises:
        NotFound: no such stream.
    """
    tx.lock_changes()
    stream = streams.get(tx, alert.stream)
    judged = _judged(tx, policy, alert, segments)
    if not looks and _known(tx, alert, judged, stream):
        return stream
    case: Id | None = acting.waiting_case(tx, stream)
    if stream.state is not StreamState.ENDED:
        stream = acting.order(tx, stream, judged.to, why=alert.kind)
    stream = acting.worry(tx, policy, stream, _source(alert), _weight(stream, alert, judged))
    if case is not None and alert.kind == "classifier":
        stream, _ = acting.case_for(tx, stream, why=alert.why, priority=stream.priority)
    if judged.opens:
        stops = judged.to.rank >= Control.FROZEN.rank
        priority = Priority.NOW if stops else _urgent(stream.priority)
        stream, opened = acting.case_for(tx, stream, why=alert.why, priority=priority)
        if opened.id == case:
            cases.note(tx, case, by=acting.SYSTEM, what="alerted", alert=alert.kind)
        case = opened.id
    kept = stream_alerts.add(
        tx, alert, case=case, wanted=judged.to, segments=segments, matches=matches,
        looks=looks,
    )  # fmt: skip
    tx.audit(
        "live", "stream.alert", stream.id, kind=alert.kind, wanted=judged.to.value,
        alert=kept.id, frames=alert.frames, span_s=round(alert.span_s, 2),
    )  # fmt: skip
    tx.emit(
        EventType.STREAM_ALERTED, stream.id, alert=kept.id, kind=alert.kind,
        wanted=judged.to.value, case=case,
    )  # fmt: skip
    return stream


def _judged(tx: Tx, policy: Policy, alert: Alert, segments: Sequence[Segment]) -> Judged:
    action, may_cut, unchecked = BankAction.HOLD, False, False
    try:
        bank = banks.get(tx, alert.bank) if alert.bank else None
    except NotFound:
        bank = None  # withdrawn meanwhile: a person looks, nothing is cut
    if bank is not None:
        action, unchecked = bank.action, bank.unchecked
        may_cut = (
            alert.auto_cut
            and not bank.archived
            and bank_cuts.allowed(tx, bank.id)
            and _verified(tx, alert, bank)
        )
    known = alert.reference is not None and alert.reference in stream_alerts.dismissed(
        tx, alert.stream
    )
    zone = _zone(alert, segments)
    if zone is Zone.NOTHING:  # a closer look found another video: nothing follows, it is kept
        return Judged(Control.OPEN, 0.0, opens=False)
    return judge(
        policy, alert, zone=zone, action=action, may_cut=may_cut,
        dismissed=known, unchecked=unchecked,
    )  # fmt: skip


def _verified(tx: Tx, alert: Alert, bank: Bank) -> bool:
    """Whether two vouch, by now, for the known video it shows, and it is active in that bank."""
    if alert.reference is None:
        return False
    try:
        reel = reels.by_id(tx, alert.reference)
    except NotFound:
        return False
    return reel.bank == bank.id and reel.status is ReelStatus.ACTIVE and reel.sources > 1


def _zone(alert: Alert, segments: Sequence[Segment]) -> Zone:
    """The best zone of the segments; a match of single frames by a bank's limit is a link."""
    if segments:
        return min((one.zone for one in segments), key=ORDER.index)
    if alert.kind == "match":
        return Zone.LINK
    return Zone.LINK if alert.score >= LINK else Zone.LOOK


def _known(tx: Tx, alert: Alert, judged: Judged, stream: Stream) -> bool:
    """It was told seconds ago, and asks for nothing more."""
    before = stream_alerts.last(tx, stream.id, alert.kind, alert.reference)
    if before is None:
        return False
    further = judged.to.rank > max(before.wanted.rank, stream.control.rank)
    return tx.now - before.alert.at < AGAIN and not further


def _weight(stream: Stream, alert: Alert, judged: Judged) -> float:
    """Of several classifiers the highest counts; a lower or a missing score clears nothing."""
    if alert.kind != "classifier":
        return judged.weight
    return max(judged.weight, stream.risks.get("classifier", 0.0))


def _source(alert: Alert) -> str:
    return "classifier" if alert.kind == "classifier" else "frames"


def _urgent(priority: Priority) -> Priority:
    """A person looks within the hour at the latest."""
    return min(priority, Priority.MEDIUM, key=lambda one: one.rank)
