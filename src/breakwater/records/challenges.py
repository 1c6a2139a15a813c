"""Challenges that were used: each counts once, whichever process it is answered to.

Only answered challenges stand here, until they would have been too old anyway. Fed by
`access.challenges`. Contract: `tests/contract/test_records_signing_in.py`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from breakwater.errors import Conflict
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_access import spent_challenges


def spend(tx: Tx, sha256: bytes, *, expires_at: datetime) -> None:
    """Use a challenge up, in the transaction of what it proves.

    Raises:
        Conflict: it was used before.
    """
    tx.lock_changes()
    wanted = sa.select(spent_challenges.c.sha256).where(spent_challenges.c.sha256 == sha256)
    if tx.execute(wanted).first():
        raise Conflict("This challenge was used already.")
    tx.execute(sa.insert(spent_challenges), {"sha256": sha256, "expires_at": expires_at})


def forget(tx: Tx) -> int:
    """Drop those that are too old to be used again; answers how many."""
    gone = tx.execute(sa.delete(spent_challenges).where(spent_challenges.c.expires_at < tx.now))
    return gone.rowcount
