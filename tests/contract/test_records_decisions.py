"""Decisions as rows: only added, taken back once, found by what they did; stacks by likeness."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import builders

from breakwater.errors import Conflict, NotFound
from breakwater.model.case import CaseState
from breakwater.model.decision import DecisionFacts, DecisionKind, Outcome, Touched
from breakwater.model.event import EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions, duplicates, outbox, uploads
from breakwater.records.database import Tx

pytestmark = pytest.mark.usefixtures("keyring")
K = DecisionKind
SEEN = DecisionFacts(item=ItemFacts(Activity.ANIMAL))


def said(tx: Tx, case: Id, kind: K = K.NOT_ILLEGAL, **more):
    by = more.pop("by", None) or builders.person(tx).id
    return decisions.add(tx, case=case, kind=kind, by=by, reason="so it is", **more)


def held(tx: Tx, own: str, *, entry: int = 1, distance: int = 4, **facts) -> Upload:
    """An upload that matches an entry by a picture hash of its own, with an open case."""
    match = builders.match(entry, own=own, distance=distance)
    started = uploads.start(tx, builders.upload(**facts))
    case = builders.case(tx, subject=started.id)
    return uploads.finish(
        tx, replace(started, verdict=builders.verdict(Action.HOLD, match), case=case.id)
    )


def flipped(own: str, bits: int) -> str:
    """A hash that many bits away."""
    return f"{int(own, 16) ^ ((1 << bits) - 1):064x}"


def test_a_decision_reads_back_as_it_was_written(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        made = said(tx, case.id, K.ILLEGAL, facts=SEEN, second=builders.person(tx).id)
    with database.read() as tx:
        assert decisions.get(tx, made.id) == made
        assert decisions.of_case(tx, case.id) == [made]
        assert decisions.standing(tx, case.id) == made
        assert decisions.known_since(tx, case.id) == made.at
        with pytest.raises(NotFound):
            decisions.get(tx, builders.some_id())


def test_undo_is_a_row_and_happens_once(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        first = said(tx, case.id, K.ILLEGAL, facts=SEEN)
        back = said(tx, case.id, K.ILLEGAL, undoes=first.id)
    with database.read() as tx:
        assert decisions.get(tx, first.id).undone == back.id
        assert decisions.standing(tx, case.id) is None
        assert decisions.known_since(tx, case.id) is None
        assert back.knowledge_at is None
    with pytest.raises(Conflict), database.transaction() as tx:
        said(tx, case.id, K.ILLEGAL, undoes=first.id)


def test_what_was_led_by_a_decision_is_taken_back_with_it(database):
    with database.transaction() as tx:
        one, other = builders.case(tx), builders.case(tx)
        lead = said(tx, one.id)
        led = said(tx, other.id, lead=lead.id, by=lead.by)
        assert decisions.standing(tx, other.id) == led
        said(tx, one.id, undoes=lead.id, by=lead.by)
        assert decisions.standing(tx, other.id) is None
        assert [d.id for d in decisions.led_by(tx, lead.id)] == [led.id]


def test_people_are_counted_by_what_still_stands(database, clock):
    since = clock.now()
    with database.transaction() as tx:
        ada = builders.person(tx).id
        cases_of = [builders.case(tx).id for _ in range(3)]
        lead = said(tx, cases_of[0], by=ada)
        said(tx, cases_of[1], by=ada, lead=lead.id)
        wrong = said(tx, cases_of[2], K.ESCALATE, by=ada)
        said(tx, cases_of[2], K.ESCALATE, by=ada, undoes=wrong.id)
    with database.read() as tx:
        assert decisions.counts(tx, since) == {(ada, K.NOT_ILLEGAL): 1}
        assert [d.case for d in decisions.by_person(tx, ada, since)] == [
            cases_of[2], cases_of[2], cases_of[0],
        ]  # fmt: skip


def test_who_asked_for_another_opinion_and_who_is_in_danger_is_derived(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        asked = said(tx, case.id, K.SECOND_OPINION)
        alarm = said(tx, case.id, K.DANGER_NOW)
        assert decisions.asked_for_another(tx, case.id) == {asked.by}
        assert decisions.in_danger(tx, case.id)
        said(tx, case.id, K.DANGER_NOW, undoes=alarm.id)
        said(tx, case.id, K.SECOND_OPINION, undoes=asked.id)
        assert decisions.asked_for_another(tx, case.id) == frozenset()
        assert not decisions.in_danger(tx, case.id)


def test_effects_are_kept_once_for_each_upload(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        made = said(tx, case.id)
        one = Touched(builders.some_id(), Outcome.RELEASED, case.id, before=1, after=2)
        decisions.add_effects(tx, made.id, [one])
        decisions.add_effects(tx, made.id, [replace(one, after=9)])
        assert decisions.effects(tx, made.id) == [one]


def test_a_closed_case_opens_again_and_tells(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        cases.close(tx, case.id, by="x", reason="x")
        again = decisions.reopen(tx, case.id, by="x", what="reopened", reason="a slip")
    assert (again.state, again.closed_at, again.held_by) == (CaseState.OPEN, None, None)
    assert again.version == 3
    with database.read() as tx:
        assert cases.history(tx, case.id)[-1].what == "reopened"
        told = outbox.since(tx, 0, limit=10, types=[EventType.CASE_CHANGED])
        assert [event.body["state"] for event in told] == ["closed", "open"]


def test_uploads_are_found_by_the_entries_their_present_verdict_rests_on(database):
    with database.transaction() as tx:
        own = builders.value("pdq", 1).hex()
        kept = [held(tx, own), held(tx, own)]
        freed = held(tx, own)
        silent = replace(freed.verdict.matches[0], acting=False, why_not="decided")
        uploads.revise(tx, freed.id, builders.verdict(Action.ALLOW, silent))
        held(tx, own, entry=2)
        assert decisions.touched_by(tx, {1}, limit=9) == [kept[1].id, kept[0].id]
        assert decisions.count_touched(tx, {1, 2}) == 3
        made = said(tx, kept[0].case)
        decisions.add_effects(tx, made.id, [Touched(kept[1].id, Outcome.CONFIRMED)])
        assert decisions.touched_by(tx, {1}, limit=9, beyond=made.id) == [kept[0].id]


def test_a_stack_is_the_same_file_or_nearly_the_same_picture_that_waits(database):
    with database.transaction() as tx:
        own = builders.value("pdq", 1).hex()
        sha = builders.value("sha256", 1).hex()
        first = held(tx, own, sha256=sha)
        same = held(tx, flipped(own, 30), sha256=sha, entry=9)
        near = held(tx, flipped(own, duplicates.NEAR))
        held(tx, flipped(own, duplicates.NEAR + 1))
        closed = held(tx, own)
        cases.close(tx, closed.case, by="x", reason="x")
        video = held(tx, own, type="video/mp4")
        found = {other.id for other in duplicates.stack_of(tx, first)}
        assert found == {same.id, near.id}
        assert duplicates.stack_of(tx, video) == []
        similar = [other.id for other in duplicates.similar_to(tx, first)]
        assert similar[:2] == [video.id, closed.id], "the newest first, closed ones too"
        assert same.id not in similar
