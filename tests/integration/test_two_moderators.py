"""The journey of two moderators: eight hours, twenty alarms, none unowned, nobody over a limit.

Queue, calls, exposure clock and staggered breaks together, over a real database and a clock that
obeys. Both look at as much as they are let, so that every limit is met; the worker's turns run
at each step. The stream is frozen by itself only when nobody may act.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from breakwater.app import App, build
from breakwater.errors import ExposureLimit
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.decision import DecisionKind
from breakwater.model.duty import Outcome
from breakwater.model.event import EventType
from breakwater.model.exposure import Limits, Why
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.records import cases, duty_calls, exposure, outbox, views
from breakwater.records.rootkey import RootKey
from breakwater.review.duty.rota import Planned
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Closed, Severity
from breakwater.settings import Settings
from breakwater.worker.loop import Worker
from tests.conftest import SettableClock
from tests.integration.conftest import work
from tests.integration.installed import installed

OPERATOR = Principal(new_id(), "operator", frozenset(Permission))
SHIFT_MINUTES = 8 * 60
ALARMS = 20
NEEDED = {"review.routing", "review.duty", "review.exposure"}
"""Subscribers this story is about; the others have tests of their own."""

STEP = 2
"""Minutes that pass at once; an alarm is due within two."""

LOOK_MS = 80_000
"""Of each step: more than the cap allows over a whole shift."""


@dataclass
class Moderator:
    """Somebody at work, as a browser would act for them.

    Attributes:
        session: of their browser.
        shut: steps at which the server refused a picture, with why.
    """

    app: App
    who: Principal
    session: str
    shut: list[Closed] = field(default_factory=list)

    def minute(self) -> None:
        """Answer calls, take what waits and decide it; else look at pictures all the time."""
        self.app.access.sessions.resume(self.session)
        stands = self.app.review.exposure.status(self.who)
        if stands.closed is not None:
            self.shut.append(stands.closed)
        if stands.closed in {Closed.BREAK, Closed.COOL_DOWN} and self._somebody_else():
            return  # a colleague is there, so this is a break
        self._answer()
        live = self.app.review.queue.next(self.who)
        if live is None:
            self._look(new_id())
            return
        if stands.closed is not None:
            self.app.review.exposure.open_over_cap(self.who, live.id, "It is live.")
            self._look(live.id, Level.S1)
        else:
            self._look(live.id)
        self.app.review.decisions.decide(
            self.who, live.id, DecisionKind.NOT_ILLEGAL, reason="nothing"
        )

    def _somebody_else(self) -> bool:
        with self.app.db.read() as tx:
            cover = self.app.review.staggering.cover(tx)
        return any(one != self.who.person for one in cover.free + cover.stills)

    def _answer(self) -> None:
        with self.app.db.read() as tx:
            ringing = duty_calls.ringing(tx, Id(str(self.who.person)))
        for call in ringing:
            self.app.review.duty.acknowledge(self.who, call.id)

    def _look(self, subject: Id, level: Level = Level.S3) -> None:
        """What `POST /views` writes down before its first byte; a stream has no bytes here yet."""
        person = Id(str(self.who.person))
        cap = LOOK_MS if level in policy.COUNTED else 0
        try:
            with self.app.db.transaction() as tx:
                self.app.review.exposure.check(tx, person, subject, level, severity=Severity.LESS)
                views.start(tx, person=person, item=subject, level=level, reason="x", cap_ms=cap)
        except ExposureLimit:
            assert self.app.review.exposure.status(self.who).closed is not None


@dataclass
class House:
    """An installation on one night, with its two moderators."""

    app: App
    clock: SettableClock
    worker: Worker
    heard: int = 0

    def moderator(self, name: str, *, on_duty: bool = True) -> Moderator:
        person = self.app.access.people.create(name, [Role.LIVE_MODERATOR], OPERATOR)
        _, session = self.app.access.people.consume_link(
            self.app.access.people.link(person.id, "test")
        )
        who = self.app.access.sessions.resume(session)
        assert who is not None
        if on_duty:
            now = self.clock.now()
            shift = Planned(person.id, now, now + timedelta(minutes=SHIFT_MINUTES))
            self.app.review.duty.plan(OPERATOR, [shift])
        return Moderator(self.app, who, session)

    def alarm(self) -> Id:
        with self.app.db.transaction() as tx:
            return cases.open(
                tx, kind=CaseKind.STREAM, subject=new_id(), why="A live stream matched.",
                priority=Priority.NOW,
            ).id  # fmt: skip

    def beat(self) -> None:
        """One step of the worker: what happened is delivered, every turn has run."""
        self._deliver()
        self.app.review.on_call.watch.turn()
        self.app.review.staggering.turn()
        self._deliver()

    def _deliver(self) -> None:
        with self.app.db.read() as tx:
            newest = outbox.newest(tx)
        if newest != self.heard:
            work(self.worker)
            self.heard = newest

    def freezes(self) -> list[str]:
        with self.app.db.read() as tx:
            found = outbox.since(tx, 0, limit=1000, types=[EventType.FREEZE_WANTED])
        return [str(event.body["why"]) for event in found]


@pytest.fixture
def house(settings: Settings, jail: JailPool) -> Iterator[House]:
    clock = SettableClock(datetime(2026, 11, 23, 20, tzinfo=UTC))
    RootKey.create(settings.root_key)
    installed(settings)
    app = build(settings, clock=clock, pool=jail, decode=False)
    heard = tuple(one for one in app.subscriptions if one.name in NEEDED)
    worker = Worker(db=app.db, subscriptions=heard, kinds=(), turns=(), metrics=app.metrics)
    yield House(app, clock, worker)
    app.close()


def test_eight_hours_twenty_alarms_none_unowned_and_nobody_over_a_limit(house: House) -> None:
    team = [house.moderator("Ada"), house.moderator("Sam")]
    at = set(random.Random(7).sample(range(6, SHIFT_MINUTES - 6, STEP), ALARMS))
    opened: list[Id] = []
    for minute in range(0, SHIFT_MINUTES, STEP):
        if minute in at:
            opened.append(house.alarm())
        house.beat()
        for one in team if minute % 4 else reversed(team):
            one.minute()
        assert_somebody_is_there(house)
        house.clock.advance(60 * STEP)
    house.beat()
    assert_owned_in_time(house, opened)
    for one in team:
        assert_within_limits(house, one)
        assert {Closed.BREAK, Closed.CAP} <= set(one.shut)
    assert_breaks_took_turns(house, team)
    assert house.freezes() == []


def assert_somebody_is_there(house: House) -> None:
    """At any minute somebody may look, or may act in words and stills."""
    with house.app.db.read() as tx:
        cover = house.app.review.staggering.cover(tx)
    assert cover.free or cover.stills, house.clock.now()


def assert_owned_in_time(house: House, opened: list[Id]) -> None:
    assert len(opened) == ALARMS
    with house.app.db.read() as tx:
        for alarm in opened:
            case, steps = cases.get(tx, alarm), cases.history(tx, alarm)
            taken = next(step.at for step in steps if step.what == "held")
            assert case.state is CaseState.CLOSED
            assert taken - case.opened_at <= Priority.NOW.due_in
            ended = {call.outcome for call in duty_calls.about(tx, alarm)}
            assert ended <= {Outcome.ACKNOWLEDGED, Outcome.TAKEN, Outcome.SETTLED}


def assert_within_limits(house: House, one: Moderator) -> None:
    """From what was written down, and not from what the clock thinks."""
    held = Limits()
    with house.app.db.read() as tx:
        seen = sorted(
            (v for v in views.since(tx, Id(str(one.who.person)), datetime.min.replace(tzinfo=UTC))
             if v.level in policy.COUNTED), key=lambda v: v.at,
        )  # fmt: skip
    used = sum(v.charged_ms for v in seen)
    assert held.of("daily") - timedelta(minutes=STEP) < timedelta(milliseconds=used)
    assert timedelta(milliseconds=used) <= held.of("daily") + timedelta(milliseconds=LOOK_MS)
    assert seen[-1].at - seen[0].at < held.of("cut_off")
    began = before = seen[0].at
    for view in seen:
        if view.at - before - timedelta(milliseconds=LOOK_MS) >= held.of("pause"):
            began = view.at
        assert view.at - began < held.of("stretch")
        before = view.at


def assert_breaks_took_turns(house: House, team: list[Moderator]) -> None:
    with house.app.db.read() as tx:
        moved = exposure.rests_since(tx, datetime.min.replace(tzinfo=UTC))
    assert moved
    assert all(rest.why is Why.STAGGERED for rest in moved)


def test_the_stream_is_frozen_by_itself_only_when_nobody_may_act(house: House) -> None:
    ada = house.moderator("Ada")
    house.alarm()
    for _ in range(3):
        house.beat()
        ada.minute()
        house.clock.advance(60)
    assert house.freezes() == []
    house.clock.advance(SHIFT_MINUTES * 60)  # her shift is over and she has gone home
    alarm = house.alarm()
    for _ in range(3):
        house.beat()
        house.clock.advance(60)
    with house.app.db.read() as tx:
        assert house.app.review.staggering.cover(tx).nobody
        assert cases.get(tx, alarm).state is CaseState.OPEN
    assert house.freezes() == ["nobody_on_duty"]
