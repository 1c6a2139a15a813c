"""What a lead is judged by: children of a series not yet identified, and ids of its numbers.

Read by `linking.leads`. Contract: `tests/contract/test_leads.py`.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.model.link import Outcome, SeriesRow
from breakwater.records.database import Tx
from breakwater.records.link_about import children
from breakwater.records.tables.nouns_link import link_series


def unidentified(tx: Tx, row: SeriesRow) -> bool:
    """Whether a child of a series may still be sought: nobody was named, or one has no outcome."""
    known = children(tx, row)
    found = {Outcome.IDENTIFIED, Outcome.SAFEGUARDED}
    return not known or any(one.outcome not in found for one in known)


def ids(tx: Tx, numbers: Collection[int]) -> list[Id]:
    """Ids of series' numbers, also of those that only mean another one now."""
    s = link_series.c
    rows = tx.execute(sa.select(s.id).where(s.number.in_(list(numbers))).order_by(s.number))
    return [Id(one) for one in rows.scalars()]
