"""Appeals and notices held back: answered once, sealed, and locking media while they wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import AppendOnly, Conflict, NotFound
from breakwater.model.appeal import AppealOutcome, Claim, Ground, OverturnRate
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.upload import Upload, UploadState
from breakwater.records import appeals, notices
from breakwater.records.tables.nouns_appeal import appeals as table

pytestmark = pytest.mark.usefixtures("keyring")


def upload(bank: str = "LIST", **facts: object) -> Upload:
    """A blocked upload; appeals read it and never its row."""
    verdict = builders.verdict(
        Action.BLOCK, builders.match(bank=bank), builders.match(2, bank=bank)
    )
    return builders.upload(state=UploadState.DONE, verdict=verdict, revision=1, **facts)


def file(tx, about: Upload, **facts):
    known = {"claim": Claim.WRONG_MATCH, "words": "That is my garden.", "account": "river-otter-81"}
    return appeals.file(tx, about, **known | facts)


def test_an_appeal_is_kept_as_it_was_filed_and_its_words_are_sealed(database, clock):
    about, first = upload(), new_id()
    with database.transaction() as tx:
        made = file(tx, about, language="de", reference="A-17", first=[first, first])
    assert made.due_at == clock.now() + timedelta(days=3)
    assert (made.number, made.rule, made.banks, made.first) == (
        1,
        "bank.block",
        ("LIST",),
        (first,),
    )
    with database.read() as tx:
        assert appeals.get(tx, made.id) == made == appeals.by_number(tx, 1)
        row = tx.execute(sa.select(table)).one()
        assert not any("garden" in str(v) or "otter" in str(v) for v in row)
        with pytest.raises(NotFound):
            appeals.get(tx, new_id())
        with pytest.raises(NotFound):
            appeals.by_number(tx, 2)


def test_the_same_reference_is_one_appeal_and_another_one_waits_its_turn(database):
    about = upload()
    with database.transaction() as tx:
        made = file(tx, about, reference="A-17")
        assert file(tx, about, reference="A-17", words="Again.") == made
        with pytest.raises(Conflict):
            file(tx, about, reference="A-18")
        other = file(tx, upload(service="video"), reference="A-17")
        assert other.id != made.id
        appeals.answer(tx, made.id, AppealOutcome.UPHELD, by="me", reason="It is listed.")
        assert file(tx, about, reference="A-18").waits


def test_media_are_locked_until_the_answer(database):
    about, free = upload(), upload()
    with database.transaction() as tx:
        made = file(tx, about)
        assert appeals.holds(tx, about.id)
        assert not appeals.holds(tx, free.id)
        assert appeals.held(tx, [about.id, free.id]) == {about.id}
        appeals.answer(
            tx,
            made.id,
            AppealOutcome.OVERTURNED,
            by="me",
            reason="A garden.",
            ground=Ground.WRONG_MATCH,
        )
        assert not appeals.holds(tx, about.id)
        assert appeals.held(tx, [about.id]) == frozenset()


def test_an_appeal_is_answered_once_and_the_answer_stays(database):
    with database.transaction() as tx:
        made = file(tx, upload())
        done = appeals.answer(tx, made.id, AppealOutcome.UPHELD, by="me", reason="It is listed.")
        assert (done.waits, done.answer.outcome, done.answer.by) == (
            False,
            AppealOutcome.UPHELD,
            "me",
        )
        with pytest.raises(Conflict):
            appeals.answer(tx, made.id, AppealOutcome.OVERTURNED, by="you", reason="No.")
    for statement in ("UPDATE appeal_answers SET outcome = 'overturned'", "DELETE FROM appeals"):
        with pytest.raises(AppendOnly), database.transaction() as tx:
            tx.execute(sa.text(statement))


def test_what_waits_comes_in_the_order_of_its_due_time_page_by_page(database, clock):
    made = []
    for _ in range(5):
        with database.transaction() as tx:
            made.append(file(tx, upload()))
        clock.advance(3600)
    with database.transaction() as tx:
        appeals.answer(tx, made[1].id, AppealOutcome.UPHELD, by="me", reason="x")
        appeals.answer(tx, made[0].id, AppealOutcome.UPHELD, by="me", reason="x")
        assert [a.number for a in appeals.waiting(tx, limit=2)] == [3, 4]
        assert [a.number for a in appeals.waiting(tx, after=4)] == [5]
        assert [a.number for a in appeals.answered(tx)] == [2, 1]
        assert [a.number for a in appeals.answered(tx, before=2)] == [1]
        assert appeals.counts(tx, made[3].due_at) == (3, 1)
        assert appeals.counts(tx, tx.now) == (3, 0)


def test_rates_are_by_bank_rule_and_first_reviewer_and_of_people_only(database, clock):
    kim, sam = new_id(), new_id()
    told = (("A", kim, AppealOutcome.OVERTURNED, "me"), ("A", sam, AppealOutcome.UPHELD, "me"),
            ("B", kim, AppealOutcome.UPHELD, "me"), ("B", kim, AppealOutcome.OVERTURNED, appeals.SYSTEM))  # fmt: skip
    with database.transaction() as tx:
        for bank, first, outcome, by in told:
            made = file(tx, upload(bank), first=[first])
            appeals.answer(tx, made.id, outcome, by=by, reason="x")
        found = appeals.rates(tx, clock.now() - timedelta(days=1))
        assert found["bank"] == [OverturnRate("A", 2, 1), OverturnRate("B", 1, 0)]
        assert found["rule"] == [OverturnRate("bank.block", 3, 1)]
        assert found["reviewer"] == [OverturnRate(kim, 2, 1), OverturnRate(sam, 1, 0)]
        clock.advance(86_400)
    with database.read() as tx:
        assert appeals.rates(tx, clock.now() - timedelta(hours=1))["bank"] == []


def test_a_notice_is_held_back_until_its_moment_or_a_newer_order(database, clock):
    about, me = new_id(), new_id()
    with database.transaction() as tx:
        assert notices.held(tx, about) is None
        notices.hold(tx, about, until=clock.now() + timedelta(days=2), reason="police", by=me)
        assert notices.held(tx, about).reason == "police"
        notices.hold(tx, about, until=clock.now() + timedelta(hours=1), reason="shorter", by=me)
        assert notices.held(tx, about).reason == "shorter"
    clock.advance(3601)
    with database.read() as tx:
        assert notices.held(tx, about) is None
