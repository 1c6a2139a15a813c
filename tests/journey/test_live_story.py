"""A broadcast through public faces only: commands, HTTP, a real nginx, a publisher and a player.

An operator enters a media server and starts nginx with the recipe it prints; a video is made known
over the API, and somebody is on duty, so that nothing but what is recognised freezes a broadcast.
One that shows it is frozen and waits on the wall; a person cuts it, and that is believed at the
publisher and at the player; the minutes before are in the vault; the key and the account are
refused; its recording, mirrored and cropped, under another account, is stopped again.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from breakwater.app import build
from breakwater.cli import demo_media, demo_stage
from breakwater.cli.demo_stage import Publisher
from breakwater.records import stream_orders
from breakwater.settings import load
from tests.integration.rtmp import Player, need_programs
from tests.journey.test_wall import Installation
from tests.ports import free_port

Row = dict[str, Any]
LEAD_S = demo_media.BROADCAST_LEAD_S
GONE = {403, 404}
RECOGNISED = {"copy", "stopped", "match"}
"""Why a broadcast was stopped, where what it shows is known; `nobody_on_duty` is another reason."""
PASSWORD = "to sign each cut by hand"
BEFORE_FIRST_S = 5.0
"""What is missing of what ran: until the pull is there 0.1 s, until the next key frame a second
here, at the end half a second; the rest is for a machine that does something else too."""


@dataclass
class House:
    """An installation with a media server, its service, and one person at the wall."""

    place: Installation
    rtmp: int
    hls: str
    service: httpx.Client
    person: httpx.Client
    told: list[str] = field(default_factory=list)

    def rows(self) -> list[Row]:
        found: list[Row] = self.service.get("/v1/streams").json()["streams"]
        return found

    def stream(self, known: str) -> Row:
        found: Row = self.service.get(f"/v1/streams/{known}").json()
        return found

    def begin(self, name: str, account: str) -> httpx.Response:
        about = {"server": "edge", "name": name, "account": account, "service": "live"}
        return self.service.post("/v1/streams", json=about)

    def frozen_because(self, known: str) -> set[str]:
        """The reasons of its freezes; empty before the media server has confirmed one."""
        orders = [one for one in self.stream(known)["orders"] if one["to"] == "frozen"]
        if not any(one["state"] == "confirmed" for one in orders):
            return set()
        return {one["why"] for one in orders}

    def is_so(self, known: str, to: str) -> bool:
        one = self.stream(known)
        return (one["control"], one["order_state"]) == (to, "confirmed")

    def playlist(self, name: str) -> int:
        return httpx.get(f"{self.hls}/{name}/index.m3u8").status_code

    def cut(self, known: str) -> None:
        order = {
            "to": "cut", "broadcaster": "suspect", "reason": "It shows the known video.",
            "password": PASSWORD,
        }  # fmt: skip
        answer = self.person.post(f"/v1/streams/{known}/orders", json=order)
        assert answer.status_code == 201, answer.text


def until(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    need_programs()
    place = tmp_path_factory.mktemp("live")
    (place / "keys").mkdir()
    found = Installation(place)
    found.environment |= {"BREAKWATER_LIVE_WATCHERS": "1", "BREAKWATER_UNSAFE_FAST_DISK": "true"}
    found.start()
    try:
        with contextlib.ExitStack() as stage:
            yield opened(found, stage)
    finally:
        found.stop()


def opened(found: Installation, stage: contextlib.ExitStack) -> House:
    """The server entered and started as its recipe says; one person signed in."""
    rtmp, http, control = free_port(), free_port(), free_port()
    found.command(
        "media-server", "add", "edge", "--service", "live",
        "--control", f"http://127.0.0.1:{control}", "--rtmp", f"rtmp://127.0.0.1:{rtmp}",
        "--hls", f"http://127.0.0.1:{http}/hls",
    )  # fmt: skip
    media = found.place / "media"
    recipe = found.command("media-server", "recipe", "edge", "--directory", str(media))
    stage.enter_context(demo_stage.media_server(media, recipe["files"], rtmp))
    bearer = {"Authorization": f"Bearer {found.key}"}
    service = stage.enter_context(httpx.Client(base_url=found.url, headers=bearer, timeout=60))
    admin = stage.enter_context(contextlib.closing(signed_in(found, found.link)))
    page = admin.post("/people", data={"name": "Mo", "roles": ["live_moderator"]}).text
    link = re.search(r"http://[^\s\"<]+/login/[A-Za-z0-9_-]+", page)
    assert link is not None, page[-3000:]
    person = stage.enter_context(contextlib.closing(signed_in(found, link[0])))
    person.post("/me/password", data={"password": PASSWORD}).raise_for_status()
    found.command(
        "duty", "set", "Mo", "--from", utc(hours=-1), "--until", utc(hours=8),
    )  # fmt: skip
    made = House(found, rtmp, f"http://127.0.0.1:{http}/hls", service, person)
    threading.Thread(target=listen, args=(made,), daemon=True).start()
    return made


def utc(*, hours: int) -> str:
    """A moment so many hours from now, as a rota takes it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")


def signed_in(found: Installation, link: str) -> httpx.Client:
    """A browser of whoever uses that link."""
    site, _, door = link.partition("/login/")
    made = httpx.Client(
        base_url=found.url, follow_redirects=True, timeout=60, headers={"Origin": site}
    )
    page = made.post(f"/login/{door}")
    token = re.search(r'<meta name="csrf" content="([^"]+)"', page.text)
    assert token is not None, page.text[:2000]
    made.headers["X-CSRF-Token"] = token[1]
    return made


def listen(house: House) -> None:
    """What the wall's page hears."""
    with contextlib.suppress(httpx.HTTPError), house.person.stream("GET", "/events") as lines:
        for line in lines.iter_lines():
            house.told.append(line)


@pytest.fixture(scope="module")
def file(house: House) -> Path:
    """The broadcast; the video that it shows from its fifth second on is known."""
    house.place.command("bank", "create", "KNOWN", "--action", "block")
    clip = {"file": ("clip.mp4", demo_media.clip(), "video/mp4")}
    made = house.service.post("/v1/banks/KNOWN/reels", data={"label": "clip"}, files=clip)
    assert made.status_code == 201, made.text
    cast = house.place.place / "cast.flv"
    cast.write_bytes(demo_media.broadcast())
    return cast


@dataclass
class Shown:
    """What the first broadcast left behind: how long it ran by the server's own clock."""

    stream: str
    ran_s: float


@pytest.fixture(scope="module")
def first(house: House, file: Path) -> Shown:
    publisher = Publisher(file, f"rtmp://127.0.0.1:{house.rtmp}/live/quay")
    stream = str(until(house.rows)[0]["id"])
    assert house.begin("live/quay", "acct-1").status_code == 201
    with Player(house.rtmp, "live/quay") as player:
        player.wait_bytes(10_000)
        until(lambda: house.stream(stream)["case"])
        until(lambda: house.is_so(stream, "frozen"))
        assert house.frozen_because(stream) <= RECOGNISED
        noticed = time.monotonic() - publisher.begun - LEAD_S
        assert player.ended.wait(30.0)
        assert 0.0 < player.last_byte - publisher.begun < LEAD_S + noticed + 5.0
    assert publisher.sending
    assert house.playlist("live/quay") in GONE
    now = house.stream(stream)
    assert now["priority"] == "now"
    assert now["label"] in house.person.get("/live").text

    before = time.monotonic()
    house.cut(stream)
    until(lambda: publisher.failed)
    ended = time.monotonic()
    assert ended - before < 10.0
    until(lambda: house.is_so(stream, "cut"))
    assert house.playlist("live/quay") in GONE
    with Player(house.rtmp, "live/quay") as late:
        assert late.ended.wait(30.0)
        assert late.bytes < 5_000
    over = until(lambda: house.stream(stream)["ended_at"])
    began = datetime.fromisoformat(house.stream(stream)["started_at"])
    return Shown(stream, (datetime.fromisoformat(over) - began).total_seconds())


def test_known_content_is_frozen_and_a_person_cuts(house: House, first: Shown) -> None:
    orders = house.stream(first.stream)["orders"]
    assert [(one["to"], one["state"]) for one in orders if one["to"] == "cut"] == [
        ("cut", "confirmed")
    ]
    assert {one["by"] for one in orders} > {"policy"}
    told = until(lambda: [line for line in house.told if first.stream in line])
    assert any("data:" in line for line in told)


def test_neither_key_nor_account_comes_back(house: House, file: Path, first: Shown) -> None:
    again = Publisher(file, f"rtmp://127.0.0.1:{house.rtmp}/live/quay")
    until(lambda: again.failed)
    assert house.rows() == []
    assert house.begin("live/mole", "acct-1").status_code == 403
    assert house.stream(first.stream)["state"] == "ended"


def test_the_recording_comes_back_changed_and_is_stopped_again(
    house: House, file: Path, first: Shown
) -> None:
    url = f"rtmp://127.0.0.1:{house.rtmp}/live/pier"
    publisher = Publisher(file, url, change=demo_stage.MIRRORED_AND_CROPPED)
    stream = str(until(house.rows)[0]["id"])
    assert house.begin("live/pier", "acct-2").status_code == 201
    until(lambda: house.frozen_because(stream))
    assert house.frozen_because(stream) <= RECOGNISED
    house.cut(stream)
    until(lambda: publisher.failed)
    until(lambda: house.is_so(stream, "cut"))
    assert stream != first.stream


def test_what_ran_is_kept_in_the_vault(house: House, first: Shown) -> None:
    """Last: it opens the installation itself, so the server has to end."""
    house.place.stop()
    environment = house.place.environment
    settings = {
        name.removeprefix("BREAKWATER_").lower(): value
        for name, value in environment.items()
        if name.startswith("BREAKWATER_")
    }
    app = build(load(**settings), decode=False)
    try:
        with app.db.read() as tx:
            kept = stream_orders.preserved(tx, first.stream)
        longest = max(
            shown_s(app.vault, one.blob) for one in kept if one.what == "preroll" and one.blob
        )
    finally:
        app.close()
    # What ran before the watcher was let in and met its first key frame nobody has.
    assert longest >= first.ran_s - BEFORE_FIRST_S, json.dumps([one.detail for one in kept])


def shown_s(vault: Any, blob: Any) -> float:
    """Seconds of picture in what was kept."""
    with vault.open(blob) as body, av.open(io.BytesIO(body.read())) as video:
        times = [frame.time or 0.0 for frame in video.decode(video=0)]
    return float(times[-1] - times[0])
