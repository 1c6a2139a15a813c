"""The demo's live act: a broadcast shows a known video, is cut by a person, and stays cut.

In: the running server and the keys of `cli.demo`. Out: a part of the ledger, each step with the
seconds it took. A real nginx carries it; only the public HTTP API is used, and each step is
believed only when publisher and player show it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from breakwater.cli import demo_comments, demo_media, demo_stage
from breakwater.cli.demo_stage import Player, Publisher
from breakwater.cli.demo_steps import Row, Steps, signed_in
from breakwater.cli.owner import Owner
from breakwater.cli.remote import Client, OwnerDesk
from breakwater.cli.terminal import MARK, Terminal
from breakwater.errors import BreakwaterError
from breakwater.model.clock import SystemClock

SERVER: Final = "demo-edge"
FIRST, SECOND = "live/quay", "live/pier"
RECOGNISED: Final = frozenset({"copy", "match", "stopped"})
"""Why a broadcast is frozen that shows what is known; `nobody_on_duty` would be another reason."""
ON_DUTY: Final = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class LiveAccess:
    """What the set-up made for this act.

    Attributes:
        key: of the service that broadcasts (tell of streams, read them).
        lists: of whoever keeps the banks.
        moderator: lets the live moderator into the console, once.
        duty: the moderator's id, for the rota.
        hook_port, hook_secret: where the service's webhook listens, and what signs for it.
    """

    key: str
    lists: str
    moderator: str
    duty: str
    hook_port: int = 0
    hook_secret: str = field(default="", repr=False)


@dataclass(kw_only=True)
class Act(Steps):
    """The stage and who is on it."""

    url: str
    hls: str
    service: Client
    moderator: httpx.Client
    desk: OwnerDesk
    access: LiveAccess
    password: str = field(default="", repr=False)
    comments: Row = field(default_factory=dict)

    def stream(self, known: str = "") -> Row:
        """The newest broadcast that runs, or a known one; empty when there is none."""
        if known:
            one: Row = self.service.json("GET", f"/v1/streams/{known}")
            return one
        rows = self.service.json("GET", "/v1/streams")["streams"]
        return next((row for row in rows if row["server"] == SERVER), {})

    def control(self, stream: str, to: str) -> bool:
        """Whether the media server has confirmed that it is so."""
        one = self.stream(stream)
        return (one["control"], one["order_state"]) == (to, "confirmed")

    def recognised(self, stream: str) -> bool:
        """Whether it is frozen, and only because of what it shows."""
        orders = [one for one in self.stream(stream)["orders"] if one["to"] == "frozen"]
        confirmed = any(one["state"] == "confirmed" for one in orders)
        return confirmed and {one["why"] for one in orders} <= RECOGNISED

    def cut(self, stream: str) -> float:
        """A person cuts and signs; answers when they pressed the key."""
        pressed = time.monotonic()
        order = {
            "to": "cut", "broadcaster": "suspect", "reason": "Demo.", "password": self.password,
        }  # fmt: skip
        self.moderator.post(f"/v1/streams/{stream}/orders", json=order).raise_for_status()
        return pressed

    def playlist(self, name: str) -> int:
        """The answer to a viewer who asks for the playlist."""
        return httpx.get(f"{self.hls}/{name}/index.m3u8", trust_env=False).status_code


def act(
    owner: Owner, access: LiveAccess, home: Path, terminal: Terminal, kept: ExitStack | None = None
) -> Row:
    """Play it; a stage that cannot be built is said and counted.

    Args:
        owner: the server.
        access: what the set-up made for this act.
        home: the demo's folder.
        terminal: told of each step.
        kept: the last broadcast runs on until this ends, for people to look at; None: it ends.
    """
    terminal.say("\nA broadcast, watched through a real media server:")
    if gone := demo_stage.missing():
        terminal.say(
            f"{MARK['warn']} Left out: sudo apt-get install --no-install-recommends {' '.join(gone)}"
        )
        return {"missing": gone, "steps": [], "as_expected": not demo_stage.installable()}
    steps = Steps(terminal)
    comments: Row = {}
    case = ""
    try:
        with ExitStack() as stage:
            ready = stage.enter_context(_stage(owner, access, home, steps))
            case = _play(ready, home)
            demo_comments.play(ready, home, stage, again=kept is not None)
            comments = ready.comments
            if kept is not None:
                kept.push(stage.pop_all())
    except (BreakwaterError, httpx.HTTPError) as error:
        steps.failed(error)
    return {
        "missing": [], "steps": steps.rows, "comments": comments, "case": case,
        "as_expected": steps.all_seen,
    }  # fmt: skip


@contextmanager
def _stage(owner: Owner, access: LiveAccess, home: Path, steps: Steps) -> Iterator[Act]:
    """Run nginx as its recipe says; a known video in a bank, a moderator signed in."""
    rtmp, http, control = demo_stage.free_ports(3)
    place = (home / "media").resolve()
    with OwnerDesk(owner) as desk:
        desk.add_media_server({
            "name": SERVER, "kind": "nginx_rtmp", "service": "demo",
            "control_url": f"http://127.0.0.1:{control}", "rtmp_url": f"rtmp://127.0.0.1:{rtmp}",
            "hls_url": f"http://127.0.0.1:{http}/hls",
        })  # fmt: skip
        now = SystemClock().now()
        desk.plan_shifts([{
            "person": access.duty, "starts_at": now.isoformat(),
            "ends_at": (now + ON_DUTY).isoformat(),
        }])  # fmt: skip
        recipe = desk.media_server_recipe(SERVER, {"base": owner.url, "directory": str(place)})
    with Client(owner.url, access.lists) as lists:
        file = {"file": ("clip.mp4", demo_media.clip(), "video/mp4")}
        lists.json("POST", "/v1/banks/DEMO_KNOWN/reels", data={"label": "demo clip"}, files=file)
    (home / "broadcast.flv").write_bytes(demo_media.broadcast())
    with (
        demo_stage.media_server(place, recipe["files"], rtmp),
        Client(owner.url, access.key) as service,
        OwnerDesk(owner) as desk,
        signed_in(owner, access.moderator) as moderator,
    ):
        password = secrets.token_urlsafe(24)
        moderator.put("/v1/me/password", json={"password": password}).raise_for_status()
        yield Act(
            terminal=steps.terminal, rows=steps.rows, url=f"rtmp://127.0.0.1:{rtmp}",
            hls=f"http://127.0.0.1:{http}/hls", service=service, moderator=moderator, desk=desk,
            access=access, password=password,
        )  # fmt: skip


def _play(on: Act, home: Path) -> str:
    """The story; answers the case of the first broadcast."""
    case = ""
    file = home / "broadcast.flv"
    publisher = Publisher(file, f"{on.url}/{FIRST}")
    player = None
    try:
        found = on.step("an ordinary broadcast runs", on.stream, publisher.begun)
        if not found:
            return case
        stream = str(found["id"])
        about = {"server": SERVER, "name": FIRST, "account": "account-7", "service": "demo"}
        on.service.json("POST", "/v1/streams", json=about)
        player = Player(f"{on.url}/{FIRST}")
        on.step("a viewer gets picture", lambda: player and player.bytes > 0, publisher.begun)
        on.step("viewers' playlist is there", lambda: on.playlist(FIRST) == httpx.codes.OK,
                publisher.begun)  # fmt: skip
        shows = publisher.begun + demo_media.BROADCAST_LEAD_S
        on.step("a known video appears: the broadcast is on the wall as a case",
                lambda: on.stream(stream)["case"], shows)  # fmt: skip
        case = str(on.stream(stream)["case"] or "")
        on.step("it is frozen for what it shows, until a person looks",
                lambda: on.recognised(stream), shows)  # fmt: skip
        on.step("the viewer has no picture", lambda: player and not player.playing, shows)
        on.step("the publisher still sends, and is recorded", lambda: publisher.sending, shows)
        _cut(on, stream, FIRST, publisher)
    finally:
        publisher.end()
        if player is not None:
            player.end()
    again = Publisher(file, f"{on.url}/{FIRST}")
    on.step("the same key is refused", lambda: again.failed, again.begun)
    again.end()
    _returns(on, file)
    return case


def _returns(on: Act, file: Path) -> None:
    """The recording comes back mirrored and cropped, by another account and key."""
    publisher = Publisher(file, f"{on.url}/{SECOND}", change=demo_stage.MIRRORED_AND_CROPPED)
    try:
        found = on.step("the recording comes back mirrored and cropped, under another key",
                        on.stream, publisher.begun)  # fmt: skip
        if not found:
            return
        stream = str(found["id"])
        on.step("it is known again: frozen", lambda: on.recognised(stream), publisher.begun)
        _cut(on, stream, SECOND, publisher)
    finally:
        publisher.end()


def _cut(on: Act, stream: str, name: str, publisher: Publisher) -> None:
    """A person cuts; believed when the publisher is dead and nothing can be fetched."""
    pressed = on.cut(stream)
    on.step("a person cuts: the publisher is cut off", lambda: publisher.failed, pressed)
    gone = {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}
    on.step("viewers' playlist is gone", lambda: on.playlist(name) in gone, pressed)
    on.step("the media server confirms the cut", lambda: on.control(stream, "cut"), pressed)
