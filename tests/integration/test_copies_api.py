"""Protects: a few seconds of a known video inside another upload are found, and only while known.

Over real HTTP: `POST /v1/banks/{name}/reels` makes a video known; `POST /v1/media` answers with
the stretches; withdrawing it changes what was answered.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import httpx
import pytest
from PIL import Image

from breakwater.model.access import MACHINE_SCOPES, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control
from breakwater.recognition import grey
from breakwater.records import reels, stream_orders, streams
from breakwater.worker.loop import Worker
from tests.builders_copies import FPS, altered, decoded, encode, scene
from tests.integration.served import Served, serving

KNOWN_S = 8.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("copies"), max_wait_ms=60_000) as running:
        yield running


@pytest.fixture(scope="module")
def known() -> bytes:
    return encode(scene(1, KNOWN_S, height=180, width=320))


@pytest.fixture(scope="module")
def machine(served: Served, known: bytes) -> httpx.Client:
    client = served.client(served.key())
    made = client.post("/v1/banks", json={"name": "CLIPS", "action": "block"})
    assert made.status_code == 201, made.text
    reel = client.post(
        "/v1/banks/CLIPS/reels", data={"label": "clip 1"}, files={"file": ("c.mp4", known)}
    )
    assert reel.status_code == 201, reel.text
    assert reel.json()["sources"] == 1
    return client


def sent(client: httpx.Client, data: bytes) -> dict[str, Any]:
    answer = client.post(
        "/v1/media",
        data={"service": "photos", "surface": "public"},
        files={"file": ("u.mp4", data, "video/mp4")},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def inside(clip: bytes) -> bytes:
    """Four seconds of a clip, from its second second on, after 6 s of something else."""
    own = (f.to_ndarray(format="rgb24") for at, f in decoded(clip) if 2.0 <= at < 6.0)
    before = scene(77, 6.0, height=180, width=320)
    after = scene(78, 5.0, height=180, width=320)
    return encode(chain(before, islice(own, round(4 * FPS)), after))


def test_four_seconds_inside_a_long_video_are_found(machine: httpx.Client, known: bytes) -> None:
    verdict = sent(machine, inside(known))
    assert (verdict["action"], verdict["rule"]) == ("block", "bank.block")
    assert verdict["reason"].startswith("Shows ")
    (copy,) = verdict["copies"]
    assert copy["zone"] == "link"
    assert copy["start_s"] == pytest.approx(6.0, abs=1.0)
    assert copy["end_s"] == pytest.approx(10.0, abs=1.0)
    assert copy["reference_start_s"] == pytest.approx(2.0, abs=1.0)
    assert copy["speed"] == 1.0
    assert copy["pairs"]


def test_mirrored_with_a_chat_bar_too(machine: httpx.Client, known: bytes) -> None:
    bar = ("drawbox", "x=250:y=0:w=70:h=180:c=0x202028:t=fill")
    verdict = sent(machine, inside(altered(known, ("hflip", ""), bar)))
    assert verdict["action"] == "block"
    assert verdict["copies"][0]["mirrored"]


def test_another_video_passes(machine: httpx.Client) -> None:
    verdict = sent(machine, encode(scene(5, 8.0, height=180, width=320)))
    assert (verdict["action"], verdict["copies"]) == ("allow", [])


def test_what_cannot_be_read_is_not_made_known(machine: httpx.Client) -> None:
    answer = machine.post("/v1/banks/CLIPS/reels", files={"file": ("c.mp4", b"no video at all")})
    assert answer.status_code == 422, answer.text
    answer = machine.post("/v1/banks/CLIPS/reels", json={"upload": "x"})
    assert answer.status_code == 404, answer.text


def test_a_picture_is_no_reel_and_no_fault_of_ours(machine: httpx.Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(file, "PNG")
    answer = machine.post("/v1/banks/CLIPS/reels", files={"file": ("c.png", file.getvalue())})
    assert answer.status_code == 422, answer.text
    assert "picture" in answer.text


def test_a_second_person_vouches_and_twice_counts_once(
    served: Served, machine: httpx.Client
) -> None:
    other = served.client(served.key())
    for _ in range(2):
        answer = other.post("/v1/reels/1/vouch")
        assert answer.status_code == 200, answer.text
    assert answer.json()["sources"] == 2


def test_a_withdrawn_reel_is_found_no_more_and_verdicts_change(
    served: Served, machine: httpx.Client, known: bytes
) -> None:
    mark = ("drawbox", "x=0:y=0:w=20:h=20:c=red:t=fill")
    first = sent(machine, altered(known, mark))
    assert first["action"] == "block"
    gone = machine.delete("/v1/reels/1", params={"reason": "wrong video"})
    assert gone.json()["status"] == "withdrawn"
    assert sent(machine, altered(known, mark, ("hflip", "")))["copies"] == []
    app = served.app
    worker = Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics
    )
    while worker.deliver_events():
        pass
    later = machine.get(f"/v1/verdicts/{first['id']}").json()
    assert (later["action"], later["copies"]) == ("allow", [])


def test_an_upload_decided_to_be_illegal_becomes_known(
    served: Served, machine: httpx.Client
) -> None:
    clip = encode(scene(31, KNOWN_S, height=180, width=320))
    app = served.app
    machine.post(
        "/v1/banks/CLIPS/entries",
        json={"signals": [{"signal": f"sha256:{hashlib.sha256(clip).hexdigest()}"}]},
    ).raise_for_status()
    held = sent(machine, clip)
    wanted = {"upload": held["id"], "label": "clip 2"}
    assert machine.post("/v1/banks/CLIPS/reels", json=wanted).status_code == 409
    person = Principal(served.person(Role.REVIEWER).id, "anna", Role.REVIEWER.permissions)
    person = replace(person, person=person.id)
    app.review.queue.take(person, Id(held["case"]))
    facts = DecisionFacts(item=ItemFacts(Activity.POSING_OR_NUDITY))
    app.review.decisions.decide(
        person, Id(held["case"]), DecisionKind.ILLEGAL, facts=facts, reason="a synthetic test"
    )
    made = machine.post("/v1/banks/CLIPS/reels", json=wanted)
    assert made.status_code == 201, made.text
    again = sent(machine, altered(clip, ("hflip", "")))
    assert [copy["label"] for copy in again["copies"]] == ["clip 2"]


def test_a_stopped_broadcast_is_known_by_its_preserved_minutes(
    served: Served, machine: httpx.Client
) -> None:
    app = served.app
    shown = encode(scene(51, KNOWN_S, height=180, width=320))
    blob = app.vault.put(io.BytesIO(shown), purpose="evidence")
    machine.post("/v1/banks", json={"name": "CUT", "action": "block"}).raise_for_status()
    told = Sender(account="acct-17", pull_url="https://cdn.example/live.m3u8")
    who = Principal(new_id(), "photos", MACHINE_SCOPES, service="photos")
    stream = app.live.streams.begin(who, "", "live/1", told)
    assert app.reels.add_stopped(stream.id, blob, "CUT") is None
    with app.db.transaction() as tx:
        wanted = streams.get(tx, stream.id)
        stream_orders.want(tx, wanted, Control.FROZEN, by="policy", why="person")
    made = app.reels.add_stopped(stream.id, blob, "CUT")
    assert made.source == f"stream:{stream.id}"
    with app.db.read() as tx:
        look = reels.look_of(tx, made.number)
    assert look is not None
    assert len(grey.Known.parse(look).frames) >= 3, "an unsure copy of it can be looked at closer"
    again = sent(machine, altered(shown, ("hflip", ""), ("crop", "iw*0.9:ih*0.9:8:4")))
    assert [copy["reel"] for copy in again["copies"]] == [made.number]
    empty = app.vault.put(io.BytesIO(b"not a video"), purpose="evidence")
    assert app.reels.add_stopped(stream.id, empty, "CUT") is None


def test_a_case_shows_the_stretch_and_its_frames(served: Served, machine: httpx.Client) -> None:
    clip = encode(scene(61, KNOWN_S, height=180, width=320))
    made = machine.post(
        "/v1/banks/CUT/reels", data={"label": "clip 61"}, files={"file": ("c.mp4", clip)}
    )
    assert made.status_code == 201, made.text
    found = sent(machine, altered(clip, ("hflip", "")))
    browser = served.browser(Role.REVIEWER)
    assert browser.post(f"/cases/{found['case']}/take", data={}).status_code == 303
    page = browser.get(f"/cases/{found['case']}").text
    assert "of a known video from 0:00 on, mirrored" in page
    assert page.count("data-evidence") == 1
    assert page.count("data-show=") > 3
    assert "clip 61" in page
