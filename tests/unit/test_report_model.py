"""A report keeps everything as it was told, and refuses only what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from breakwater.errors import BadInput
from breakwater.model import report as r

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=timezone(timedelta(hours=5, minutes=30)))
REPORTER = r.Reporter(r.Person(emails=(r.Email("safety@example.org"),)))
PLAIN = r.Report(kind=r.IncidentType.ENTICEMENT, summary=r.Incident(AT), reporter=REPORTER)
WHOLE = replace(
    PLAIN,
    places=(r.WebPage(("https://example.org/ü",)), r.ChatIm(content="hello\x00\ud83d there"),
            r.CellPhone(latitude=1, longitude=-2.5)),
    reported=(
        r.PersonReported(
            person=r.Person(first_name="Ñ", age=0, born=date(1990, 2, 28)),
            captures=(r.IpCapture("::ffff:192.0.2.7", r.CaptureEvent.VIEW, AT, False, 65_535),),
            linked=(r.AssociatedAccount(kind=r.AccountKind.PARENT, account="7"),),
            identity_documents=False,
        ),
    ),
    files=(r.ReportFile(viewed=True, annotations=frozenset(r.FileAnnotation)),),
    complete=False, supplementary_of="17",
)  # fmt: skip


@pytest.mark.parametrize("report", [PLAIN, WHOLE], ids=["least", "much"])
def test_json_gives_the_same_report_back(report: r.Report) -> None:
    kept = json.dumps(report.plain())
    assert r.Report.read(json.loads(kept)) == report
    assert json.loads(kept)["complete"] == report.complete


def test_unknown_is_never_written_as_no() -> None:
    kept = PLAIN.plain()
    assert kept["complete"] is None
    assert WHOLE.plain()["files"][0]["exif_viewed"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Child pornography"},
        {"complete": "yes"},
        {"complete": 1},
        {"places": [{"urls": []}]},
        {"places": [{"is": "Report"}]},
        {"places": {"is": "WebPage"}},
        {"summary": {"at_note": "no time"}},
        {"summary": {"at": "2026-01-01T00:00:00"}},
        {"summary": {"at": "soon"}},
        {"summary": None},
        {"victims": [{"shoe": 3}]},
        {"related": [""]},
    ],
    ids=str,
)
def test_what_is_no_report_is_not_read(change: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        r.Report.read({**PLAIN.plain(), **change})


@pytest.mark.parametrize(
    "make",
    [
        lambda: r.IpCapture("198.51.100.300"),
        lambda: r.IpCapture("198.51.100.3", port=0),
        lambda: r.IpCapture("198.51.100.3", port=65_536),
        lambda: r.IpCapture("198.51.100.3", at=datetime(2026, 1, 1)),  # noqa: DTZ001 - that is the case
        lambda: r.Incident(datetime(1601, 1, 1, tzinfo=UTC)),
        lambda: r.Incident(AT, escalate="  \n"),
        lambda: r.Person(age=151),
        lambda: r.PersonReported(prior_reports=(0,)),
        lambda: r.Recipient(display_names=(" ",)),
        lambda: r.ReportFile(exif_viewed=True),
        lambda: r.ReportFile(exif_viewed=True, viewed=False),
        lambda: r.ReportFile(sha256="A" * 64),
        lambda: r.ReportFile(md5="0" * 31),
        lambda: r.FileFacts(r.DetailKind.EXIF, ()),
        lambda: r.Reporter(r.Person()),
        lambda: r.CellPhone(latitude=90.5),
        lambda: r.Contacted(" "),
        lambda: replace(PLAIN, reported=(r.PersonReported(), r.PersonReported())),
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    with pytest.raises(BadInput):
        make()  # type: ignore[operator]


def test_a_batch_names_many() -> None:
    assert len(replace(PLAIN, batched=True, reported=(r.PersonReported(),) * 9).reported) == 9


def test_a_mapped_address_is_the_one_it_maps() -> None:
    assert r.IpCapture("::FFFF:c000:0207").address == "192.0.2.7"
    assert r.IpCapture(" 2001:DB8::0:1 ").address == "2001:db8::1"


def test_countries_are_codes_where_they_are() -> None:
    assert r.Address(country=" us").country == "US"
    assert r.EstimatedLocation("Atlantis").country == "Atlantis"
