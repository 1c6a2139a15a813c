"""Who watched, over HTTP and by the command: told, imported, gone on with, seen by role, packed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from breakwater.cli import owner
from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id
from breakwater.records import cases, streams
from tests.integration.served import Served, serving
from tests.integration.test_cli import Installation


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("viewers")) as running:
        yield running


def with_case(app, stream: str) -> Id:
    with app.db.transaction() as tx:
        made = cases.open(
            tx, kind=CaseKind.STREAM, subject=Id(stream), why="Seen.", priority=Priority.HIGH
        )
        streams.set_case(tx, Id(stream), made.id)
    return made.id


def test_from_what_a_service_tells_to_a_pack(served: Served) -> None:
    service = served.client(served.key("stream:write", service="clips"))
    begun = service.post("/v1/streams", json={"name": "live/1", "account": "acct-1"})
    stream = begun.json()["id"]
    now = served.app.clock.now()
    told = {
        "viewers": [
            {"account": "acct-3", "address": "::ffff:81.2.69.142", "port": 4711, "agent": "VLC",
             "device": "phone-9", "joined_at": now.isoformat()},
        ],
        "acts": [{"kind": "paid", "account": "acct-3", "at": (now + timedelta(seconds=1)).isoformat(),
                  "reference": "invoice-3", "amount": "20 EUR"}],
    }  # fmt: skip
    for _ in range(2):
        assert service.post(f"/v1/streams/{stream}/viewers", json=told).status_code == 200
    case = with_case(served.app, stream)
    path = f"/v1/cases/{case}/viewers"
    reviewer, officer = served.browser(Role.REVIEWER), served.browser(Role.REPORT_OFFICER)
    seen = reviewer.get(path).json()
    (one,) = seen["viewers"]
    assert (seen["sight"], one["account"], one["country"]) == ("account", "acct-3", "GB")
    assert one["addresses"][0]["address"] == "81.2.69.0/24"
    assert reviewer.post(f"{path}/looks", json={"reason": "x"}).status_code == 403
    clear = officer.post(f"{path}/looks", json={"reason": "file 12"}).json()
    (one,) = clear["viewers"]
    assert one["addresses"][0]["ports"] == [4711]
    assert one["place"]["via"] == "mapped"
    end = served.app.clock.now()
    spans = {
        "stream": stream,
        "reason": "seen",
        "spans": [[begun.json()["started_at"], end.isoformat()]],
    }
    assert reviewer.post(f"{path}/spans", json=spans).status_code == 204
    backwards = spans | {"spans": [spans["spans"][0][::-1]]}
    assert reviewer.post(f"{path}/spans", json=backwards).status_code == 422
    said = {"viewer": one["viewer"], "words": "message 7"}
    assert reviewer.post(f"{path}/directed", json=said).status_code == 204
    wanted = {"countries": ["GB"], "reason": "file 12", "agency": "Agency"}
    refused = officer.post(f"{path}/packs", json=wanted | {"country": "SE", "danger": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "sending_refused")
    wanted |= {"country": "gb", "reference": "K-7"}
    waits = officer.post(f"{path}/packs", json=wanted)
    assert waits.status_code == 202
    told = ("Agency", "GB", "K-7", "request")
    assert (
        tuple(waits.json()[one] for one in ("agency", "country", "reference", "occasion")) == told
    )
    assert officer.post(f"{path}/packs/confirm").status_code == 409
    other = served.browser(Role.INVESTIGATOR)
    made = other.post(f"{path}/packs/confirm").json()
    assert made["pack"]["form"] == "breakwater viewers pack 1"
    assert (made["pack"]["reference"], made["pack"]["occasion"]) == ("K-7", "request")
    assert made["csv"].splitlines()[0].startswith("certainty,tier")
    assert other.post(f"{path}/packs/confirm").status_code == 404
    figures = reviewer.get("/v1/viewers/countries").json()
    assert figures["countries"] == [{"country": "GB", "certain": None, "uncertain": 0}]


def line(second: int, name: str, address: str = "81.2.69.142") -> str:
    at = f"10/Nov/2026:12:{second // 60:02}:{second % 60:02} +0000"
    return f'{address} - - [{at}] "GET /hls/{name}-{second}.ts HTTP/1.1" 200 9 "-" "VLC"\n'


def test_the_command_reads_a_log_goes_on_and_counts_what_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path, ready=True)
    log = tmp_path / "access.log"
    bare = line(90, "014").replace("GET /hls/014-90.ts HTTP/1.1", "-")
    log.write_text("".join(line(second, "014") for second in range(90)) + "nonsense\n" + bare)
    alone = installation.run("viewers", "import", str(log), "--json")
    assert (alone.code, alone.json["counts"]["used"]) == (0, 90), alone.err
    assert alone.json["unreadable"] == {"other_form": 1, "no_request": 1}
    assert alone.json["counts"]["forgotten"] == 1
    assert alone.json["finished_at"]
    server = installation.serve()
    with ExitStack() as stack:
        stack.callback(server.wait, timeout=30)
        stack.callback(server.terminate)
        found = owner.find(Path(installation.home) / "data" / "owner.json")
        assert found is not None
        key = {"Authorization": f"Bearer {found.key}"}
        api = stack.enter_context(httpx.Client(base_url=found.url, headers=key))
        assert len(api.get("/v1/viewers/imports").json()["imports"]) == 1
        with log.open("a") as more:
            more.write("".join(line(second, "014") for second in range(90, 100)))
        again = installation.run("viewers", "import", str(log), "--json")
        assert (again.code, again.json["counts"]["used"]) == (0, 100), again.err
        said = installation.run("viewers", "import", str(log))
        assert "2 lines that could not be read:" in said.out
        assert "1: not written in this form" in said.out
        assert "1: no request for a path" in said.out
        assert again.json["resumed_at"] == alone.json["offset"]
        packed = tmp_path / "other.log.gz"
        packed.write_bytes(gzip.compress(line(5, "015").encode()))
        said = installation.run("viewers", "import", str(packed))
        assert "1 lines read, 0 sessions kept" in said.out, said.err
        assert "access.log" in installation.run("viewers", "list").out
    refused = installation.run("viewers", "import", str(log), "--form", "other")
    assert (refused.code, "nginx, cloudfront, json" in refused.err) == (65, True)
    assert installation.run("viewers", "import", str(tmp_path / "none")).code == 66
