"""Broadcasts of a real nginx are watched: seen, matched, kept, and watched again after a fault."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from breakwater.errors import NotFound
from breakwater.live.watching.post import Post
from breakwater.model.broadcast import Preserved, Sender
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control, Evidence, Stream, StreamState
from breakwater.records import banks, reels, stream_alerts, stream_orders, streams
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR

SIZE = "size=320x180:rate=25"
SCENE = f"mandelbrot={SIZE}:start_scale=0.4:end_scale=0.05:end_pts=400,format=yuv420p"
"""A slow flight over a fractal: every second is new, and nobody has ever seen it."""
BEHIND_S = 2.0
SOON_S = 2.0
"""Generous: on a quiet machine it is 0.9 s, of which half a second is the wait for a key frame."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("watching"), live_watch=True, live_watchers=1,
        live_preroll_seconds=8,
    ) as running:  # fmt: skip
        until(lambda: warm(running))
        yield running


def warm(site: LiveSite) -> bool:
    """Watchers run before the first broadcast, because a media server was entered."""
    links = site.app.live.watching.links()
    return bool(links) and all(link.ready.is_set() for link in links)


def post_of(site: LiveSite, stream: Stream, frames: int = 1) -> Post:
    """How it is watched, once so many frames were looked at."""

    def found() -> Post | None:
        try:
            post = site.app.live.watching.post(stream.id)
        except NotFound:
            return None
        return post if post.frames >= frames else None

    post: Post = until(found)
    return post


def learn(site: LiveSite, stream: Stream, name: str) -> Id:
    """Put what a broadcast showed into a bank as a known video."""
    frames = site.app.live.watching.prints(stream.id)
    with site.app.db.transaction() as tx:
        bank = banks.create(tx, name=name, purpose="tests", source="tests")
        reel = reels.add(
            tx, bank=bank, label="a flight", source="tests",
            duration_s=frames[-1].time_s - frames[0].time_s, frames=frames, by="tests",
        )  # fmt: skip
    return reel.id


def test_a_known_video_is_noticed_frozen_and_kept(site: LiveSite) -> None:
    publisher = site.rtmp.push(SCENE, name="live/first", gop=25)
    first = site.stream("live/first")
    post = post_of(site, first, frames=9)
    assert post.shape is not None
    assert (post.shape.width, post.shape.height) == (320, 180)
    assert post.small_still()[:4] == b"RIFF"
    reel = learn(site, first, "FLIGHTS")
    publisher.stop()
    until(lambda: site.stream("live/first").state is StreamState.ENDED)

    mixed = f"testsrc2={SIZE}:duration=4,format=yuv420p[a];{SCENE},hflip[b];[a][b]concat=n=2"
    again = site.rtmp.push(mixed, name="live/second", gop=25)
    second = site.stream("live/second")
    with site.rtmp.play("live/second") as player:
        player.wait_bytes(10_000)
        best = until(lambda: copied(site, second))  # on a busy machine it may be frozen before
        until(lambda: site.confirmed(second, Control.FROZEN))
    assert (best.alert.kind, best.alert.reference) == ("copy", reel)
    assert best.segments[0].mirrored
    assert site.case(second).account == second.account
    kept = until(
        lambda: [
            one for one in _preserved(site, second) if one.what == "preroll" and one.blob
        ], 40,
    )  # fmt: skip
    with site.app.vault.open(kept[0].blob) as file, av.open(io.BytesIO(file.read())) as video:
        shown = [frame.time for frame in video.decode(video=0)]
    assert shown[-1] - shown[0] >= 3.0
    again.stop()


def copied(site: LiveSite, stream: Stream) -> Evidence | None:
    """The newest alert of a known video that froze it."""
    with site.app.db.read() as tx:
        for one in stream_alerts.of_stream(tx, stream.id):
            if one.alert.kind == "copy" and one.wanted.rank >= Control.FROZEN.rank:
                return one
    return None


def _preserved(site: LiveSite, stream: Stream) -> list[Preserved]:
    with site.app.db.read() as tx:
        return list(stream_orders.preserved(tx, stream.id))


def test_a_killed_watcher_is_replaced_and_its_old_epoch_means_nothing(site: LiveSite) -> None:
    publisher = site.rtmp.push(f"smptehdbars={SIZE}", name="live/kill")
    stream = site.stream("live/kill")
    post = post_of(site, stream, frames=2)
    watching, before, frames = site.app.live.watching, post.epoch, post.frames
    watching._links[0].process.kill()
    until(lambda: post.epoch > before and post.frames > frames)
    assert publisher.sending
    until(lambda: site.stream("live/kill").seen_share > 0)
    publisher.stop()
    until(lambda: site.stream("live/kill").state is StreamState.ENDED)
    with site.app.db.read() as tx:
        assert stream_alerts.of_stream(tx, stream.id) == []
    assert watching.prints(stream.id)


def test_a_pull_opens_with_the_first_key_frame_it_can_get(site: LiveSite) -> None:
    """nginx sends a player nothing before the next key frame; here they are half a second apart."""
    taken: list[float] = []
    while not taken or (min(taken) >= SOON_S and len(taken) < 4):
        name = f"live/soon{len(taken)}"  # the best of a few: others work on this machine too
        publisher = site.rtmp.push(name=name, gop=12, wait=False)
        watching = site.app.live.watching
        until(lambda name=name: any(one.stream.name == name for one in watching.every()))  # noqa: B023
        stream = site.stream(name)
        post = post_of(site, stream)
        assert post.prints[0].time_s == 0.0
        taken.append(post.opened_at - stream.started_at.timestamp())
        publisher.stop()
    assert min(taken) < SOON_S


def test_a_broadcast_told_of_before_it_begins_is_fetched_when_it_does(site: LiveSite) -> None:
    told = Sender(service="live", account="acct-9")
    stream = site.app.live.streams.begin(site.service(), "edge", "live/later", told)
    post = until(lambda: _in_vain(site, stream))
    post.again_at = site.app.clock.now().timestamp() + 60.0
    publisher = site.rtmp.push(name="live/later", gop=12, wait=False)
    until(lambda: post.frames)
    publisher.stop()


def test_what_was_on_its_way_when_it_was_cut_is_looked_at_and_kept(site: LiveSite) -> None:
    """On a busy machine the child is behind: here it stands still until the publisher is gone."""
    publisher = site.rtmp.push(name="live/late", gop=12)
    stream = site.stream("live/late")
    post = post_of(site, stream, frames=2)
    behind = below(site.app.live.watching._links[0].process.pid)
    for pid in behind:
        os.kill(pid, signal.SIGSTOP)
    seen, stopped = post.last_s, time.monotonic()
    until(lambda: time.monotonic() - stopped > BEHIND_S)
    site.app.enforcement.wishes.want(
        OPERATOR, stream.id, Control.CUT, broadcaster=Broadcaster.UNKNOWN
    )
    publisher.wait_end()
    until(lambda: site.stream("live/late").state is StreamState.ENDED)
    for pid in behind:
        os.kill(pid, signal.SIGCONT)
    kept = until(  # a try that came too soon left a row without bytes
        lambda: [one for one in _preserved(site, stream) if one.what == "preroll" and one.blob]
    )
    assert post.last_s - seen > BEHIND_S - 1.0
    with site.app.vault.open(kept[0].blob) as file, av.open(io.BytesIO(file.read())) as video:
        shown = [frame.time for frame in video.decode(video=0)]
    assert shown[-1] - shown[0] > BEHIND_S


def below(pid: int) -> list[int]:
    """Every process under one."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(place.name)] = int(
                (place / "stat").read_text().rpartition(")")[2].split()[1]
            )
    found = [one for one, parent in parents.items() if parent == pid]
    return found + [deeper for one in found for deeper in below(one)]


def _in_vain(site: LiveSite, stream: Stream) -> Post | None:
    """How it is watched, once every early try was in vain and it waits."""
    for post in site.app.live.watching.every():
        if post.stream.id == stream.id and post.tries and post.link is None:
            return post
    return None


def test_a_broadcast_that_nobody_can_fetch_is_an_alert_not_a_gap(site: LiveSite) -> None:
    with site.app.db.transaction() as tx:
        told = Sender(service="live", pull_url=f"{site.rtmp.url}/live/ghost")
        made = streams.start(tx, server="", name="ghost", sender=told)
        quiet = streams.start(tx, server="", name="told", sender=Sender(service="live"))

    def alerts() -> list[str]:
        with site.app.db.read() as tx:
            return [one.alert.kind for one in stream_alerts.of_stream(tx, made.id)]

    assert until(alerts, 25) == ["lost"]
    with site.app.db.read() as tx:
        found = streams.get(tx, made.id)
        untold = stream_alerts.of_stream(tx, quiet.id)
    assert found.state is StreamState.LOST
    assert untold == []  # nobody said where it can be fetched: that is shown, and no case
    assert found.case is not None
