"""Hostile broadcasts through a real RTMP server: each ends or goes on alone, and no other is hurt.

One is broken in every packet; one is larger than anything may be, and its child has to refuse it.
Every broadcast has a child of its own, so what is asked is which processes live on.
"""

from __future__ import annotations

from pathlib import Path

from breakwater.model.stream import Stream, StreamState
from breakwater.records import stream_alerts
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.test_live_pull import children_of

CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
         "-pix_fmt", "yuv420p")  # fmt: skip
TORN = (*CODED, "-bsf:v", "noise=amount=9")
"""Its header is whole, and its packets have random bytes at random places."""
HUGE = "color=size=4608x2592:rate=2"
"""More than `held.MAX_PIXELS`."""


def alerts(site: LiveSite, stream: Stream) -> set[str]:
    with site.app.db.read() as tx:
        return {one.alert.kind for one in stream_alerts.of_stream(tx, stream.id)}


def frames(site: LiveSite, stream: Stream) -> int:
    every = site.app.live.watching.every()
    return next((one.frames for one in every if one.stream.id == stream.id), 0)


def test_hostile_broadcasts_end_alone(tmp_path: Path) -> None:
    with live_site(tmp_path, live_watch=True, live_watchers=1) as site:
        watching = site.app.live.watching
        site.rtmp.push(name="live/good")
        good = site.stream("live/good")
        until(lambda: frames(site, good))
        watcher = watching._links[0].process.pid
        (mine,) = children_of(watcher)

        site.rtmp.push(name="live/torn", options=TORN)
        torn = site.stream("live/torn")
        # A player that forgives shows something of it; else it is a case.
        until(lambda: alerts(site, torn) or frames(site, torn) >= 3)
        assert alerts(site, torn) <= {"undecodable", "lost"}

        before = set(children_of(watcher))
        site.rtmp.push(HUGE, name="live/huge", options=CODED)
        huge = site.stream("live/huge")
        theirs = until(lambda: set(children_of(watcher)) - before)
        until(lambda: "undecodable" in alerts(site, huge))
        until(lambda: not theirs & set(children_of(watcher)))
        assert frames(site, huge) == 0, "nothing of it was decoded"

        seen = frames(site, good)
        until(lambda: frames(site, good) >= seen + 3)
        assert mine in children_of(watcher), "the good one's child lives"
        assert watching._links[0].process.pid == watcher
        assert site.stream("live/good").state is StreamState.LIVE
