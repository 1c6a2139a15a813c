"""Acts as rows: numbered in their fence, wanted once, overtaken by the newer, acknowledged in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.act import (
    TRIED_FOR,
    Acknowledged,
    AckOutcome,
    ActKind,
    ActState,
    ActWhy,
    Lane,
    Subject,
)
from breakwater.model.decision import DecisionKind
from breakwater.model.event import EventType
from breakwater.records import audit, decisions, jobs, outbox, platform_acts
from breakwater.records.platform_acts import Ground
from breakwater.records.tables.nouns_act import act_fences

pytestmark = pytest.mark.usefixtures("keyring")
K, S = ActKind, ActState
PHOTO = Subject(Lane.CONTENT, "photos", "obj-17 ☂")
BY_LIST = Ground(ActWhy.LIST)
FREED = Ground(ActWhy.RELEASED)
DONE = Acknowledged(AckOutcome.DONE)


def wanted(database, kind=K.REMOVE, about=PHOTO, ground=BY_LIST):
    with database.transaction() as tx:
        return platform_acts.want(tx, about, kind, ground)


def said(database, act, said_=DONE, epoch=None):
    with database.transaction() as tx:
        return platform_acts.acknowledge(tx, act.id, said_, epoch=epoch or act.epoch, by="key")


def now(database, act):
    with database.read() as tx:
        return platform_acts.get(tx, act.id)


def sent(database, act):
    with database.transaction() as tx:
        return platform_acts.begin(tx, act.id)


def test_an_act_reads_back_with_a_job_an_audit_row_and_a_sealed_name(database, clock):
    made = wanted(database)
    assert (made.epoch, made.state, made.until) == (1, S.WANTED, clock.now() + TRIED_FOR)
    with database.read() as tx:
        assert platform_acts.get(tx, made.id) == platform_acts.standing(tx, PHOTO) == made
        assert platform_acts.subject(tx, made) == PHOTO
        row = tx.execute(sa.select(act_fences)).one()
        assert b"obj-17" not in row.sealed
        assert b"obj-17" not in row.name_key
        assert "act.want" in audit.actions(tx)
    (job,) = jobs.claim(database, [platform_acts.SEND_JOB], owner="x", lease_s=1)
    assert job.payload["act"] == made.id


def test_the_same_wish_again_is_one_act_and_another_is_a_new_epoch(database):
    first = wanted(database)
    assert wanted(database).id == first.id
    second = wanted(database, K.RESTORE, ground=FREED)
    assert (second.epoch, second.fence, second.reverses) == (2, first.fence, first.id)
    other = wanted(database, about=Subject(Lane.CONTENT, "videos", PHOTO.name))
    assert (other.epoch, other.fence == first.fence) == (1, False)
    lane = wanted(database, K.HIDE_THUMBNAILS, Subject(Lane.THUMBNAILS, "photos", PHOTO.name))
    assert (lane.epoch, lane.fence == first.fence) == (1, False)


def test_what_lasts_is_done_once_for_each_decision(database):
    about = Subject(Lane.SESSIONS, "photos", "otter")
    with database.transaction() as tx:
        case = builders.case(tx)
        first, second = decided(tx, case.id), decided(tx, case.id)
        made = [
            platform_acts.want(
                tx, about, K.DELETE_SESSIONS, Ground(ActWhy.DECISION, decision=one, case=case.id)
            )
            for one in (first, first, second)
        ]
    assert [one.epoch for one in made] == [1, 1, 2]


def decided(tx, case):
    by = builders.person(tx).id
    return decisions.add(tx, case=case, kind=DecisionKind.ILLEGAL, by=by, reason="seen").id


def test_what_is_newer_overtakes_what_waits_and_reverses_what_was_done(database):
    waiting = wanted(database)
    restore = wanted(database, K.RESTORE, ground=FREED)
    assert now(database, waiting).state is S.OVERTAKEN
    assert sent(database, waiting) is None
    said(database, restore)
    removed = wanted(database)
    said(database, removed)
    wanted(database, K.RESTORE, ground=FREED)
    assert now(database, removed).state is S.REVERSED


def test_a_late_acknowledgement_is_kept_and_changes_nothing(database):
    old = wanted(database)
    sent(database, old)
    new = wanted(database, K.RESTORE, ground=FREED)
    for outcome in AckOutcome:
        assert said(database, old, Acknowledged(outcome, "late")).state is S.OVERTAKEN
    assert now(database, new).state is S.WANTED
    with database.read() as tx:
        whats = [step.what for step in platform_acts.steps(tx, old.id)]
    assert whats == ["wanted", "sent", "overtaken", "late", "late", "late", "late"]
    assert said(database, new).state is S.CONFIRMED


def test_an_acknowledgement_names_the_acts_epoch(database):
    made = wanted(database)
    with pytest.raises(Conflict):
        said(database, made, epoch=7)
    with database.transaction() as tx, pytest.raises(NotFound):
        platform_acts.acknowledge(tx, builders.some_id(), DONE, epoch=1, by="key")
    with pytest.raises(BadInput):
        said(database, made, Acknowledged(AckOutcome.DONE, "a\x00b"))


def test_done_said_twice_is_one_word_and_nothing_undoes_it(database):
    made = wanted(database)
    first, again = said(database, made), said(database, made)
    assert first == again
    assert first.confirmed_at is not None
    assert said(database, made, Acknowledged(AckOutcome.FAILED)).state is S.CONFIRMED
    assert sent(database, made) is None


def test_failed_and_later_leave_it_waiting_and_impossible_is_a_persons(database):
    made = wanted(database)
    assert said(database, made, Acknowledged(AckOutcome.LATER)).state.waits
    failed = said(database, made, Acknowledged(AckOutcome.FAILED, "busy"))
    assert (failed.state.waits, failed.fault) == (True, "busy")
    gone = said(database, made, Acknowledged(AckOutcome.IMPOSSIBLE, "it is gone"))
    assert (gone.state, gone.fault) == (S.IMPOSSIBLE, "it is gone")
    with database.read() as tx:
        assert platform_acts.failed(tx) == 1
        assert platform_acts.page(tx, failing=True) == [gone]
        types = [event.type for event in outbox.since(tx, 0, limit=100)]
    assert types.count(EventType.ACT_UNCONFIRMED) == 1


def test_what_was_given_up_is_tried_again_by_a_person_and_still_confirmed_by_a_late_word(
    database, clock
):
    made = wanted(database)
    sent(database, made)
    clock.advance(TRIED_FOR.total_seconds())
    with database.transaction() as tx:
        assert platform_acts.give_up(tx, made.id).state is S.UNCONFIRMED
        assert platform_acts.give_up(tx, made.id).state is S.UNCONFIRMED
        again = platform_acts.again(tx, made.id, by="person")
    assert (again.state, again.until - clock.now()) == (S.WANTED, TRIED_FOR)
    with database.transaction() as tx, pytest.raises(Conflict):
        platform_acts.again(tx, made.id, by="person")
    with database.transaction() as tx:
        platform_acts.give_up(tx, made.id)
    assert said(database, made).state is S.CONFIRMED


def test_an_older_act_is_never_tried_again(database):
    old = wanted(database)
    with database.transaction() as tx:
        platform_acts.give_up(tx, old.id)
    wanted(database, K.RESTORE, ground=FREED)
    assert now(database, old).state is S.OVERTAKEN
    with database.transaction() as tx, pytest.raises(Conflict):
        platform_acts.again(tx, old.id, by="person")


def test_thawing_says_what_it_does_not_undo(database):
    for lane, kind in (
        (Lane.ACCOUNT, K.FREEZE_ACCOUNT),
        (Lane.SESSIONS, K.DELETE_SESSIONS),
        (Lane.STREAM_KEY, K.RESET_STREAM_KEY),
    ):
        made = wanted(database, kind, Subject(lane, "photos", "otter"))
        if lane is not Lane.STREAM_KEY:
            said(database, made)
    thaw = wanted(database, K.THAW_ACCOUNT, Subject(Lane.ACCOUNT, "photos", "otter"), FREED)
    with database.read() as tx:
        told = platform_acts.ask(tx, thaw).plain()
    assert (told["lasting"], told["account"]) == (["delete_sessions"], "otter")
    assert told["reverses"] is not None


def test_pages_are_by_case_by_service_and_newest_first(database, clock):
    with database.transaction() as tx:
        case = builders.case(tx)
    made = []
    for n in range(5):
        clock.advance(timedelta(minutes=1).total_seconds())
        ground = Ground(ActWhy.LIST, case=case.id if n % 2 else None)
        made.append(wanted(database, about=Subject(Lane.CONTENT, "photos", f"o{n}"), ground=ground))
    with database.read() as tx:
        assert [a.id for a in platform_acts.page(tx)] == [a.id for a in reversed(made)]
        assert [a.id for a in platform_acts.page(tx, case=case.id)] == [made[3].id, made[1].id]
        assert platform_acts.page(tx, service="videos") == []
        older = platform_acts.page(tx, before=made[2].id, limit=1)
    assert [a.id for a in older] == [made[1].id]
