"""Who watches what, since when, how busy: by the API, and on the settings of live streams."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.model.access import Role
from tests.integration.live_site import LiveSite, live_site, until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("watchers"), live_watch=True, live_watchers=1,
        live_preroll_seconds=0,
    ) as running:  # fmt: skip
        yield running


def test_a_watcher_is_listed_with_what_it_watches_until_that_ends(site: LiveSite) -> None:
    client = site.served.client(site.served.key("stream:read"))
    before = client.get("/v1/watchers").json()
    assert before["unplaced"] == 0
    assert [one["streams"] for one in before["watchers"] if one["streams"]] == []
    publisher = site.rtmp.push(name="live/one", gop=25)
    stream = site.stream("live/one")

    def listed() -> dict[str, object]:
        (one,) = client.get("/v1/watchers").json()["watchers"] or [{"streams": []}]
        return one if one["streams"] and one["streams"][0]["frames"] else {}

    one = until(listed)
    (watched,) = one["streams"]
    assert (watched["stream"], watched["label"]) == (stream.id, stream.label)
    assert (watched["sampling"], one["alive"], one["lost"]) == ("key", True, 0)
    assert one["process"] == site.app.live.watching.links()[0].process.pid
    assert 0 <= one["cpu"] < 2
    page = site.served.browser(Role.ADMIN).get("/settings/live").text
    assert f">{stream.label}</a> <small>key frames" in page
    publisher.stop()
    until(lambda: not client.get("/v1/watchers").json()["watchers"][0]["streams"])
    assert site.served.client(site.served.key("bank:read")).get("/v1/watchers").status_code == 403
