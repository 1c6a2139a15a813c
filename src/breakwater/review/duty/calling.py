"""Opens calls and rings people, in the transaction of whoever needs them.

In come a reason and a subject; out go rows: the call, its rings, and messages on their way to
the pager service. `ringing` decides whom; `watch` comes back when a minute is over; `duty` is
for the people. When nobody may act on a live stream, the stream is frozen by policy (law,
"reviewer wellbeing": if nobody may act the policy freezes the stream by itself).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.case import CaseKind, CaseState
from breakwater.model.duty import Call, CallKind, OnDuty, Outcome, Shift
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.observe import Metrics, logger
from breakwater.records import cases, duty, duty_calls
from breakwater.records.database import Tx
from breakwater.review.duty import things
from breakwater.review.duty.ports import Resting, StreamFreezer
from breakwater.review.duty.ringing import Act, next_step, order

ROTA: Final = "rota"
"""Who acts when nobody in person does."""

EVERYBODY: Final = Id("00000000-0000-7000-8000-000000000002")
"""The subject of the call that says that nobody is on duty."""

_log = logger("duty")


def never_resting(_tx: Tx, _person: Id) -> bool:
    """Where no exposure clock says otherwise, nobody is on a break."""
    return False


class Caller:
    """The one place where a call moves on."""

    def __init__(
        self,
        *,
        freezer: StreamFreezer,
        metrics: Metrics,
        send: bool,
        resting: Resting = never_resting,
    ) -> None:
        """Take the parts.

        Args:
            freezer: freezes a stream when nobody may act.
            metrics: counts alarms.
            send: whether there is a pager service to be told.
            resting: who is on a break, and so called after the others.
        """
        self._freezer = freezer
        self._metrics = metrics
        self._send = send
        self._resting = resting

    def on_duty(self, tx: Tx) -> list[OnDuty]:
        """Who can be called now, in the order in which they are."""
        now = [
            replace(one, resting=self._resting(tx, one.person)) for one in duty.on_now(tx)
        ]  # fmt: skip
        return sorted(now, key=order)

    def call(self, tx: Tx, kind: CallKind, subject: Id, *, by: str, only: Id | None = None) -> Call:
        """Ask for a person and ring the first one at once."""
        opened = duty_calls.open(tx, kind=kind, subject=subject, by=by, only=only)
        if not duty_calls.rings(tx, opened.id):
            self.advance(tx, opened)
        return duty_calls.get(tx, opened.id)

    def advance(self, tx: Tx, call: Call, *, lapsed: bool = False) -> None:
        """Do what a waiting call needs now: wait, ring the next person, or say that nobody is there.

        Args:
            tx: the transaction.
            call: one that waits.
            lapsed: the last ring's minute is over, whatever the wall clock says.
        """
        if call.kind.about_thing and not things.open_still(tx, call.kind, call.subject):
            duty_calls.answer(tx, call.id, outcome=Outcome.SETTLED, by=ROTA)
            return
        if self._is_moot(tx, call):
            duty_calls.answer(tx, call.id, outcome=Outcome.WITHDRAWN, by=ROTA)
            return
        rings = duty_calls.rings(tx, call.id)
        step = next_step(call, rings, self.on_duty(tx), tx.now, lapsed=lapsed)
        if step.act is Act.MISS:
            duty_calls.answer(tx, call.id, outcome=Outcome.MISSED, by=ROTA)
            self._alarm(tx, "page_missed", call)
        elif step.act is Act.NOBODY:
            duty_calls.look_again(tx, call.id, step.until)
            self.unmanned(tx)
            self._freeze(tx, call, "nobody_on_duty")
        elif step.act is Act.RING and (step.person is not None or self._send):
            duty_calls.ring(tx, call, step.person, answer_by=step.until, send=self._send)
            if step.in_vain:
                self._alarm(tx, "call_unanswered", call)
                self._freeze(tx, call, "nobody_answered")
        else:
            duty_calls.look_again(tx, call.id, step.until)

    def unmanned(self, tx: Tx) -> None:
        """Raise the alarm that nobody is on duty, once until somebody is."""
        if duty_calls.about(tx, EVERYBODY):
            return
        raised = self.call(tx, CallKind.NOBODY, EVERYBODY, by=ROTA)
        tx.emit(EventType.DUTY_UNMANNED, raised.id)
        self._alarm(tx, "nobody_on_duty", raised)

    def manned(self, tx: Tx, outcome: Outcome) -> None:
        """End that alarm."""
        for raised in duty_calls.about(tx, EVERYBODY):
            duty_calls.answer(tx, raised.id, outcome=outcome, by=ROTA)

    def _is_moot(self, tx: Tx, call: Call) -> bool:
        """Whether a call is about a shift that is over."""
        if call.kind not in {CallKind.TEST, CallKind.HANDOVER}:
            return False
        shift = shift_of(tx, call)
        return shift is not None and not shift.covers(tx.now)

    def _freeze(self, tx: Tx, call: Call, why: str) -> None:
        if call.case is None:
            return
        case = cases.get(tx, call.case)
        if case.kind is CaseKind.STREAM and case.state is not CaseState.CLOSED:
            self._freezer.freeze(tx, case, by="policy", why=why)

    def _alarm(self, tx: Tx, kind: str, call: Call) -> None:
        def raised() -> None:
            self._metrics.alarms.labels(kind).inc()
            _log.error("duty_alarm", kind=kind, call=call.id)

        tx.after_commit(raised)


def shift_of(tx: Tx, call: Call) -> Shift | None:
    """The shift a test or an offer is about; None when somebody off duty tests their pager."""
    try:
        return duty.get(tx, call.subject)
    except NotFound:
        return None
