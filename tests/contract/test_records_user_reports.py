"""User reports: who reported stays a pseudonym, and is believed as their outcomes say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import AppendOnly
from breakwater.model.case import CaseKind
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action
from breakwater.model.user_report import Concern, ReporterKind, ReportOutcome, UserReport
from breakwater.records import cases, uploads, user_reports
from breakwater.records.tables.nouns_appeal import user_reports as table

pytestmark = pytest.mark.usefixtures("keyring")
USER = ReporterKind.USER


def report(tx, case: Id, reporter: str = "kim", **facts) -> UserReport:
    known = {
        "report": new_id(), "service": "photos", "reference": "", "reporter_kind": USER,
        "reporter": user_reports.reporter_key(tx, "photos", USER, reporter),
        "concern": Concern.GROOMING, "danger": False, "case": case, "item": "obj-1",
    }  # fmt: skip
    return user_reports.add(tx, **known | facts)


def test_a_reporter_is_a_pseudonym_and_their_words_are_sealed(database):
    with database.transaction() as tx:
        case = builders.case(tx)
        made = report(
            tx,
            case.id,
            "kim-is-my-name",
            words="He asked her age.",
            account="otter",
            reference="R-1",
        )
        assert user_reports.by_reference(tx, "photos", "R-1") == made
        assert user_reports.by_reference(tx, "video", "R-1") is None
        assert user_reports.of_case(tx, case.id) == [made]
        row = tx.execute(sa.select(table)).one()
        for secret in ("kim-is-my-name", "asked her age", "otter"):
            assert not any(secret in str(value) for value in row)
        keys = {
            user_reports.reporter_key(tx, s, k, "kim") for s in ("a", "b") for k in ReporterKind
        }
        assert len(keys) == 2 * len(ReporterKind)
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text("UPDATE user_reports SET danger = danger"))


def test_a_new_report_joins_the_case_that_waits_about_the_same(database):
    with database.transaction() as tx:
        upload = uploads.finish(tx, builders.upload(verdict=builders.verdict(Action.BLOCK)))
        other = builders.case(tx, subject=upload.id)
        about = {"service": "photos", "account": ""}
        assert user_reports.open_case(tx, upload=upload.id, item="", **about) == other
        assert user_reports.open_case(tx, upload=None, item="obj-1", **about) is None
        assert (
            user_reports.open_case(tx, upload=None, item="", service="photos", account="otter")
            is None
        )
        first = builders.case(tx, kind=CaseKind.REPORT)
        report(tx, first.id, account="otter")
        assert user_reports.open_case(tx, upload=None, item="obj-1", **about).id == first.id
        assert (
            user_reports.open_case(tx, upload=None, item="", service="photos", account="otter")
            is None
        )
        second = builders.case(tx, kind=CaseKind.REPORT)
        report(tx, second.id, item="", account="otter")
        found = user_reports.open_case(tx, upload=None, item="", service="photos", account="otter")
        assert found.id == second.id
        cases.close(tx, first.id, by="me", reason="seen")
        assert user_reports.open_case(tx, upload=None, item="obj-1", **about) is None
        assert user_reports.upload_named(tx, "photos", "object-17") == upload.id
        assert user_reports.upload_named(tx, "video", "object-17") is None


def test_what_came_of_reports_is_learned_and_unlearned(database):
    with database.transaction() as tx:
        right, wrong = builders.case(tx), builders.case(tx)
        key = report(tx, right.id).reporter
        report(tx, right.id, "sam")
        report(tx, wrong.id)
        assert user_reports.counts(tx, [right.id, wrong.id, new_id()]) == {right.id: 2, wrong.id: 1}
        assert user_reports.reporters_of(tx, wrong.id) == {key: USER}
        assert user_reports.learn(tx, right.id, ReportOutcome.OPEN) == 0
        assert user_reports.learn(tx, right.id, ReportOutcome.RIGHT) == 2
        assert user_reports.learn(tx, right.id, ReportOutcome.RIGHT) == 0
        assert user_reports.learn(tx, wrong.id, ReportOutcome.WRONG) == 1
        trust = user_reports.reliability(tx, {key: USER})[key]
        assert (trust.right, trust.wrong, trust.mean) == (1, 1, pytest.approx(2 / 6))
        assert user_reports.learn(tx, wrong.id, ReportOutcome.OPEN) == 1
        trust = user_reports.reliability(tx, {key: USER})[key]
        assert (trust.right, trust.wrong) == (1, 0)


def test_strangers_are_counted_once_each_and_only_while_nothing_is_known_of_them(database):
    with database.transaction() as tx:
        case, past = builders.case(tx), builders.case(tx)
        for reporter in ("kim", "kim", "ada", "eve", "max"):
            report(tx, case.id, reporter)
        report(tx, case.id, "line", reporter_kind=ReporterKind.PARTNER)
        report(tx, past.id, "max")
        key = user_reports.reporter_key(tx, "photos", USER, "ada")
        assert user_reports.strangers(tx, case.id, 9, but=key) == 3
        assert user_reports.strangers(tx, case.id, 2, but=key) == 2
        user_reports.learn(tx, past.id, ReportOutcome.RIGHT)
        assert user_reports.strangers(tx, case.id, 9, but=key) == 2
