"""Hooks of media servers: believed by token and address, taken once, and never a way in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.live.servers import Known, NewServer
from breakwater.model.access import Role
from breakwater.model.server import ServerKind
from breakwater.model.stream import StreamState
from tests.integration.rtmp import Rtmp, nginx
from tests.integration.served import OPERATOR, Served, serving


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
    servers.remove("edge", OPERATOR)


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
    for uri in ("", "/", "/hls", "/hls/live", "/hls/../etc/passwd", "/other/live/quay/x.ts",
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
    bad = {"name": "x", "kind": "nginx_rtmp", "control_url": "http://user:pw@127.0.0.1:9"}
    assert admin.post("/v1/media-servers", json=bad).status_code == 422
    assert admin.delete("/v1/media-servers/harbour").status_code == 200
    assert admin.get("/v1/media-servers/harbour").status_code == 404


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
    servers.remove("real", OPERATOR)


def test_a_real_broadcast_is_known_seen_and_ended(
    served: Served, real: Rtmp, wait_until
) -> None:  # fmt: skip
    publisher = real.push(name="live/jetty")
    assert "live/jetty" in running(served)
    with real.play("live/jetty") as player:
        player.wait_bytes(10_000)
    playlist = f"{real.config.hls_url}/live/jetty/index.m3u8"
    wait_until(lambda: httpx.get(playlist).status_code == 200)
    assert all(one.done for one in served.app.live.servers.check("real"))
    publisher.stop()
    wait_until(lambda: "live/jetty" not in running(served))


def test_a_real_server_refuses_what_has_a_bad_name(real: Rtmp, served: Served) -> None:
    publisher = real.push(name="live/a%20b", wait=False)
    publisher.process.wait(timeout=10)
    assert publisher.process.returncode != 0
