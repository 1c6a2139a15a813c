"""A receiving server that misbehaves on request: each fault does what it says and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from breakwater.cli.reports import opened
from breakwater.cli.terminal import Terminal
from breakwater.errors import BadSettings
from breakwater.settings import load
from breakwater.web.api.ispws_faults import CRASHED, KINDS
from tests import ispws_samples as samples
from tests.integration.ispws_sender import XML, said, tag
from tests.integration.ispws_site import Receiver, receiving

BROKEN = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture
def http(site: Receiver) -> Iterator[httpx.Client]:
    site.forget()
    with site.client() as client:
        yield client


def submit(http: httpx.Client) -> httpx.Response:
    return http.post("/submit", content=samples.report(), headers=XML)


def begun(http: httpx.Client) -> str:
    status, code, text = said(submit(http))
    assert (status, code) == (200, 0)
    return tag(text, "reportId")


def finish(http: httpx.Client, report: str) -> httpx.Response:
    return http.post("/finish", files={"id": (None, report)})


def upload(http: httpx.Client, report: str) -> httpx.Response:
    return http.post("/upload", data={"id": report}, files={"file": ("a.txt", b"hello")})


def state(site: Receiver, report: str) -> str:
    (found,) = [one for one in site.reports() if one["report_id"] == int(report)]
    return str(found["state"])


@pytest.mark.parametrize(
    ("fault", "done"),
    [("lost_request", "open"), ("lost_answer", "finished"), ("hang_up", "finished")],
)
def test_a_connection_that_breaks(
    site: Receiver, http: httpx.Client, fault: str, done: str
) -> None:
    report = begun(http)
    site.fault("finish", fault)
    with pytest.raises(BROKEN):
        finish(http, report)
    assert state(site, report) == done
    again = said(finish(http, report))[:2]
    assert again == ((200, 0) if done == "open" else (400, 5102))


@pytest.mark.parametrize(("fault", "done"), [("error", "open"), ("error_after", "finished")])
def test_an_error_before_and_after_the_call_is_done(
    site: Receiver, http: httpx.Client, fault: str, done: str
) -> None:
    report = begun(http)
    site.fault("finish", fault)
    answer = finish(http, report)
    assert (answer.status_code, tag(answer.text, "responseCode")) == (500, "1000")
    assert state(site, report) == done


def test_every_code_can_be_asked_for(site: Receiver, http: httpx.Client) -> None:
    report = begun(http)
    for code, status in ((2000, 401), (3300, 403), (4100, 400), (5001, 404), (5102, 400)):
        site.fault("finish", "answer", code=code)
        answer = finish(http, report)
        assert (answer.status_code, tag(answer.text, "responseCode")) == (status, str(code))
    assert state(site, report) == "open"


def test_a_wrong_hash_and_a_slow_answer(site: Receiver, http: httpx.Client) -> None:
    report = begun(http)
    site.plan(faults=[
        {"call": "upload", "fault": "wrong_md5"},
        {"call": "upload", "fault": "slow", "seconds": 0.3},
    ])  # fmt: skip
    first = said(upload(http, report))
    assert tag(first[2], "hash") == "0" * 32
    began = time.monotonic()
    second = said(upload(http, report))
    assert time.monotonic() - began >= 0.3
    assert tag(second[2], "hash") == "5d41402abc4b2a76b9719d911017c592"


def test_faults_strike_as_often_as_planned(site: Receiver, http: httpx.Client) -> None:
    site.fault("submit", "error", times=2, skip=1)
    codes = [submit(http).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    site.plan(faults=[{"fault": "error", "rate": 0.5}], seed=3)
    chance = [submit(http).status_code for _ in range(20)]
    assert 4 <= chance.count(500) <= 16
    struck = [call["fault"] for call in site.calls()]
    assert struck.count("error") == 2 + chance.count(500)


def test_hours_pass_at_once(site: Receiver, http: httpx.Client) -> None:
    report = begun(http)
    site.shift(hours=25)
    assert said(finish(http, report))[:2] == (404, 5001)
    site.shift(hours=0)
    assert said(finish(http, report))[:2] == (200, 0)


def test_a_plan_that_cannot_be_is_refused(site: Receiver) -> None:
    for wrong in ({"fault": "other"}, {"fault": "answer", "code": 7}, {"call": "submit"}):
        assert httpx.post(site.control, json={"faults": [wrong]}).status_code == 422
    assert httpx.post(site.control, content=b"x").status_code == 422
    assert httpx.get(site.control).json()["planned"] == []
    assert set(KINDS) > {"lost_request", "lost_answer", "slow", "error", "wrong_md5", "hang_up"}


def test_nothing_but_the_dialect_is_served(site: Receiver, http: httpx.Client) -> None:
    base = site.url.removesuffix("/ispws")
    assert httpx.get(f"{base}/health").status_code == 200
    for path in ("/login", "/v1/openapi.json", "/queue"):
        assert httpx.get(base + path).status_code == 404


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        ("crash_unanswered", "finished"),
        pytest.param("crash_before", "open", marks=pytest.mark.long),
        pytest.param("crash_after", "finished", marks=pytest.mark.long),
    ],
)
def test_a_process_that_ends_between_two_calls(site: Receiver, fault: str, done: str) -> None:
    """What was done is there after the restart, what was not is not; the key still works."""
    site.forget()
    with site.client() as http:
        report = begun(http)
        upload(http, report)
        site.fault("finish", fault)
        if fault == "crash_after":
            assert finish(http, report).status_code == 200
        else:
            with pytest.raises(httpx.TransportError):
                finish(http, report)
    assert site.crashed() == CRASHED
    site.restart()
    assert state(site, report) == done
    with site.client() as http:
        assert said(finish(http, report))[1] == (0 if done == "open" else 5102)
    (found,) = [one for one in site.reports() if one["report_id"] == int(report)]
    assert [call["call"] for call in found["calls"] if call["code"] == 0] == [
        "submit", "upload", "finish",
    ]  # fmt: skip


def test_faults_are_never_served_to_others(tmp_path: Path) -> None:
    reachable = load(
        data_dir=tmp_path / "data", root_key_file=tmp_path / "root.key", host="0.0.0.0"
    )
    with (
        pytest.raises(BadSettings, match="loopback only"),
        opened(reachable, Terminal(as_json=True), screen=False, faults=True),
    ):
        pytest.fail("it is open")
    assert not (tmp_path / "data").exists()
