"""Floods of matches: an entry that suddenly matches a great deal is doubted, not obeyed.

Users of older tools ask for this: one bad hash in a list blocks thousands of innocent
uploads before anybody looks. Subscribed to `verdict.completed`; counts matches per entry and
hour, and above the limit quarantines the entry, opens a case and tells the operator.
Entries of an import that a person signed for are counted and alarmed, never quarantined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.banks.manage import alarm
from breakwater.banks.policy import Floods
from breakwater.model.bank import EntryStatus
from breakwater.model.event import Event, EventType
from breakwater.observe import Metrics, logger
from breakwater.recognition.feed import IndexFeed
from breakwater.records import banks, entries
from breakwater.records.database import Database, Tx

_log = logger("banks")


class Quarantine:
    """Counts matches and holds what matches too much."""

    def __init__(self, *, db: Database, feed: IndexFeed, floods: Floods, metrics: Metrics) -> None:
        self._db = db
        self._feed = feed
        self._floods = floods
        self._metrics = metrics

    def on_verdict(self, event: Event) -> None:
        """Count the entries that one verdict named."""
        numbers = _numbers(event.body)
        if not numbers:
            return
        held: list[int] = []
        with self._db.transaction() as tx:
            recent = entries.count_match(tx, numbers)
            for number in numbers:
                if recent[number] > self._floods.matches_per_hour:
                    held += self._hold(tx, number, recent[number])
        if held:
            self._feed.catch_up()
            self._metrics.alarms.labels("quarantine").inc(len(held))
            _log.warning("entries_quarantined", numbers=held)

    def _hold(self, tx: Tx, number: int, recent: int) -> list[int]:
        entry = entries.get(tx, number)
        if entry.status is not EntryStatus.ACTIVE or entries.signed(tx, number):
            return []
        entries.set_status(
            tx, number, EntryStatus.QUARANTINED, by="system", reason="flood of matches"
        )
        bank = banks.by_id(tx, entry.bank)
        alarm(
            tx, bank,
            f"Entry {number} of bank {bank.name} matched {recent} items within an hour "
            f"(limit {self._floods.matches_per_hour}); it is held until a person has looked.",
        )  # fmt: skip
        tx.audit("system", "entry.quarantined", entry.id, number=number, matches=recent)
        tx.emit(EventType.ENTRY_QUARANTINED, entry.id, numbers=[number])
        return [number]


def _numbers(body: Mapping[str, Any]) -> list[int]:
    return sorted({int(number) for number in body.get("entries", ())})
