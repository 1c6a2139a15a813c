"""The index follows SQL however far it is behind, and whatever the changes are."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.model.access import Principal
from breakwater.model.bank import EntryStatus
from breakwater.recognition import feed
from breakwater.records import banks, entries


def many(count: int, size: int, seed: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    return [rng.bytes(size) for _ in range(count)]


@pytest.fixture
def behind(app: App, machine: Principal, monkeypatch: pytest.MonkeyPatch) -> App:
    """An installation whose index takes more than 40 changes at once into a segment."""
    monkeypatch.setattr(feed, "MANY", 40)
    monkeypatch.setattr(feed, "BATCH", 15)
    app.banks.create(NewBank("LIST"), machine)
    return app


def add(app: App, rows: list[tuple[str, bytes, int]]) -> list[int]:
    with app.db.transaction() as tx:
        added = entries.add_lean(tx, banks.get(tx, "LIST"), rows)
    return list(range(added.first, added.first + added.count))


def found(app: App, kind: str, values: list[bytes]) -> int:
    return sum(bool(app.index.search_one(kind, value, 0)) for value in values)


def test_many_new_entries_of_several_kinds_become_segments(behind: App) -> None:
    pdq, md5, other = many(60, 32, 1), many(50, 16, 2), many(30, 144, 3)
    rows = [("pdq", v, 100) for v in pdq] + [("md5", v, 100) for v in md5]
    add(behind, rows + [("photodna", v, 100) for v in other])
    assert behind.feed.catch_up() == 140
    assert behind.feed.lag() == 0
    assert (found(behind, "pdq", pdq), found(behind, "md5", md5)) == (60, 50)
    assert behind.index.status()["pdq"].delta == 0


def test_a_withdrawal_among_many_additions_is_not_lost(behind: App) -> None:
    first, more = many(60, 32, 4), many(60, 32, 5)
    numbers = add(behind, [("pdq", v, 100) for v in first])
    with behind.db.transaction() as tx:
        entries.set_status(tx, numbers[7], EntryStatus.WITHDRAWN, by="system", reason="test")
    add(behind, [("pdq", v, 100) for v in more])
    behind.feed.catch_up()
    with behind.db.read() as tx:
        gone = entries.get(tx, numbers[7]).value
    assert not behind.index.search_one("pdq", gone, 0)
    assert (found(behind, "pdq", first), found(behind, "pdq", more)) == (59, 60)
    assert behind.feed.lag() == 0


def test_only_kinds_that_nobody_can_match(behind: App) -> None:
    add(behind, [("photodna", v, 100) for v in many(60, 144, 6)])
    assert behind.feed.catch_up() == 60
    assert behind.feed.lag() == 0
