"""Who watched and left before a broadcast was stopped has a session; of others nothing is kept."""

from __future__ import annotations

import pytest

from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.live.audience import Audience
from breakwater.live.ports import Call, Peer
from breakwater.model.broadcast import Sender
from breakwater.model.stream import Control
from breakwater.model.watch import SessionSource
from breakwater.records import stream_orders, stream_people, streams, watchers

pytestmark = pytest.mark.usefixtures("keyring")


def plays(address, client, name="live/014", **more):
    return Call("edge", name, Peer(client, address, 50_001, agent="Player/1"), **more)


def test_a_stop_names_who_left_before_it_and_again_adds_nothing(database, vault, clock, tmp_path):
    audience = Audience(clock)
    keeping = Keeping(
        db=database, vault=vault, preroll=NothingKept(), prints=NothingKept(), spool=tmp_path,
        visits=audience.visits,
    )  # fmt: skip
    began = clock.now()
    audience.plays(plays("192.0.2.7", "7", account="acct-7"))
    audience.plays(plays("127.0.0.1", "8"))
    audience.plays(plays("192.0.2.9", "9", name="live/015"))
    clock.advance(40)
    audience.plays(plays("192.0.2.7", "7"))
    clock.advance(300)
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/014", sender=Sender(client="17"))
        assert stream_people.viewers(tx, stream.id) == [], "nothing is written before"
        order = stream_orders.want(tx, stream, Control.CUT, by="sam", why="person")
    for _ in range(2):
        keeping.keep(order)
    with database.read() as tx:
        (viewer,) = stream_people.viewers(tx, stream.id)
        (session,) = watchers.sessions(tx, stream.id, clear=True)
    assert (viewer.account, viewer.address, viewer.port) == ("acct-7", "192.0.2.7", 50_001)
    assert (viewer.joined_at, (viewer.left_at - began).total_seconds()) == (began, 40)
    assert session.watched.source is SessionSource.HOOK
