"""What somebody is to do for a series: given, done. Read for pages by `records.link_about`.

Contract: `tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.records import link_series
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import link_tasks

_t = link_tasks.c


def add(
    tx: Tx, series: int, words: str, by: str, *, person: Id | None = None,
    due_at: datetime | None = None,
) -> Id:  # fmt: skip
    """Give a task of a series; answers its id.

    Raises:
        NotFound: there is no such series.
    """
    row, task = link_series.get(tx, series), new_id()
    tx.execute(
        sa.insert(link_tasks),
        {
            "id": task, "series_number": row.number, "words": words, "for_person": person,
            "due_at": due_at, "by": by, "at": tx.now, "done_at": None, "done_by": None,
        },
    )  # fmt: skip
    link_series.touch(tx, row.number)
    return task


def done(tx: Tx, task: Id, by: str) -> int:
    """A task is done; answers the number of its series.

    Raises:
        NotFound: there is no such task.
        Conflict: it was done already.
    """
    row = tx.execute(sa.select(link_tasks).where(_t.id == task)).one_or_none()
    if row is None:
        raise NotFound(f"task {task}")
    change = sa.update(link_tasks).where(_t.id == task, _t.done_at.is_(None))
    if not tx.execute(change.values(done_at=tx.now, done_by=by)).rowcount:
        raise Conflict("It was done already.")
    link_series.touch(tx, int(row.series_number))
    return int(row.series_number)
