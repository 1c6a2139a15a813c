"""A hostile broadcast through a real RTMP server: broken in every packet, beside a good one."""

from __future__ import annotations

from pathlib import Path

from breakwater.model.stream import StreamState
from breakwater.records import stream_alerts
from tests.integration.live_site import live_site, until

TORN = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
        "-pix_fmt", "yuv420p", "-bsf:v", "noise=amount=9")  # fmt: skip
"""Its header is whole, and its packets have random bytes at random places."""


def test_a_torn_rtmp_broadcast_hurts_no_other(tmp_path: Path) -> None:
    with live_site(tmp_path, live_watch=True, live_watchers=1) as site:
        watching = site.app.live.watching
        site.rtmp.push(name="live/good")
        good = site.stream("live/good")
        mine = until(
            lambda: next(
                (p for p in watching.every() if p.stream.id == good.id and p.frames), None
            ),
            30,
        )
        watcher, epoch = watching._links[0].process.pid, mine.epoch
        site.rtmp.push(name="live/torn", options=TORN)
        torn = site.stream("live/torn")

        def hurt() -> list[str]:
            with site.app.db.read() as tx:
                return [one.alert.kind for one in stream_alerts.of_stream(tx, torn.id)]

        def looked_at() -> bool:
            """A player that forgives shows something of it; else it is a case."""
            known = [p for p in watching.every() if p.stream.id == torn.id]
            return bool(hurt()) or any(p.frames >= 3 for p in known)

        until(looked_at, 30)
        assert set(hurt()) <= {"undecodable", "lost"}
        seen = mine.frames
        until(lambda: mine.frames >= seen + 3, 20)
        assert watching._links[0].process.pid == watcher
        assert mine.epoch == epoch
        assert site.stream("live/good").state is StreamState.LIVE
