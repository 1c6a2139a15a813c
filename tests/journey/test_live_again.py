"""What was cut comes back mirrored, under another name and account, and is stopped by its looks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from breakwater.enforcement.keeping import STOPPED
from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.stream import Control
from breakwater.records import banks, reels, stream_alerts, stream_orders
from tests.integration.live_site import live_site, until
from tests.integration.served import cut_signed

SIZE = "size=320x180:rate=25"
SCENE = f"mandelbrot={SIZE}:start_scale=0.4:end_scale=0.05:end_pts=400,format=yuv420p"
SUSPECT = DecisionFacts(role=AccountRole.SUSPECT, item=ItemFacts(Activity.POSING_OR_NUDITY))


@pytest.mark.long
def test_a_stopped_broadcast_is_known_when_it_comes_back_mirrored(tmp_path: Path) -> None:
    with live_site(
        tmp_path, live_watch=True, live_watchers=1, live_preroll_seconds=8
    ) as site:  # fmt: skip
        publisher = site.rtmp.push(SCENE, name="live/first")
        first = site.stream("live/first")
        until(lambda: len(site.app.live.watching.prints(first.id)) >= 10)
        reporter = site.service()
        site.app.live.streams.begin(reporter, "edge", "live/first", Sender(account="otter"))
        site.alert(first, kind="undecodable", reference=None, why="A viewer cannot see it.")
        person = site.moderator(Role.REVIEWER)
        site.app.review.decisions.decide(
            person, site.case(first).id, DecisionKind.ILLEGAL, facts=SUSPECT,
            signed=cut_signed(site.app, person, first.id),
        )  # fmt: skip
        publisher.wait_end()
        until(lambda: known(site, first))
        until(lambda: "preroll" in kept(site, first))

        mixed = f"testsrc2={SIZE}:duration=3,format=yuv420p[a];{SCENE},hflip[b];[a][b]concat=n=2"
        begun = time.monotonic()
        site.rtmp.push(mixed, name="live/second")
        second = site.stream("live/second")
        frozen = until(lambda: site.confirmed(second, Control.FROZEN))
        seconds = time.monotonic() - begun
        with site.app.db.read() as tx:
            alert = stream_alerts.of_stream(tx, second.id)[0].alert
        assert (alert.kind, alert.bank, frozen.why) == ("stopped", STOPPED, "stopped")
        assert seconds < 20.0


def known(site, stream):
    with site.app.db.read() as tx:
        if not [bank for bank in banks.every(tx) if bank.name == STOPPED]:
            return []
        return reels.by_source(tx, banks.get(tx, STOPPED), f"stream:{stream.id}")


def kept(site, stream):
    with site.app.db.read() as tx:
        return {one.what for one in stream_orders.preserved(tx, stream.id) if one.blob}
