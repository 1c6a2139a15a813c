"""What an order on a live stream means for the calls about its case.

Whoever stops the stream, or orders anything else of it, is on it: their order answers the calls
that waited, and a stream that a person stopped calls nobody anew. Danger is answered in person.
Used by `watch` and `duty`; tests: `tests/integration/test_duty_orders.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import NotFound
from breakwater.model.case import Case, CaseKind
from breakwater.model.duty import Call, CallKind, Outcome
from breakwater.model.event import Event
from breakwater.model.ids import Id, parse_id
from breakwater.model.stream import Control
from breakwater.records import duty_calls, people, stream_orders, streams
from breakwater.records.database import Tx

ENDED_BY_CASE: Final = frozenset({CallKind.CASE, CallKind.OVERDUE})
"""Calls that somebody at work on the case ends."""

BY_CALL: Final = "person"
"""Why a stream was frozen, where somebody on duty asked for it on the page "On call"."""


def ending(tx: Tx, case: Id) -> list[Call]:
    """Calls that wait and end when somebody works on the case, the oldest first."""
    return [call for call in duty_calls.about(tx, case) if call.kind in ENDED_BY_CASE]


def answered(tx: Tx, event: Event) -> tuple[list[Call], str]:
    """Calls that an order answers, and the person who gave it; none for what policy ordered."""
    stream = streams.find(tx, event.subject)
    order = stream_orders.get(tx, Id(event.body["order"]))
    if stream is None or stream.case is None or not _is_person(tx, order.by):
        return [], ""
    return [call for call in ending(tx, stream.case) if call.opened_at <= order.at], order.by


def answer(tx: Tx, calls: list[Call], by: str) -> None:
    """Keep that a person answered by what they ordered."""
    for call in calls:
        duty_calls.answer(tx, call.id, outcome=Outcome.ORDERED, by=by)


def stopped(tx: Tx, case: Case, least: Control) -> bool:
    """Whether a person stopped the stream of a case so far, after the case was opened."""
    if case.kind is not CaseKind.STREAM:
        return False
    stands = stream_orders.standing(tx, case.subject)
    if stands is None or stands.to.rank < least.rank or stands.at < case.opened_at:
        return False
    return stands.why == BY_CALL or _is_person(tx, stands.by)


def _is_person(tx: Tx, actor: str) -> bool:
    found = parse_id(actor)
    if found is None:
        return False
    try:
        people.get(tx, found)
    except NotFound:
        return False
    return True
