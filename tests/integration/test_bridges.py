"""The bridge of the how-to: the hooks that SRS, OvenMediaEngine and LiveKit document, and our calls.

Each form is posted as documented to a running bridge in front of a real installation; the server's
own API is scripted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from breakwater.live.servers import NewServer
from breakwater.model.access import Role
from breakwater.model.server import ServerKind
from breakwater.model.signin import about_cut
from breakwater.model.stream import Broadcaster, Control, OrderState, Stream
from breakwater.records import stream_orders, streams
from breakwater.worker.loop import Worker
from tests.integration.live_site import LiveSite, until
from tests.integration.served import OPERATOR, Served, cut_signed, serving
from tests.ports import free_port
from tests.scripted_http import Asked, Said, Scripted, scripted

BRIDGE = Path(__file__).parents[2] / "docs/howto/bridge.py"
SECRET = "a secret of its own"


@dataclass
class Stage:
    """An installation, a bridge, and the media server's API behind it."""

    served: Served
    api: Scripted
    hook: str
    name: str
    watch: str

    def posts(self, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
        sent = json.dumps(body).encode()
        return httpx.post(self.hook, content=sent, headers=headers or {})

    def stream(self, name: str) -> Stream | None:
        with self.served.app.db.read() as tx:
            return streams.last(tx, self.name, name)

    def cut(self, stream: Stream) -> None:
        """A person cuts it, and it is confirmed."""
        who = LiveSite.moderator(self, Role.LIVE_MODERATOR)  # type: ignore[arg-type]
        signed = cut_signed(self.served.app, who, stream.id, about_cut(stream.id, None))
        made = self.served.app.enforcement.wishes.want(
            who, stream.id, Control.CUT, broadcaster=Broadcaster.SUSPECT, signed=signed
        )

        def confirmed() -> bool:
            with self.served.app.db.read() as tx:
                return stream_orders.get(tx, made.id).state is OrderState.CONFIRMED

        until(confirmed)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("bridges")
    with serving(place, unsafe_fast_disk=True, live_watch=False) as made:
        app = made.app
        turns = [one for one in app.turns if one.name.startswith("enforcement")]
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=turns,
            metrics=app.metrics,
        )  # fmt: skip
        worker.start()
        try:
            yield made
        finally:
            worker.stop()


@contextmanager
def bridged(served: Served, kind: str, folder: Path) -> Iterator[Stage]:
    """Enter the bridge as the how-to says, and run it."""
    port, name = free_port(), f"{kind}-{folder.name}"
    known = served.app.live.servers.add(
        NewServer(name, ServerKind.GENERIC, "live", control_url=f"http://127.0.0.1:{port}/calls"),
        OPERATOR,
    )
    with ExitStack() as stack:
        api = stack.enter_context(scripted())
        environment = os.environ | {
            "BREAKWATER_EVENTS": f"{served.url}/v1/hooks/{known.shared.hook}/events",
            "BREAKWATER_SECRET": known.shared.signing, "MEDIA_API": api.url,
            "MEDIA_SECRET": SECRET, "MEDIA_KEY": "key", "MEDIA_FILES": str(folder),
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, str(BRIDGE), kind, str(port)], env=environment)
        stack.callback(process.wait, timeout=10)
        stack.callback(process.kill)
        base = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.post(f"{base}/calls").status_code == 401
            except httpx.TransportError:
                return False

        until(answers)
        yield Stage(served, api, f"{base}/hook", name, known.shared.watch)


def srs(action: str, client: str, **more: Any) -> dict[str, Any]:
    """As https://ossrs.io/lts/en-us/docs/v5/doc/http-callback shows it."""
    return {
        "server_id": "vid-k21d7y2", "service_id": "9308h583", "action": action,
        "client_id": client, "ip": "192.168.1.10", "vhost": "__defaultVhost__", "app": "live",
        "tcUrl": "rtmp://x/live?key=d2fa801d08e3f90ed1e1670e6e52651a", "stream": "livestream",
        "param": "?token=xxx&salt=yyy", "stream_url": "__defaultVhost__/live/livestream",
        "stream_id": "vid-124q9y3",
    } | more  # fmt: skip


def test_srs_asks_is_refused_and_drops(served: Served, tmp_path: Path) -> None:
    there = {"9o7g1330": True, "player-1": False, "ours": False}

    def clients(_: Asked) -> Said:
        rows = [
            {"id": one, "vhost": "vid-2h1f", "stream": "vid-124q9y3", "ip": "192.168.1.10",
             "pageUrl": "", "swfUrl": "", "tcUrl": "rtmp://x/live", "url": "/live/livestream",
             "type": "fmle-publish" if publish else "rtmp-play", "publish": publish, "alive": 9.1}
            for one, publish in there.items()
        ]  # fmt: skip
        return 200, {"code": 0, "server": "vid-k21d7y2", "clients": rows}

    def drop(asked: Asked) -> Said:
        return 200, {"code": 0 if there.pop(asked.path.rpartition("/")[2], None) else 2049}

    with bridged(served, "srs", tmp_path) as stage:
        stage.api.answers["GET /api/v1/clients/"] = clients
        stage.api.anything = drop
        assert stage.posts(srs("on_publish", "9o7g1330")).json() == {"code": 0}
        stream = stage.stream("live/livestream")
        assert stream is not None
        assert stage.posts(srs("on_play", "player-1")).json() == {"code": 0}
        assert stage.posts(srs("on_play", "ours", param=f"?watch={stage.watch}")).json() == {
            "code": 0
        }
        adapter = served.app.live.servers.adapter(stage.name)
        assert [one.name for one in adapter.discover()] == ["live/livestream"]
        assert [one.client for one in adapter.viewers("live/livestream")] == ["player-1"]
        (tmp_path / "live/livestream").mkdir(parents=True)
        (tmp_path / "live/livestream/1.ts").write_bytes(b"x")

        who = LiveSite.moderator(stage, Role.LIVE_MODERATOR)  # type: ignore[arg-type]
        served.app.enforcement.wishes.want(who, stream.id, Control.FROZEN)
        until(lambda: set(there) == {"9o7g1330", "ours"})
        assert stage.posts(srs("on_play", "player-2")).json() == {"code": 403}
        stage.cut(stream)
        assert there == {}
        assert not (tmp_path / "live/livestream").exists()
        assert stage.posts(srs("on_publish", "later")).json() == {"code": 403}


def ome(direction: str, status: str) -> dict[str, Any]:
    """As docs/access-control/admission-webhooks.md of OvenMediaEngine shows it."""
    return {
        "client": {"address": "211.233.58.86", "port": 29291, "real_ip": "192.0.2.10",
                   "user_agent": "Mozilla/5.0"},
        "request": {"direction": direction, "protocol": "rtmp", "status": status,
                    "url": "rtmp://host:1935/app/stream?policy=x",
                    "time": "2021-05-12T13:45:00.000Z"},
    }  # fmt: skip


def ome_signed(body: dict[str, Any]) -> dict[str, str]:
    mac = hmac.new(SECRET.encode(), json.dumps(body).encode(), hashlib.sha1).digest()
    return {"X-OME-Signature": base64.urlsafe_b64encode(mac).decode().rstrip("=")}


def test_ovenmediaengine_asks_is_refused_and_drops(served: Served, tmp_path: Path) -> None:
    there = ["stream"]
    with bridged(served, "ome", tmp_path) as stage:
        stage.api.answers |= {
            "GET /v1/vhosts/default/apps": (200, {"statusCode": 200, "response": ["app"]}),
            "GET /v1/vhosts/default/apps/app/streams":
                lambda _: (200, {"statusCode": 200, "response": list(there)}),
            "DELETE /v1/vhosts/default/apps/app/streams/stream":
                lambda _: (200, there.clear() or {"statusCode": 200}),
        }  # fmt: skip
        opening = ome("incoming", "opening")
        assert stage.posts(opening, {"X-OME-Signature": "AAAA"}).status_code == 401
        assert stage.stream("app/stream") is None
        assert stage.posts(opening, ome_signed(opening)).json()["allowed"] is True
        stream = stage.stream("app/stream")
        assert stream is not None
        playing, left = ome("outgoing", "opening"), ome("outgoing", "closing")
        assert stage.posts(playing, ome_signed(playing)).json()["allowed"] is True
        assert stage.posts(left, ome_signed(left)).json() == {}
        adapter = served.app.live.servers.adapter(stage.name)
        assert not adapter.freeze("app/stream").done, "it drops no single player"
        stage.cut(stream)
        assert there == []
        for refused in (opening, playing):
            assert stage.posts(refused, ome_signed(refused)).json()["allowed"] is False


def livekit(event: str, kind: str = "VIDEO") -> dict[str, Any]:
    """A WebhookEvent as https://docs.livekit.io/home/server/webhooks/ describes it."""
    return {
        "event": event, "id": "EV_eugWmGhovZmm", "createdAt": "1692985556",
        "room": {"sid": "RM_hycBMAjmt6Ub", "name": "demo-room", "emptyTimeout": 300,
                 "creationTime": "1692627281", "enabledCodecs": []},
        "participant": {"sid": "PA_hCRPVfaY7hYn", "identity": "acct-17", "state": "ACTIVE"},
        "track": {"sid": "TR_AMkYX5qtnDvX", "type": kind, "source": "CAMERA"},
    }  # fmt: skip


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def livekit_signed(body: dict[str, Any], **wrong: Any) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode()
    claims = {"iss": "key", "exp": time.time() + 300, "sha256": digest} | wrong
    said = ".".join(url64(json.dumps(one).encode()) for one in ({"alg": "HS256"}, claims))
    mac = hmac.new(SECRET.encode(), said.encode(), hashlib.sha256).digest()
    return {"Authorization": f"{said}.{url64(mac)}", "Content-Type": "application/webhook+json"}


def test_livekit_tells_is_refused_and_removes(served: Served, tmp_path: Path) -> None:
    there = {"acct-17": {"identity": "acct-17", "sid": "PA_hCRPVfaY7hYn",
                         "tracks": [{"sid": "TR_AMkYX5qtnDvX", "type": "VIDEO"}]}}  # fmt: skip
    api = "/twirp/livekit.RoomService"

    def remove(asked: Asked) -> Said:
        assert json.loads(asked.body)["room"] == "demo-room"
        gone = there.pop(json.loads(asked.body)["identity"], None)
        return (200, {}) if gone else (404, {"code": "not_found"})

    with bridged(served, "livekit", tmp_path) as stage:
        stage.api.answers |= {
            f"POST {api}/ListRooms": (200, {"rooms": [{"name": "demo-room"}]}),
            f"POST {api}/ListParticipants":
                lambda _: (200, {"participants": list(there.values())}),
            f"POST {api}/RemoveParticipant": remove,
        }  # fmt: skip
        published, sound = livekit("track_published"), livekit("track_published", "AUDIO")
        for wrong in ({"sha256": "x"}, {"exp": time.time() - 1}):
            assert stage.posts(published, livekit_signed(published, **wrong)).status_code == 401
        assert stage.posts(sound, livekit_signed(sound)).status_code == 200
        assert stage.stream("demo-room/acct-17") is None
        assert stage.posts(published, livekit_signed(published)).status_code == 200
        stream = stage.stream("demo-room/acct-17")
        assert stream is not None
        assert stream.state.value == "live"
        before = dict(there)
        stage.cut(stream)
        assert there == {}
        there.update(before)
        assert stage.posts(published, livekit_signed(published)).status_code == 200
        assert there == {}, "who may not send is removed again"


def test_a_call_that_is_not_breakwaters_is_not_obeyed(served: Served, tmp_path: Path) -> None:
    with bridged(served, "srs", tmp_path) as stage:
        call = {"type": "stream.terminate", "data": {"name": "live/livestream"}}
        url = stage.hook.replace("/hook", "/calls")
        stamp = {"webhook-id": "1", "webhook-timestamp": str(int(time.time()))}
        wrong = httpx.post(url, json=call, headers=stamp | {"webhook-signature": "v1,AAAA"})
        assert wrong.status_code == 401
        assert stage.api.asked == []
