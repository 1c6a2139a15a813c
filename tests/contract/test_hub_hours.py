"""How members followed stands hour by hour for two weeks: sums grow, what is behind is the last word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from breakwater.hub.feeds.following import Following
from breakwater.hub.feeds.releases import Releases
from breakwater.model.hub import MemberKind
from breakwater.records import banks, entries, hub_feeds, hub_hours, hub_members

pytestmark = pytest.mark.usefixtures("keyring")
HOUR = timedelta(hours=1)


@pytest.fixture
def members(database):
    with database.transaction() as tx:
        return [
            hub_members.create(tx, name=name, kind=MemberKind.SERVICE).id for name in ("One", "Two")
        ]


@pytest.fixture
def following(database):
    return Following(database, Releases(database))


def listed(database, name, count):
    """So many entries more; answers the newest change."""
    with database.transaction() as tx:
        bank = banks.create(tx, name=name, verified=True)
        entries.add(tx, bank, [("md5", bytes([n] * 16), 100) for n in range(count)])
        return hub_feeds.newest(tx)


def told(database, member, since):
    with database.read() as tx:
        return [
            (one.dialect, one.rows, one.requests, one.errors, one.behind)
            for one in hub_hours.of_member(tx, member, since)
        ]


def test_requests_of_an_hour_are_one_row_of_each_way(database, following, members, clock):
    one, two = members
    begun = clock.now()
    newest = listed(database, "FIRST", 40)
    following.note(one, "json", rows=40, change=newest - 30)
    following.note(one, "csv", rows=7)
    following.turn()
    following.note(one, "json", rows=2, change=newest)
    following.note(one, "json", fault="It was cut off.")
    following.turn()
    assert told(database, one, begun) == [("csv", 7, 1, 0, None), ("json", 42, 3, 1, 0)]
    assert told(database, two, begun) == []
    clock.advance(HOUR.total_seconds())
    behind = listed(database, "SECOND", 5) - newest
    following.note(one, "json", rows=0)
    following.turn()
    assert told(database, one, clock.now()) == [("json", 0, 1, 0, behind)]
    assert behind >= 5
    assert len(told(database, one, begun)) == 3


def test_what_is_older_than_two_weeks_is_forgotten_and_the_sums_stay(
    database, following, members, clock
):
    begun = clock.now()
    following.note(members[0], "json", rows=3)
    following.turn()
    clock.advance((hub_hours.KEPT + 2 * HOUR).total_seconds())
    following.note(members[1], "json", rows=1)
    following.turn()
    assert told(database, members[0], begun) == []
    assert [row[1] for row in told(database, members[1], begun)] == [1]
    with database.read() as tx:
        (pull,) = hub_feeds.pulls(tx, members[0])
    assert pull.rows == 3
