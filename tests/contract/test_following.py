"""The rest goes as a supplementary report, and a report that another stands for is not sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.model.case import CaseKind, Priority
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.report import ChatIm, IpCapture, PersonReported, ReportFile, Victim
from breakwater.records import cases, filings, parcels
from breakwater.reporting import following
from breakwater.reporting.permits import Destination

pytestmark = pytest.mark.usefixtures("keyring")
DAY = timedelta(days=1)
S = FilingState
BARE = replace(simple_report(), reported=(PersonReported(account="heron"),))
SEEN = IpCapture("192.0.2.1", port=7)
PORTED = replace(BARE, reported=(PersonReported(account="heron", captures=(SEEN,)),))
WHOLE = replace(BARE, files=(ReportFile(name="a", sha256="a" * 64),))


def case_of(tx):
    return cases.open(
        tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.HIGH
    ).id


def drafted(tx, case, to, report, person=0):
    about = filings.About(case, to, tx.now, tx.now + DAY, person=person)
    return filings.draft(tx, about, report.plain())


def filed(tx, case, to, report, number, person=0):
    one = drafted(tx, case, to, report, person)
    for state in (S.NEW, S.OPEN, S.UPLOADED, S.DESCRIBED, S.FINISHED):
        one = filings.move(tx, one, state, report_id=number)
    return one


def world(**other):
    return {
        "ncmec": Destination("ncmec", DAY, production=True, title="NCMEC", **other),
        "nca": Destination("nca", DAY, production=True, covered_by=("ncmec",)),
    }


@pytest.mark.parametrize(
    ("fresh", "more"),
    [
        (BARE, False),
        (replace(BARE, additional="other words"), False),
        (WHOLE, True),
        (replace(BARE, places=(ChatIm("c", "r", "now"),)), True),
        (replace(BARE, victims=(Victim(account="kim"),)), True),
        (PORTED, True),
    ],
)
def test_only_what_adds_is_said_again(fresh, more) -> None:
    assert following.adds(fresh, [BARE]) is more
    assert following.adds(fresh, [])


def test_a_supplementary_report_names_the_one_it_adds_to(database) -> None:
    with database.transaction() as tx:
        case = case_of(tx)
        first = filed(tx, case, "ncmec", BARE, "4711")
        filed(tx, case, "ncmec", replace(BARE, reported=(PersonReported(account="coot"),)), "12", 1)
        ((before, _),) = following.earlier(tx, case, "ncmec", WHOLE)
        assert before.id == first.id
        said = following.adding_to(WHOLE, [before])
    assert said.supplementary_of == "4711"
    assert said.reported[0].prior_reports == (4711,)


def test_a_report_to_a_foreign_body_stands_for_the_own_one_and_the_proof_is_kept(database) -> None:
    with database.transaction() as tx:
        case = case_of(tx)
        mine = drafted(tx, case, "nca", WHOLE)
        done = filed(tx, case, "ncmec", WHOLE, "4711")
        (gone,) = following.drop_covered(tx, done, world())
        assert (gone.id, gone.state) == (mine.id, S.DROPPED)
        assert following.standing_for(tx, case, WHOLE, world()["nca"], world()).id == done.id
    with database.read() as tx:
        proof = parcels.proof(tx, mine.id)
        assert (proof.by, "4711" in proof.basis) == (done.id, True)
        assert "filing.covered" in {step.what for step in cases.history(tx, case)}


def test_a_trial_less_or_anothers_account_stands_for_nothing(database) -> None:
    with database.transaction() as tx:
        case = case_of(tx)
        drafted(tx, case, "nca", WHOLE)
        done = filed(tx, case, "ncmec", BARE, "4711")
        assert following.drop_covered(tx, done, world()) == []
        other = filed(tx, case, "ncmec", replace(WHOLE, reported=(PersonReported(account="c"),)), "12", 1)  # fmt: skip
        assert following.drop_covered(tx, other, world()) == []
        whole = filed(tx, case, "ncmec", WHOLE, "4712", 2)
        trial = {**world(), "ncmec": Destination("ncmec", DAY)}
        assert following.drop_covered(tx, whole, trial) == []
        assert len(following.drop_covered(tx, whole, world())) == 1
