"""A recording that cannot be fetched is tried for long before it is purged, and is a named gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from breakwater.enforcement.keeping import NOTHING_YET, Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.enforcement.steps import PURGE_ANYWAY, PURGE_SEEN, PURGED, wait_after
from breakwater.enforcement.streams import Orders
from breakwater.errors import Unavailable
from breakwater.live.ports import Answer
from breakwater.model.broadcast import Sender
from breakwater.model.stream import Control, OrderState
from breakwater.observe import Metrics
from breakwater.records import stream_orders, streams

pytestmark = pytest.mark.usefixtures("keyring")


@dataclass
class FullDisk:
    """A media server that does everything but hand out its recording."""

    players_stay: bool = False
    purged: list[str] = field(default_factory=list)

    def __getattr__(self, act: str) -> Any:
        return lambda *_: Answer(done=True, detail="")

    def block_viewers(self, name: str) -> Answer:
        return Answer(done=not self.players_stay, detail="")

    def viewers(self, name: str) -> tuple[()]:
        return ()

    def recordings(self, name: str) -> tuple[str, ...]:
        return () if self.purged else ("live/014-1.flv",)

    def fetch_recording(self, recording: str, sink: Any) -> Answer:
        return Answer(done=False, detail="the server answered 503")

    def purge(self, name: str) -> Answer:
        self.purged.append(name)
        return Answer(done=True, detail="")


@dataclass
class NothingRecorded(FullDisk):
    """A media server whose recording was begun a moment ago."""

    def fetch_recording(self, recording: str, sink: Any) -> Answer:
        return Answer(done=True, detail="")


def test_it_is_tried_for_at_least_ten_minutes() -> None:
    waits = sum((wait_after(one) for one in range(1, PURGE_ANYWAY)), timedelta())
    assert waits >= timedelta(minutes=10)


@pytest.mark.parametrize(("players_stay", "last"), [(False, PURGE_ANYWAY), (True, PURGE_SEEN)])
def test_it_is_purged_in_the_last_pass_only_and_the_gap_is_named(
    database, clock, tmp_path, players_stay, last
):
    server = FullDisk(players_stay)
    keeping = Keeping(
        db=database, vault=None, preroll=NothingKept(), prints=NothingKept(), spool=tmp_path
    )
    orders = Orders(
        db=database, clock=clock, metrics=Metrics(), server=lambda _: server, keeping=keeping
    )
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/014", sender=Sender(client="17"))
        order = stream_orders.want(tx, stream, Control.CUT, by="sam", why="person")
    for attempt in (1, last - 1):
        with pytest.raises(Unavailable, match="purge"):
            orders.obey(order.id, attempt)
        assert server.purged == []
    if players_stay:
        with pytest.raises(Unavailable, match="drop_viewers"):
            orders.obey(order.id, last)
    else:
        assert orders.obey(order.id, last).state is OrderState.CONFIRMED
    orders.close()
    assert server.purged == ["live/014"]
    with database.read() as tx:
        gaps = [(one.what, one.gap) for one in stream_orders.preserved(tx, stream.id)]
    assert gaps == [("recording", "the server answered 503"), ("recording", PURGED)]


def test_an_empty_recording_is_a_gap_and_no_file(database, clock, tmp_path):
    server = NothingRecorded()
    keeping = Keeping(
        db=database, vault=None, preroll=NothingKept(), prints=NothingKept(), spool=tmp_path
    )
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/014", sender=Sender(client="17"))
    assert keeping.recordings(stream, server)
    with database.read() as tx:
        (kept,) = stream_orders.preserved(tx, stream.id)
    assert (kept.what, kept.blob, kept.gap) == ("recording", None, NOTHING_YET)
