"""What a service says of a broadcast's comments makes its watcher look more closely, at once.

`full` decodes every frame and looks at eight a second: at 25 frames a second that is one in four,
0.16 s apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from breakwater.live.watching.post import FAST_RISK, FULL_RISK, Post
from breakwater.model.live import Sampling
from tests.integration.live_site import LiveSite, live_site, until

GOP_S = 2.0
RATE = 25


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("sampling"), live_watch=True, live_watchers=1,
        live_preroll_seconds=8,
    ) as running:  # fmt: skip
        yield running


def gaps(post: Post, count: int) -> list[float]:
    """Seconds of the broadcast between its last frames that were looked at."""
    times = [one.time_s for one in tuple(post.prints)][-count - 1 :]
    return [after - before for before, after in pairwise(times)]


def closer(post: Post, count: int, most_s: float) -> bool:
    """Whether the last so many frames follow one another within `most_s`."""
    found = gaps(post, count)
    return len(found) == count and max(found) <= most_s


def test_risk_from_comments_takes_the_child_from_key_frames_to_eight_a_second(
    site: LiveSite,
) -> None:
    publisher = site.rtmp.push(name="live/talk", gop=round(GOP_S * RATE))
    stream = site.stream("live/talk")
    until(lambda: any(one.stream.id == stream.id for one in site.app.live.watching.every()))
    post = site.app.live.watching.post(stream.id)
    until(lambda: gaps(post, 2) == pytest.approx([GOP_S, GOP_S], abs=0.1))
    assert post.sampling is Sampling.KEY

    key = site.served.client(site.served.key("stream:write", service="live"))
    for risk, sampling, most_s in (
        (FAST_RISK + 0.05, Sampling.FAST, 0.7),
        (FULL_RISK + 0.05, Sampling.FULL, 0.2),
    ):
        told = {"kind": "comments", "risk": risk}
        answer = key.post(f"/v1/streams/{stream.id}/events", json=told)
        assert answer.status_code == 200, answer.text
        until(lambda most_s=most_s: closer(post, 6, most_s))
        assert post.sampling is sampling
    assert site.stream("live/talk").risks["comments"] == pytest.approx(FULL_RISK + 0.05)
    publisher.stop()
