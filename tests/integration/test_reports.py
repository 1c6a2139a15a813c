"""User reports over the whole installation: a person looks, and outcomes make the next one weigh."""

from __future__ import annotations

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.errors import BadInput, NotFound
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.user_report import STRANGERS, Concern, ReporterKind, UserReport
from breakwater.records import cases, queue, uploads, user_reports
from breakwater.review.queueing.reports import Told
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo, work
from tests.integration.test_appeals import ILLEGAL
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody


def take(app: App, by: Principal, reporter: str = "kim", **facts: object) -> UserReport:
    known = {"service": "photos", "reporter_kind": ReporterKind.USER, "concern": Concern.GROOMING}
    return app.review.reports.take(by, Told(**(known | {"reporter": reporter} | facts)))


def case_of(app: App, case: Id):
    with app.db.read() as tx:
        return cases.get(tx, case)


def decide(app: App, worker: Worker, case: Id, kind: DecisionKind) -> None:
    facts = {"facts": ILLEGAL} if kind is DecisionKind.ILLEGAL else {}
    app.review.decisions.decide(somebody(app, Role.REVIEWER), case, kind, **facts)
    work(worker)


def test_a_report_opens_a_case_with_neutral_words(app: App, machine: Principal) -> None:
    made = take(app, machine, item="obj-7", account="acct-9", words="He asked her age.")
    case = case_of(app, made.case)
    assert (case.kind, case.subject, case.account) == (CaseKind.REPORT, made.id, "acct-9")
    assert case.why == "A user reported: an approach to a child."
    assert case.priority is Priority.MEDIUM
    with app.db.read() as tx:
        (kept,) = user_reports.of_case(tx, case.id)
    assert kept.words == "He asked her age."


def test_a_report_on_an_upload_that_passed_names_it(app: App, machine: Principal) -> None:
    upload = submit(app, photo(1), machine)
    by_id = take(app, machine, upload=upload.id)
    by_name = take(app, machine, "sam", item="obj-1")
    assert by_id.case == by_name.case
    assert by_name.upload == upload.id
    with app.db.read() as tx:
        assert uploads.get(tx, upload.id).case == by_id.case
    assert case_of(app, by_id.case).subject == upload.id


def test_a_report_joins_the_case_of_a_blocked_upload_and_never_lowers_it(
    app: App, machine: Principal
) -> None:
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    upload = submit(app, photo(1), machine)
    before = case_of(app, upload.case)
    made = take(app, machine, upload=upload.id)
    assert made.case == upload.case
    assert case_of(app, upload.case).priority is before.priority
    with app.db.read() as tx:
        assert "reported" in [step.what for step in cases.history(tx, upload.case)]


def test_danger_and_numbers_raise_a_case(app: App, machine: Principal) -> None:
    first = take(app, machine, item="obj-7")
    assert case_of(app, first.case).priority is Priority.MEDIUM
    take(app, machine, "ngo", item="obj-7", reporter_kind=ReporterKind.TRUSTED_FLAGGER)
    assert case_of(app, first.case).priority is Priority.HIGH
    take(app, machine, "sam", item="obj-7", danger=True)
    assert case_of(app, first.case).priority is Priority.NOW


def test_who_was_wrong_often_is_believed_less_and_undo_unlearns(
    app: App, machine: Principal, worker: Worker
) -> None:
    for n in range(5):
        made = take(app, machine, "crier", item=f"wrong-{n}")
        assert made.weight == pytest.approx(1 / (4 + n))
        decide(app, worker, made.case, DecisionKind.NOT_ILLEGAL)
    again = take(app, machine, "crier", item="once-more")
    assert case_of(app, again.case).priority is Priority.LOW
    with app.db.read() as tx:
        trust = user_reports.reliability(tx, user_reports.reporters_of(tx, again.case))[
            again.reporter
        ]
    assert (trust.right, trust.wrong) == (0, 5)
    made = take(app, machine, "right", item="right-1")
    decide(app, worker, made.case, DecisionKind.ILLEGAL)
    assert take(app, machine, "right", item="right-2").weight == pytest.approx(2 / 5)
    with app.db.read() as tx:
        last = app.review.decisions.of_case(made.case)[-1]
        assert case_of(app, made.case).state is CaseState.CLOSED
    app.review.decisions.undo(somebody(app, Role.REVIEWER), last.id)
    work(worker)
    assert take(app, machine, "right", item="right-3").weight == pytest.approx(1 / 4)


def test_the_queue_is_told_how_many_reporters_count(
    app: App, machine: Principal, worker: Worker
) -> None:
    first = take(app, machine, item="obj-7")
    work(worker)
    for n in range(6):
        take(app, machine, f"stranger-{n}", item="obj-7")
    with app.db.read() as tx:
        assert queue.places(tx, [first.case])[first.case].reports == STRANGERS
        assert user_reports.counts(tx, [first.case]) == {first.case: 7}


def test_a_closed_case_is_not_joined(app: App, machine: Principal, worker: Worker) -> None:
    first = take(app, machine, item="obj-7")
    decide(app, worker, first.case, DecisionKind.NOT_ILLEGAL)
    assert take(app, machine, "sam", item="obj-7").case != first.case


def test_the_same_reference_is_taken_once_and_each_service_speaks_for_itself(
    app: App, machine: Principal
) -> None:
    made = take(app, machine, item="obj-7", reference="R-1")
    assert take(app, machine, item="obj-8", reference="R-1") == made
    other = Principal(new_id(), "video", machine.permissions, service="video")
    assert take(app, other, item="obj-7", reference="R-1").service == "video"
    upload = submit(app, photo(1), machine)
    with pytest.raises(NotFound):
        take(app, other, upload=upload.id)
    for wrong in ({}, {"item": "x", "reporter": ""}, {"item": "x", "words": "x" * 4001}):
        with pytest.raises(BadInput):
            take(app, machine, **wrong)
