"""Entries in columns: the same stands as by the way of single ones, in a fraction of the time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.contract.exchange_house import House

from breakwater.errors import PeerFault
from breakwater.exchange.clients import hub_files
from breakwater.exchange.clients.hub_files import Point
from breakwater.exchange.running import watched
from breakwater.model import segment_file
from breakwater.model.bank import EntryStatus
from breakwater.model.exchange import Gone, Many, Offered, Page, Unreadable
from breakwater.model.hub_feed import Gone as GoneNews
from breakwater.model.hub_feed import Source, Terms, Why
from breakwater.model.segment_file import Listed, Segment
from breakwater.records import entries, exchange_feeds, exchange_items
from breakwater.testing.exchange_clients import folded
from breakwater.testing.fake_ncmec import FakeNcmec

pytestmark = pytest.mark.usefixtures("keyring")

SHARED = Offered("", (), ("A1", "tlp:amber"), permitted_use="detection", source="A hotline")


def value(seed):
    return seed.to_bytes(4, "big") * 8


def many(seeds, shared=SHARED, first=1):
    seeds = list(seeds)
    remote = [str(first + at) for at in range(len(seeds))]
    return Many(shared, "pdq", remote, [value(one) for one in seeds], [80] * len(seeds))


@pytest.fixture
def house(database, clock, tmp_path):
    made = House(database, clock, tmp_path)
    with FakeNcmec(clock) as peer:
        made.one, made.two = made.add(peer, "one"), made.add(peer, "two")
    yield made
    made.running.close()


def take(house, feed, *pages):
    done = []
    for page in pages:
        with house.db.transaction() as tx:
            pull = exchange_feeds.begin(tx, feed)
            done.append(house.taking.page(tx, feed, pull, page))
    return done


def stands(house):
    """Value to what it says and whose ids it has."""
    with house.db.read() as tx:
        out = {}
        for feed in (house.one, house.two):
            ids = exchange_items.some(tx, feed.number, after="", limit=1000)
            for remote, known in exchange_items.of_remote(tx, feed.number, ids).items():
                for one in known:
                    entry = entries.many(tx, [one.number])[one.number]
                    out.setdefault(one.value, set()).add(
                        (feed.name, remote, entry.status, entry.labels, entry.source, entry.quality)
                    )
        return out


def test_columns_leave_what_single_entries_leave(house):
    """New values, one of them twice; known ones; ids that change their value; another feed's."""
    start = many([5, 3, 9, 3])
    after = many([3, 4, 9, 11, 12], replace(SHARED, source="Another"), first=2)
    take(house, house.one, Page((), "1", many=(start,)))
    take(house, house.two, Page((), "1", many=(after,)))
    done = take(house, house.one, Page((), "2", many=(after,)))
    assert (done[0].offered, done[0].gone) == (5, 0)
    by_columns = stands(house)
    with house.db.transaction() as tx:
        for number in range(1, 7):
            entries.set_status(tx, number, EntryStatus.WITHDRAWN, by="a test")
            for feed in (house.one, house.two):
                exchange_items.part_from(tx, feed.number, [(str(n), number) for n in range(1, 9)])
    assert stands(house) == {}
    take(house, house.one, Page(tuple(start.offers()), "1"))
    take(house, house.two, Page(tuple(after.offers()), "1"))
    take(house, house.one, Page(tuple(after.offers()), "2"))
    assert stands(house) == by_columns
    assert set(by_columns) == {value(one) for one in (5, 3, 9, 4, 11, 12)}


def test_a_page_that_comes_twice_changes_nothing(house):
    page = Page((), "1", many=(many(range(50)),))
    first, again = take(house, house.one, page, page)
    assert (first.offered, first.added) == (50, 50)
    assert (again.added, again.gone) == (0, 0)
    assert len(stands(house)) == 50


@pytest.mark.parametrize("lasts", [True, False])
@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_what_comes_back_by_another_id_is_called_what_it_is_called_now(
    house, columns, together, lasts
):
    """A follower that was away reads at once that an entry was taken back and given anew."""
    soon = house.clock.now() + timedelta(days=1)
    later = None if lasts else soon + timedelta(days=30)
    now = replace(SHARED, labels=("B1",), source="Another", expires_at=later)
    first, anew = many([5], replace(SHARED, expires_at=soon)), many([5, 6], now, first=8)
    given = Page((), "2", many=(anew,)) if columns else Page(tuple(anew.offers()), "2")
    over = Page((Gone("1"),), "3")
    take(house, house.one, Page(tuple(first.offers()), "1"))
    if together:
        take(house, house.one, replace(given, items=(*given.items, *over.items)))
    else:
        take(house, house.one, given, over)
    with house.db.read() as tx:
        known = exchange_items.of_remote(tx, house.one.number, ["1", "8", "9"])
        numbers = [one.number for some in known.values() for one in some]
        found = [entries.get(tx, number) for number in numbers]
    assert set(known) == {"8", "9"}
    assert {one.status for one in found} == {EntryStatus.ACTIVE}
    said = {(one.labels, one.source, one.expires_at) for one in found}
    assert said == {(("B1",), "Another", later)}


def test_what_another_feed_brought_keeps_its_name(house):
    take(house, house.one, Page((), "1", many=(many([5]),)))
    other = many([5, 6], replace(SHARED, labels=("B1",)), first=8)
    take(house, house.two, Page((), "1", many=(other,)))
    with house.db.read() as tx:
        (known,) = exchange_items.of_remote(tx, house.two.number, ["8"])["8"]
        assert entries.get(tx, known.number).labels == SHARED.labels


def test_a_flood_of_columns_that_nobody_vouched_for_is_held(house):
    house.most = 30
    (done,) = take(house, house.one, Page((), "1", many=(many(range(31)),)))
    assert (done.added, done.held) == (31, 31)
    (known,) = take(house, house.two, Page((), "1", many=(many(range(31)),)))
    assert (known.added, known.held) == (0, 0)
    house.most = 32 + 31
    vouched = replace(house.two, vouched_by=house.by.person)
    (done,) = take(house, vouched, Page((), "2", many=(many(range(100, 150), first=500),)))
    assert (done.added, done.held) == (50, 0)


def test_an_id_that_cannot_be_kept_is_told_and_the_rest_taken(house):
    odd = replace(many(range(3)), remote=["1", "x" * 201, "3"])
    (done,) = take(house, house.one, Page((), "1", many=(odd,)))
    assert (done.offered, done.added, done.bad) == (2, 2, 1)


def test_a_page_of_columns_that_comes_again_is_a_circle():
    pages = [Page((), "a", many=(many([1, 2]),)), Page((), "a", many=(many([1, 2]),))]
    with pytest.raises(PeerFault, match="circle"):
        list(watched(iter(pages), ""))


def terms(**more):
    known = {"list": "SHARED", "sources": (Source(1, "A hotline"),), "permitted_use": "detection",
             "category": "A1", "labels": (), "tlp": "amber", "source": "", "expires_at": None}  # fmt: skip
    return Terms(**known | more)


def segment(rows=3000, *, harmless=(), few=(), gone=(7000, 7001)):
    """Rows of one kind: most share the first terms, `few` have the second."""
    numbers = np.arange(1, rows + 1, dtype=np.uint32)
    place, negative = np.zeros(rows, np.uint32), np.zeros(rows, np.uint8)
    place[list(few)], negative[list(harmless)] = 1, 1
    size = np.full(rows, 90, np.uint8)
    values = np.frombuffer(b"".join(value(int(n)) for n in numbers), np.uint8).reshape(rows, 32)
    part = segment_file.Section(
        "pdq", numbers, numbers.astype(np.int64), place, negative, size, size, values
    )
    told = segment_file.tombstones([GoneNews(9, number, Why.WITHDRAWN) for number in gone])
    both = (terms(), terms(category="B1", list="OTHER"))
    return Segment("h", "v", 0, 9000, both, (part,), told), Listed(
        "n", 0, 9000, rows + 2, 0, "d" * 64
    )


def read(point=Point(), wanted=lambda _: True, **how):  # noqa: B008 - frozen
    return list(hub_files.pages(*segment(**how), point, wanted))


def test_a_segment_is_read_whole_in_columns_and_single_entries():
    pages = read(harmless=[0, 1], few=[5, 6])
    found = folded(pages)
    assert set(found) == {str(n) for n in range(3, 3001)}
    assert [name for name, one in found.items() if one.labels[0] == "B1"] == ["6", "7"]
    assert found["9"].signals == (("pdq", value(9), 90),)
    assert sum(len(one.remote) for page in pages for one in page.many) == 2996
    said = {item for page in pages for item in page.items if isinstance(item, Gone)}
    assert said == {Gone("1"), Gone("2"), Gone("7000"), Gone("7001")}
    assert set(folded(read(few=[5, 6], wanted=lambda one: one.list == "OTHER"))) == {"6", "7"}


def test_a_segment_goes_on_at_any_checkpoint(monkeypatch):
    monkeypatch.setattr(hub_files, "PAGE_OF_MANY", 1100)
    monkeypatch.setattr(hub_files, "PAGE", 40)
    whole = read(few=range(0, 900, 10))
    wanted = folded(whole)
    assert len(whole) > 6
    for at, page in enumerate(whole):
        rest = read(Point.read(page.checkpoint), few=range(0, 900, 10))
        assert folded(rest, folded(whole[: at + 1])) == wanted
    assert json.loads(whole[-1].checkpoint)["after"] == 9000
    assert len(read(Point.read(whole[-2].checkpoint), few=range(0, 900, 10))) == 1


def test_a_segment_that_names_an_entry_twice_is_refused():
    with pytest.raises(PeerFault, match="twice"):
        read(gone=(5,))


def test_a_kind_of_another_size_is_told_row_by_row():
    made, listed = segment(20)
    odd = replace(made, sections=(replace(made.sections[0], kind="md5"),))
    pages = list(hub_files.pages(odd, listed, Point(), lambda _: True))
    assert sum(isinstance(one, Unreadable) for page in pages for one in page.items) == 20
