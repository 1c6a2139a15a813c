"""Seconds of entries: none late, none lost, whatever writers, crashes and clocks do."""

from __future__ import annotations

import random
import threading

from tests import builders

from breakwater.records import entries, hub_stamps

NOW = 1_772_366_400


def rows(n: int, start: int = 0):
    return [("pdq", builders.value("pdq", i), 90) for i in range(start, start + n)]


def add(database, bank, n: int, start: int) -> None:
    with database.transaction() as tx:
        entries.add_lean(tx, bank, rows(n, start))


def made(database):
    with database.transaction() as tx:
        return builders.bank(tx)


def stamp(database, now: int, most: int = 100) -> int:
    with database.transaction() as tx:
        return hub_stamps.stamp(tx, now=now, most=most)


def close(database, now: int) -> None:
    with database.transaction() as tx:
        hub_stamps.set_mark(tx, hub_stamps.CLOSED, now)


def seconds(database) -> dict[int, int]:
    with database.read() as tx:
        news = entries.since(tx, 0, 10_000)
        known = hub_stamps.seconds(tx, news[0].change, news[-1].change)
        return {row.number: known.of(row.change) for row in news}


def test_a_bulk_is_spread_over_seconds_in_the_order_of_changes(database):
    bank = made(database)
    close(database, NOW)
    add(database, bank, 250, 0)
    stamp(database, NOW, most=100)
    found = seconds(database)
    assert sorted(found.values()) == [NOW] * 100 + [NOW + 1] * 100 + [NOW + 2] * 50
    assert [found[n] for n in sorted(found)] == sorted(found.values())


def test_a_list_from_before_the_first_follower_is_whole_at_once(database):
    bank = made(database)
    add(database, bank, 250, 0)
    stamp(database, NOW, most=100)
    assert sorted(set(seconds(database).values())) == [NOW - 2, NOW - 1, NOW]


def test_a_second_that_is_not_full_takes_more(database):
    bank = made(database)
    close(database, NOW)
    add(database, bank, 60, 0)
    stamp(database, NOW)
    add(database, bank, 60, 60)
    stamp(database, NOW)
    assert sorted(seconds(database).values()) == [NOW] * 100 + [NOW + 1] * 20
    assert stamp(database, NOW) == 0


def test_nothing_appears_in_a_second_that_is_closed_though_the_clock_steps_back(database):
    bank = made(database)
    add(database, bank, 10, 0)
    stamp(database, NOW)
    close(database, NOW + 5)
    with database.read() as tx:
        before = hub_stamps.upto(tx, NOW + 5)
    add(database, bank, 10, 10)
    stamp(database, NOW - 3600)
    with database.read() as tx:
        assert hub_stamps.upto(tx, NOW + 5) == before
    assert max(seconds(database).values()) == NOW + 5
    close(database, NOW)
    with database.read() as tx:
        assert hub_stamps.mark(tx, hub_stamps.CLOSED) == NOW + 5


def test_an_entry_that_changes_again_carries_a_new_second(database):
    bank = made(database)
    close(database, NOW)
    add(database, bank, 3, 0)
    stamp(database, NOW)
    with database.transaction() as tx:
        entries.override(tx, 2, note="Seen again.")
    with database.read() as tx:
        assert hub_stamps.pending(tx)
    stamp(database, NOW + 60)
    found = seconds(database)
    assert (found[1], found[2], found[3]) == (NOW, NOW + 60, NOW)
    with database.read() as tx:
        assert not hub_stamps.pending(tx)


def test_windows_of_a_follower_beside_writers_and_stampers_hold_each_row_once(database):  # noqa: C901 - three kinds of threads
    """Windows that touch, asked while others write and stamp with clocks that disagree."""
    bank = made(database)
    close(database, NOW)
    stop, clock = threading.Event(), [NOW]
    last: dict[int, int] = {}
    held: list[tuple[int, int, int]] = []

    def write(own: int) -> None:
        for turn in range(12):
            add(
                database,
                bank,
                random.Random(own * 100 + turn).randint(1, 30),
                own * 10_000 + turn * 40,
            )

    def stamps(skew: int) -> None:
        while not stop.is_set():
            stamp(database, clock[0] + skew, most=25)

    def follow(after: int, to: int) -> None:
        with database.transaction() as tx:
            hub_stamps.stamp(tx, now=clock[0], most=25)
            hub_stamps.set_mark(tx, hub_stamps.CLOSED, to)
            lower, upper = hub_stamps.upto(tx, after), hub_stamps.upto(tx, to)
            for row in entries.since(tx, lower, 100_000):
                if row.change <= upper:
                    known = hub_stamps.seconds(tx, row.change, row.change)
                    held.append((row.number, row.change, known.of(row.change)))
                    last[row.number] = row.change

    writers = [threading.Thread(target=write, args=(own,)) for own in range(3)]
    stampers = [threading.Thread(target=stamps, args=(skew,)) for skew in (-3600, 0)]
    for thread in (*writers, *stampers):
        thread.start()
    seen = NOW - 1
    while any(thread.is_alive() for thread in writers):
        clock[0] += 1
        follow(seen, clock[0])
        seen = clock[0]
    stop.set()
    for thread in (*writers, *stampers):
        thread.join()
    follow(seen, NOW + 1_000_000)
    with database.read() as tx:
        truth = {row.number: row.change for row in entries.since(tx, 0, 100_000)}
    assert last == truth
    assert len(held) == len(truth)
