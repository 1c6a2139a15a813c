"""Cases about uploads are scored in a job: one step more urgent, shown in words, never decided."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from breakwater.banks.manage import NewBank, NewEntry
from breakwater.model.bank import BankAction
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.classifier import Tally
from breakwater.model.ids import Id
from breakwater.model.signal import Signal
from breakwater.records import cases, classifiers, uploads
from breakwater.worker.loop import Worker
from tests import classifier_house
from tests.integration.served import OPERATOR, Served, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("cases"), classifiers=True) as served:
        served.app.banks.create(NewBank("KNOWN", purpose="test", action=BankAction.HOLD), OPERATOR)
        classifier_house.add(served.app)
        yield served


def picture(light: int, seed: int) -> bytes:
    """Something with detail, as bright as wanted."""
    noise = np.random.default_rng(seed).integers(0, 40, (12, 16, 3))
    pixels = np.clip(light + noise - 20, 0, 255).astype(np.uint8)
    made = Image.fromarray(pixels).resize((320, 240), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def held(site: Served, body: bytes) -> tuple[Id, Case]:
    """Upload something that is known, so that a case opens, and do what follows from that."""
    known = Signal("sha256", hashlib.sha256(body).digest())
    site.app.banks.add("KNOWN", [NewEntry(known)], OPERATOR)
    site.app.feed.catch_up()
    client = site.client(site.key())
    answer = client.post(
        "/v1/media", data={"service": "test", "surface": "public"},
        files={"file": ("a.png", body, "image/png")},
    )  # fmt: skip
    found = answer.raise_for_status().json()
    work(site)
    with site.app.db.read() as tx:
        return Id(found["id"]), cases.get(tx, Id(found["case"]))


def work(site: Served) -> None:
    """Everything that waits for the worker."""
    app = site.app
    worker = Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics
    )
    while worker.deliver_events() + worker.run_jobs():
        pass


def tally(site: Served, upload: Id) -> Tally | None:
    with site.app.db.read() as tx:
        found = classifiers.tallies(tx, upload)
    return found[0][1] if found else None


def test_a_bright_upload_is_one_step_more_urgent_and_still_waits(site: Served) -> None:
    dark, dark_case = held(site, picture(25, 1))
    bright, bright_case = held(site, picture(235, 2))
    high, low = tally(site, bright), tally(site, dark)
    assert high is not None
    assert low is not None
    assert high.over == 1
    assert low.over == 0
    assert low.best < 0.2
    assert (dark_case.priority, bright_case.priority) == (Priority.MEDIUM, Priority.HIGH)
    assert bright_case.state is CaseState.OPEN
    with site.app.db.read() as tx:
        upload = uploads.get(tx, bright)
        notes = [step.note for step in cases.history(tx, bright_case.id) if step.note]
    assert upload.verdict is not None
    assert upload.verdict.action.value == "hold"
    assert any("a bright picture, version 1, gave " in one for one in notes)


def test_a_second_run_changes_nothing(site: Served) -> None:
    _, case = held(site, picture(230, 3))
    before = len(history(site, case.id))
    site.app.scoring.casework.run(case.id)
    assert len(history(site, case.id)) == before


def history(site: Served, case: Id) -> list[Any]:
    with site.app.db.read() as tx:
        return cases.history(tx, case)


def test_what_passed_is_not_scored_and_opens_no_case(site: Served) -> None:
    client = site.client(site.key())
    answer = client.post(
        "/v1/media", data={"service": "test", "surface": "public"},
        files={"file": ("a.png", picture(240, 4), "image/png")},
    )  # fmt: skip
    found = answer.raise_for_status().json()
    work(site)
    assert found["case"] is None
    assert found["action"] == "allow"
    assert tally(site, Id(found["id"])) is None


def test_one_that_fails_is_written_down_and_raises_nothing(site: Served) -> None:
    scorers = site.app.scoring.scorers
    for seat in scorers._seats.values():
        assert seat.child is not None
        seat.child.end()
        seat.child, seat.again_at, seat.trouble = None, 1e18, None
    bright, case = held(site, picture(240, 5))
    found = tally(site, bright)
    assert found is not None
    assert (found.frames, found.trouble) == (0, "unreadable")
    assert case.priority is Priority.MEDIUM
