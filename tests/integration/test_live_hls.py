"""A broadcast that is told by its playlist alone is watched like any other, in the jail."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.errors import NotFound
from breakwater.model.broadcast import Sender
from breakwater.model.ids import Id
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("hls"), live_watch=True, live_watchers=1, live_preroll_seconds=0
    ) as running:
        yield running


def frames(site: LiveSite, stream: Id) -> int:
    try:
        return site.app.live.watching.post(stream).frames
    except NotFound:
        return 0


def test_a_playlist_is_watched(site: LiveSite) -> None:
    publisher = site.rtmp.push(name="live/tiles")
    playlist = f"{site.rtmp.config.hls_url}/live/tiles/index.m3u8"
    until(lambda: ".ts" in httpx.get(playlist).text)
    told = Sender(service="live", pull_url=playlist)
    made = site.app.live.streams.begin(OPERATOR, "", "tiles-by-hls", told)
    until(lambda: frames(site, made.id) >= 4)
    shape = site.app.live.watching.post(made.id).shape
    assert shape is not None
    assert (shape.width, shape.height) == (320, 180)
    publisher.stop()
