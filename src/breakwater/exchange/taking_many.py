"""Entries in columns, taken by the hundred thousand: what is new in bulk, the rest one by one.

A stretch of a peer's file whose entries share all that binds them (`model.exchange.Many`). Remote
ids that the feed gave before go the way of every page, because they may have changed; new ones are
written in statements over all of them. What stands afterwards is the same by either way.
Part of `exchange.taking`; contract: `tests/contract/test_exchange_many.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress

from breakwater.model.bank import Bank, EntryStatus
from breakwater.model.exchange import MOST_REMOTE, Feed, Many, Offered, Row
from breakwater.records import exchange_many
from breakwater.records.database import Tx
from breakwater.records.lean import Added

Bulk = Callable[[Offered, Sequence[Row]], tuple[Added, EntryStatus]]
"""Adds rows under an import that says what the offer says."""


def divided(tx: Tx, feed: Feed, many: Many) -> tuple[Many, list[Offered]]:
    """What is new to the feed, and what is not: that goes one by one."""
    known = exchange_many.known(tx, feed.number, many.remote)
    if not known:
        return many, []
    fresh = [one not in known for one in many.remote]
    old = [offer for offer in many.offers() if offer.remote_id in known]
    new = Many(
        many.shared, many.kind, list(compress(many.remote, fresh)),
        list(compress(many.values, fresh)), list(compress(many.quality, fresh)),
    )  # fmt: skip
    return new, old


def taken(
    tx: Tx, feed: Feed, bank: Bank, many: Many, bulk: Bulk, *, turn: int
) -> tuple[int, int, list[int]]:
    """Take entries whose ids are new.

    Answers values added, those of them that are held, and numbers of entries that stood before.
    """
    if not many.remote:
        return 0, 0, []
    quality = dict(zip(many.values, many.quality, strict=True))
    # How many are new decides what becomes of a flood; nobody asks where somebody vouches.
    there = (
        {} if feed.vouched_by is not None
        else exchange_many.standing(tx, bank, many.kind, list(quality))
    )  # fmt: skip
    new = sorted(quality.keys() - there.keys()) if there else sorted(quality)
    added, status = Added(), EntryStatus.ACTIVE
    if new:
        added, status = bulk(many.shared, [(many.kind, one, quality[one]) for one in new])
    if added.count == len(new):  # numbered without a gap, in the order of values
        there |= zip(new, range(added.first, added.first + added.count), strict=True)
    else:
        there = exchange_many.standing(tx, bank, many.kind, list(quality))
    became = {remote: there[value] for remote, value in zip(many.remote, many.values, strict=True)}
    exchange_many.join(tx, feed.number, became, turn=turn)
    made = range(added.first, added.first + added.count)
    joined = [number for number in there.values() if number not in made]
    return added.count, added.count if status is EntryStatus.QUARANTINED else 0, joined


def fits(many: Many) -> bool:
    """Whether all ids are such as can be kept; else they go one by one, and bad ones are told."""
    return all(
        one.isascii() and one.isprintable() and 0 < len(one) <= MOST_REMOTE for one in many.remote
    )
