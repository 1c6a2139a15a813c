"""Entries of shared lists that come alike by the hundred thousand, in columns.

A list is given in files: most of its rows differ by value and quality alone. Whoever writes segments
reads them like this, a third of the time of rows. Read by `hub.feeds.reading`; contract:
`tests/contract/test_hub_stretches.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.records import hub_feeds
from breakwater.records.database import Tx
from breakwater.records.hub_feeds import FeedRow

_ALIKE: Final = (
    "SELECT e.change, e.number, e.value, e.quality, e.kind = ? AND e.status = ? AND "
    "e.negative = ? AND e.bank_number = ? AND COALESCE(e.import_number, 0) = ? AND "
    "COALESCE(s.value, -1) = ? AND NOT (" + hub_feeds.SPECIAL + ") AS same "
    "FROM entries e LEFT JOIN hub_scores s ON s.entry_number = e.number "
    "WHERE e.change > ? AND e.change <= ? ORDER BY e.change LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows one after the other that are alike but for value and quality, in columns.

    Attributes:
        first: the first of them; none of them is special.
    """

    first: FeedRow
    changes: Sequence[int]
    numbers: Sequence[int]
    values: Sequence[bytes]
    quality: Sequence[int]


def alike(tx: Tx, after: int, upto: int, limit: int) -> Stretch | None:
    """The same rows as columns, where they differ by value and quality alone; None: they do not."""
    some = hub_feeds.rows(tx, after, upto, 1)
    if not some or some[0].special:
        return None
    first = some[0]
    said = (
        first.kind, first.status, first.negative, first.bank, first.import_number or 0,
        -1 if first.score is None else first.score,
    )  # fmt: skip
    found = tx.run(_ALIKE, *said, after, upto, limit)
    if not all(row[4] for row in found):
        return None
    # Not zip(*found): 20,000 iterators at once cost twice what the reading does.
    return Stretch(first, *([row[at] for row in found] for at in range(4)))
