"""Many at once, in any order within their transactions: no deadlock, no number twice or lost."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest
from tests import builders

from breakwater.model.bank import EntryStatus
from breakwater.model.match import Action
from breakwater.records import cases, entries, uploads

pytestmark = pytest.mark.usefixtures("keyring")

THREADS, TURNS = 6, 12


SHARED = 1


def screen(tx, bank, name):
    found = builders.match(SHARED)
    uploads.finish(tx, replace(builders.upload(), verdict=builders.verdict(Action.HOLD, found)))


def open_case(tx, bank, name):
    builders.case(tx)


def count(tx, bank, name):
    entries.count_match(tx, [SHARED])


def add(tx, bank, name):
    builders.entry(tx, bank, seed=name)


def bulk(tx, bank, name):
    entries.add_lean(tx, bank, [builders.signal(seed=(name, n)) for n in range(5)])


def test_transactions_that_do_all_of_it_in_any_order_never_wait_for_one_another(database):
    with database.transaction() as tx:
        bank = builders.bank(tx)
        assert builders.entry(tx, bank, seed="shared").number == SHARED
    failures = []

    def work(number):
        acts = [screen, open_case, count, add, bulk]
        order = random.Random(number)
        try:
            for turn in range(TURNS):
                order.shuffle(acts)
                with database.transaction() as tx:
                    for act in acts[:3]:
                        act(tx, bank, f"{number}/{turn}/{act.__name__}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.read() as tx:
        check(tx, bank)


def check(tx, bank):
    rows = entries.page(tx, bank, limit=10_000)
    assert [entry.number for entry in rows] == list(range(1, len(rows) + 1))
    assert entries.counts(tx, bank) == {("pdq", EntryStatus.ACTIVE): len(rows)}
    waiting = cases.page(tx, limit=10_000)
    assert sorted(case.number for case in waiting) == list(range(1, len(waiting) + 1))
    changes = [row.change for row in entries.since(tx, 0, 10_000)]
    assert len(changes) == len(set(changes)) == len(rows)
    judged = len(uploads.recent(tx, 10_000))
    assert uploads.counts(tx, tx.now) == {"hold": judged}
