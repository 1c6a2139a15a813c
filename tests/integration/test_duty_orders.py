"""On call and a live stream: who stops it is on it, and the page says what is true of it."""

from __future__ import annotations

import pytest

from breakwater.model.access import Principal
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind
from breakwater.model.duty import Call, CallKind, Outcome
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.stream import Control, OrderState, Stream, StreamState
from breakwater.records import cases, stream_orders, streams
from breakwater.web.pages import read_duty
from tests.integration.oncall_house import House, house

__all__ = ["house"]


def begun(house: House) -> tuple[Principal, Stream, Call]:
    """Somebody on duty, and a stream whose case calls them."""
    ada = house.person("Ada")
    house.on(ada)
    house.tested()
    with house.app.db.transaction() as tx:
        sender = Sender(account="acct-1", service="clips")
        stream = streams.start(tx, server="", name="live/1", sender=sender)
    case = house.case(kind=CaseKind.STREAM, subject=stream.id)
    with house.app.db.transaction() as tx:
        streams.set_case(tx, stream.id, case)
    (call,) = house.waiting(CallKind.CASE)
    return ada, stream, call


def order(house: House, stream: Stream, to: Control, by: str) -> None:
    with house.app.db.transaction() as tx:
        stream_orders.want(tx, streams.get(tx, stream.id), to, by=by, why="person")
    house.beat()


def card(house: House, who: Principal) -> tuple[str, bool]:
    """What the page says of the stream, and whether it offers to freeze it."""
    with house.app.db.read() as tx:
        shown = read_duty.view(tx, who, house.app.review.on_call).calls
    found = next(one for one in shown if one.case)
    return found.stands.word if found.stands else "", bool(found.stream)


@pytest.mark.parametrize("to", [Control.FROZEN, Control.CUT])
def test_who_stops_the_stream_answers_its_call_and_is_not_rung_again(house: House, to: Control):
    ada, stream, call = begun(house)
    order(house, stream, Control.HIDDEN, stream_orders.SELF)
    assert house.waiting(CallKind.CASE) == [call], "what policy does is no answer"
    order(house, stream, to, str(ada.person))
    answered = house.get(call)
    assert (answered.outcome, answered.answered_by) == (Outcome.ORDERED, ada.person)
    rung = house.rung(call)
    house.beat(61)
    assert house.rung(call) == rung
    with house.app.db.transaction() as tx:
        tx.emit(EventType.CASE_OVERDUE, Id(str(call.case)), priority="now")
    house.beat()
    assert bool(house.waiting(CallKind.OVERDUE)) is (to is Control.FROZEN)


def test_freezing_from_the_page_is_an_answer_but_danger_is_answered_in_person(house: House):
    ada, _, call = begun(house)
    with house.app.db.transaction() as tx:
        tx.emit(EventType.DANGER_RAISED, Id(str(call.case)))
    house.beat()
    house.app.review.duty.freeze(ada, Id(str(call.case)))
    assert house.get(call).answered_by == ada.person
    assert [one.kind for one in house.waiting()] == [CallKind.DANGER]


def test_the_page_says_of_the_stream_what_is_so_and_freezes_only_what_runs(house: House):
    ada, stream, _ = begun(house)
    assert card(house, ada) == ("Open", True)
    order(house, stream, Control.FROZEN, stream_orders.SELF)
    assert card(house, ada) == ("Being frozen", False)
    with house.app.db.transaction() as tx:
        standing = stream_orders.standing(tx, stream.id)
        assert standing is not None
        stream_orders.set_state(tx, standing, OrderState.CONFIRMED)
        streams.set_state(tx, stream.id, StreamState.ENDED)
    assert card(house, ada) == ("Frozen", False)


def test_a_stream_that_ended_by_itself_is_not_offered(house: House):
    ada, stream, _ = begun(house)
    with house.app.db.transaction() as tx:
        streams.set_state(tx, stream.id, StreamState.ENDED)
    assert card(house, ada) == ("Ended", False)


def test_a_case_that_somebody_closed_names_them(house: House):
    ada, _, call = begun(house)
    with house.app.db.transaction() as tx:
        cases.close(tx, Id(str(call.case)), by=str(ada.person), reason="Decided.")
    house.beat()
    assert (house.get(call).outcome, house.get(call).answered_by) == (Outcome.SETTLED, ada.person)
