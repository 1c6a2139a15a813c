"""One report for many accounts that sent the same viral file: by policy or a person, none lost, none doubled."""

from __future__ import annotations

import pytest

from breakwater.banks.manage import NewBank, Provenance
from breakwater.errors import Conflict
from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.filing import FilingState
from breakwater.model.report import FileAnnotation, Report
from breakwater.records import audit, filings
from tests.integration import deciding, test_filing
from tests.integration.conftest import photo
from tests.integration.deciding import K
from tests.integration.served import OPERATOR
from tests.integration.test_filing import FOUND, at_receiver
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

set_up_once, known = deciding.set_up_once, deciding.known
reviewer, receiver, opened = deciding.reviewer, test_filing.receiver, test_filing.opened
BODY = photo(1)[:400]
"""A broken picture, so that every upload of it comes before a person."""


def sent(app, reviewer, account, role=AccountRole.SUSPECT, *, body=BODY):
    """An account's upload of the file, decided and drafted."""
    upload = submit(app, body, OPERATOR, account=account)
    facts = DecisionFacts(role=role, item=FOUND.item)
    app.review.decisions.decide(reviewer, upload.case, K.ILLEGAL, reason="seen", facts=facts)
    app.reporting.filings.draft(upload.case)
    return upload.case


def standing(app, *every):
    """Drafts that wait, as what they say."""
    with app.db.read() as tx:
        rows = [one for case in every for one in filings.of_case(tx, case)]
        kept = [one for one in rows if one.state is not FilingState.DROPPED]
        return [(one, Report.read(filings.report_of(tx, one.id))) for one in kept]


def accounts_of(report):
    return sorted(one.account for one in report.reported)


def test_a_person_joins_drafts_and_one_report_is_filed_for_all(opened, reviewer, receiver) -> None:
    app = opened(reports_viral_accounts=5)
    every = [sent(app, reviewer, f"acct-{n}") for n in range(3)]
    child = sent(app, reviewer, "small", AccountRole.APPARENT_CHILD)
    unsaid = sent(app, reviewer, "unsaid", AccountRole.UNKNOWN)
    officer = somebody(app, Role.REPORT_OFFICER)
    first = standing(app, every[1])[0][0]
    assert app.reporting.batching.offered(first.id) == 3
    app.reporting.batching.by_person(officer, first.id)
    ((one, report),) = standing(app, *every)
    assert report.batched
    assert accounts_of(report) == ["acct-0", "acct-1", "acct-2"]
    assert FileAnnotation.VIRAL in report.files[0].annotations
    assert len(standing(app, child, unsaid)) == 2, "who may be a child is joined with nobody"
    others = [case for case in every if case != one.case]
    with pytest.raises(Conflict, match="goes with the report"):
        app.reporting.filings.draft(others[0])
    app.reporting.filings.draft(one.case)
    assert accounts_of(standing(app, *every)[0][1]) == ["acct-0", "acct-1", "acct-2"], "redrafted"
    app.reporting.filings.want(officer, one.id)
    assert app.reporting.sender.carry(one.id) is None
    ((done, _),) = standing(app, *every)
    assert at_receiver(receiver, done)["state"] == "finished"
    with app.db.read() as tx:
        assert "filing.batch" in set(audit.actions(tx))


def test_a_batch_with_a_decision_taken_back_is_not_sent_and_withdrawn_all_are_drafted_anew(
    opened, reviewer
) -> None:
    app = opened(reports_viral_accounts=5)
    every = [sent(app, reviewer, f"acct-{n}") for n in range(3)]
    officer = somebody(app, Role.REPORT_OFFICER)
    made = app.reporting.batching.by_person(officer, standing(app, every[0])[0][0].id)
    other = next(case for case in every if case != made.case)
    (said,) = app.review.decisions.of_case(other)
    app.review.decisions.undo(reviewer, said.id, "another picture")
    with pytest.raises(Conflict, match="taken back"):
        app.reporting.filings.want(officer, made.id)
    app.reporting.filings.drop(officer, made.id, "a decision was taken back")
    for case in every:
        if case != other:
            app.reporting.filings.draft(case)
    with pytest.raises(Conflict):
        app.reporting.filings.draft(other)
    names = sorted(accounts_of(report)[0] for _, report in standing(app, *every))
    assert len(names) == 2


def test_without_the_policy_every_account_has_its_own_report(opened, reviewer) -> None:
    app = opened()
    every = [sent(app, reviewer, f"acct-{n}") for n in range(2)]
    officer = somebody(app, Role.REPORT_OFFICER)
    (one, _), _ = standing(app, *every)
    assert app.reporting.batching.offered(one.id) == 0
    with pytest.raises(Conflict):
        app.reporting.batching.by_person(officer, one.id)
    assert len(standing(app, *every)) == 2


def test_by_policy_drafts_about_a_labelled_file_become_one_when_enough_accounts_sent_it(
    opened, reviewer, machine
) -> None:
    app = opened(reports_viral_accounts=3)
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine, Provenance(labels=("Viral",)))
    every = [sent(app, reviewer, f"acct-{n}", body=photo(1)) for n in range(3)]
    assert app.reporting.batching.by_label(every[0]) != []
    ((_, report),) = standing(app, *every)
    assert report.batched
    assert len(report.reported) == 3
    late = sent(app, reviewer, "acct-9", body=photo(1))
    app.reporting.batching.by_label(late)
    ((_, report),) = standing(app, *every, late)
    assert accounts_of(report)[-1] == "acct-9", "who comes later joins while it is a draft"
