"""Protects those whom a wrong entry or a stack touches: all are released, and nobody else.

More than ten need two people; what was shown is what is done.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from breakwater.banks.manage import NewBank, NewEntry
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotFound
from breakwater.model.access import Role
from breakwater.model.bank import BankAction, EntryStatus, Opinion
from breakwater.model.case import CaseState
from breakwater.model.decision import Outcome
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.signal import Signal
from breakwater.records import approvals, decisions, entries
from tests.integration import deciding
from tests.integration.conftest import photo, work
from tests.integration.deciding import ILLEGAL, K, case_of, copies, decide, present, signed
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

app, known, upload = deciding.app, deciding.known, deciding.upload
reviewer, set_up_once = deciding.reviewer, deciding.set_up_once


def test_a_file_without_a_match_cannot_be_a_wrong_match(app, machine, reviewer):
    broken = submit(app, photo(3)[:300], machine)
    with pytest.raises(BadInput):
        decide(app, reviewer, broken, K.WRONG_MATCH)
    decide(app, reviewer, broken, K.NOT_ILLEGAL)
    assert present(app, broken).verdict.action is Action.ALLOW


def test_a_wrong_match_releases_all_it_touched_and_speaks_of_the_entry(
    app, machine, upload, reviewer
):
    others = copies(app, machine, 3)
    number = upload.verdict.matches[0].number
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    assert (effect.released, effect.accounts, effect.entries) == (4, 4, (number,))
    said = decide(app, reviewer, upload, K.WRONG_MATCH, expected_effect=effect.digest)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.ALLOW
        assert case_of(app, one).state is CaseState.CLOSED
    with app.db.read() as tx:
        assert [o.opinion for o in entries.opinions(tx, number)] == [Opinion.FALSE_POSITIVE]
        (waiting,) = approvals.waiting(tx, kind="negative_entry")
        proposed = entries.get(tx, waiting.facts["number"])
        assert (proposed.status, proposed.negative) == (EntryStatus.PROPOSED, True)
        assert len(decisions.led_by(tx, said.id)) == 3
    second = somebody(app, Role.QA_LEAD)
    app.banks.confirm_negative(proposed.number, second)
    app.review.decisions.undo(reviewer, said.id)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.BLOCK
        assert case_of(app, one).state is CaseState.OPEN


def test_undoing_a_wrong_match_withdraws_the_proposal(app, upload, reviewer):
    said = decide(app, reviewer, upload, K.WRONG_MATCH)
    number = upload.verdict.matches[0].number
    app.review.decisions.undo(reviewer, said.id)
    with app.db.read() as tx:
        assert approvals.waiting(tx, kind="negative_entry") == []
        said_of = [o.opinion for o in entries.opinions(tx, number)]
    assert said_of == [Opinion.FALSE_POSITIVE, Opinion.DISPUTED]


def test_items_that_match_another_entry_stay_held_and_confirmed_ones_stay(
    app, machine, upload, reviewer
):
    also_listed, confirmed = copies(app, machine, 2)
    app.banks.create(NewBank("OTHER", action=BankAction.HOLD), machine)
    exact = submit(app, photo(1, form="JPEG", quality=70), machine, account="acct-9")
    app.banks.add("OTHER", [NewEntry(Signal("sha256", bytes.fromhex(exact.sha256)))], machine)
    twice = submit(app, photo(1, form="JPEG", quality=70), machine, account="acct-10")
    decide(app, reviewer, confirmed, K.ILLEGAL, facts=ILLEGAL)
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    outcomes = {one.upload: one.outcome for one in effect.touched}
    assert outcomes[twice.id] is Outcome.HELD
    assert outcomes[confirmed.id] is Outcome.CONFIRMED
    decide(app, reviewer, upload, K.WRONG_MATCH)
    held = present(app, twice)
    assert held.verdict.action is not Action.ALLOW
    assert "OTHER" in held.verdict.reason
    assert case_of(app, twice).state is CaseState.OPEN
    assert present(app, confirmed).verdict.action is Action.BLOCK
    assert present(app, also_listed).verdict.action is Action.ALLOW


def test_more_than_ten_need_a_second_person_who_is_another_one(app, machine, upload, reviewer):
    copies(app, machine, 10)
    with pytest.raises(BadInput, match="reason of your own"):
        decide(app, reviewer, upload, K.WRONG_MATCH)
    with pytest.raises(NeedsSecondPerson) as waits:
        decide(app, reviewer, upload, K.WRONG_MATCH, reason="A logo.")
    assert waits.value.facts["approval"]
    assert present(app, upload).verdict.action is Action.BLOCK, "nothing is done yet"
    with pytest.raises(NeedsSecondPerson):
        app.review.decisions.confirm(reviewer, upload.case, signed(app, reviewer, upload.case))
    second = somebody(app, Role.REVIEWER, name="Sam")
    mine = signed(app, second, upload.case)
    said = app.review.decisions.confirm(second, upload.case, mine, note="So it is.")
    assert (said.by, said.second) == (reviewer.person, second.person)
    assert present(app, upload).verdict.action is Action.ALLOW


def test_only_a_fresh_signature_under_this_very_proposal_confirms(
    app, machine, upload, reviewer, clock
):
    copies(app, machine, 10)
    with pytest.raises(NeedsSecondPerson):
        decide(app, reviewer, upload, K.WRONG_MATCH, reason="A logo.")
    second = somebody(app, Role.REVIEWER)
    good = signed(app, second, upload.case)
    for wrong in (
        replace(good, about=new_id()), replace(good, person=reviewer.person),
        replace(good, at=good.at - timedelta(minutes=3)), replace(good, at=good.at + timedelta(1)),
    ):  # fmt: skip
        with pytest.raises(BadInput, match="Sign again"):
            app.review.decisions.confirm(second, upload.case, wrong)
    assert present(app, upload).verdict.action is Action.BLOCK
    assert app.review.decisions.to_sign(second, upload.case).id == good.about
    clock.advance(timedelta(hours=24).total_seconds())
    with pytest.raises(NotFound, match="lapses after 24 hours"):
        app.review.decisions.to_sign(second, upload.case)
    late = replace(good, at=app.clock.now())
    with pytest.raises(NotFound, match="lapses after 24 hours"):
        app.review.decisions.confirm(second, upload.case, late)
    assert present(app, upload).verdict.action is Action.BLOCK


def test_a_proposal_that_reaches_more_by_now_is_not_confirmed(app, machine, upload, reviewer):
    copies(app, machine, 10)
    with pytest.raises(NeedsSecondPerson):
        decide(app, reviewer, upload, K.WRONG_MATCH, reason="A logo.")
    submit(app, photo(1, form="JPEG", quality=75), machine, account="acct-new")
    second = somebody(app, Role.REVIEWER)
    with pytest.raises(Conflict, match="other items than were shown"):
        app.review.decisions.confirm(second, upload.case, signed(app, second, upload.case))
    app.review.decisions.refuse(second, upload.case, note="Look again.")
    assert case_of(app, upload).state is CaseState.OPEN


def test_a_wrong_entry_that_touched_hundreds_is_released_in_the_background(
    app, machine, upload, reviewer, worker, monkeypatch
):
    monkeypatch.setattr("breakwater.review.deciding.effects.AT_ONCE", 3)
    others = copies(app, machine, 8)
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    assert (effect.released, len(effect.touched), effect.later) == (9, 4, 5)
    decide(app, reviewer, upload, K.WRONG_MATCH)
    work(worker)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.ALLOW
        assert case_of(app, one).state is CaseState.CLOSED


def test_one_decision_covers_the_stack_that_was_shown_and_nothing_else(
    app, machine, upload, reviewer
):
    stack = copies(app, machine, 2)
    app.banks.add("KNOWN", [pdq_of(app, photo(7))], machine)
    stranger = submit(app, photo(7), machine, account="acct-70")
    also = [one.case for one in (*stack, stranger)]
    said = decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL, also=also)
    assert {case_of(app, one).state for one in stack} == {CaseState.CLOSED}
    assert case_of(app, stranger).state is CaseState.OPEN, "not of this stack"
    with app.db.read() as tx:
        led = decisions.led_by(tx, said.id)
    assert {one.case for one in led} == {one.case for one in stack}
    assert all(one.knowledge_at for one in led)
