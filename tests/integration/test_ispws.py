"""The receiving server over real HTTP: every call and code, expiry, and cases out of reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from breakwater.model.case import CaseKind, Priority
from breakwater.model.received import ReceivedState
from breakwater.records import audit, cases, received
from breakwater.web.server import create
from tests import ispws_samples as samples
from tests.integration.ispws_sender import XML, Sender, said, worker
from tests.integration.served import Served, serving

NO_ID = "4000000000"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("ispws"), reports_receive=True,
        reports_receive_xml_bytes=64 << 10, reports_receive_file_bytes=1 << 20,
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def sender(served: Served) -> Sender:
    return Sender(served)


def test_credentials_are_shown_to_work(served: Served, sender: Sender) -> None:
    status, code, text = said(sender.http.get("/ispws/status"))
    assert (status, code) == (200, 0)
    assert f"Remote User : {sender.key.id}, Remote Ip : 127.0.0.1" in text
    plain = served.client(auth=(sender.key.id.replace("-", ""), sender.auth[1]))
    assert plain.get("/ispws/status").status_code == 200


def test_a_wrong_key_gets_a_401_with_an_empty_body(served: Served, sender: Sender) -> None:
    for auth in (("a", "b"), (sender.key.id, "A" * 43), ("", ""), ("é", "b")):
        answer = httpx.get(f"{served.url}/ispws/status", auth=auth)
        assert answer.status_code == 401
        assert answer.content == b""
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.headers["request-id"]
    bad = httpx.get(f"{served.url}/ispws/status", headers={"Authorization": "Basic !!"})
    assert (bad.status_code, bad.content) == (401, b"")
    assert httpx.post(f"{served.url}/ispws/submit").status_code == 401


def test_the_schema_is_ours(sender: Sender) -> None:
    answer = sender.http.get("/ispws/xsd")
    assert answer.status_code == 200
    assert b"It is not NCMEC's schema" in answer.content


def test_a_whole_report_becomes_a_case(served: Served, sender: Sender) -> None:
    report = sender.open(samples.urgent(people=samples.person()))
    one, two = sender.add(report, b"one"), sender.add(report, b"two")
    inner = "<fileAnnotations><liveStreaming/></fileAnnotations>"
    assert sender.send("fileinfo", samples.details(report, one, inner))[:2] == (200, 0)
    status, code, text = sender.form("finish", report)
    assert (status, code) == (200, 0)
    assert "<reportDoneResponse>" in text
    assert re.findall("<fileId>(.*?)</fileId>", text) == [one, two]
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
        assert kept is not None
        assert kept.state is ReceivedState.FINISHED
        case = cases.get(tx, str(kept.case))  # type: ignore[arg-type]
        assert case.kind is CaseKind.RECEIVED
        assert case.priority is Priority.NOW
        assert case.account == "otter-9"
        assert case.service == "photos"
        reasons = [s.note for s in cases.history(tx, case.id) if s.what == "triaged"]
        assert reasons == ["The sender calls it urgent.", "A file is from a live broadcast."]
        assert [c.what for c in received.calls_of(tx, report)] == [
            "submit", "upload", "upload", "fileinfo", "finish",
        ]  # fmt: skip
        said_of = {e.action for e in audit.page(tx, limit=50) if e.subject == kept.id}
        assert said_of == {
            f"received.{call}" for call in ("submit", "upload", "fileinfo", "finish")
        }


def test_after_the_end_nothing_is_added_changed_or_taken_back(sender: Sender) -> None:
    for end, code in (("finish", 5102), ("retract", 5101)):
        report = sender.open()
        file = sender.add(report, b"x")
        assert sender.form(end, report)[:2] == (200, 0)
        for answer in (
            sender.upload(report, b"y"),
            sender.send("fileinfo", samples.details(report, file)),
            sender.form("finish", report),
            sender.form("retract", report),
        ):
            assert answer[:2] == (400, code)


def test_what_is_not_there_is_said_to_be_not_there(sender: Sender) -> None:
    report, other = sender.open(), sender.open()
    file = sender.add(other, b"x")
    assert sender.upload(NO_ID, b"x")[:2] == (404, 5001)
    assert sender.form("finish", NO_ID)[:2] == (404, 5001)
    assert sender.form("retract", "9" * 18)[:2] == (404, 5001)
    assert sender.send("fileinfo", samples.details(int(NO_ID), file))[:2] == (404, 5001)
    assert sender.send("fileinfo", samples.details(report, file))[:2] == (404, 5002)
    assert sender.send("fileinfo", samples.details(report, "0" * 32))[:2] == (404, 5002)
    assert said(sender.http.get("/ispws/nothing"))[:2] == (404, 1210)
    assert said(sender.http.get("/ispws/submit"))[:2] == (405, 4000)


def test_what_cannot_be_read_is_refused_by_its_code(sender: Sender) -> None:
    report = sender.open()
    file = sender.add(report, b"x")
    assert sender.send("submit", b"<report>")[:2] == (400, 4110)
    assert sender.send("submit", samples.report(kind="Other"))[:2] == (400, 4100)
    assert sender.send("submit", b"")[:2] == (400, 4000)
    assert sender.send("fileinfo", b"<fileDetails>")[:2] == (400, 4110)
    twice = "<ipCaptureEvent><ipAddress>81.2.69.160</ipAddress></ipCaptureEvent>" * 2
    assert sender.send("fileinfo", samples.details(report, file, twice))[:2] == (400, 4100)
    for no_number in ("x", "-1", "1.0", "１", "9" * 30):
        assert sender.form("finish", no_number)[:2] == (400, 4100)
    post = sender.http.post
    assert said(post("/ispws/finish"))[:2] == (400, 4000)
    assert said(post("/ispws/finish", files={"other": (None, "1")}))[:2] == (400, 4000)
    assert said(post("/ispws/submit", json={}))[:2] == (400, 4000)
    assert said(post("/ispws/upload", data={"id": "1"}))[:2] == (400, 4200)
    assert said(post("/ispws/upload", files={"id": (None, str(report))}))[:2] == (400, 4200)
    assert sender.upload(report, b"")[:2] == (400, 4200)
    cut = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n--b\r\n'
    assert said(post("/ispws/upload", content=body, headers=cut))[:2] == (400, 4200)


def test_what_is_too_large_is_told_so_before_it_is_read(sender: Sender) -> None:
    report = sender.open()
    status, code, text = sender.send("submit", samples.report(extra="x" * (64 << 10)))
    assert (status, code) == (413, 4000)
    assert "65536 bytes" in text
    status, code, text = sender.upload(report, b"x" * ((1 << 20) + 1))
    assert (status, code) == (413, 1110)
    assert "1048576 bytes" in text
    assert sender.upload(report, b"x" * (1 << 20))[:2] == (200, 0)


def test_a_file_is_described_at_most_once(sender: Sender) -> None:
    report = sender.open()
    file = sender.add(report, b"x")
    assert sender.send("fileinfo", samples.details(report, file))[:2] == (200, 0)
    assert sender.send("fileinfo", samples.details(report, file))[:2] == (400, 4000)


def test_names_in_every_script_are_kept(served: Served, sender: Sender) -> None:
    report = sender.open(samples.WHOLE)
    name = "Zoë 静 \u202egpj.exe"
    assert sender.upload(report, b"x", name)[:2] == (200, 0)
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
        assert kept is not None
        assert received.xml_of(tx, kept.id) == samples.WHOLE
        assert received.files_of(tx, kept.id)[0].name == name


def test_nobody_else_goes_on_with_a_report(served: Served, sender: Sender) -> None:
    other = Sender(served, name="other")
    report = sender.open()
    file = sender.add(report, b"x")
    for answer in (
        other.upload(report, b"y"),
        other.send("fileinfo", samples.details(report, file)),
        other.form("finish", report),
        other.form("retract", report),
    ):
        assert answer[:2] == (403, 3300)
    assert sender.form("finish", report)[:2] == (200, 0)


def test_a_key_without_the_scope_files_nothing(served: Served, sender: Sender) -> None:
    other = Sender(served, "hash:lookup", name="lookups")
    assert said(other.http.get("/ispws/status"))[:2] == (403, 3000)
    assert said(other.http.get("/ispws/xsd"))[:2] == (403, 3000)
    assert other.send("submit", samples.report())[:2] == (403, 3100)
    report = sender.open()
    for call in ("finish", "retract"):
        assert other.form(call, report)[:2] == (403, 3300)
    assert other.upload(report, b"x")[:2] == (403, 3300)
    test = Sender(served, name="tests", test=True)
    assert test.send("submit", samples.report())[:2] == (403, 3100)
    person = served.browser(*[])
    assert person.post("/ispws/submit", content=samples.report(), headers=XML).status_code == 403
    elsewhere = Sender(served, name="far", networks=["203.0.113.0/24"])
    assert said(elsewhere.http.get("/ispws/status"))[:2] == (403, 3000)


def test_without_the_setting_there_is_no_such_address(served: Served) -> None:
    settings = served.app.settings.model_copy(update={"reports_receive": False})
    plain = create(replace(served.app, settings=settings))
    paths = {getattr(route, "path", "") for route in plain.router.routes}
    assert "/v1/media" in paths
    assert not any(path.startswith("/ispws") for path in paths)


def test_what_cannot_be_kept_is_a_failure_and_not_a_success(served: Served, sender: Sender) -> None:
    """The vault's directory is gone: the file is not taken, and the report stays as it was."""
    report = sender.open()
    place = served.app.vault.directory
    aside = place.with_name("aside")
    place.rename(aside)
    try:
        assert sender.upload(report, b"x")[:2] == (500, 1111)
    finally:
        aside.rename(place)
    assert re.findall("<fileId>", sender.form("finish", report)[2]) == []


def test_over_the_rate_of_a_key_is_told_in_the_dialect(served: Served) -> None:
    slow = Sender(served, name="slow", per_second=0.001)
    assert slow.http.get("/ispws/status").status_code == 200
    status, code, _ = said(slow.http.get("/ispws/status"))
    assert (status, code) == (429, 1000)


def test_what_was_taken_back_is_destroyed(served: Served, sender: Sender) -> None:
    report = sender.open()
    sender.add(report, b"a secret of this file")
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
        assert kept is not None
        blob = received.files_of(tx, kept.id)[0].blob
    assert blob is not None
    assert sender.form("retract", report)[:2] == (200, 0)
    worker(served)
    assert not served.app.vault.path(blob).exists()


def test_who_files_is_written_down(served: Served, sender: Sender) -> None:
    report = sender.open()
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
        assert kept is not None
        assert kept.sender == sender.key.id
        (call,) = received.calls_of(tx, report)
        assert call.sender == sender.key.id
        assert len(call.request) == 36
