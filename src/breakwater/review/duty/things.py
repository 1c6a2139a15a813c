"""What calls for a person without being a case: an act, a report, a request of an authority.

In come events of things that are late or failed; out goes the kind of call, and whether a call
still has a reason. A thing calls once each time it is told of, and what is settled meanwhile calls
nobody on. Used by `watch` and `calling`; contract: `tests/contract/test_duty_things.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.duty import Call, CallKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.records import duty_calls, filings, legal_requests, platform_acts
from breakwater.records.database import Tx

CALLS: Final[Mapping[EventType, CallKind]] = {
    EventType.ACT_UNCONFIRMED: CallKind.ACT,
    EventType.FILING_OVERDUE: CallKind.FILING,
    EventType.REQUEST_OVERDUE: CallKind.REQUEST,
}
"""By what happened."""


def call_for(tx: Tx, event: Event) -> CallKind | None:
    """The kind of call an event asks for; None where it had one or needs none. It may come twice."""
    kind = CALLS[event.type]
    if duty_calls.called(tx, event.subject, kind, since=event.at):
        return None
    return kind if open_still(tx, kind, event.subject) else None


def open_still(tx: Tx, kind: CallKind, subject: Id) -> bool:
    """Whether a person is still needed for a thing."""
    try:
        if kind is CallKind.ACT:
            return platform_acts.get(tx, subject).state.failed
        if kind is CallKind.FILING:
            return not filings.get(tx, subject).state.ends
        return not legal_requests.get(tx, subject).state.ended
    except NotFound:
        return False


def case_of(tx: Tx, call: Call) -> Id | None:
    """The case to look at: of the call, or of the thing it is about."""
    if not call.kind.about_thing:
        return call.case
    try:
        if call.kind is CallKind.ACT:
            return platform_acts.get(tx, call.subject).case
        if call.kind is CallKind.FILING:
            return filings.get(tx, call.subject).case
        return legal_requests.get(tx, call.subject).case
    except NotFound:
        return None
