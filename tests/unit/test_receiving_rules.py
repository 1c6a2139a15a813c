"""What is taken as a report, what is refused with which code, and that no document does harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests import ispws_samples as samples

from breakwater.reporting.receiving import reading, rules
from breakwater.reporting.receiving.answers import Answer, Code, Refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = "0" * 32


def refused(xml: bytes, *, file: bool = False) -> Refused:
    check = rules.file_details if file else rules.report
    with pytest.raises(Refused) as caught:
        check(xml, now=NOW)
    return caught.value


@pytest.mark.parametrize("xml", [samples.report(), samples.urgent(), samples.WHOLE])
def test_a_report_in_order_is_taken(xml: bytes):
    assert rules.report(xml, now=NOW).tag == "report"


def test_the_front_page_of_a_report_has_what_the_sender_wrote_and_nothing_more():
    found = reading.contents(samples.WHOLE)
    assert found.platform == "Live"
    assert found.annotations == {"sextortion", "csamSolicitation"}
    assert [place.kind for place in found.places] == ["webPageIncident", "chatImIncident"]
    assert found.places[1].lines == ("Live", "quay")
    assert found.places[1].written == 21
    assert found.agency == "Polizei"
    assert found.emails == ("desk@photos.example",)
    one, two = found.of_role("reported")
    assert one.captures[0] == reading.Capture("81.2.69.160", "40001", "Login", samples.WHEN)
    assert one.accounts == 1
    assert one.prior == ("12",)
    assert two.captures[0].address == "2001:db8::7"
    assert found.of_role("victim")[0].name == "Zoë 静"
    assert found.batched
    bare = reading.contents(samples.report())
    assert bare.people == ()
    assert bare.escalation == bare.agency == bare.additional == ""


def test_what_is_said_of_a_file_is_read():
    inner = (
        "<originalFileName>a.jpg</originalFileName><fileViewedByEsp>false</fileViewedByEsp>"
        "<fileAnnotations><liveStreaming/><infant>true</infant></fileAnnotations>"
        '<originalFileHash hashType="SHA256">ab</originalFileHash>'
    )
    xml = samples.details(1, FILE, inner)
    rules.file_details(xml, now=NOW)
    said = reading.file_facts(xml)
    assert said.viewed is False
    assert said.public is None
    assert said.annotations == {"liveStreaming", "infant"}
    assert said.hashes == (("SHA256", "ab"),)
    assert reading.file_facts(b"") == reading.FileFacts()


CAPTURE = "<ipCaptureEvent><ipAddress>{}</ipAddress></ipCaptureEvent>"


@pytest.mark.parametrize(
    ("why", "xml"),
    [
        ("order", samples.report(places=samples.REPORTER)),
        ("no type", samples.report().replace(b"incidentType", b"incidentKind")),
        ("another type", samples.report(kind="Child pornography")),
        ("no zone", samples.report(when="2026-02-28T08:00:00")),
        ("future", samples.report(when="2026-03-01T12:10:00Z")),
        ("no e-mail", samples.report().replace(b"<email>desk@photos.example</email>", b"")),
        ("blank escalation", samples.report(
            summary="<escalateToHighPriority> </escalateToHighPriority>")),
        ("too long", samples.report(
            summary="<escalateToHighPriority>" + "é" * 3001 + "</escalateToHighPriority>")),
        ("platform too long", samples.report(summary=f"<platform>{'p' * 257}</platform>")),
        ("two people", samples.report(people=samples.person() + samples.person())),
        ("address", samples.report(people=samples.person(address="300.1.1.1"))),
        ("port", samples.report(people=samples.person().replace("40001", "65536"))),
        ("port 0", samples.report(people=samples.person().replace("40001", "0"))),
        ("event", samples.report(people=samples.person().replace("Login", "View"))),
        ("account's type", samples.report(people=samples.person(
            extra='<associatedAccount accountType="Linked"/>'))),
        ("no account's type", samples.report(people=samples.person(extra="<associatedAccount/>"))),
        ("annotation false", samples.report(annotations=(
            "<reportAnnotations><sextortion>false</sextortion></reportAnnotations>"))),
        ("two kinds of place", samples.report(places=(
            "<internetDetails><webPageIncident/><emailIncident/></internetDetails>"))),
        ("country", samples.report(people=samples.person(extra=(
            "<estimatedLocation><countryCode>Germany</countryCode></estimatedLocation>")))),
        ("another root", samples.details(1, FILE)),
        ("namespace", samples.report().replace(b"<report>", b'<report xmlns="urn:x">')),
    ],
)  # fmt: skip
def test_what_the_interface_does_not_take_is_refused_as_4100(why: str, xml: bytes):
    assert refused(xml).answer.code is Code.VALIDATION_FAILED, why


@pytest.mark.parametrize(
    ("why", "inner"),
    [
        ("two addresses", CAPTURE.format("81.2.69.160") + CAPTURE.format("81.2.69.161")),
        ("annotation false", "<fileAnnotations><viral>false</viral></fileAnnotations>"),
        ("meme and annotations", "<potentialMeme>true</potentialMeme><fileAnnotations/>"),
        ("classification", "<industryClassification>C1</industryClassification>"),
        ("supplemental with class", ("<fileRelevance>Supplemental Reported</fileRelevance>"
         "<industryClassification>A1</industryClassification>")),
        ("supplemental meme", ("<fileRelevance>Supplemental Reported</fileRelevance>"
         "<potentialMeme>true</potentialMeme>")),
        ("relevance", "<fileRelevance>Other</fileRelevance>"),
        ("hash without type", "<originalFileHash>ab</originalFileHash>"),
        ("details of a kind", ('<details type="IPTC"><nameValuePair><name>a</name><value>b</value>'
         "</nameValuePair></details>")),
        ("later than now", "<uploadedToEspTimestamp>2027-01-01T00:00:00Z</uploadedToEspTimestamp>"),
    ],
)  # fmt: skip
def test_what_may_not_be_said_of_a_file_is_refused_as_4100(why: str, inner: str):
    assert refused(samples.details(1, FILE, inner), file=True).answer.code == 4100, why


def test_every_field_at_its_maximum_is_taken_and_one_more_is_not():
    for name, most in (("platform", 256), ("incidentDateTimeDescription", 3000)):
        for size, good in ((most, True), (most + 1, False)):
            field = f"<{name}>{'é' * size}</{name}>"
            xml = samples.report(summary=field)
            if name != "platform":
                xml = samples.report().replace(
                    b"</incidentSummary>", f"{field}</incidentSummary>".encode()
                )
            if good:
                rules.report(xml, now=NOW)
            else:
                assert refused(xml).answer.code == 4100


def test_a_sender_whose_clock_is_a_little_ahead_is_taken():
    soon = (NOW + timedelta(seconds=rules.SKEW_S - 1)).isoformat()
    rules.report(samples.report(when=soon), now=NOW)


BOMB = (
    b'<!DOCTYPE report [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]>"
)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<report>",
        b"\x00\x01",
        b"not xml",
        samples.report() + b"<report/>",
        samples.report().replace(b"desk@", b"\xff\xfe"),
        BOMB + samples.report().replace(b"desk@", b"&i;"),
        b'<!DOCTYPE report [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + samples.report().replace(b"desk@", b"&x;"),
        b'<!DOCTYPE report SYSTEM "http://127.0.0.1:9/x.dtd">' + samples.report(),
        samples.report().replace(b"desk@", b"&undefined;"),
        b"<a>" * 400 + b"</a>" * 400,
    ],
    ids=range(11),
)
def test_what_is_not_plain_xml_is_refused_as_4110_and_does_nothing(xml: bytes):
    found = refused(xml).answer
    assert found.code is Code.MALFORMED_XML
    assert "root:" not in found.description


def test_a_refusal_names_the_place_and_never_the_value():
    found = refused(samples.report(kind="a-private-value")).answer
    assert "incidentType" in found.description
    assert "a-private-value" not in found.description


def test_every_code_has_words_a_status_and_a_document():
    for code in Code:
        answer = Answer(code, report_id=7)
        assert code.words
        assert 200 <= answer.http_status < 600
        assert (answer.http_status == 200) is (code is Code.SUCCESS)
        root = rules.parse(answer.xml())
        assert root.findtext("responseCode") == str(int(code))
        assert rules._schema().validate(root)
    done = Answer(Code.SUCCESS, report_id=7, files=(FILE, FILE)).xml()
    assert rules._schema().validate(rules.parse(done))
    assert rules.parse(done).tag == "reportDoneResponse"
    assert Code.VALIDATION_FAILED.status == 400  # a refused finish, as theirs
