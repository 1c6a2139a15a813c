"""A broadcast of more than two minutes leaves two minutes before its alarm, with its sound."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import av
import pytest

from breakwater.model.ids import Id
from breakwater.model.live import Preroll
from breakwater.model.stream import Control
from breakwater.records import stream_orders
from tests.integration.live_site import live_site, until

KEPT_S = 120.0
SHOWN_S = 140.0
SOUND = ("-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100", "-shortest",
         "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast",
         "-tune", "zerolatency", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac")  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(420)
def test_two_minutes_before_an_alarm_are_preserved_with_their_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Preroll] = []
    with live_site(tmp_path, live_watch=True, live_watchers=1) as site:
        app, watching = site.app, site.app.live.watching
        assert app.settings.live_preroll_seconds == KEPT_S, "the default"
        preserve = watching.preserve

        def noted(stream: Id) -> Preroll | None:
            found = preserve(stream)
            kept.extend([found] if found else [])
            return found

        monkeypatch.setattr(watching, "preserve", noted)
        publisher = site.rtmp.push(name="live/lasting", seconds=300, options=SOUND)
        stream = site.stream("live/lasting")
        post = until(lambda: next((p for p in watching.every() if p.frames), None), 60)
        until(lambda: post.last_s > SHOWN_S, SHOWN_S + 90)
        alarm = app.clock.now().timestamp() - post.seen.begun
        site.alert(stream, time_s=post.last_s)
        until(lambda: site.confirmed(stream, Control.FROZEN))

        def rows() -> list[str]:
            with app.db.read() as tx:
                found = stream_orders.preserved(tx, stream.id)
            return [one.blob for one in found if one.what == "preroll" and one.blob]

        blob = until(rows, 60)[0]
        publisher.stop()
        first = next(one for one in kept if one.blob == blob)
        assert alarm - first.start_s >= KEPT_S
        with app.vault.open(blob) as file, av.open(io.BytesIO(file.read())) as film:
            times = defaultdict(list)
            for packet in film.demux():
                if packet.pts is not None and packet.time_base is not None:
                    times[packet.stream.type].append(float(packet.pts * packet.time_base))
        after = max(0.0, first.end_s - alarm)
        for kind in ("video", "audio"):
            assert max(times[kind]) - min(times[kind]) - after >= KEPT_S, kind
        with app.vault.open(blob) as file, av.open(io.BytesIO(file.read())) as film:
            assert sum(frame.samples for frame in film.decode(audio=0)) >= KEPT_S * 44_100
