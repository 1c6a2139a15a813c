"""MediaMTX by recorded examples: control API v3, in the shape of its OpenAPI document at 00974ef."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.scripted_http import Asked, Said, Scripted, scripted

from breakwater.errors import BadInput, Unavailable
from breakwater.live.adapters.mediamtx import MediaMtx
from breakwater.live.hookforms import HookKind, read_mediamtx
from breakwater.live.wire import Control
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.network.addresses import networks

LOOPBACK = networks(("127.0.0.0/8",))
NAME = "live/014"
SOURCE = "8a9c0f0a-0d6e-4f0e-8f1d-6a1f0f3f0001"
VIEWER = "8a9c0f0a-0d6e-4f0e-8f1d-6a1f0f3f0002"
OURS = "8a9c0f0a-0d6e-4f0e-8f1d-6a1f0f3f0003"
HLS = "8a9c0f0a-0d6e-4f0e-8f1d-6a1f0f3f0004"


def path(*readers: tuple[str, str], ready: bool = True) -> dict[str, object]:
    return {
        "name": NAME, "confName": "all_others", "ready": ready,
        "readyTime": "2026-03-01T12:00:00Z", "tracks": ["H264", "MPEG-4 Audio"],
        "source": {"type": "rtmpConn", "id": SOURCE} if ready else None,
        "bytesReceived": 123456, "bytesSent": 789,
        "readers": [{"type": kind, "id": one} for kind, one in readers],
    }  # fmt: skip


def connection(one: str, query: str = "") -> dict[str, object]:
    return {
        "id": one, "created": "2026-03-01T12:00:00Z", "remoteAddr": "192.0.2.7:50412",
        "state": "read", "path": NAME, "query": query, "bytesReceived": 1, "bytesSent": 2,
    }  # fmt: skip


def listed(*rows: dict[str, object]) -> dict[str, object]:
    return {"pageCount": 1, "itemCount": len(rows), "items": list(rows)}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def adapter(server: Scripted) -> Iterator[MediaMtx]:
    config = ServerConfig(
        new_id(), "mtx", ServerKind.MEDIAMTX, "live", server.url, "rtmp://127.0.0.1:1935"
    )
    control = Control(server.url, private=LOOPBACK, user="breakwater", password="secret")
    yield MediaMtx(config, ServerSecrets("breakwater", "secret", "", "", "pilot"), control)
    control.close()


def plays(server: Scripted) -> set[str]:
    """A path with a viewer by RTMP, one by HLS, and our watcher; kicks are obeyed."""
    there = {VIEWER: "rtmpConn", OURS: "rtmpConn", HLS: "hlsSession"}

    def kicked(asked: Asked) -> Said:
        return (200, {}) if there.pop(asked.path.rpartition("/")[2], None) else (404, {})

    server.answers |= {
        "GET /v3/paths/get/live/014": lambda _: (
            200,
            path(*((kind, one) for one, kind in there.items())),
        ),
        "GET /v3/rtmpconns/list": (
            200,
            listed(connection(VIEWER), connection(OURS, "watch=pilot"), connection(SOURCE)),
        ),
        "GET /v3/hlssessions/list": (200, listed(connection(HLS))),
    }
    for kind, one in (("rtmpconns", VIEWER), ("rtmpconns", OURS), ("hlssessions", HLS)):
        server.answers[f"POST /v3/{kind}/kick/{one}"] = kicked
    return there  # type: ignore[return-value]


def test_paths_are_found_over_all_pages(server: Scripted, adapter: MediaMtx) -> None:
    first, second = path(), path(("rtmpConn", VIEWER)) | {"name": "live/015"}
    idle = path(ready=False) | {"name": "live/016"}
    server.answers |= {
        "GET /v3/paths/list?itemsPerPage=1000&page=0": (200, {"pageCount": 2, "items": [first]}),
        "GET /v3/paths/list?itemsPerPage=1000&page=1": (
            200,
            {"pageCount": 2, "items": [second, idle]},
        ),
    }
    found = adapter.discover()
    assert [(one.name, one.viewers) for one in found] == [(NAME, 0), ("live/015", 1)]
    assert found[0].publishers[0].client == SOURCE
    assert server.asked[0].headers["Authorization"].startswith("Basic ")


def test_a_freeze_kicks_viewers_of_every_kind_and_spares_us(
    server: Scripted, adapter: MediaMtx
) -> None:
    there = plays(server)
    assert adapter.freeze(NAME).done
    assert set(there) == {OURS}
    assert [one.client for one in adapter.viewers(NAME)] == []
    assert adapter.block_viewers(NAME).done
    assert not there


def test_viewers_have_their_addresses(server: Scripted, adapter: MediaMtx) -> None:
    plays(server)
    told = {one.client: one for one in adapter.viewers(NAME)}
    assert set(told) == {VIEWER, HLS}
    assert (told[VIEWER].address, told[VIEWER].port) == ("192.0.2.7", 50412)


def test_a_cut_kicks_the_source_by_its_kind(server: Scripted, adapter: MediaMtx) -> None:
    running = [True]
    server.answers["GET /v3/paths/get/live/014"] = lambda _: (200, path(ready=running[0]))

    def kick(_: Asked) -> Said:
        running[0] = False
        return 200, {}

    server.answers[f"POST /v3/rtmpconns/kick/{SOURCE}"] = kick
    assert adapter.terminate(NAME).done
    assert adapter.terminate(NAME).done, "a second cut is as good"
    assert server.lines.count(f"POST /v3/rtmpconns/kick/{SOURCE}") == 1


def test_a_kick_that_is_refused_is_not_done(server: Scripted, adapter: MediaMtx) -> None:
    server.answers["GET /v3/paths/get/live/014"] = (200, path())
    server.answers[f"POST /v3/rtmpconns/kick/{SOURCE}"] = (500, {"error": "busy"})
    assert not adapter.terminate(NAME).done
    server.answers[f"POST /v3/rtmpconns/kick/{SOURCE}"] = (200, {})
    assert not adapter.terminate(NAME).done, "it says yes and the source is still there"
    pulled = path() | {"source": {"type": "rtspSource", "id": ""}}
    server.answers["GET /v3/paths/get/live/014"] = (200, pulled)
    assert "not a publisher" in adapter.terminate(NAME).detail


def test_recordings_are_deleted_and_the_probe_looks(server: Scripted, adapter: MediaMtx) -> None:
    left = [{"start": "2026-03-01T12:00:00.1Z"}, {"start": "2026-03-01T12:10:00Z"}]

    def delete(_: Asked) -> Said:
        left.pop()
        return 200, {}

    server.answers |= {
        "GET /v3/paths/get/live/014": (404, {}),
        "GET /v3/recordings/get/live/014": lambda _: (200, {"name": NAME, "segments": left}),
        "DELETE /v3/recordings/deletesegment": delete,
    }
    assert "recordings" in adapter.probe(NAME).detail
    assert adapter.purge(NAME).done
    assert adapter.probe(NAME).done
    assert "start=2026-03-01T12%3A00%3A00.1Z" in "".join(server.lines)


@pytest.mark.parametrize("said", [(500, {}), (200, b"<html>"), (200, []), (401, {})])
def test_nonsense_is_unavailable_never_an_empty_list(
    server: Scripted, adapter: MediaMtx, said: Said
) -> None:
    server.anything = lambda _: said
    with pytest.raises(Unavailable):
        adapter.discover()
    for answer in (adapter.terminate(NAME), adapter.freeze(NAME), adapter.probe(NAME)):
        assert not answer.done


def test_its_questions_are_read() -> None:
    body = (
        b'{"user":"","password":"","token":"","ip":"192.0.2.7","action":"publish",'
        b'"path":"live/014","protocol":"rtmp","id":"c1","query":"key=abc&watch=w"}'
    )
    hook, user, _ = read_mediamtx("mtx", body)
    assert (hook.kind, hook.call.name, hook.call.key, user) == (
        HookKind.PUBLISH, NAME, "abc", "",
    )  # fmt: skip
    for action, kind in (
        ("read", HookKind.PLAY),
        ("playback", HookKind.PLAY),
        ("api", HookKind.OTHER),
    ):
        assert read_mediamtx("mtx", body.replace(b"publish", action.encode()))[0].kind is kind
    many = body.replace(b"key=abc", b"a=1&" * 200)
    for wrong in (many, b"", b"[]", b"{}{", body.replace(b"live/014", b"../x"), b"[" * 100_000):
        with pytest.raises(BadInput):
            read_mediamtx("mtx", wrong)
