"""What is odd in a case becomes a report that is right: the list of bad input, item by item."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree

from breakwater.errors import BadInput
from breakwater.model import report as r
from breakwater.reporting.cybertipline.elements import FILE_DETAILS, REPORT
from breakwater.reporting.cybertipline.form import Element, Form
from breakwater.reporting.cybertipline.letters import apart, clean, cut, unclean, units
from breakwater.reporting.cybertipline.read import parsed, read_file_details, read_report
from breakwater.reporting.cybertipline.write import (
    LONGEST,
    attached_texts,
    file_details_xml,
    report_xml,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENT = datetime(2026, 5, 31, 23, 30, tzinfo=timezone(timedelta(hours=2)))
REPORTER = r.Reporter(r.Person(emails=(r.Email("safety@example.org"),)))
PLAIN = r.Report(kind=r.IncidentType.ABUSE_MATERIAL, summary=r.Incident(EVENT), reporter=REPORTER)
UPLOAD = r.IpCapture("192.0.2.9", r.CaptureEvent.UPLOAD, EVENT, port=40_000)


def tree(report: r.Report) -> etree._Element:
    return etree.fromstring(report_xml(report, now=NOW))


def about(file: r.ReportFile) -> etree._Element:
    return etree.fromstring(file_details_xml(file, report_id=1, file_id="f" * 32, now=NOW))


def reported(**facts: object) -> r.Report:
    return replace(PLAIN, reported=(r.PersonReported(**facts),))  # type: ignore[arg-type]


def test_a_report_of_words_alone_without_creator_or_media_is_whole() -> None:
    root = tree(replace(PLAIN, additional="Told by telephone."))
    assert [child.tag for child in root] == ["incidentSummary", "reporter", "additionalInfo"]
    assert root.findtext("additionalInfo") == "Told by telephone."
    assert root.findtext("incidentSummary/incidentDateTime") == "2026-05-31T21:30:00Z"


def test_two_addresses_of_a_file_are_one_element_and_a_note() -> None:
    file = r.ReportFile(captures=(r.IpCapture("192.0.2.1"), UPLOAD, r.IpCapture("2001:db8::1")))
    root = about(file)
    assert [one.findtext("ipAddress") for one in root.iter("ipCaptureEvent")] == ["192.0.2.9"]
    words = root.findtext("additionalInfo") or ""
    assert "ipCaptureEvent[1]" in words
    assert "192.0.2.1" in words
    assert "2001:db8::1" in words
    assert read_file_details(file_details_xml(file, report_id=1, file_id="f", now=NOW))[0] == file


def test_a_time_ahead_is_now_and_stated_as_told() -> None:
    ahead = NOW + timedelta(days=400)
    report = replace(PLAIN, summary=r.Incident(ahead, "By the camera's clock."))
    root = tree(report)
    assert root.findtext("incidentSummary/incidentDateTime") == "2026-06-01T11:59:55Z"
    stated = root.findtext("incidentSummary/incidentDateTimeDescription") or ""
    assert "2027-07-06T12:00:00+00:00" in stated
    assert stated.endswith("By the camera's clock.")
    assert read_report(report_xml(report, now=NOW)) == report


def test_a_time_that_the_recipient_may_not_have_reached_is_stated_too() -> None:
    report = replace(PLAIN, summary=r.Incident(NOW))
    assert tree(report).findtext("incidentSummary/incidentDateTime") == "2026-06-01T11:59:55Z"
    assert read_report(report_xml(report, now=NOW)) == report


def test_every_other_time_ahead_is_now_too() -> None:
    late = datetime(2030, 1, 1, tzinfo=UTC)
    report = reported(
        captures=(r.IpCapture("192.0.2.1", at=late),),
        temporarily_disabled=r.Disabled(reenabled_at=late),
    )
    text = report_xml(report, now=NOW).decode()
    assert text.count("2030-01-01") == 2
    told = parsed(text.encode()).find("personOrUserReported")
    assert told is not None
    assert told.findtext("ipCaptureEvent/dateTime") == "2026-06-01T11:59:55Z"
    assert read_report(text.encode()) == report


def test_mapped_and_scoped_addresses_are_plain_ones() -> None:
    report = reported(captures=(r.IpCapture("::ffff:192.0.2.1"), r.IpCapture("fe80::1%eth0")))
    assert [one.text for one in tree(report).iter("ipAddress")] == ["192.0.2.1", "fe80::1"]
    assert "fe80::1%eth0" in report_xml(report).decode()


def test_half_an_identifier_is_none_and_stands_whole_in_the_words() -> None:
    root = tree(reported(account="a" * 256, screen_name="b" * 257, profile_urls=("c d",)))
    person = root.find("personOrUserReported")
    assert person is not None
    assert [one.tag for one in person] == ["additionalInfo"]
    assert "a" * 256 in (person.findtext("additionalInfo") or "")


def test_prose_over_its_room_is_cut_and_goes_on_in_the_words() -> None:
    report = replace(PLAIN, summary=r.Incident(EVENT, escalate="é😀" * 1_001))
    root = tree(report)
    kept = root.findtext("incidentSummary/escalateToHighPriority") or ""
    assert kept.endswith("…")
    assert units(kept) <= 3_000
    assert "é😀" * 1_001 in (root.findtext("additionalInfo") or "")


def test_a_country_that_is_none_is_told_in_words() -> None:
    report = reported(
        location=r.EstimatedLocation("Atlantis", city="Poseidonis"),
        person=r.Person(addresses=(r.Address(country="UK", state="Bavaria", city="X"),)),
    )
    person = tree(report).find("personOrUserReported")
    assert person is not None
    assert person.find("estimatedLocation") is None
    assert person.find(".//country") is None
    assert "Poseidonis" in (person.findtext("additionalInfo") or "")
    assert read_report(report_xml(report)) == report


def test_a_view_is_other_and_named() -> None:
    report = replace(
        PLAIN,
        recipients=(r.Recipient(captures=(r.IpCapture("192.0.2.1", r.CaptureEvent.VIEW),)),),
    )
    root = tree(report)
    assert root.findtext(".//eventName") == "Other"
    assert "ipCaptureEvent[1]/eventName⟧ View" in (
        root.findtext("intendedRecipient/additionalInfo") or ""
    )


def test_what_the_form_has_no_field_for_is_told_in_words() -> None:
    linked = r.AssociatedAccount(kind=r.AccountKind.BILLING, account="card-7")
    report = replace(
        PLAIN,
        recipients=(r.Recipient(linked=(linked,)),),
        payments=(r.Payment("gift", amount="20.00", currency="USD", payer="u1", payee="u2"),),
        urgency="imminent", complete=True, supplementary_of="4711", related=("4712", "4713"),
    )  # fmt: skip
    root = tree(report)
    words = root.findtext("additionalInfo") or ""
    for told in ("20.00", "imminent", "complete⟧ true", "4711", "4713"):
        assert told in words
    assert "card-7" in (root.findtext("intendedRecipient/additionalInfo") or "")
    assert read_report(report_xml(report)) == report


def test_viral_material_names_many_in_one_report() -> None:
    report = replace(
        PLAIN, batched=True, reported=tuple(r.PersonReported(account=str(n)) for n in range(500))
    )
    root = tree(report)
    assert root[0].tag == "batchedReport"
    assert root[0].get("reason") == "VIRAL_POTENTIAL_MEME"
    assert len(root.findall("personOrUserReported")) == 500


def test_a_child_is_a_victim_with_a_person_even_when_nobody_knows_who() -> None:
    root = tree(replace(PLAIN, victims=(r.Victim(account="kid"),)))
    victim = root.find("victim")
    assert victim is not None
    assert [one.tag for one in victim] == ["victimPerson", "espIdentifier"]


def test_an_earlier_report_is_cited_by_its_number() -> None:
    root = tree(reported(prior_reports=(11, 2**63 - 1)))
    assert [one.text for one in root.iter("priorCTReports")] == ["11", "9223372036854775807"]


def test_a_linked_account_says_its_kind_by_type() -> None:
    root = tree(reported(linked=(r.AssociatedAccount(kind=r.AccountKind.PARENT),)))
    account = root.find(".//associatedAccount")
    assert account is not None
    assert dict(account.attrib) == {"type": "Parent/Guardian"}


def test_flags_are_there_or_not_and_never_false() -> None:
    file = r.ReportFile(annotations=frozenset({r.FileAnnotation.LIVE_STREAMING}))
    flags = about(file).find("fileAnnotations")
    assert flags is not None
    assert [(one.tag, one.text) for one in flags] == [("liveStreaming", None)]
    assert about(r.ReportFile()).find("fileAnnotations") is None


def test_nobody_having_said_it_is_not_false() -> None:
    root = about(r.ReportFile())
    assert root.find("fileViewedByEsp") is None
    assert about(r.ReportFile(viewed=False)).findtext("fileViewedByEsp") == "false"


def test_a_supplemental_file_carries_neither_grade_nor_meme() -> None:
    file = r.ReportFile(
        relevance=r.Relevance.SUPPLEMENTAL, classification=r.Classification.A1,
        annotations=frozenset({r.FileAnnotation.MEME, r.FileAnnotation.VIRAL}),
    )  # fmt: skip
    root = about(file)
    assert root.find("industryClassification") is None
    assert root.find(".//potentialMeme") is None
    assert root.find("fileAnnotations/viral") is not None
    assert read_file_details(file_details_xml(file, report_id=1, file_id="f"))[0] == file


def test_a_very_long_chat_is_a_file_of_its_own() -> None:
    log = "2026-05-31 21:30 u1: hello\x07 wörld 😀\n" * 9_000
    report = replace(PLAIN, places=(r.ChatIm(room="s-1", content=log),))
    (text,) = attached_texts(report, now=NOW)
    document = report_xml(report, now=NOW)
    assert text.sha256.encode() in document
    assert text.name.encode() in document
    assert len(document) < 3 * LONGEST
    assert read_report(document, texts={text.name: text.data}) == report
    assert "hello⟦U+0007⟧ wörld" in text.data.decode()


def test_very_many_notes_are_a_file_of_their_own() -> None:
    pages = tuple(f"https://example.org/{n}/{'n' * 2_083}" for n in range(600))
    report = reported(profile_urls=pages, additional="And this.")
    texts = attached_texts(report, now=NOW)
    document = report_xml(report, now=NOW)
    assert len(texts) == 1
    assert len(document) < 10_000
    back = read_report(document, texts={one.name: one.data for one in texts})
    assert back == report
    assert read_report(document).reported[0].additional == "And this."


@pytest.mark.parametrize(
    "text", ["\x00\x0b", "\ud800x", "\ufffe\uffff", "⟦U+0041⟧", "⟦more: a⟧ ", "\r\n\t ", "]]>&<"]
)
def test_letters_that_xml_forbids_are_written_and_read(text: str) -> None:
    etree.Element("a").text = clean(text)
    assert unclean(clean(text)) == text
    report = replace(PLAIN, additional=text, places=(r.ChatIm(content=text),))
    assert read_report(report_xml(report)) == report


def test_a_cut_text_ends_between_letters() -> None:
    assert cut("ab😀cd", 4) == "ab…"
    assert cut(clean("ab\x00cd"), 6) == "ab…"


def test_words_of_others_with_our_marks_are_words() -> None:
    assert apart("⟦more: screenName⟧ x") == ("⟦more: screenName⟧ x", ())


def _elements(element: Element, seen: set[str]) -> list[tuple[Element, str]]:
    found = [(element, element.name)]
    for child in element.children:
        found += [(one, f"{element.name}/{path}") for one, path in _elements(child, seen)]
    return found


def test_room_is_exact_at_every_limit() -> None:
    for element, path in [*_elements(REPORT, set()), *_elements(FILE_DETAILS, set())]:
        if element.form is Form.TEXT and element.room:
            assert units(cut("x" * (element.room + 1), element.room)) == element.room, path


@pytest.mark.parametrize(
    "document",
    [
        b"", b"<report>", b"<other/>", b"<report><new/></report>",
        b"<!DOCTYPE report><report/>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><report>&a;</report>',
        b"<report>" + b"<a>" * 400 + b"</a>" * 400 + b"</report>",
        b'<report batch="1"/>', b"<report/>",
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(document: bytes) -> None:
    with pytest.raises(BadInput):
        read_report(document)
