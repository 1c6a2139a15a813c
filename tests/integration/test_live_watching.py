"""Broadcasts of a real nginx are watched: seen, matched, kept, and watched again after a fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.live_site import LiveSite, live_site, until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("watching"), live_watch=True, live_watchers=1
    ) as running:
        yield running


def test_a_broadcast_is_seen_within_seconds(site: LiveSite) -> None:
    site.rtmp.push(name="live/seen")
    stream = until(lambda: site.stream("live/seen"), 5)
    watching = site.app.live.watching
    until(lambda: len(watching.prints(stream.id)) >= 3, 10)
    post = watching.post(stream.id)
    assert post.shape is not None
    assert (post.shape.width, post.shape.height) == (320, 180)
    assert post.stills["s1"][:4] == b"RIFF"
