"""nginx-rtmp's list by recorded examples: what strangers write into it neither blinds nor fools us."""

from __future__ import annotations

import re
import time

import pytest

from breakwater.errors import Unavailable
from breakwater.live.adapters.nginx_rtmp import NginxRtmp, parse_stat
from breakwater.live.hookforms import HookKind, read_form
from breakwater.live.recipes.nginx_rtmp import Layout, nginx_conf
from breakwater.live.wire import Reply
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets

CLIENT = (
    b"<client><id>%d</id><address>192.0.2.7</address><time>%d</time><flashver>%s</flashver>"
    b"<dropped>0</dropped><avsync>0</avsync><timestamp>1</timestamp>%s<active/></client>"
)


def stream(name: bytes, *clients: bytes) -> bytes:
    return (
        b"<stream><name>%s</name><time>5210</time><bw_in>1</bw_in><bytes_in>4096</bytes_in>%s"
        b"<meta><video><width>1280</width><height>720</height><codec>H264</codec></video>"
        b"<audio><codec>AAC</codec></audio></meta><nclients>2</nclients><publishing/></stream>"
        % (name, b"".join(clients))
    )


def stat(*streams: bytes, app: bytes = b"live") -> bytes:
    return (
        b'<?xml version="1.0" encoding="utf-8" ?>\n<rtmp><nginx_version>1.22.1</nginx_version>'
        b"<nginx_rtmp_version>1.1.4</nginx_rtmp_version><pid>7</pid><uptime>60</uptime>"
        b"<bytes_in>9</bytes_in><bytes_out>8</bytes_out><server><application><name>%s</name>"
        b"<live>%s<nclients>1</nclients></live></application></server></rtmp>"
        % (app, b"".join(streams))
    )


class Recorded:
    """A control interface that says what was recorded."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body = body
        self.status = status

    def send(self, *_: object, **__: object) -> Reply:
        return Reply(self.status, self.body)


def adapter(body: bytes, status: int = 200) -> NginxRtmp:
    config = ServerConfig(new_id(), "edge", ServerKind.NGINX_RTMP, "live", "http://127.0.0.1:1")
    return NginxRtmp(config, ServerSecrets(watch="pilot"), Recorded(body, status))  # type: ignore[arg-type]


def sends(client: int) -> bytes:
    return CLIENT % (client, 5000, b"FMLE/3.0", b"<publishing/>")


def plays(client: int, agent: bytes = b"LNX 9,0,124,2") -> bytes:
    return CLIENT % (client, 1000, agent, b"")


def test_publishers_viewers_and_we_are_told_apart() -> None:
    body = stat(stream(b"014", sends(1), plays(2), plays(3, b"bw-pilot"), plays(4, b"bw-pirate")))
    (found,) = adapter(body).discover()
    assert found.name == "live/014"
    assert [one.client for one in found.publishers] == ["1"]
    assert found.viewers == 2, "we are not a viewer, and nobody else is us"
    assert (found.width, found.video, found.seconds) == (1280, "H264", 5.21)
    assert {one.client for one in adapter(body).viewers("live/014")} == {"2", "4"}


@pytest.mark.parametrize(
    "name", [b"\x00", b"a\x01\x02", b"\xff\xfe", b"\x0b\x1f", "\u0000é".encode(), b"a\xc3"]
)
def test_a_name_of_control_characters_hides_no_other(name: bytes) -> None:
    body = stat(stream(name, sends(1)), stream(b"014", sends(2)))
    assert "live/014" in {one.name for one in adapter(body).discover()}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b"<!DOCTYPE x [<!ENTITY a 'b'>]><rtmp/>",
     b"<?xml version='1.0'?><!DOCTYPE r><rtmp/>", stat()[:-10]],
)  # fmt: skip
def test_what_is_no_list_is_unavailable_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(Unavailable):
        parse_stat(body)


def test_a_wall_of_a_thousand_streams_is_read_in_time() -> None:
    players = [plays(n) for n in range(20)]
    body = stat(*(stream(b"s%d" % n, sends(n), *players) for n in range(1_000)))
    began = time.process_time()
    assert len(adapter(body).discover()) == 1_000
    assert time.process_time() - began < 5, "a poll comes every five seconds"


def test_the_first_of_two_fields_counts_in_a_form() -> None:
    form = (
        b"app=live&addr=192.0.2.7&clientid=7&call=publish&name=014&name=x&call=play&app=y&watch=w"
    )
    hook = read_form("edge", form)
    assert (hook.kind, hook.call.name, hook.call.peer.client) == (HookKind.PUBLISH, "live/014", "7")
    assert hook.watch == "w"


def test_the_configuration_has_what_cutting_rests_on() -> None:
    conf = nginx_conf(Layout(hook="http://127.0.0.1:8700/v1/hooks/x/"))
    for line in ("worker_processes 1;", "idle_streams off;", "auth_request /_breakwater;",
                 "on_publish http://127.0.0.1:8700/v1/hooks/x/rtmp;", "auth_basic breakwater;"):  # fmt: skip
        assert line in conf
    assert "@" not in conf


@pytest.mark.parametrize(
    ("status", "todo"),
    [(500, r"500\. Look in nginx's error.log: .* breakwater.htpasswd"), (401, "recipe again")],
)
def test_a_check_says_where_to_look_when_nginx_refuses(status: int, todo: str) -> None:
    (found,) = adapter(b"", status).check()
    assert not found.done
    assert re.search(todo, found.detail), found.detail
