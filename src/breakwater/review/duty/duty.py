"""On call, for people: the rota, acknowledging, freezing, handing over, testing a pager.

In come a person and what they want; out go rows and events, in one transaction each. A shift
that is handed over stays with the first person until the second has acknowledged, so that
duty never falls between two. Fed by `web.pages.duty`, `web.api.duty` and the command line;
what happens by itself stands in `review.duty.watch`. Tests: `tests/integration/test_duty.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.duty import Call, CallKind, Outcome, Shift
from breakwater.model.ids import Id, parse_id
from breakwater.observe import Metrics
from breakwater.records import cases, duty, duty_calls, people
from breakwater.records.database import Database, Tx
from breakwater.review.duty import orders, rota
from breakwater.review.duty.calling import Caller
from breakwater.review.duty.ports import StreamFreezer

MOST_PLANNED: Final = 1_000
"""Shifts in one request: a year of three a day."""


class Duty:
    """What people do about being on call."""

    def __init__(
        self, *, db: Database, caller: Caller, freezer: StreamFreezer, metrics: Metrics
    ) -> None:
        self._db = db
        self._caller = caller
        self._freezer = freezer
        self._metrics = metrics

    def plan(self, who: Principal, wanted: Sequence[rota.Planned]) -> list[Shift]:
        """Put shifts on the rota: all of them, or none when one cannot be.

        Raises:
            BadInput: a shift that cannot be meant, or of somebody who may not decide.
            Conflict: somebody is on the rota at that time already.
        """
        if not 0 < len(wanted) <= MOST_PLANNED:
            raise BadInput(f"1 to {MOST_PLANNED} shifts are planned at once.")
        with self._db.transaction() as tx:
            return [self._plan(tx, who, one) for one in wanted]

    def end(self, who: Principal, shift: Id) -> Shift:
        """End a shift now; one that did not begin is taken off the rota.

        Raises:
            NotFound: no such shift.
            Conflict: it is over already.
        """
        with self._db.transaction() as tx:
            ended = duty.end(tx, shift, at=tx.now, by=who.id)
            tx.audit(who.id, "duty.end", shift, person=ended.person)
            return ended

    def acknowledge(self, who: Principal, call: Id) -> Call:
        """Say that one is on it; everybody else stops being rung.

        Raises:
            Conflict: somebody else was quicker, or it is over.
            NotAllowed: it is for somebody else.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = duty_calls.get(tx, call)
            if found.outcome is Outcome.ACKNOWLEDGED and found.answered_by == person:
                return found
            _answerable(tx, found, person)
            if found.kind is CallKind.HANDOVER:
                _take_over(tx, found, person)
            done = duty_calls.answer(tx, call, outcome=Outcome.ACKNOWLEDGED, by=person)
            if found.case is not None:
                self._on_case(tx, found, person)
        return done

    def hand_over(self, who: Principal, to: Id) -> Call:
        """Offer one's shift to a colleague; it changes hands when they acknowledge.

        Raises:
            BadInput: one is not on duty, or the colleague cannot be.
            NotFound: nobody of this id.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            shift = duty.of_person(tx, person, tx.now)
            if shift is None:
                raise BadInput("You are not on duty now, so there is no shift to hand over.")
            if to == person:
                raise BadInput("Choose a colleague.")
            _able(tx, to)
            return self._caller.call(tx, CallKind.HANDOVER, shift.id, by=person, only=to)

    def test(self, who: Principal, person: Id | None = None) -> Call:
        """Send a test page to oneself, or to somebody else with the permission to plan.

        Raises:
            NotAllowed: for somebody else without that permission.
            BadInput: somebody who cannot be on duty.
        """
        target = person or _person(who)
        if target != who.person and not who.may(Permission.DUTY_WRITE):
            raise NotAllowed("Only whoever plans the rota sends a test page to others.")
        with self._db.transaction() as tx:
            _able(tx, target)
            shift = duty.of_person(tx, target, tx.now)
            subject = target if shift is None else shift.id
            return self._caller.call(tx, CallKind.TEST, subject, by=who.id, only=target)

    def freeze(self, who: Principal, case: Id) -> Case:
        """Freeze a live stream until somebody decides; it answers the calls of the case.

        Raises:
            NotFound: no such case.
            BadInput: it is not about a live stream.
            Conflict: it is closed.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            found = cases.get(tx, case)
            if found.kind is not CaseKind.STREAM:
                raise BadInput("This case is not about a live stream.")
            if found.state is CaseState.CLOSED:
                raise Conflict(f"Case {found.number} is closed.")
            self._freezer.freeze(tx, found, by=person, why=orders.BY_CALL)
            orders.answer(tx, orders.ending(tx, case), person)
            return found

    def _plan(self, tx: Tx, who: Principal, wanted: rota.Planned) -> Shift:
        rota.check(wanted, tx.now)
        _able(tx, wanted.person)
        made = duty.plan(
            tx, person=wanted.person, starts_at=wanted.starts_at, ends_at=wanted.ends_at,
            rank=wanted.rank, by=who.id,
        )  # fmt: skip
        tx.audit(who.id, "duty.plan", made.id, person=made.person, rank=made.rank)
        return made

    def _on_case(self, tx: Tx, answered: Call, person: Id) -> None:
        """One answer is for all calls of the case."""
        for other in duty_calls.about(tx, answered.subject):
            if other.kind.about_case:
                duty_calls.answer(tx, other.id, outcome=Outcome.ACKNOWLEDGED, by=person)
        seconds = (tx.now - answered.opened_at).total_seconds()
        tx.after_commit(lambda: self._metrics.duty_answer_seconds.observe(seconds))


def _person(who: Principal) -> Id:
    if who.person is None:
        raise NotAllowed("A key is nobody who could be on duty.")
    return who.person


def _able(tx: Tx, person: Id) -> None:
    found = people.get(tx, person)
    if not found.active or not duty.may_decide(found):
        raise BadInput(f"{found.name} may not decide on cases, so they cannot be on duty.")


def _answerable(tx: Tx, call: Call, person: Id) -> None:
    """Refuse an answer that would not be one, in words that say who was quicker."""
    if call.outcome is Outcome.SETTLED and call.kind.about_thing:
        raise Conflict("This was settled before anybody answered.")
    if call.outcome is Outcome.SETTLED:
        raise Conflict("The case was closed before anybody answered.")
    if call.outcome is Outcome.COVERED:
        raise Conflict("Somebody is on duty again.")
    if call.outcome is Outcome.MISSED:
        raise Conflict("This page was not answered in time.")
    if call.outcome is Outcome.WITHDRAWN:
        raise Conflict("The shift this was about is over.")
    if call.outcome is not None and call.answered_at is not None:
        raise Conflict(
            f"{_name(tx, call.answered_by)} answered this at {call.answered_at:%H:%M:%S} UTC.",
            outcome=call.outcome.value,
        )
    if call.kind is CallKind.NOBODY:
        raise BadInput("This ends when somebody is put on the rota.")
    if call.only not in {None, person}:
        raise NotAllowed("This page is for somebody else.")


def _name(tx: Tx, actor: str) -> str:
    person = parse_id(actor)
    return "Somebody" if person is None else people.get(tx, person).name


def _take_over(tx: Tx, offer: Call, person: Id) -> None:
    """End the first person's shift and give what is left of it to the second."""
    shift = duty.get(tx, offer.subject)
    if not shift.covers(tx.now):
        raise Conflict("The shift that was offered is over.")
    until = shift.ends_at
    own = [one for one in duty.shifts(tx, tx.now, until) if one.person == person]
    duty.end(tx, shift.id, at=tx.now, by=person, why="handed_over")
    for begins, ends in rota.gaps(own, tx.now, until):
        duty.plan(tx, person=person, starts_at=begins, ends_at=ends, rank=shift.rank, by=person)
    tx.audit(person, "duty.take_over", shift.id, before=shift.person)
