"""The wire to a recipient, against the receiving side in a process of its own and hostile servers."""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from breakwater.cli.report import app
from breakwater.errors import BadSettings, NotAuthenticated, Unavailable
from breakwater.reporting.cybertipline.answers import read_answer
from breakwater.reporting.cybertipline.check import Schema
from breakwater.reporting.cybertipline.client import Client, checked
from breakwater.reporting.cybertipline.example import WRITTEN, reports
from breakwater.reporting.cybertipline.write import file_details_xml, report_xml
from tests.integration.ispws_site import Receiver, receiving
from tests.scripted_http import scripted

REPORT, OTHER = reports(2, seed=11)
DOCUMENT = report_xml(REPORT, now=WRITTEN)
SHORT = httpx.Timeout(1.0)
MEDIA = b"an ordinary picture" * 70_000
"""More than one piece of an upload."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("recipient")) as running:
        yield running


@pytest.fixture
def wire(site: Receiver) -> Iterator[Client]:
    site.forget()
    client = Client(site.url, user=site.user, password=site.password)
    yield client
    client.close()


def opened(wire: Client) -> str:
    said = wire.submit(DOCUMENT)
    assert said.code == 0, said.description
    return said.report_id


def test_a_report_with_its_files_is_filed(site: Receiver, wire: Client) -> None:
    assert wire.status().code == 0
    report = opened(wire)
    ids = []
    for file in REPORT.files:
        sent = wire.upload(report, 'größe "1"\n.jpg', io.BytesIO(MEDIA))
        assert (sent.code, sent.md5) == (0, hashlib.md5(MEDIA).hexdigest())
        told = file_details_xml(file, report_id=int(report), file_id=sent.file_id, now=WRITTEN)
        described = wire.describe(told)
        assert described.code == 0, described.description
        ids.append(sent.file_id)
    done = wire.finish(report)
    assert (done.code, done.report_id, set(done.files)) == (0, report, set(ids))
    assert done.request_id
    assert b"reportDoneResponse" in done.body
    (kept,) = [one for one in site.reports() if str(one["report_id"]) == report]
    assert kept["state"] == "finished"


def test_a_batch_is_taken_too(wire: Client) -> None:
    assert OTHER.batched is not REPORT.batched
    assert wire.submit(report_xml(OTHER, now=WRITTEN)).code == 0


def test_a_report_taken_back_is_gone(wire: Client) -> None:
    report = opened(wire)
    assert wire.retract(report).code == 0
    assert wire.finish(report).code == 5101


def test_a_refusal_is_judged_by_its_code_beside_any_status(wire: Client) -> None:
    report = opened(wire)
    assert wire.finish(report).code == 0
    again = wire.finish(report)
    assert (again.code, again.http >= 400) == (5102, True)
    assert wire.finish("999999999").code == 5001
    refused = wire.submit(DOCUMENT.replace(b"<reporter>", b"<reporter><odd/>"))
    assert (refused.code, refused.http) == (4100, 400)
    assert wire.submit(b"<report>").code == 4110


def test_wrong_credentials_have_no_body_and_no_code(site: Receiver) -> None:
    client = Client(site.url, user=site.user, password="not this one")
    said = client.submit(DOCUMENT)
    client.close()
    assert (said.code, said.http, said.body) == (None, 401, b"")


@pytest.mark.parametrize("fault", ["lost_request", "lost_answer", "hang_up"])
@pytest.mark.parametrize("call", ["submit", "upload", "finish"])
def test_a_lost_answer_is_no_answer(site: Receiver, wire: Client, call: str, fault: str) -> None:
    report = opened(wire)
    site.fault(call, fault)
    calls = {
        "submit": lambda: wire.submit(DOCUMENT),
        "upload": lambda: wire.upload(report, "a.jpg", io.BytesIO(MEDIA)),
        "finish": lambda: wire.finish(report),
    }
    with pytest.raises(Unavailable):
        calls[call]()


def test_a_server_that_fails_says_so_by_code(site: Receiver, wire: Client) -> None:
    site.fault("submit", "error")
    said = wire.submit(DOCUMENT)
    assert (said.code, said.http) == (1000, 500)


def test_another_sum_than_ours_is_told_as_it_came(site: Receiver, wire: Client) -> None:
    report = opened(wire)
    site.fault("upload", "wrong_md5")
    sent = wire.upload(report, "a.jpg", io.BytesIO(MEDIA))
    assert sent.code == 0
    assert sent.md5 != hashlib.md5(MEDIA).hexdigest()


def test_who_never_answers_is_not_waited_for_forever(site: Receiver) -> None:
    client = Client(site.url, user=site.user, password=site.password, timeout=SHORT)
    site.fault("status", "slow", seconds=3)
    with pytest.raises(Unavailable):
        client.status()
    client.close()
    site.forget()


HOSTILE = {
    "nothing": b"",
    "words": b"<html><body>Bad gateway</body></html>",
    "cut": b"<reportResponse><responseCode>0</resp",
    "digits": "<reportResponse><responseCode>²</responseCode></reportResponse>".encode(),
    "long": b"<reportResponse><responseCode>" + b"9" * 5_000 + b"</responseCode></reportResponse>",
    "less": b"<reportResponse><responseCode>-1</responseCode></reportResponse>",
    "another root": b"<other><responseCode>0</responseCode></other>",
    "type": b"<!DOCTYPE a><reportResponse><responseCode>0</responseCode></reportResponse>",
    "entity": b'<!DOCTYPE a [<!ENTITY z "0">]><reportResponse><responseCode>&z;</responseCode>'
    b"</reportResponse>",
    "letters": b'<?xml version="1.0" encoding="odd"?><reportResponse/>',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_no_answer_has_no_code(body: bytes, status: int) -> None:
    said = read_answer(body, http=status)
    assert (said.code, said.report_id, said.http) == (None, "", status)


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with scripted() as server:
        server.answers["GET /status"] = (200, b" " * (2 << 20))
        client = Client(server.url, user="u", password="p")
        with pytest.raises(Unavailable):
            client.status()
        client.close()


def test_credentials_follow_no_redirect() -> None:
    with scripted() as server:
        server.answers["GET /status"] = (302, b"")
        client = Client(server.url, user="u", password="p")
        assert client.status().code is None
        client.close()
        assert server.lines == ["GET /status"]


def test_neither_secrets_nor_documents_reach_logs_or_errors(
    site: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "correct-horse-battery"
    good = Client(site.url, user=site.user, password=site.password)
    bad = Client(site.url, user="somebody", password=secret)
    opened(good)
    bad.submit(DOCUMENT)
    site.fault("submit", "lost_answer")
    with pytest.raises(Unavailable) as caught:
        good.submit(DOCUMENT)
    told = caplog.text + repr(caught.value) + repr(good) + repr(bad) + str(vars(bad))
    for private in (site.password, secret, "incidentSummary", "Authorization: Basic"):
        assert private not in told
    good.close()
    bad.close()


@pytest.mark.parametrize(
    ("base", "production"),
    [
        ("https://report.cybertip.org/ispws", False),
        ("https://REPORT.cybertip.org:443/ispws", False),
        ("https://report.cybertip.org./ispws", False),
        ("https://exttest.cybertip.org/ispws", True),
        ("http://exttest.cybertip.org/ispws", False),
        ("http://192.0.2.1/ispws", False),
        ("https://u:p@exttest.cybertip.org/ispws", False),
        ("", False),
    ],
)
def test_an_address_that_is_not_what_it_says_is_refused(base: str, production: bool) -> None:
    with pytest.raises(BadSettings):
        checked(base, production=production)


def test_the_test_host_needs_no_switch_and_production_does() -> None:
    checked("https://exttest.cybertip.org/ispws", production=False)
    checked("https://report.cybertip.org/ispws", production=True)


def test_the_command_says_whether_the_recipient_knows_us(
    site: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.forget()
    run = CliRunner()
    path = tmp_path / "ispws.xsd"
    ask = ["status", "--schema", str(path), "--json"]
    monkeypatch.setenv("BREAKWATER_REPORTS_NCMEC_URL", site.url)
    assert isinstance(run.invoke(app, ask).exception, BadSettings)
    monkeypatch.setenv("BREAKWATER_REPORTS_NCMEC_USER", site.user)
    monkeypatch.setenv("BREAKWATER_REPORTS_NCMEC_PASSWORD", "not this one")
    assert isinstance(run.invoke(app, ask).exception, NotAuthenticated)
    monkeypatch.setenv("BREAKWATER_REPORTS_NCMEC_PASSWORD", site.password)
    told = run.invoke(app, ask)
    assert json.loads(told.stdout)["code"] == 0
    assert site.password not in told.output
    assert Schema(path).faults(DOCUMENT) == ()
    site.fault("status", "error")
    assert isinstance(run.invoke(app, ask).exception, Unavailable)
