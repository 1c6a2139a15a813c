"""Routing as it happens: places, shadow, dry run, and people who press a case up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.queue import Told
from breakwater.model.routing import Mode, Ruleset
from breakwater.model.routing_form import parse
from breakwater.model.upload import UploadState
from breakwater.records import cases, queue, uploads
from breakwater.review.queueing.routing import Routing

LEAD = Principal(new_id(), "Lead", frozenset({Permission.ROUTING_WRITE}))
APART = {
    "rules": [
        {"name": "Severe", "when": {"labels": ["A1"]}, "queue": "severe", "skill": "severe",
         "priority": "high", "due_minutes": 30},
        {"name": "Video site", "when": {"services": ["video"]}, "queue": "video"},
    ]
}  # fmt: skip


@pytest.fixture
def routing(database) -> Routing:
    return Routing(db=database)


def heard(routing: Routing, case, kind=EventType.CASE_OPENED, **body) -> None:
    routing.heard(Event(new_id(), kind, case.id, case.opened_at, body=body))


def opened(database, *, labels=(), type_="image/jpeg", **facts):
    with database.transaction() as tx:
        found = builders.match(labels=labels)
        upload = builders.upload(type=type_, state=UploadState.PENDING)
        uploads.start(tx, upload)
        verdict = builders.verdict(Action.HOLD, found)
        uploads.finish(tx, replace(upload, verdict=verdict, revision=1, state=UploadState.DONE))
        return builders.case(tx, subject=upload.id, **facts)


def place(database, case):
    with database.read() as tx:
        return queue.waiting(tx, case.id), queue.content(tx, case.id), cases.get(tx, case.id)


def test_a_new_case_is_put_in_its_place_once(database, routing):
    version = routing.create(LEAD, APART, note="severe apart")
    routing.set_mode(LEAD, version.number, Mode.LIVE)
    case = opened(database, labels=("A1",))
    heard(routing, case)
    heard(routing, case)
    waits, content, after = place(database, case)
    assert (waits.queue, waits.skill, waits.rule, waits.version) == (
        "severe",
        "severe",
        "Severe",
        1,
    )
    assert content == {"a1", "picture"}
    assert after.priority is Priority.HIGH
    assert (after.due_at - after.opened_at).total_seconds() == 1800
    assert after.version == case.version + 1, "told twice, done once"
    with database.read() as tx:
        assert [s.what for s in cases.history(tx, case.id)] == ["opened", "routed"]


def test_a_case_that_stays_as_it_was_found_has_no_needless_history(database, routing):
    case = opened(database, type_="video/mp4")
    heard(routing, case)
    waits, content, after = place(database, case)
    assert (waits.queue, content, after.version) == ("general", {"video"}, case.version)


@pytest.mark.parametrize(
    ("kind", "queue_name", "content"),
    [(CaseKind.STREAM, "live", {"live"}), (CaseKind.CONVERSATION, "conversations", {"words"}),
     (CaseKind.QUARANTINE, "lists", set())],
)  # fmt: skip
def test_what_is_not_an_upload_has_a_place_of_its_own(database, routing, kind, queue_name, content):
    with database.transaction() as tx:
        case = builders.case(tx, kind=kind)
    heard(routing, case)
    waits, shown, _ = place(database, case)
    assert (waits.queue, shown) == (queue_name, content)


def test_a_closed_case_is_not_routed(database, routing):
    case = opened(database)
    with database.transaction() as tx:
        cases.close(tx, case.id, by="me", reason="done")
    heard(routing, case)
    with database.read() as tx:
        assert queue.places(tx, [case.id]) == {}


def test_a_version_in_shadow_changes_nothing_and_is_compared(database, routing):
    version = routing.create(LEAD, APART, note="try it")
    routing.set_mode(LEAD, version.number, Mode.SHADOW)
    first = opened(database, labels=("A1",))
    second = opened(database)
    for case in (first, second):
        heard(routing, case)
        assert place(database, case)[0].queue == "general"
    would = routing.shadowed(LEAD, version.number)
    assert (would.cases, would.changed) == (2, 1)
    assert would.by_queue == {"general": (2, 1), "severe": (0, 1)}
    (difference,) = would.differences
    assert (difference.number, difference.before.queue, difference.after.queue) == (
        first.number, "general", "severe",
    )  # fmt: skip
    assert difference.after.skill == "severe"
    assert difference.after.due_in == timedelta(minutes=30)


def test_a_dry_run_tries_the_last_week_and_changes_nothing(database, routing, clock):
    old = opened(database, labels=("A1",))
    heard(routing, old)
    clock.advance(8 * 86400)
    new = opened(database, service="video")
    heard(routing, new)
    tried = routing.dry_run(LEAD, parse(APART))
    assert (tried.cases, tried.changed) == (1, 1)
    assert tried.differences[0].case == new.id
    assert routing.dry_run(LEAD, Ruleset()).changed == 0
    assert [v.number for v in routing.versions(LEAD)] == [0]


def test_reports_and_viewers_raise_a_case_later(database, routing, clock):
    case = opened(database)
    heard(routing, case)
    clock.advance(3600)
    with database.transaction() as tx:
        assert routing.press(tx, case.id, reports=1).priority is Priority.MEDIUM
        pressed = routing.press(tx, case.id, reports=2)
        assert pressed.priority is Priority.HIGH
        assert (pressed.due_at - clock.now()).total_seconds() == 15 * 60
        assert routing.press(tx, case.id, viewers=0).priority is Priority.HIGH
        assert queue.waiting(tx, case.id).reports == 2
        assert cases.history(tx, case.id)[-1].note == "2 reported it."


def test_viewers_of_a_live_stream_make_it_now_and_it_stays_so(database, routing):
    with database.transaction() as tx:
        case = builders.case(tx, kind=CaseKind.STREAM, priority=Priority.HIGH)
    heard(routing, case)
    with database.transaction() as tx:
        assert routing.press(tx, case.id, viewers=40).priority is Priority.NOW
        assert routing.press(tx, case.id, viewers=0).priority is Priority.NOW
        assert queue.waiting(tx, case.id).viewers == 0


def test_a_closed_case_is_not_pressed(database, routing):
    case = opened(database)
    heard(routing, case)
    with database.transaction() as tx:
        cases.close(tx, case.id, by="me", reason="done")
        assert routing.press(tx, case.id, reports=50).state is CaseState.CLOSED


def test_a_case_made_less_urgent_gets_its_clock_anew(database, routing, clock):
    case = opened(database, priority=Priority.NOW)
    heard(routing, case)
    with database.transaction() as tx:
        cases.set_priority(tx, case.id, Priority.LOW, by="me")
    heard(routing, case, EventType.CASE_CHANGED, priority="low")
    waits, _, after = place(database, case)
    assert waits.told is Told.QUIET
    assert (after.due_at - waits.next_at).total_seconds() == 300
    heard(routing, case, EventType.CASE_CHANGED, state="held")
    assert place(database, case)[0] == waits


def test_only_who_leads_sets_rules_and_a_reason_is_asked(database, routing):
    reviewer = Principal(new_id(), "Sam", Role.REVIEWER.permissions)
    for act in (
        lambda: routing.create(reviewer, APART, note="x"),
        lambda: routing.set_mode(reviewer, 0, Mode.LIVE),
        lambda: routing.dry_run(reviewer, Ruleset()),
        lambda: routing.shadowed(reviewer, 1),
        lambda: routing.versions(reviewer),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(BadInput, match="what these rules are for"):
        routing.create(LEAD, APART, note=" ")
    for number, mode in ((0, Mode.RETIRED), (0, Mode.SHADOW), (0, Mode.DRAFT)):
        with pytest.raises(BadInput):
            routing.set_mode(LEAD, number, mode)
