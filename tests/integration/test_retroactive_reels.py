"""Protects: a video that passed is found when what it shows becomes known later."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.app import App
from breakwater.model.case import CaseKind
from breakwater.model.ids import Id
from breakwater.records import cases, uploads, videos
from breakwater.worker.loop import Worker
from tests.builders_copies import altered, encode, scene
from tests.integration.served import Served, serving

SMALL = {"height": 180, "width": 320}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("later"), max_wait_ms=60_000) as running:
        yield running


@pytest.fixture(scope="module")
def machine(served: Served) -> httpx.Client:
    client = served.client(served.key())
    client.post("/v1/banks", json={"name": "CLIPS", "action": "block"}).raise_for_status()
    other = encode(scene(901, 4.0, **SMALL))
    client.post("/v1/banks/CLIPS/reels", files={"file": ("c.mp4", other)}).raise_for_status()
    return client


def sent(client: httpx.Client, data: bytes, surface: str = "public") -> str:
    answer = client.post(
        "/v1/media",
        data={"service": "photos", "surface": surface, "jurisdiction": "US"},
        files={"file": ("u.mp4", data, "video/mp4")},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["action"] == "allow"
    return str(answer.json()["id"])


def worked(app: App) -> None:
    """Events and jobs until there are none."""
    worker = Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics
    )
    while worker.deliver_events() or worker.run_jobs():
        pass


def test_what_passed_is_found_when_it_becomes_known(served: Served, machine: httpx.Client) -> None:
    clip = encode(scene(911, 8.0, **SMALL))
    shown = sent(machine, altered(clip, ("hflip", "")))
    other = sent(machine, encode(scene(912, 8.0, **SMALL)))
    worked(served.app)
    made = machine.post("/v1/banks/CLIPS/reels", files={"file": ("c.mp4", clip)})
    assert made.status_code == 201, made.text
    worked(served.app)
    later = machine.get(f"/v1/verdicts/{shown}").json()
    assert (later["action"], later["rule"]) == ("block", "bank.block")
    (copy,) = later["copies"]
    assert (copy["reel"], copy["zone"], copy["mirrored"]) == (made.json()["number"], "link", True)
    assert machine.get(f"/v1/verdicts/{other}").json()["action"] == "allow"
    with served.app.db.read() as tx:
        upload = uploads.get(tx, Id(shown))
        assert upload.case is not None
        case = cases.get(tx, upload.case)
    assert (case.kind, case.subject) == (CaseKind.RETROACTIVE, shown)
    assert case.why.startswith("It passed on ")


def test_a_reel_that_comes_while_an_upload_is_judged_is_looked_for_again(
    served: Served, machine: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = encode(scene(921, 8.0, **SMALL))
    app = served.app
    judge = app.recorder.judge

    def slow(*args: object, **named: object) -> object:
        verdict = judge(*args, **named)
        made = machine.post("/v1/banks/CLIPS/reels", files={"file": ("c.mp4", clip)})
        assert made.status_code == 201, made.text
        worked(app)
        return verdict

    monkeypatch.setattr(app.recorder, "judge", slow)
    shown = sent(machine, altered(clip, ("hflip", "")))
    monkeypatch.undo()
    worked(app)
    assert machine.get(f"/v1/verdicts/{shown}").json()["action"] == "block"


def test_nothing_is_kept_of_what_is_blocked(served: Served, machine: httpx.Client) -> None:
    clip = encode(scene(931, 6.0, **SMALL))
    machine.post("/v1/banks/CLIPS/reels", files={"file": ("c.mp4", clip)}).raise_for_status()
    answer = machine.post(
        "/v1/media",
        data={"service": "photos", "surface": "public"},
        files={"file": ("u.mp4", clip, "video/mp4")},
    ).json()
    assert answer["action"] == "block"
    with served.app.db.read() as tx:
        assert videos.views_of(tx, Id(answer["id"])) is None
