"""Filings on both databases: one a person and version, legal moves alone, late words refused, papers kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.builders import case

from breakwater.errors import AppendOnly, Conflict, LeaseLost, NotFound
from breakwater.model.filing import Answer, Call, FilingFile, FilingState, Phase
from breakwater.model.ids import new_id
from breakwater.records import filing_steps, filings

pytestmark = pytest.mark.usefixtures("keyring")
FILE = FilingFile(0, None, 3, "ab" * 32, "cd" * 16)


def about(tx, **facts):
    known = {
        "case": facts.pop("case", None) or case(tx).id, "destination": "ncmec",
        "knowledge_at": tx.now, "due_at": tx.now + timedelta(days=1),
    }  # fmt: skip
    return filings.About(**known | facts)


def drafted(database, **facts):
    with database.transaction() as tx:
        return filings.draft(tx, about(tx, **facts), {"words": "a harbour"}, [FILE])


def test_a_draft_that_waits_is_answered_and_what_ended_gets_another_version(database):
    one = drafted(database)
    with database.transaction() as tx:
        same = filings.draft(tx, about(tx, case=one.case), {"words": "other"})
        assert (same.id, same.version) == (one.id, 1)
        assert filings.report_of(tx, one.id) == {"words": "a harbour"}
        other = filings.draft(tx, about(tx, case=one.case, person=1), {})
        assert other.number == one.number + 1
        filings.move(tx, one, FilingState.DROPPED)
        again = filings.draft(tx, about(tx, case=one.case), {})
    assert (again.version, again.id == one.id) == (2, False)


def test_only_legal_moves_and_only_by_who_took_it_up(database):
    one = drafted(database)
    with database.transaction() as tx:
        with pytest.raises(Conflict):
            filings.move(tx, one, FilingState.FINISHED)
        fresh = filings.move(tx, one, FilingState.NEW)
        taken = filings.take_up(tx, one.id)
        with pytest.raises(LeaseLost):
            filings.move(tx, fresh, FilingState.OPEN)
        with pytest.raises(LeaseLost):
            filings.has_file(tx, fresh, 0, "f1")
        opened = filings.move(tx, taken, FilingState.OPEN, report_id="77", opened_at=tx.now)
        filings.has_file(tx, opened, 0, "f1")
        filings.described(tx, opened, 0)
        found = filings.get(tx, one.id)
        assert (found.files[0].file_id, found.files[0].described) == ("f1", True)
        anew = filings.begin_anew(tx, found)
    assert (anew.state, anew.report_id, anew.files[0].file_id) == (FilingState.NEW, "", "")


def test_a_draft_is_replaced_only_while_it_is_one(database):
    one = drafted(database)
    with database.transaction() as tx:
        done = filings.redraft(tx, one, {"words": "a bridge"}, [])
        assert (filings.report_of(tx, one.id), done.files) == ({"words": "a bridge"}, ())
        filings.move(tx, done, FilingState.NEW)
        with pytest.raises(Conflict):
            filings.redraft(tx, one, {}, [])
        with pytest.raises(NotFound):
            filings.report_of(tx, new_id())


def test_steps_are_only_added_and_their_papers_are_sealed(database):
    one = drafted(database)
    with database.transaction() as tx:
        sent = filing_steps.intent(tx, one, Call.SUBMIT, sent=b"<report>harbour</report>")
        assert filing_steps.unanswered(tx, one).call is Call.SUBMIT
        filing_steps.answer(tx, one, Call.SUBMIT, Answer(0, report_id="77", request_id="r-1"))
        assert filing_steps.unanswered(tx, one) is None
        assert filing_steps.paper(tx, sent) == b"<report>harbour</report>"
        raw = tx.execute(sa.text("SELECT sealed FROM filing_papers")).scalars().all()
        assert all(b"harbour" not in bytes(one) for one in raw)
        phases = [step.phase for step in filing_steps.of_filing(tx, one.id)]
    assert phases == [Phase.INTENT, Phase.ANSWER]
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text("DELETE FROM filing_steps"))
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text("UPDATE filing_papers SET sealed = sealed"))


def test_what_may_stand_open_is_listed_until_it_is_known_to_be_gone(database):
    one = drafted(database)
    with database.transaction() as tx:
        first = filings.note(tx, one, attempt=1)
        filing_steps.intent(tx, first, Call.SUBMIT)
        filing_steps.lost(tx, first, Call.SUBMIT, detail="interrupted")
        second = filings.note(tx, first, attempt=2)
        filing_steps.intent(tx, second, Call.SUBMIT)
        filing_steps.answer(tx, second, Call.SUBMIT, Answer(0, report_id="88"))
        third = filings.note(tx, second, attempt=3, report_id="99")
        filing_steps.intent(tx, third, Call.SUBMIT)
        filing_steps.answer(tx, third, Call.SUBMIT, Answer(0, report_id="99"))
        found = filing_steps.orphans(tx, [third])
        assert [(o.attempt, o.report_id, o.retracted) for o in found] == [
            (1, "", False), (2, "88", False),
        ]  # fmt: skip
        filing_steps.answer(tx, third, Call.RETRACT, Answer(0, report_id="88"))
        assert [o.retracted for o in filing_steps.orphans(tx, [third])] == [False, True]


def test_what_is_late_is_told_once(database):
    one = drafted(database)
    with database.transaction() as tx:
        assert filings.warn(tx, tx.now) == []
        assert [late.id for late in filings.warn(tx, tx.now + timedelta(days=2))] == [one.id]
        assert filings.warn(tx, tx.now + timedelta(days=2)) == []
