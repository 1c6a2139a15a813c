"""A case of words alone: decided without anything seen, drafted, and finished at the receiver."""

from __future__ import annotations

from dataclasses import replace

import pytest

from breakwater.errors import Conflict
from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id, new_id
from breakwater.model.report import IncidentType, PersonReported
from breakwater.records import cases, chats, kept_comments
from tests.integration import deciding, test_filing
from tests.integration.deciding import K
from tests.integration.test_review_views import somebody

set_up_once, reviewer = deciding.set_up_once, deciding.reviewer
receiver, opened, app = test_filing.receiver, test_filing.opened, test_filing.app


def talk(app, account: str, *wrote: str) -> Id:
    """A case about what was written."""
    with app.db.transaction() as tx:
        tx.lock_changes()
        chat = chats.begin(tx, About(ChatKind.CONVERSATION, "clips", "talk-1"))
        case = cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=chat.id, why="Reported.",
            priority=Priority.HIGH, service="clips", account=account, by="conversations",
        ).id  # fmt: skip
        kept_comments.keep(tx, "clips", [
            KeptComment(
                new_id(), chat.id, f"m{n}", name, tx.now, f"good morning {n}", 3.0, case=case
            )
            for n, name in enumerate(wrote)
        ])  # fmt: skip
        return case


def decided(app, who, case: Id, role: AccountRole) -> None:
    app.review.decisions.decide(
        who, case, K.ILLEGAL, reason="As read.", facts=DecisionFacts(role=role)
    )


@pytest.mark.parametrize("account", ["heron", ""])
def test_words_alone_are_decided_drafted_and_finished(app, reviewer, receiver, account) -> None:
    case = talk(app, account, "heron")
    decided(app, reviewer, case, AccountRole.SUSPECT)
    (done,) = test_filing.filed(app, case)
    assert (done.state, done.files) == (FilingState.FINISHED, ())
    received = test_filing.at_receiver(receiver, done)
    assert (received["state"], received["files"]) == ("finished", [])
    officer = somebody(app, Role.REPORT_OFFICER)
    report = app.reporting.filings.look(officer, done.id).report
    assert report.kind is IncidentType.ENTICEMENT
    assert [one.account for one in report.reported] == ["heron"]
    (chat,) = report.places
    assert "heron: good morning 0" in chat.content


def test_of_two_who_wrote_nobody_is_reported_before_a_person_names_them(app, reviewer) -> None:
    case = talk(app, "", "heron", "child-1")
    decided(app, reviewer, case, AccountRole.SUSPECT)
    (draft,) = app.reporting.filings.draft(case)
    officer = somebody(app, Role.REPORT_OFFICER)
    looked = app.reporting.filings.look(officer, draft.id)
    assert (looked.report.reported, [one.what for one in looked.gaps if one.blocks]) == (
        (), ["role"],
    )  # fmt: skip
    with pytest.raises(Conflict, match="birthday"):
        app.reporting.filings.want(officer, draft.id)
    who = PersonReported(account="heron", service="clips")
    app.reporting.filings.change(officer, draft.id, replace(looked.report, reported=(who,)))
    looked = app.reporting.filings.look(officer, draft.id)
    assert [one for one in looked.gaps if one.blocks] == []
    assert app.reporting.filings.want(officer, draft.id).state is FilingState.NEW
