"""Wires the ways out of the hub: windows of time, changes, segments, files."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.curating import limits_of
from breakwater.app.ground import Ground
from breakwater.hub.contribute import Contribute
from breakwater.hub.feedback import Feedback
from breakwater.hub.feeds.changes import Changes
from breakwater.hub.feeds.clock import HubClock
from breakwater.hub.feeds.exports import Exports
from breakwater.hub.feeds.following import Following
from breakwater.hub.feeds.packs import Packs
from breakwater.hub.feeds.releases import MOVE_JOB, Releases
from breakwater.hub.feeds.segments import Segments
from breakwater.hub.feeds.windows import Windows
from breakwater.model.work import JobKind, Turn
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Feeding:
    """Every part that gives out what the hub has.

    Attributes:
        following: who follows, with what view, and how well.
        windows: the NCMEC dialect.
        changes: our own feed.
        segments: files to download.
        exports: a view as one file.
        packs: signed files for members without a network.
        feedback: what members say of entries by it.
    """

    clock: HubClock
    following: Following
    releases: Releases
    windows: Windows
    changes: Changes
    segments: Segments
    exports: Exports
    packs: Packs
    feedback: Feedback
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_feeds(settings: Settings, on: Ground) -> Feeding:
    """Put the parts together."""
    clock, releases = HubClock(on.db), Releases(on.db)
    following = Following(on.db, releases)
    segments = Segments(on.db, following, releases, settings.data_dir / "hub" / "segments")
    feedback = Feedback(db=on.db, feed=on.feed, limits=limits_of(settings))
    contribute = Contribute(db=on.db, feed=on.feed, limits=limits_of(settings))
    return Feeding(
        clock=clock, following=following, releases=releases,
        windows=Windows(on.db, following, clock),
        changes=Changes(on.db, following), segments=segments,
        exports=Exports(on.db, following),
        feedback=feedback, packs=Packs(on.db, following, contribute, feedback),
        jobs=(JobKind(MOVE_JOB, releases.move, lease_s=300.0),),
        turns=(
            Turn("hub stamps", 1.0, clock.turn),
            Turn("hub releases", 2.0, releases.turn),
            Turn("hub pulls", 5.0, following.turn),
            Turn("hub segments", 600.0, segments.turn),
        ),
    )  # fmt: skip
