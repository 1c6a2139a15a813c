"""Who is not offered which case, until when: rows that are only ever added.

A row with an end holds until then, or until a later row that ends at once; one without an end
holds for good, because somebody else must judge the case. Fed by `review.queueing` and
`review.deciding`; read by `records.queue`. Contract: `tests/contract/test_review_queue.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables import nouns_queue as t
from breakwater.records.tables.nouns_intake import cases as case_rows

_c: Final = case_rows.c


def skip(tx: Tx, case: Id, person: Id, *, reason: str, until: datetime | None) -> None:
    """Do not offer a case to a person for a while; None: never, somebody else must judge it."""
    tx.execute(
        sa.insert(t.case_skips),
        {
            "change": tx.change(),
            "case_id": case,
            "person_id": person,
            "at": tx.now,
            "until": until,
            "reason": reason,
        },
    )


def unskip(tx: Tx, case: Id, person: Id, *, since: datetime, reason: str) -> bool:
    """End what kept a case from a person for a while since a moment; answers whether it did.

    A row that ends at once stands after it; who must never judge the case still must not.
    """
    s = t.case_skips.c
    mine = sa.select(s.at).where(s.case_id == case, s.person_id == person)
    last = tx.execute(mine.where(s.until > tx.now).order_by(s.change.desc()).limit(1)).scalar()
    if last is None or last < since:
        return False
    skip(tx, case, person, reason=reason, until=tx.now)
    return True


def passed_over(tx: Tx, case: Id, person: Id) -> bool:
    """Whether this person is not offered this case now, for a while or for good."""
    wanted = sa.select(_c.id).where(_c.id == case, skipped(person, tx.now))
    return tx.execute(wanted).first() is not None


def kept_from(tx: Tx, case: Id, person: Id) -> bool:
    """Whether this person must never judge this case."""
    s = t.case_skips.c
    wanted = sa.select(s.change).where(s.case_id == case, s.person_id == person, s.until.is_(None))
    return tx.execute(wanted.limit(1)).first() is not None


def skipped(person: Id, now: datetime) -> sa.ColumnElement[bool]:
    """The condition of a statement over cases: not offered to this person now."""
    s, end = t.case_skips.c, t.case_skips.alias("end")
    ended = sa.exists().where(
        end.c.case_id == s.case_id, end.c.person_id == person,
        end.c.change > s.change, end.c.until <= end.c.at,
    )  # fmt: skip
    lasts = sa.or_(s.until.is_(None), sa.and_(s.until > now, ~ended))
    return sa.exists().where(s.case_id == _c.id, s.person_id == person, lasts)
