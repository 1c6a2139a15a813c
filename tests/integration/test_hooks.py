"""Hooks of media servers: believed by token and address, taken once, and never a way in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from breakwater.live.servers import Known, NewServer
from breakwater.model.access import Role
from breakwater.model.server import ServerKind
from breakwater.model.stream import Control, StreamState
from breakwater.records import stream_orders
from tests.integration.rtmp import Rtmp, nginx
from tests.integration.served import OPERATOR, Served, serving
from tests.scripted_http import scripted

OTHER = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hooks")) as running:
        yield running


@pytest.fixture
def known(served: Served) -> Iterator[Known]:
    servers = served.app.live.servers
    new = NewServer(
        "edge", ServerKind.NGINX_RTMP, service="live", control_url="http://127.0.0.1:9",
        hls_url="http://127.0.0.1:9/hls",
    )  # fmt: skip
    yield servers.add(new, OPERATOR)
    take_out("edge", served)


def take_out(name: str, served: Served) -> None:
    """Out of use, then gone: whatever ran on it ends."""
    served.app.live.servers.change(name, {"active": False}, OPERATOR)
    served.app.live.servers.remove(name, OPERATOR)


def form(call: str = "publish", client: int = 7, **more: str) -> dict[str, str]:
    about = {"app": "live", "name": "quay", "addr": "127.0.0.1", "flashver": "x"}
    return about | {"clientid": str(client), "call": call} | more


def send(served: Served, token: str, fields: dict[str, str]) -> int:
    return served.client().post(f"/v1/hooks/{token}/rtmp", data=fields).status_code


def running(served: Served) -> list[str]:
    found = served.app.live.streams.every(OPERATOR)
    return [one.name for one in found if one.state is StreamState.LIVE]


def test_a_publisher_is_let_in_and_written_down(served: Served, known: Known) -> None:
    assert send(served, known.shared.hook, form(name="pier")) == 204
    assert "live/pier" in running(served)
    assert send(served, known.shared.hook, form("publish_done", name="pier")) == 204
    assert "live/pier" not in running(served)
    assert served.app.live.servers.get("edge").hook_at is not None


def test_a_forged_hook_is_nobodys(served: Served, known: Known) -> None:
    for token in ("", "x", "0" * 24, known.shared.hook[:-1], known.shared.watch):
        assert send(served, token, form(name="forged")) in {404, 422}
    assert "live/forged" not in running(served)


def test_a_hook_from_elsewhere_is_refused(served: Served, known: Known) -> None:
    fields = {"hook_networks": ["10.9.0.0/16"]}
    served.app.live.servers.change("edge", fields, OPERATOR)
    assert send(served, known.shared.hook, form(name="far")) == 403
    assert "live/far" not in running(served)


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.1.2.3", False),
     ("::ffff:10.1.2.3", False), ("", False), ("testclient", False)],
)  # fmt: skip
def test_where_a_hook_comes_from_is_read_in_every_spelling(
    known: Known, address: str, ours: bool
) -> None:
    assert known.sends_from(address) is ours


def test_a_replayed_hook_is_refused(served: Served, known: Known) -> None:
    token = known.shared.hook
    assert send(served, token, form(client=21, name="buoy")) == 204
    assert send(served, token, form("publish_done", 21, name="buoy")) == 204
    assert send(served, token, form(client=21, name="buoy")) == 403
    assert "live/buoy" not in running(served)
    assert send(served, token, form(client=22, name="buoy")) == 204
    assert send(served, token, form("publish_done", 21, name="buoy")) == 403
    assert "live/buoy" in running(served)


def test_the_servers_own_fields_win_over_a_publishers(served: Served, known: Known) -> None:
    body = "app=live&addr=127.0.0.1&clientid=31&call=publish&name=mast&name=evil&call=play&app=x"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/v1/hooks/{known.shared.hook}/rtmp"
    assert served.client().post(path, content=body, headers=headers).status_code == 204
    assert {"live/mast"} == {name for name in running(served) if "mast" in name or "evil" in name}


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b/c", "a b", "x\n", "é", "a" * 200, "<b>", "-rf", "."]
)
def test_a_name_that_would_be_a_path_is_refused(served: Served, known: Known, name: str) -> None:
    before = running(served)
    assert send(served, known.shared.hook, form(client=41, name=name)) == 403
    assert running(served) == before


def test_garbage_is_refused_without_a_fault(served: Served, known: Known) -> None:
    path = f"/v1/hooks/{known.shared.hook}/rtmp"
    client = served.client()
    for content in (b"", b"\xff\xfe", b"a=1&" * 400, b"x" * 16_000, b"call=publish&name=%ff"):
        assert client.post(path, content=content).status_code == 403
    assert client.post(path, content=b"x" * 20_000).status_code == 413


def test_a_playlist_is_had_by_its_own_address_only(served: Served, known: Known) -> None:
    client = served.client()
    path = f"/v1/hooks/{known.shared.hook}/hls"

    def asked(uri: str) -> int:
        return client.get(path, headers={"X-Original-URI": uri}).status_code

    assert asked("/hls/live/quay/index.m3u8") == 204
    for uri in ("//[", "/hls/live/quay/1.ts?" + "a=1&" * 200, "", "/", "/hls", "/hls/live", "/hls/../etc/passwd", "/other/live/quay/x.ts",
                "/hls/live/../quay/x.ts", "/hlsx/live/quay/1.ts", "/hls//live/quay/1.ts"):  # fmt: skip
        assert asked(uri) == 403, uri


def test_a_removed_server_is_refused_at_once(served: Served) -> None:
    servers = served.app.live.servers
    new = NewServer("brief", ServerKind.NGINX_RTMP, control_url="http://127.0.0.1:9")
    made = servers.add(new, OPERATOR)
    assert send(served, made.shared.hook, form(client=51, name="brief")) == 204
    servers.change("brief", {"active": False}, OPERATOR)
    assert send(served, made.shared.hook, form(client=52, name="brief")) == 404
    servers.remove("brief", OPERATOR)
    assert send(served, made.shared.hook, form(client=53, name="brief")) == 404


def test_an_administrator_enters_a_server_and_sees_its_passes_once(served: Served) -> None:
    admin = served.browser(Role.ADMIN)
    about = {"name": "harbour", "kind": "nginx_rtmp", "control_url": "http://127.0.0.1:9"}
    made = admin.post("/v1/media-servers", json=about)
    assert made.status_code == 201, made.text
    secret = made.json()["password"]
    assert admin.post("/v1/media-servers", json=about).status_code == 409
    listed = admin.get("/v1/media-servers").text + admin.get("/v1/media-servers/harbour").text
    assert "harbour" in listed
    for shared in (secret, made.json()["watch_pass"], made.json()["hook_path"]):
        assert shared not in listed
    away = admin.post("/v1/media-servers/harbour/check").json()
    assert not away["fit"]
    assert "does not answer" in away["findings"][0]["words"]
    for url in (
        "http://user:pw@127.0.0.1:9",
        "http://[",
        "http://h:99999",
        "http://h:0",
        "rtmp://h",
        "",
    ):
        bad = {"name": "x", "kind": "nginx_rtmp", "control_url": url}
        assert admin.post("/v1/media-servers", json=bad).status_code == 422, url
    for base in ("http://[", "http://h:99999", "http://h;x", "x"):
        answer = admin.post("/v1/media-servers/harbour/recipe", json={"base": base})
        assert answer.status_code == 422, base
    assert admin.delete("/v1/media-servers/harbour").status_code == 200
    assert admin.get("/v1/media-servers/harbour").status_code == 404


def test_signed_events_are_believed_once_and_only_signed(served: Served) -> None:
    new = NewServer("own", ServerKind.GENERIC, service="live")
    shared = served.app.live.servers.add(new, OPERATOR).shared
    client = served.client()

    def send(kind: str, message: str, *, secret: str = "", age: int = 0, **data: object) -> int:
        now = datetime.now(UTC)
        body = json.dumps({"type": kind, "data": {"name": "live/own"} | data})
        stamp = int(now.timestamp()) - age
        at = datetime.fromtimestamp(stamp, UTC)
        headers = {
            "webhook-id": message, "webhook-timestamp": str(stamp),
            "webhook-signature": Webhook(secret or shared.signing).sign(message, at, body),
        }  # fmt: skip
        path = f"/v1/hooks/{shared.hook}/events"
        return client.post(path, content=body, headers=headers).status_code

    assert send("stream.publish", "m1", secret=OTHER) == 403
    assert send("stream.publish", "m2", age=301) == 403
    assert send("stream.publish", "m3", age=-400) == 403
    assert send("stream.unknown", "m4") == 403
    assert "live/own" not in running(served)
    who = {"client": "c1", "account": "harbour-master", "address": "192.0.2.1", "port": 40000}
    assert send("stream.publish", "m5", **who) == 204
    assert "live/own" in running(served)
    assert "harbour-master" in {one.account for one in served.app.live.streams.every(OPERATOR)}
    assert send("stream.publish_done", "m6", client="c1") == 204
    assert "live/own" not in running(served)
    assert send("stream.publish", "m5", **who) == 403, "a replay"
    assert "live/own" not in running(served)
    assert send("stream.play", "m7") == 204


def test_owncasts_broadcaster_who_was_cut_is_dropped(served: Served) -> None:
    """It asks nobody first: the answer is a call to its admin interface."""
    with scripted() as owncast:
        online = {"online": True, "broadcaster": {"time": "t"}}
        owncast.answers["GET /api/admin/status"] = (200, online)
        owncast.answers["POST /api/admin/disconnect"] = (200, {})
        new = NewServer("cast", ServerKind.OWNCAST, service="live", control_url=owncast.url)
        shared = served.app.live.servers.add(new, OPERATOR).shared
        path = f"/v1/hooks/{shared.hook}/owncast"
        started = {"type": "STREAM_STARTED", "eventData": {"id": "x"}}
        assert served.client().post(path, json=started).status_code == 204
        (found,) = [one for one in served.app.live.streams.every(OPERATOR) if one.server == "cast"]
        with served.app.db.transaction() as tx:
            stream_orders.want(tx, found, Control.CUT, by="test", why="person")
        assert "POST /api/admin/disconnect" not in owncast.lines
        assert served.client().post(path, json=started).status_code == 403
        assert "POST /api/admin/disconnect" in owncast.lines
        take_out("cast", served)


def test_mediamtx_is_answered_and_its_interfaces_are_ours_alone(served: Served) -> None:
    new = NewServer("mtx", ServerKind.MEDIAMTX, service="live", control_url="http://127.0.0.1:9")
    shared = served.app.live.servers.add(new, OPERATOR).shared

    def ask(action: str, **more: str) -> int:
        about = {"user": "", "password": "", "action": action, "path": "live/mtx", "id": "c1"}
        path = f"/v1/hooks/{shared.hook}/mediamtx"
        return served.client().post(path, json=about | more).status_code

    assert ask("publish") == 204
    assert ask("publish") == 204, "it asks twice about one connection"
    assert "live/mtx" in running(served)
    assert ask("read") == 204
    assert ask("publish", path="../x") == 403
    assert ask("api") == 403
    assert ask("api", user=shared.user, password=shared.password) == 204
    take_out("mtx", served)


@pytest.fixture(scope="module")
def real(served: Served) -> Iterator[Rtmp]:
    """A real nginx whose hooks go to the real installation."""
    servers = served.app.live.servers
    new = NewServer("real", ServerKind.NGINX_RTMP, service="live", control_url="http://127.0.0.1:9")
    made = servers.add(new, OPERATOR)
    hook = f"{served.url}/v1/hooks/{made.shared.hook}"
    with nginx(hook=hook, secrets=made.shared, name="real") as running:
        at = running.config
        where = {"control_url": at.control_url, "rtmp_url": at.rtmp_url, "hls_url": at.hls_url}
        servers.change("real", where, OPERATOR)
        yield running
    take_out("real", served)


def test_a_real_broadcast_is_known_seen_and_ended(
    served: Served, real: Rtmp, wait_until
) -> None:  # fmt: skip
    publisher = real.push(name="live/jetty")
    assert "live/jetty" in running(served)
    with real.play("live/jetty") as player:
        player.wait_bytes(10_000)
    playlist = f"{real.config.hls_url}/live/jetty/index.m3u8"
    wait_until(lambda: httpx.get(playlist).status_code == 200)
    (viewer,) = served.app.live.servers.adapter("real").viewers("live/jetty")
    assert viewer.address == "127.0.0.1"
    assert viewer.port
    assert all(one.done for one in served.app.live.servers.check("real"))
    publisher.stop()
    wait_until(lambda: "live/jetty" not in running(served))


def test_a_real_server_refuses_what_has_a_bad_name(real: Rtmp, served: Served) -> None:
    publisher = real.push(name="live/a%20b", wait=False)
    publisher.process.wait(timeout=30)
    assert publisher.process.returncode != 0


def test_who_plays_is_remembered_and_our_watcher_is_not(served: Served, known: Known) -> None:
    token, watch = known.shared.hook, known.shared.watch
    assert send(served, token, form(name="mole")) == 204
    for client, more in ((21, {}), (22, {"watch": watch})):
        about = form("play", client, name="mole", addr=f"192.0.2.{client}", **more)
        assert send(served, token, about) == 204
    seen = served.app.live.servers.audience.visits("edge", "live/mole")
    assert [one.address for one in seen] == ["192.0.2.21"]
    assert send(served, token, form("publish_done", name="mole")) == 204
