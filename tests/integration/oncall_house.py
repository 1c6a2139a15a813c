"""A whole installation with people on call, a clock that obeys, and turns driven by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from breakwater.app import App, build
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal, Role
from breakwater.model.case import Priority
from breakwater.model.duty import Call, CallKind
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import duty_calls, outbox, people
from breakwater.records.rootkey import RootKey
from breakwater.review.duty.rota import Planned
from breakwater.settings import Settings
from breakwater.worker.loop import Worker
from tests import builders
from tests.conftest import SettableClock
from tests.integration.conftest import work
from tests.integration.installed import installed
from tests.integration.test_answers import SECRET, Receiver

HOUR = timedelta(hours=1)
PLANNER = Principal(new_id(), "planner", Role.ADMIN.permissions)


@dataclass
class House:
    """An installation with people, driven by hand."""

    app: App
    clock: SettableClock
    worker: Worker
    pager: Receiver | None = None

    def person(self, name: str, *roles: Role) -> Principal:
        with self.app.db.transaction() as tx:
            made = people.create(tx, name=name, roles=roles or (Role.LIVE_MODERATOR,))
        allowed = frozenset().union(*(role.permissions for role in made.roles))
        return Principal(made.id, name, allowed, person=made.id)

    def on(self, who: Principal, begins: float = 0, ends: float = 8, rank: int = 1) -> Id:
        now = self.clock.now()
        wanted = Planned(Id(str(who.person)), now + begins * HOUR, now + ends * HOUR, rank)
        return self.app.review.duty.plan(PLANNER, [wanted])[0].id

    def case(self, **facts: object) -> Id:
        with self.app.db.transaction() as tx:
            made = builders.case(tx, **({"priority": Priority.NOW} | facts))
        self.beat(0)
        return made.id

    def beat(self, seconds: float = 1) -> None:
        """Let time pass; then let the worker do what it does in a second."""
        self.clock.advance(seconds)
        work(self.worker)
        self.app.review.on_call.watch.turn()
        if self.app.review.on_call.pager is not None:
            self.app.review.on_call.pager.deliver_due()

    def tested(self) -> None:
        """Everybody on duty acknowledges the test page of their shift."""
        self.beat()
        for call in self.waiting(CallKind.TEST):
            who = Principal(Id(str(call.only)), "", frozenset(), person=call.only)
            self.app.review.duty.acknowledge(who, call.id)

    def waiting(self, *kinds: CallKind) -> list[Call]:
        with self.app.db.read() as tx:
            return [c for c in duty_calls.waiting(tx) if not kinds or c.kind in kinds]

    def rung(self, call: Call) -> list[Id | None]:
        with self.app.db.read() as tx:
            return [ring.person for ring in duty_calls.rings(tx, call.id)]

    def get(self, call: Call) -> Call:
        with self.app.db.read() as tx:
            return duty_calls.get(tx, call.id)

    def events(self, *types: EventType) -> list[tuple[str, str]]:
        with self.app.db.read() as tx:
            return [(e.subject, str(e.body)) for e in outbox.since(tx, 0, limit=999, types=types)]

    def alarms(self, kind: str) -> float:
        return self.app.metrics.alarms.labels(kind)._value.get()


def opened(
    settings: Settings, jail: JailPool, empty: Path, pager: Receiver | None = None
) -> Iterator[House]:
    clock = SettableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    settings.data_dir.mkdir()
    shutil.copy(empty, settings.data_dir / "breakwater.db")
    RootKey.create(settings.root_key)
    installed(settings)
    app = build(settings, clock=clock, pool=jail, decode=False)
    mine = tuple(s for s in app.subscriptions if s.name == "review.duty")
    worker = Worker(db=app.db, subscriptions=mine, kinds=(), turns=(), metrics=app.metrics)
    yield House(app, clock, worker, pager)
    app.close()


@pytest.fixture
def house(settings: Settings, jail: JailPool, sqlite_template: Path) -> Iterator[House]:
    yield from opened(settings, jail, sqlite_template)


@pytest.fixture
def paged(settings: Settings, jail: JailPool, sqlite_template: Path) -> Iterator[House]:
    """The same with a pager service."""
    receiver = Receiver()
    chosen = settings.model_copy(
        update={
            "pager_url": receiver.url, "pager_secret": type(settings.pager_secret)(SECRET),
            "webhook_private_networks": ("127.0.0.0/8",),
            "public_url": "https://breakwater.example",
        }
    )  # fmt: skip
    yield from opened(chosen, jail, sqlite_template, receiver)
    receiver.server.shutdown()
    receiver.server.server_close()
