"""Protects people who look: limits bite at the server, tighter alone, looser by two, live cases stay.

Real database, vault and jail; a clock that obeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from breakwater.app import App, build
from breakwater.banks.manage import NewBank, Provenance
from breakwater.errors import (
    BadInput,
    Conflict,
    ExposureLimit,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
)
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.decision import DecisionFacts, DecisionKind, Outcome
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.model.upload import Upload
from breakwater.records import audit, cases, exposure, people, views
from breakwater.records.rootkey import RootKey
from breakwater.review.looking.exposure import EVERYBODY
from breakwater.review.looking.policy import Closed, Severity
from breakwater.settings import Settings
from breakwater.worker.loop import Worker
from tests.conftest import SettableClock
from tests.integration.conftest import photo, work
from tests.integration.installed import installed
from tests.integration.test_intake import pdq_of, submit


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 23, 8, tzinfo=UTC))


@pytest.fixture
def app(settings: Settings, jail: JailPool, clock: SettableClock) -> Iterator[App]:
    RootKey.create(settings.root_key)
    installed(settings)
    running = build(settings, clock=clock, pool=jail, decode=False)
    yield running
    running.close()


@pytest.fixture
def held(app: App, machine: Principal) -> Upload:
    """A held upload with a case and kept bytes, announced as severe."""
    app.banks.create(NewBank("KNOWN", action=BankAction.HOLD, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    return submit(app, photo(1, form="JPEG", quality=80), machine)


def somebody(app: App, *roles: Role) -> Principal:
    with app.db.transaction() as tx:
        made = people.create(tx, name=f"Person {new_id()}", roles=frozenset(roles))
    allowed: frozenset[Permission] = frozenset().union(*(role.permissions for role in roles))
    return Principal(made.id, made.name, allowed, person=made.id, session=new_id())


def look(app: App, who: Principal, upload: Upload) -> object:
    return app.review.views.look(
        who, case=upload.case, item=upload.id, frame=0, level=Level.S3, reason="review"
    )


def saw(app: App, who: Principal, minutes: int, clock: SettableClock) -> None:
    """Somebody looked for so many minutes, a look of ten seconds each minute."""
    for _ in range(minutes):
        with app.db.transaction() as tx:
            views.start(tx, person=who.id, item=new_id(), level=Level.S3, reason="review")
        clock.advance(60)


def stream(app: App) -> Case:
    with app.db.transaction() as tx:
        return cases.open(
            tx, kind=CaseKind.STREAM, subject=new_id(), why="Similar match in a live stream.",
            priority=Priority.NOW,
        )  # fmt: skip


def test_after_an_hour_the_server_shows_nothing_until_the_break_is_over(app, held, clock):
    who = somebody(app, Role.REVIEWER)
    saw(app, who, 60, clock)
    with pytest.raises(ExposureLimit) as refusal:
        look(app, who, held)
    assert refusal.value.facts["closed"] == "break"
    clock.advance(10 * 60)
    assert look(app, who, held).picture


def test_a_break_one_takes_closes_pictures_until_one_comes_back(app, held):
    who = somebody(app, Role.REVIEWER)
    rest = app.review.exposure.take_break(who)
    assert rest.until - rest.begins_at == timedelta(minutes=10)
    with pytest.raises(ExposureLimit):
        look(app, who, held)
    app.review.exposure.end_break(who)
    assert look(app, who, held).picture
    with pytest.raises(Conflict):
        app.review.exposure.end_break(who)
    with pytest.raises(BadInput):
        app.review.exposure.take_break(who, 241)


def test_whoever_takes_a_break_leaves_no_live_case_unowned(app, held):
    who, case = somebody(app, Role.REVIEWER), stream(app)
    app.review.queue.take(who, case.id)
    app.review.queue.take(who, held.case)
    app.review.exposure.take_break(who)
    with app.db.read() as tx:
        assert cases.get(tx, case.id).held_by is None
        assert cases.get(tx, held.case).held_by == who.id


def test_a_break_that_is_due_is_not_ended_by_coming_back(app, held, clock):
    who = somebody(app, Role.REVIEWER)
    saw(app, who, 60, clock)
    with pytest.raises(Conflict):
        app.review.exposure.end_break(who)
    app.review.exposure.take_break(who)
    app.review.exposure.end_break(who)
    with pytest.raises(ExposureLimit):
        look(app, who, held)


def test_tighter_holds_at_once_and_alone(app, held, clock):
    who = somebody(app, Role.REVIEWER)
    app.review.exposure.tighten(who, daily=1)
    saw(app, who, 6, clock)
    with pytest.raises(ExposureLimit) as refusal:
        look(app, who, held)
    assert refusal.value.facts["closed"] == "cap"
    with pytest.raises(BadInput, match="second person"):
        app.review.exposure.tighten(who, daily=60)


def test_looser_holds_only_when_another_person_has_agreed(app):
    who, lead = somebody(app, Role.REVIEWER, Role.QA_LEAD), somebody(app, Role.QA_LEAD)
    clock = app.review.exposure
    clock.loosen(who, "A colleague is ill.", daily=270)
    assert clock.limits(who).daily == 240
    with pytest.raises(NeedsSecondPerson):
        clock.confirm(who, who.id)
    with pytest.raises(NotAllowed):
        clock.confirm(somebody(app, Role.REVIEWER), who.id)
    with pytest.raises(Conflict):
        clock.loosen(who, "Even more.", daily=300)
    assert clock.confirm(lead, who.id).daily == 270
    with pytest.raises(NotFound):
        clock.confirm(lead, who.id)
    with app.db.read() as tx:
        (change,) = exposure.changes(tx, who.id)
        actions = [entry.action for entry in audit.page(tx, subject=who.id)]
    assert (change.by, change.second) == (who.id, lead.id)
    assert actions[:2] == ["limits.loosen", "limits.propose"]


def test_one_change_may_be_tighter_and_looser_at_once(app):
    who = somebody(app, Role.REVIEWER)
    waits = app.review.exposure.change(who, {"daily": 120, "pause": 5}, "Short breaks suit me.")
    assert dict(waits.facts) == {"pause": [10, 5]}
    assert app.review.exposure.limits(who).daily == 120
    assert app.review.exposure.limits(who).pause == 10
    with pytest.raises(NotFound):
        app.review.exposure.refuse(somebody(app, Role.REVIEWER), who.id)
    app.review.exposure.refuse(who, who.id)
    assert app.review.exposure.proposals() == []


def test_looser_needs_a_reason_and_no_one_gets_past_the_law(app):
    who = somebody(app, Role.REVIEWER)
    with pytest.raises(BadInput, match="Say why"):
        app.review.exposure.loosen(who, " ", daily=270)
    for beyond in ({"daily": 301}, {"stretch": 61}, {"nights": 1}):
        with pytest.raises(BadInput):
            app.review.exposure.change(who, beyond, "because")
    with pytest.raises(BadInput, match="Nothing of this"):
        app.review.exposure.loosen(who, "because", daily=200)


def test_everybodys_limits_are_set_by_those_who_plan_the_duty(app):
    who, admin = somebody(app, Role.REVIEWER), somebody(app, Role.ADMIN)
    with pytest.raises(NotAllowed):
        app.review.exposure.change(who, {"daily": 100}, "", everybody=True)
    app.review.exposure.change(admin, {"daily": 200}, "", everybody=True)
    assert app.review.exposure.limits(who).daily == 200
    app.review.exposure.change(admin, {"daily": 240}, "As before.", everybody=True)
    assert app.review.exposure.confirm(somebody(app, Role.QA_LEAD), EVERYBODY).daily == 240
    assert app.review.exposure.limits(who).daily == 240


def test_beyond_the_cap_a_live_case_opens_in_words_and_stills_and_is_given_back(app, held, clock):
    who, case = somebody(app, Role.REVIEWER), stream(app)
    clock_ = app.review.exposure
    with pytest.raises(Conflict):
        clock_.open_over_cap(who, case.id, "Nobody else is there.")
    clock_.tighten(who, daily=1)
    saw(app, who, 6, clock)
    with pytest.raises(BadInput):
        clock_.open_over_cap(who, case.id, " ")
    with pytest.raises(NotAllowed):
        clock_.open_over_cap(who, held.case, "Nobody else is there.")
    granted = clock_.open_over_cap(who, case.id, "Nobody else is there.")
    assert clock_.open_over_cap(who, case.id, "Again.") == granted

    def may(level: Level, subject: object = case.id) -> bool:
        with app.db.transaction() as tx:
            try:
                clock_.check(tx, who.id, subject, level, severity=Severity.LESS)
            except ExposureLimit:
                return False
            return True

    assert [may(level) for level in (Level.S1, Level.S2, Level.S3)] == [True, True, False]
    assert not may(Level.S1, held.case)
    clock.advance(601)
    assert not may(Level.S1)
    clock_.change(who, {"daily": 60}, "Rested.")
    clock_.confirm(somebody(app, Role.QA_LEAD), who.id)
    clock.advance(12 * 3600)
    assert clock_.status(who).cap == timedelta(minutes=50)


def test_who_met_severe_items_cools_down(app, held, clock):
    who = somebody(app, Role.REVIEWER)
    app.review.exposure.tighten(who, severe_run=3)
    for _ in range(3):
        with app.db.transaction() as tx:
            app.review.exposure.check(tx, who.id, new_id(), Level.S3, severity=Severity.SEVERE)
        clock.advance(60)
    stands = app.review.exposure.status(who)
    assert stands.closed is Closed.COOL_DOWN
    with pytest.raises(ExposureLimit):
        look(app, who, held)


def test_the_same_severe_case_counts_once_and_stills_do_not(app):
    who, case = somebody(app, Role.REVIEWER), new_id()
    with app.db.transaction() as tx:
        app.review.exposure.check(tx, who.id, new_id(), Level.S1, severity=Severity.SEVERE)
        for _ in range(5):
            app.review.exposure.check(tx, who.id, case, Level.S3, severity=Severity.SEVERE)
        assert len(exposure.marks_since(tx, who.id, tx.now)) == 1


def test_an_hour_has_its_mix_and_other_cases_stay_open(app):
    who = somebody(app, Role.REVIEWER)
    app.review.exposure.tighten(who, severe_hour=1)
    with app.db.transaction() as tx:
        app.review.exposure.check(tx, who.id, new_id(), Level.S3, severity=Severity.SEVERE)
        with pytest.raises(ExposureLimit, match="may be severe"):
            app.review.exposure.check(tx, who.id, new_id(), Level.S3, severity=Severity.SEVERE)
        app.review.exposure.check(tx, who.id, new_id(), Level.S3, severity=Severity.LESS)


def test_what_a_person_judged_as_severe_counts_although_nothing_announced_it(
    app: App, held: Upload, worker: Worker
) -> None:
    who = somebody(app, Role.REVIEWER)
    facts = DecisionFacts(item=ItemFacts(activity=Activity.SADISM))
    app.review.decisions.decide(who, held.case, DecisionKind.ILLEGAL, reason="x", facts=facts)
    work(worker)
    with app.db.read() as tx:
        assert [m.subject for m in exposure.marks_since(tx, who.id, held.received_at)] == [
            held.case
        ]
    told = app.review.wellbeing.own(who)
    assert (dict(told.decided), dict(told.became)) == (
        {DecisionKind.ILLEGAL: 1}, {Outcome.KEPT: 1},
    )  # fmt: skip


def test_labels_of_a_match_announce_a_severe_item(app, machine, clock):
    app.banks.create(NewBank("WORST", action=BankAction.HOLD, verified=True), machine)
    app.banks.add("WORST", [pdq_of(app, photo(7))], machine, Provenance(labels=("Category A",)))
    upload = submit(app, photo(7, form="JPEG", quality=80), machine)
    who = somebody(app, Role.REVIEWER)
    look(app, who, upload)
    look(app, who, upload)
    with app.db.read() as tx:
        assert len(exposure.marks_since(tx, who.id, upload.received_at)) == 1
