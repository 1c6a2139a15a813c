"""What a report says of its files: EXIF as the jail reads it, and the industry's class where it may be given."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from breakwater.model.decision import DecisionFacts
from breakwater.model.facts import Activity, ChildFacts, ItemFacts, Maturity, Realism
from breakwater.model.report import Classification, DetailKind, Report
from breakwater.records import filings
from tests.builders_files import tagged_clip
from tests.integration import deciding, test_filing
from tests.integration.deciding import K
from tests.integration.served import OPERATOR
from tests.integration.test_filing import FOUND, at_receiver, filed
from tests.integration.test_intake import submit
from tests.unit.test_media_exif import shot

set_up_once, known = deciding.set_up_once, deciding.known
reviewer, receiver, opened = deciding.reviewer, test_filing.receiver, test_filing.opened


def child(maturity: Maturity) -> ChildFacts:
    return replace(FOUND.item.children[0], maturity=maturity)


def drafted(app, reviewer, item: ItemFacts, *, number: int = 0, body: bytes = b""):
    """A picture of its own, graded so, and the file that its report tells."""
    whole = body or shot(make=f"Heron {number}")
    upload = submit(app, whole[:-64], OPERATOR)  # a broken end brings it before a person
    facts = DecisionFacts(role=FOUND.role, item=item)
    app.review.decisions.decide(reviewer, upload.case, K.ILLEGAL, reason="seen", facts=facts)
    (draft,) = app.reporting.filings.draft(upload.case)
    with app.db.read() as tx:
        (file,) = Report.read(filings.report_of(tx, draft.id)).files
    return upload, file


def test_what_a_file_says_itself_goes_with_it_and_into_no_log(
    opened, reviewer, receiver, caplog, monkeypatch
) -> None:
    app = opened(reports_industry=True)
    asked = []
    exif = app.pool.exif
    monkeypatch.setattr(
        type(app.pool), "exif", lambda self, *a, **b: asked.append(1) or exif(*a, **b)
    )
    body = shot(make="Heron 0")
    with caplog.at_level(logging.DEBUG):
        upload, file = drafted(app, reviewer, FOUND.item, body=body)
        (details,) = file.details
        assert details.kind is DetailKind.EXIF
        assert {one.name: one.value for one in details.pairs} == {
            "Make": "Heron 0", "Model": "H-1", "DateTimeOriginal": "2026:02:01 10:00:00",
            "BodySerialNumber": "SN-77", "GPS": "present",
        }  # fmt: skip
        assert file.exif_viewed is False, "nobody looked at it"
        assert file.classification is Classification.A1
        (done,) = filed(app, upload.case)
    assert len(asked) == 1, "it is read once, however often the report is looked at"
    assert at_receiver(receiver, done)["state"] == "finished"
    assert "SN-77" not in caplog.text


def test_a_video_says_its_device_and_time_too(opened, reviewer) -> None:
    app = opened(reports_industry=True)
    body = tagged_clip({
        "com.apple.quicktime.make": "Heron", "com.apple.quicktime.model": "H-1",
        "com.apple.quicktime.creationdate": "2026-02-01T10:00:00+0100",
        "com.apple.quicktime.location.ISO6709": "+51.5074-000.1278/",
    })  # fmt: skip
    _, file = drafted(app, reviewer, FOUND.item, body=body)
    (details,) = file.details
    assert {one.name: one.value for one in details.pairs} == {
        "Make": "Heron", "Model": "H-1", "DateTimeOriginal": "2026:02:01 10:00:00",
        "OffsetTimeOriginal": "+01:00", "GPS": "present",
    }  # fmt: skip
    assert file.name.endswith(".mp4")


PRE, PUB, UNCLEAR = Maturity.PREPUBESCENT, Maturity.PUBESCENT, Maturity.UNCLEAR
ACT, POSING = Activity.NON_PENETRATIVE, Activity.POSING_OR_NUDITY


@pytest.mark.parametrize("member", [True, False])
def test_the_class_follows_the_grade_and_only_members_give_one(opened, reviewer, member) -> None:
    app = opened(reports_industry=member)
    wanted = [
        (PRE, ACT, Classification.A1), (PRE, POSING, Classification.A2),
        (PUB, ACT, Classification.B1), (PUB, POSING, Classification.B2), (UNCLEAR, ACT, None),
    ]  # fmt: skip
    for number, (maturity, activity, grade) in enumerate(wanted):
        item = ItemFacts(activity, children=(child(maturity),))
        _, file = drafted(app, reviewer, item, number=number)
        assert file.classification is (grade if member else None)
    drawn = ItemFacts(ACT, children=(child(PRE),), realism=Realism.DRAWN)
    _, file = drafted(app, reviewer, drawn, number=9)
    assert file.classification is None
