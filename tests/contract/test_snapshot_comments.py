"""Comments of a stopped broadcast are kept with the account's data, or are a gap."""

from __future__ import annotations

import json

import pytest

from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.intake.snapshot import NO_COMMENTS, Snapshots
from breakwater.model.broadcast import Sender
from breakwater.model.ids import new_id
from breakwater.model.stream import Control
from breakwater.records import accounts, stream_orders, streams

pytestmark = pytest.mark.usefixtures("keyring")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
COMMENTS = [{"account": "heron", "at": "2026-03-01T12:00:00Z", "text": "good evening"}]


class Service:
    """Answers the question with what it has."""

    def __init__(self, **facts: object) -> None:
        self._facts = facts

    def post(self, *_: object) -> tuple[int, bytes]:
        return 200, json.dumps({"account": "otter"} | self._facts).encode()


@pytest.mark.parametrize(
    ("url", "facts", "rows"),
    [
        ("https://x.example/", {"comments": COMMENTS}, [("1 in the account's data", "")]),
        ("https://x.example/", {}, [("", NO_COMMENTS)]),
        ("", {}, [("", NO_COMMENTS)]),
    ],
)
def test_comments_are_kept_or_a_gap_says_that_none_were_told(database, clock, url, facts, rows):
    with database.transaction() as tx:
        sender = Sender(client="17", service="clips", account="otter")
        stream = streams.start(tx, server="edge", name="live/014", sender=sender)
    asking = Snapshots(db=database, clock=clock, fetcher=Service(**facts), url=url, secret=SECRET)
    asking.run({"case": new_id(), "stream": stream.id}, 1)
    with database.read() as tx:
        kept = stream_orders.preserved(tx, stream.id)
        told = accounts.latest(tx, "clips", "otter")
    assert [(one.what, one.detail, one.gap) for one in kept] == [("comments", *rows[0])]
    assert (told.facts["comments"] if url else told) == facts.get("comments")


def test_where_no_account_is_known_the_comments_are_a_gap_at_once(database, tmp_path):
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/014", sender=Sender(client="17"))
        order = stream_orders.want(tx, stream, Control.CUT, by="sam", why="person")
    Keeping(
        db=database, vault=None, preroll=NothingKept(), prints=NothingKept(), spool=tmp_path
    ).keep(order)
    with database.read() as tx:
        gaps = {one.what: one.gap for one in stream_orders.preserved(tx, stream.id)}
    assert gaps["comments"] == NO_COMMENTS
