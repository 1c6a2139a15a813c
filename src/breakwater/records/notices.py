"""Notices held back: until when a user is not told, why, and who said so; only ever added.

Telling somebody may harm an investigation (DSA Art. 17(1), reference: law). Fed by
`review.notices`. Contract: `tests/contract/test_records_appeals.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_appeal import notice_holds
from breakwater.records.texts import storable


@dataclass(frozen=True, slots=True)
class NoticeHold:
    """One order not to tell.

    Attributes:
        until: a moment in the past ends an earlier order.
        by: the person.
    """

    upload: Id
    until: datetime
    reason: str
    by: Id
    at: datetime


def hold(tx: Tx, upload: Id, *, until: datetime, reason: str, by: Id) -> NoticeHold:
    """Do not tell the user of this upload until a moment."""
    storable(reason)
    row = {
        "id": new_id(),
        "upload_id": upload,
        "until": until,
        "reason": reason,
        "by": by,
        "at": tx.now,
        "change": tx.change(),
    }
    tx.execute(sa.insert(notice_holds), row)
    return NoticeHold(upload, until, reason, by, tx.now)


def held(tx: Tx, upload: Id) -> NoticeHold | None:
    """The order in force; None when the user may be told."""
    h = notice_holds.c
    wanted = sa.select(notice_holds).where(h.upload_id == upload)
    row = tx.execute(wanted.order_by(h.change.desc()).limit(1)).one_or_none()
    if row is None or row.until <= tx.now:
        return None
    return NoticeHold(upload, row.until, row.reason, Id(row.by), row.at)
