"""Searches by example, as rows: who asked, why, by which file's hash, and what was found.

Only ever added. The example itself is kept nowhere. Fed by `linking.searching`; contract:
`tests/contract/test_link_searches.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.model.link_search import Searched
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import link_searches
from breakwater.records.texts import storable

_s = link_searches.c


@dataclass(frozen=True, slots=True)
class Search:
    """One row.

    Attributes:
        box: what was looked at within the example: x, y, width, height; empty: all of it.
        found: medium, kind and score of each hit.
    """

    id: Id
    sha256: str
    box: Sequence[float]
    reason: str
    found: Sequence[Any]
    by: str
    at: datetime


def add(tx: Tx, made: Searched, *, box: Sequence[float], reason: str, by: str) -> Search:
    """Keep that somebody searched."""
    storable(reason)
    found = [[one.medium, one.kind.value, round(one.score, 4)] for one in made.hits]
    tx.execute(
        sa.insert(link_searches),
        {
            "id": made.id, "change": tx.change(), "sha256": bytes.fromhex(made.sha256),
            "box": list(box), "reason": reason, "found": found, "by": by, "at": tx.now,
        },
    )  # fmt: skip
    return Search(made.id, made.sha256, tuple(box), reason, found, by, tx.now)


def since(tx: Tx, by: str, moment: datetime) -> int:
    """How many searches somebody made since a moment."""
    mine = sa.select(sa.func.count()).where(_s.by == by, _s.at > moment)
    return int(tx.execute(mine.select_from(link_searches)).scalar() or 0)


def newest(tx: Tx, limit: int = 100) -> list[Search]:
    """The newest first."""
    rows = tx.execute(sa.select(link_searches).order_by(_s.at.desc(), _s.id.desc()).limit(limit))
    return [
        Search(Id(row.id), row.sha256.hex(), row.box, row.reason, row.found, row.by, row.at)
        for row in rows
    ]
