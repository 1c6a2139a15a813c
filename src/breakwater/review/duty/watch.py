"""Watches over calls: comes back when a minute is over, tests pagers, notices an empty rota.

`on_case` reacts to cases and things that need somebody, and to cases that were taken or closed
meanwhile; `turn` runs every second. Both may run in several processes at once: what they do is
decided under the change lock, from rows. A minute is over when the wall clock *or* the
monotonic clock says so, so that setting the clock back delays nobody. Tests:
`tests/integration/test_duty.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.clock import Clock
from breakwater.model.duty import Call, CallKind, OnDuty, Outcome, Ring
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.stream import Control
from breakwater.observe import Metrics
from breakwater.records import cases, duty, duty_calls
from breakwater.records.database import Database, Tx
from breakwater.review.duty import orders, things
from breakwater.review.duty.calling import EVERYBODY, ROTA, Caller
from breakwater.review.duty.ringing import LOOK_AGAIN

EVERY_S: Final = 1.0
"""How soon after its minute an unanswered ring is noticed."""

HEARD: Final = frozenset({
    EventType.CASE_OPENED, EventType.CASE_CHANGED, EventType.CASE_OVERDUE,
    EventType.DANGER_RAISED, EventType.STREAM_ORDERED, *things.CALLS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a turn found.

    Attributes:
        lapsed: calls that are due by the monotonic clock.
    """

    on_duty: Sequence[OnDuty]
    untested: int
    due: int
    lapsed: frozenset[Id]
    uncovered: bool
    alarmed: bool

    @property
    def calm(self) -> bool:
        """Nothing is to be done."""
        return not (self.untested or self.due or self.lapsed or self.uncovered is not self.alarmed)


@dataclass(slots=True)
class Watch:
    """Looks at calls and the rota; keeps nothing but when each minute is over."""

    db: Database
    clock: Clock
    metrics: Metrics
    caller: Caller
    _deadlines: dict[Id, float] = field(default_factory=dict)

    def on_case(self, event: Event) -> None:
        """Call somebody for a case that needs one, or end the calls of one that no longer does."""
        if event.type is EventType.STREAM_ORDERED:
            self._on_order(event)
            return
        with self.db.read() as tx:
            if self._verdict(tx, event) is None:
                return
        with self.db.transaction() as tx:
            tx.lock_changes()
            act = self._verdict(tx, event)
            if isinstance(act, CallKind):
                self.caller.call(tx, act, event.subject, by="review")
            elif act is not None:
                case = cases.get(tx, event.subject)
                by = str(case.held_by) if act is Outcome.TAKEN else _closer(tx, case)
                for call in orders.ending(tx, case.id):
                    duty_calls.answer(tx, call.id, outcome=act, by=by)

    def turn(self) -> None:
        """Do what became due."""
        with self.db.read() as tx:
            standing = self._stands(tx)
        self.metrics.duty_people.set(len({one.person for one in standing.on_duty}))
        if standing.calm:
            return
        with self.db.transaction() as tx:
            tx.lock_changes()
            for shift in duty.untested(tx):
                self.caller.call(tx, CallKind.TEST, shift.id, by=ROTA, only=shift.person)
            self._cover(tx)
            due = {call.id for call in duty_calls.waiting(tx, due=tx.now)} | standing.lapsed
            for call in duty_calls.waiting(tx):
                if call.id in due:
                    self.caller.advance(tx, call, lapsed=call.id in standing.lapsed)

    def _on_order(self, event: Event) -> None:
        """A person who orders something of the stream is on its case."""
        with self.db.read() as tx:
            if not orders.answered(tx, event)[0]:
                return
        with self.db.transaction() as tx:
            tx.lock_changes()
            orders.answer(tx, *orders.answered(tx, event))

    def _verdict(self, tx: Tx, event: Event) -> CallKind | Outcome | None:
        """What an event asks for: a call, an end of calls, or nothing. Events may come twice."""
        if event.type in things.CALLS:
            return things.call_for(tx, event)
        if event.type is EventType.DANGER_RAISED:
            known = duty_calls.called(tx, event.subject, CallKind.DANGER, since=event.at)
            return None if known else CallKind.DANGER
        try:
            case = cases.get(tx, event.subject)
        except NotFound:
            return None
        if case.state is CaseState.CLOSED:
            return Outcome.SETTLED if orders.ending(tx, case.id) else None
        if case.held_by is not None and case.held_until is not None and case.held_until > tx.now:
            return Outcome.TAKEN if orders.ending(tx, case.id) else None
        return _call_for(tx, case, event) if case.priority is Priority.NOW else None

    def _stands(self, tx: Tx) -> _Standing:
        on_duty = self.caller.on_duty(tx)
        waiting = duty_calls.waiting(tx)
        return _Standing(
            on_duty=on_duty,
            untested=len(duty.untested(tx)),
            due=len(duty_calls.waiting(tx, due=tx.now)),
            lapsed=self._lapsed(tx, waiting),
            uncovered=_uncovered(tx, on_duty, waiting),
            alarmed=any(call.subject == EVERYBODY for call in waiting),
        )

    def _cover(self, tx: Tx) -> None:
        """Raise or end the alarm that nobody is on duty."""
        on_duty, waiting = self.caller.on_duty(tx), duty_calls.waiting(tx)
        if _uncovered(tx, on_duty, waiting):
            self.caller.unmanned(tx)
        else:
            self.caller.manned(tx, Outcome.COVERED if on_duty else Outcome.SETTLED)

    def _lapsed(self, tx: Tx, waiting: Sequence[Call]) -> frozenset[Id]:
        """Calls to look at by the clock that never goes back: once when due, then now and then."""
        now = self.clock.monotonic()
        seen: dict[Id, float] = {}
        lapsed = set()
        for call in waiting:
            last = next(reversed(duty_calls.rings(tx, call.id)), None)
            key, left = (last.id, _left(last, tx.now)) if last else (call.id, LOOK_AGAIN)
            seen[key] = self._deadlines.get(key, now + left.total_seconds())
            if seen[key] <= now:
                lapsed.add(call.id)
                seen[key] = now + LOOK_AGAIN.total_seconds()
        self._deadlines = seen
        return frozenset(lapsed)


def _left(ring: Ring, now: datetime) -> timedelta:
    """What is left of a ring, and never more than it had."""
    return max(timedelta(), min(ring.answer_by - now, ring.answer_by - ring.at))


def _call_for(tx: Tx, case: Case, event: Event) -> CallKind | None:
    """A case calls once when it becomes urgent, and again when nobody looked in time."""
    if any(call.kind.about_case for call in duty_calls.about(tx, case.id)):
        return None
    if event.type is EventType.CASE_OVERDUE:
        known = duty_calls.called(tx, case.id, CallKind.OVERDUE, since=event.at)
        return None if known or orders.stopped(tx, case, Control.CUT) else CallKind.OVERDUE
    known = duty_calls.called(tx, case.id, CallKind.CASE)
    return None if known or orders.stopped(tx, case, Control.FROZEN) else CallKind.CASE


def _closer(tx: Tx, case: Case) -> str:
    """Who closed a case: the person who decided, or the name of a part."""
    return next(
        (s.by for s in reversed(cases.history(tx, case.id)) if s.what == "closed"), "review"
    )


def _uncovered(tx: Tx, on_duty: Sequence[OnDuty], waiting: Sequence[Call]) -> bool:
    """Nobody is on duty although there is a rota, or although something calls for somebody."""
    if on_duty:
        return False
    wanted = any(call.kind.about_case or call.kind.about_thing for call in waiting)
    return wanted or duty.planned(tx)
