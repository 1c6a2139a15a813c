"""Where broadcasts are fetched: one checked address, or a refusal."""

from __future__ import annotations

import ipaddress
from typing import Any, cast

import pytest
from tests.builders_live import stream

from breakwater.errors import FetchRefused, Unavailable
from breakwater.live.servers import Servers
from breakwater.live.watching.locating import Locator
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind
from breakwater.network.addresses import networks

HOSTS = {"edge.example": "93.184.215.14", "inside.example": "10.0.0.7", "own": "10.0.0.9"}
EDGE = ServerConfig(
    id=new_id(), name="edge", kind=ServerKind.NGINX_RTMP, service="live",
    control_url="http://own:18090", rtmp_url="rtmp://own:1935",
)  # fmt: skip


class _Adapter:
    def pull_url(self, name: str) -> str:
        return f"rtmp://own:1935/{name}?watch=pass"

    def pull_options(self) -> dict[str, str]:
        return {"rtmp_flashver": "breakwater"}


class _Servers:
    def every(self) -> list[ServerConfig]:
        return [EDGE]

    def adapter(self, _name: str) -> _Adapter:
        return _Adapter()


def resolve(host: str, _port: int) -> list[Any]:
    try:
        return [ipaddress.ip_address(HOSTS.get(host, host))]
    except ValueError:
        raise OSError("unknown host") from None


def locator() -> Locator:
    return Locator(cast("Servers", _Servers()), networks(("10.0.0.0/24",)), resolve=resolve)


def test_a_media_server_is_fetched_at_its_address_with_our_pass() -> None:
    target = locator()(stream())
    assert (target.host, target.port, target.form) == ("10.0.0.9", 1935, "rtmp")
    assert target.url == "rtmp://10.0.0.9:1935/live/1?watch=pass"
    assert target.options == {
        "rtmp_flashver": "breakwater", "rtmp_tcurl": "rtmp://own:1935/live",
    }  # fmt: skip


def test_over_tls_the_name_goes_along_and_the_child_is_told_of_plain_rtmp() -> None:
    target = locator()(stream(server="", pull_url="rtmps://edge.example/live/x"))
    assert (target.host, target.port, target.form) == ("93.184.215.14", 443, "rtmps")
    assert target.name == "edge.example"
    assert target.url == "rtmp://93.184.215.14:443/live/x"
    assert target.options == {"rtmp_tcurl": "rtmps://edge.example/live"}


def test_a_told_address_is_public_or_a_media_server() -> None:
    public = locator()(stream(server="", pull_url="rtmp://edge.example/live/x"))
    assert (public.host, public.port) == ("93.184.215.14", 1935)
    own = locator()(stream(server="", pull_url="rtmp://own:1935/live/x"))
    assert own.host == "10.0.0.9"


@pytest.mark.parametrize(
    "url",
    [
        "rtmp://inside.example/live/x", "rtmps://inside.example/live/x",
        "rtmp://10.0.0.9:6379/live/x", "rtmp://127.0.0.1/live/x",
        "rtmp://169.254.169.254/live/x", "rtmp://[::1]/live/x", "rtmp://[64:ff9b::7f00:1]/l/x",
        "file:///etc/passwd", "rtmp:///x", "concat:rtmp://edge.example/x", "gopher://edge.example/x",
        "http://edge.example/x.m3u8",
    ],
)  # fmt: skip
def test_what_a_service_must_not_make_us_reach(url: str) -> None:
    with pytest.raises(FetchRefused):
        locator()(stream(server="", pull_url=url))


def test_unknown_hosts_and_broadcasts_without_an_address_are_said() -> None:
    for unknown in (stream(server="", pull_url="rtmp://nowhere.example/x/y"), stream(server="")):
        with pytest.raises(Unavailable):
            locator()(unknown)
