"""Protects what a decision promises: written down, made true at once, told, and undone whole.

Real database, vault and jail; ordinary pictures.
"""

from __future__ import annotations

import json
import sqlite3

import pytest

from breakwater.banks.manage import NewBank, NewEntry
from breakwater.errors import (
    BadInput,
    BreakwaterError,
    Conflict,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Role
from breakwater.model.appeal import Claim
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseState, Priority
from breakwater.model.decision import UNDO, Context, DecisionFacts
from breakwater.model.event import EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.signal import Signal
from breakwater.model.signin import Signed
from breakwater.records import appeals, audit, cases, decisions
from tests.integration import deciding
from tests.integration.conftest import work
from tests.integration.deciding import ILLEGAL, K, case_of, decide, present, signed, told
from tests.integration.test_review_views import somebody

app, known, upload = deciding.app, deciding.known, deciding.upload
reviewer, set_up_once = deciding.reviewer, deciding.set_up_once


def test_not_illegal_releases_closes_tells_and_shreds_when_undo_is_over(
    app, machine, upload, reviewer, worker, clock
):
    said = decide(app, reviewer, upload, K.NOT_ILLEGAL, reason="A family on a beach.")
    now, case = present(app, upload), case_of(app, upload)
    assert now.verdict.action is Action.ALLOW
    assert (case.state, case.held_by) == (CaseState.CLOSED, None)
    assert (said.by, said.reason, said.stands) == (reviewer.person, "A family on a beach.", True)
    assert said.knowledge_at is None
    (event,) = told(app, EventType.CASE_DECIDED)
    assert event.body["told"]["action"] == "allow"
    assert event.body["told"]["decision"] == "not_illegal"
    assert "beach" not in json.dumps(dict(event.body))
    assert told(app, EventType.VERDICT_CHANGED)[-1].body["action"] == "allow"
    work(worker)
    assert present(app, upload).blob is not None, "undo still brings the media back"
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    kept = present(app, upload)
    assert (kept.blob, kept.origin.address, kept.origin.account) == (None, "", "")
    with pytest.raises(NotFound):
        app.vault.open(upload.blob)
    with app.db.read() as tx:
        actions = [entry.action for entry in audit.page(tx, subject=case.id)]
    assert {"case.decide", "media.shredded"} <= set(actions)


def test_undo_restores_verdict_media_and_case_and_writes_a_row(
    app, upload, reviewer, worker, clock
):
    before = present(app, upload)
    said = decide(app, reviewer, upload, K.NOT_ILLEGAL)
    row = app.review.decisions.undo(reviewer, said.id, "a slip")
    after, case = present(app, upload), case_of(app, upload)
    assert (after.verdict, after.blob) == (before.verdict, before.blob)
    assert case.state is CaseState.OPEN
    assert row.undoes == said.id
    with app.db.read() as tx:
        rows = decisions.of_case(tx, case.id)
        assert [r.stands for r in rows] == [False, False]
        assert decisions.standing(tx, case.id) is None
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert present(app, upload).blob == before.blob, "what was taken back is not shredded"
    assert told(app, EventType.CASE_DECIDED)[-1].body["told"]["undone"] is True
    with pytest.raises(Conflict, match="taken back already"):
        app.review.decisions.undo(reviewer, said.id, "again")


def test_illegal_sets_actual_knowledge_and_no_list_undoes_it(
    app, machine, upload, reviewer, worker, clock
):
    said = decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL)
    assert said.knowledge_at == clock.now()
    entry = upload.verdict.matches[0].number
    app.banks.withdraw(entry, machine)
    work(worker)
    kept = present(app, upload)
    assert (kept.verdict.action, kept.verdict.rule) == (Action.BLOCK, "decision.illegal")
    assert kept.blob is not None
    with app.db.read() as tx:
        assert decisions.known_since(tx, upload.case) == clock.now()


def test_what_a_person_released_stays_released_when_its_entry_moves_and_a_new_entry_asks_anew(
    app, machine, upload, reviewer, worker
):
    decide(app, reviewer, upload, K.LAWFUL_CONTEXT, facts=DecisionFacts(Context.FAMILY))
    entry = upload.verdict.matches[0].number
    app.banks.quarantine(entry, machine)
    app.banks.release(entry, machine)
    work(worker)
    assert present(app, upload).verdict.action is Action.ALLOW
    app.banks.create(NewBank("OTHER", action=BankAction.HOLD), machine)
    app.banks.add("OTHER", [NewEntry(Signal("sha256", bytes.fromhex(upload.sha256)))], machine)
    work(worker)
    again = present(app, upload)
    assert again.verdict.action is Action.HOLD
    assert again.case != upload.case, "a new case for a new question"


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        (K.ILLEGAL, DecisionFacts(), "activity"),
        (K.ILLEGAL, DecisionFacts(item=ItemFacts(Activity.NONE)), "activity"),
        (K.LAWFUL_CONTEXT, DecisionFacts(), "family, medical, art"),
    ],
)
def test_a_decision_that_lacks_a_fact_is_refused(app, upload, reviewer, kind, facts, words):
    with pytest.raises(BadInput, match=words):
        decide(app, reviewer, upload, kind, facts=facts)
    assert case_of(app, upload).state is CaseState.OPEN


@pytest.mark.parametrize("kind", [K.SECOND_OPINION, K.ESCALATE])
def test_who_takes_sending_on_back_is_offered_the_case_again(app, upload, reviewer, kind):
    said = decide(app, reviewer, upload, kind)
    assert app.review.queue.next(reviewer) is None
    app.review.decisions.undo(reviewer, said.id)
    assert app.review.queue.next(reviewer).id == upload.case


def test_who_asked_for_a_second_opinion_does_not_decide(app, upload, reviewer):
    decide(app, reviewer, upload, K.SECOND_OPINION)
    assert case_of(app, upload).state is CaseState.OPEN
    assert app.review.queue.next(reviewer) is None, "it is not offered to them again"
    with pytest.raises(NeedsSecondPerson, match="another person"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL)
    decide(app, somebody(app, Role.REVIEWER), upload, K.NOT_ILLEGAL)


def test_escalation_raises_and_danger_calls_at_once(app, upload, reviewer):
    assert case_of(app, upload).priority is Priority.HIGH
    decide(app, reviewer, upload, K.ESCALATE)
    assert app.review.queue.next(reviewer) is None
    assert case_of(app, upload).priority is Priority.NOW
    said = decide(app, reviewer, upload, K.DANGER_NOW)
    assert case_of(app, upload).held_by == reviewer.person, "it stays with them"
    (event,) = told(app, EventType.DANGER_RAISED)
    assert (event.subject, event.body["report_waits"]) == (upload.case, True)
    with app.db.read() as tx:
        assert decisions.in_danger(tx, upload.case)
        assert case_of(app, upload).state is not CaseState.CLOSED
    with pytest.raises(NeedsSecondPerson):
        app.review.decisions.confirm(reviewer, upload.case, signed(app, reviewer, upload.case))
    second = somebody(app, Role.REVIEWER)
    app.review.decisions.confirm(second, upload.case, signed(app, second, upload.case))
    app.review.decisions.undo(reviewer, said.id, "a misunderstanding")
    with app.db.read() as tx:
        assert not decisions.in_danger(tx, upload.case)


def test_nobody_decides_a_case_that_another_holds_or_closed(app, upload, reviewer):
    other = somebody(app, Role.REVIEWER, name="Sam")
    with app.db.transaction() as tx:
        cases.hold(tx, upload.case, by=other.person, until=tx.now + UNDO)
    with pytest.raises(Conflict, match="Sam holds it"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL)
    decide(app, other, upload, K.NOT_ILLEGAL)
    with pytest.raises(Conflict, match=r"Sam decided this case at .*not illegal"):
        decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL)


def test_two_tabs_decide_once(app, upload, reviewer):
    version = case_of(app, upload).version
    app.review.decisions.comment(reviewer, upload.case, "<b>look</b>")
    with app.db.transaction() as tx:
        cases.set_priority(tx, upload.case, Priority.NOW, by="system")
    with pytest.raises(Conflict, match="changed meanwhile"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL, expected_version=version)
    decide(app, reviewer, upload, K.NOT_ILLEGAL, expected_version=version + 1)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.REPORT_OFFICER, Role.AUDITOR])
def test_roles_that_read_decide_nothing(app, upload, role):
    with pytest.raises(NotAllowed):
        decide(app, somebody(app, role), upload, K.NOT_ILLEGAL)


def test_appealed_media_stay_until_the_appeal_is_answered(app, upload, reviewer, worker, clock):
    decide(app, reviewer, upload, K.NOT_ILLEGAL)
    work(worker)
    with app.db.transaction() as tx:
        appeals.file(tx, upload, claim=next(iter(Claim)))
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert present(app, upload).blob is not None


def test_nothing_is_decided_that_cannot_be_written_down(app, upload, reviewer):
    with sqlite3.connect(app.db.path) as raw:
        raw.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    raw.close()
    with pytest.raises(BreakwaterError):
        decide(app, reviewer, upload, K.NOT_ILLEGAL)
    assert present(app, upload).verdict.action is Action.BLOCK
    assert case_of(app, upload).state is CaseState.OPEN
    assert told(app, EventType.CASE_DECIDED) == []


def test_ids_that_nobody_knows_are_not_found(app, reviewer):
    nothing = Signed(reviewer.person, new_id(), "passkey", app.clock.now())
    for act in (
        lambda: app.review.decisions.decide(reviewer, new_id(), K.NOT_ILLEGAL),
        lambda: app.review.decisions.undo(reviewer, new_id(), "x"),
        lambda: app.review.decisions.confirm(reviewer, new_id(), nothing),
        lambda: app.review.decisions.comment(reviewer, new_id(), "x"),
    ):
        with pytest.raises(NotFound):
            act()
