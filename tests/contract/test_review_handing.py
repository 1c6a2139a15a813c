"""A live case goes on before its holder's break begins, and is nobody's at no moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders

from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.queue import Waiting
from breakwater.records import audit, cases, exposure, sessions, views
from breakwater.records import queue as rows
from breakwater.review.looking.cover import Staggering
from breakwater.review.looking.exposure import ExposureClock
from breakwater.review.queueing.queue import Queue


class Desk:
    """People at work on one database, whose clock obeys."""

    def __init__(self, database, clock) -> None:
        self.db, self.clock = database, clock
        self.queue = Queue(db=database)
        self.breaks = Staggering(db=database)
        self.exposure = ExposureClock(db=database, clock=clock)

    def reviewer(self, name: str) -> Principal:
        with self.db.transaction() as tx:
            made = builders.person(tx, name, Role.REVIEWER)
        return Principal(made.id, name, Role.REVIEWER.permissions, person=made.id)

    def stream(self) -> Id:
        with self.db.transaction() as tx:
            facts = {"kind": CaseKind.STREAM, "priority": Priority.NOW}
            return builders.case(tx, **facts).id

    def minute(self, *looking: Principal, there: tuple[Principal, ...]) -> None:
        """A minute in which some look at pictures and all are at the console."""
        with self.db.transaction() as tx:
            for who in looking:
                views.start(tx, person=who.id, item=new_id(), level=Level.S3, reason="review")
            for who in there:
                sessions.start_session(
                    tx, who.id, token_sha256=new_id().encode(), method="link",
                    expires_at=tx.now + timedelta(days=1),
                )  # fmt: skip
        self.clock.advance(60)

    def holder(self, case: Id) -> Id | None:
        with self.db.read() as tx:
            return cases.get(tx, case).held_by


@pytest.fixture
def desk(database, clock) -> Desk:
    return Desk(database, clock)


def test_it_is_handed_on_before_a_break_that_is_due_begins(desk):
    sam, ada = desk.reviewer("Sam"), desk.reviewer("Ada")
    for _ in range(58):
        desk.minute(sam, there=(sam, ada))
    live, plain = desk.stream(), builders_case(desk)
    desk.queue.take(sam, live)
    desk.queue.take(sam, plain)
    desk.breaks.turn()
    assert desk.holder(live) == sam.id, "two minutes before it stays"
    desk.minute(sam, there=(sam, ada))
    desk.breaks.turn()
    assert desk.exposure.status(sam).closed is None, "the break has not begun"
    assert desk.holder(live) == ada.id
    assert desk.holder(plain) == sam.id, "what is not live waits for its holder"
    assert desk.queue.lost(sam, live).startswith("Ada took this case")
    with desk.db.read() as tx:
        assert "case.hand_on" in [entry.action for entry in audit.page(tx, limit=5)]


def test_where_nobody_else_can_it_stays_with_its_holder(desk):
    sam, ada = desk.reviewer("Sam"), desk.reviewer("Ada")
    for _ in range(60):
        desk.minute(sam, ada, there=(sam, ada))
    live = desk.stream()
    desk.queue.take(sam, live)
    desk.breaks.turn()
    assert desk.exposure.status(sam).closed is not None
    assert desk.holder(live) == sam.id


def test_who_opened_it_beyond_a_limit_keeps_it(desk):
    sam, ada = desk.reviewer("Sam"), desk.reviewer("Ada")
    for _ in range(60):
        desk.minute(sam, there=(sam, ada))
    live = desk.stream()
    desk.queue.take(sam, live)
    desk.exposure.open_over_cap(sam, live, "I know this stream.")
    desk.breaks.turn()
    assert desk.holder(live) == sam.id


def test_a_cool_down_hands_on_at_once_to_whoever_may_open_it(desk):
    sam, ada, eve = (desk.reviewer(name) for name in ("Sam", "Ada", "Eve"))
    desk.minute(sam, there=(sam, ada, eve))
    live = desk.stream()
    desk.queue.take(sam, live)
    desk.queue.opt_out(ada, frozenset({"live"}))
    with desk.db.transaction() as tx:
        rows.put(tx, Waiting(live), content=["live"])
        for _ in range(10):
            exposure.mark(tx, sam.id, new_id())
    desk.breaks.turn()
    assert desk.holder(live) == eve.id


def builders_case(desk: Desk) -> Id:
    with desk.db.transaction() as tx:
        return builders.case(tx).id
