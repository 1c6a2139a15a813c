"""What was found here beside a reported account stands in its report, with why and how sure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders_sanction import HOME, REVIEWER, TOLD, C, House
from tests.integration.matrix_filing import simple_report

from breakwater.model.broadcast import Viewer
from breakwater.model.report import AccountKind, PersonReported, Report
from breakwater.model.watch import Act, ActKind
from breakwater.records import stream_people, streams, watch_acts
from breakwater.reporting.cybertipline.read import read_report
from breakwater.reporting.cybertipline.write import report_xml
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.drafting.material import gather
from breakwater.reporting.receiving import rules

pytestmark = pytest.mark.usefixtures("keyring")


class Reported(House):
    """Reports about accounts beside which others were found."""

    def __init__(self, database, vault, clock) -> None:
        super().__init__(database, clock)
        profile = Profile(simple_report().reporter, "Clips")
        self.drafter = Drafter(vault=vault, profile=profile, annotate=lambda _: ())

    def watch(self, case, *people) -> None:
        """Accounts with a device, at a case's broadcast; the first of them paid."""
        with self.db.transaction() as tx:
            tx.lock_changes()
            stream = streams.get(tx, case.subject)
            told = [
                Viewer(name, HOME, 4000, tx.now, tx.now + timedelta(seconds=9), device=device)
                for name, device in people
            ]
            stream_people.add_viewers(tx, stream, told)
            paid = Act(ActKind.PAID, people[0][0], tx.now + timedelta(seconds=1), "p1")
            watch_acts.add(tx, stream, [paid], by="clips")
        self.clock.advance(60)

    def report(self, case, account="heron") -> Report:
        with self.db.read() as tx:
            found = gather(tx, case.id)
        (one,) = [one for one in self.drafter.draft(found) if one.account == account]
        xml = report_xml(one.report, now=found.now)
        rules.report(xml, now=found.now)
        assert len(read_report(xml).reported[0].linked) == len(one.report.reported[0].linked)
        return one.report

    def person(self, case, account="heron") -> PersonReported:
        (found,) = self.report(case, account).reported
        return found


@pytest.fixture
def reported(database, vault, clock) -> Reported:
    return Reported(database, vault, clock)


def test_an_account_that_shares_a_device_is_told_with_why_and_how_sure(reported) -> None:
    case = reported.case(told={"devices": ["tablet"], "linked_accounts": ["known-one"]})
    reported.decide(case)
    reported.watch(case, ("coot", "tablet"), ("known-one", "tablet"))
    told, found = reported.person(case).linked
    assert (told.account, told.found_by, told.confidence) == ("known-one", (), None)
    assert (found.account, found.found_by, found.confidence) == ("coot", ("device",), 60)
    assert found.kind is AccountKind.OTHER, "a household may share one"
    assert "not told by the service" in found.additional
    assert "a device" in found.additional


def test_two_that_name_a_person_are_linked_as_the_same(reported) -> None:
    case = reported.sanctioned()
    reported.sanctioned("coot", service="photos")
    (found,) = reported.person(case).linked
    assert (found.kind, found.service) == (AccountKind.LINKED, "photos")
    assert found.confidence > 99
    assert "sanctioned here too" in found.additional


def test_a_child_of_the_case_is_nobodys_associated_account(reported) -> None:
    case = reported.case(told={"devices": ["tablet"]}, device="tablet")
    reported.decide(case, role=C)
    reported.watch(case, ("coot", "tablet"))
    report = reported.report(case, "coot")
    assert [one.account for one in report.victims] == ["heron"]
    assert report.reported[0].linked == ()


def test_a_refused_registration_is_told_without_who_it_was_until_it_was_wrong(reported) -> None:
    case = reported.sanctioned()
    said = reported.ask(email=TOLD["emails"][1], phone="+442079460123")
    words = reported.person(case).additional
    assert said.id in words
    assert "an e-mail address and a telephone number" in words
    assert TOLD["emails"][1] not in words.split("Found here", 1)[1]
    reported.ask(device="heron-tablet-77")
    assert reported.person(case).additional.count("Found here") == 1, "what is watched is too weak"
    reported.releasing.wrong(REVIEWER, said.id, reason="A neighbour.")
    assert "Found here" not in reported.person(case).additional
