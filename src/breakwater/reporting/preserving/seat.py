"""Media that the law of the service's seat does not let be kept are destroyed when it is time.

Where only hashes are kept, that is when the decision can no longer be undone and no report is
being sent; where media are kept until the receipt, when every report of the case is filed and its
receipt stands. Facts, hashes and account data stay under the hold (reference: law, "some countries
let only police hold media"). Called by `keep`; tests: `tests/contract/test_preserving.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from breakwater.model.decision import UNDO
from breakwater.model.hold import SeatRule, Why
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.records import filings, hold_items, hold_rows, holds, jobs
from breakwater.records.database import Database
from breakwater.reporting.preserving.evidence import Evidence

RECEIPT_WAIT: Final = timedelta(hours=1)
"""Between two looks whether every report of a case is finished."""

SENDING_WAIT: Final = timedelta(minutes=1)
"""Between two looks whether a report with its files is still being sent."""

DRAFT_JOB: Final = "reporting.draft"
"""Kind of the job that drafts the reports of a case anew."""

SELF: Final = "reporting"


def by_seat(db: Database, vault: Blob, found: Evidence, seat: SeatRule) -> datetime | None:
    """Destroy what must go; when to look again, None: nothing is left to do."""
    if seat is SeatRule.HASHES:
        return _only_hashes(db, vault, found)
    if seat is SeatRule.UNTIL_RECEIPT:
        return _until_receipt(db, vault, found)
    return None


def _only_hashes(db: Database, vault: Blob, found: Evidence) -> datetime | None:
    case = found.case
    pictures = [one for one in found.media if one.what.pictures]
    with db.read() as tx:
        now, filed = tx.now, filings.of_case(tx, case.id)
    if not pictures:
        return None
    if case.closed_at is not None and now < case.closed_at + UNDO:
        return case.closed_at + UNDO
    if any(one.state.under_way for one in filed):
        return now + SENDING_WAIT
    for one in pictures:
        _destroy(db, vault, case.id, one.blob, one.upload)
    if filed:
        with db.transaction() as tx:  # drafts name files that are gone
            jobs.enqueue(tx, DRAFT_JOB, {"case": case.id}, dedup_key=f"draft:{case.id}")
    return None


def _until_receipt(db: Database, vault: Blob, found: Evidence) -> datetime | None:
    case = found.case.id
    with db.read() as tx:
        now, filed = tx.now, filings.of_case(tx, case)
        left = [
            one
            for one in hold_items.of_case(tx, case)
            if one.until_receipt and one.destroyed_at is None
        ]
    if not left or not any(one.finished_at for one in filed):
        return None
    if not all(one.state.ends for one in filed):
        return now + RECEIPT_WAIT
    owners = {one.blob: one.upload for one in found.media}
    for item in left:
        with db.transaction() as tx:
            hold_items.end(tx, item.id, Why.RECEIPT)
        if item.blob is not None:
            _destroy(db, vault, case, item.blob, owners.get(item.blob))
        with db.transaction() as tx:
            hold_items.destroyed(tx, item.id, by=SELF)
    return None


def _destroy(db: Database, vault: Blob, case: Id, blob: Id, upload: Id | None) -> None:
    """Destroy one object, unless another case holds it."""
    with db.transaction() as tx:
        if holds.held_blob(tx, blob):
            return
        if upload is not None:
            hold_rows.forget_media(tx, upload)
        tx.audit(SELF, "hold.seat", case, blob=blob)
    vault.shred(blob)
