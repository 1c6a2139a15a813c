"""What a service tells of its accounts by itself: each telling a new sealed row.

Fed by `PUT /v1/accounts/{id}`; read with a case, never back through a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from breakwater.errors import NotFound
from breakwater.model.access import Principal
from breakwater.records import accounts
from breakwater.records.database import Database


class Accounts:
    """Account data, taken as they come."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def put(
        self,
        account: str,
        service: str,
        snapshot: Mapping[str, Any],
        taken_at: datetime | None,
        by: Principal,
    ) -> datetime:
        """Keep one snapshot; answers the moment it stands for.

        Args:
            account: the service's own name of it.
            service: of the account; a key bound to a service cannot speak for another.
            snapshot: JSON facts.
            taken_at: when they were true; now when not given.
            by: who tells.
        """
        with self._db.transaction() as tx:
            moment = taken_at or tx.now
            accounts.put(
                tx, by.service or service, account, snapshot, taken_at=moment, source="api"
            )
        return moment

    def told_at(self, account: str, service: str, by: Principal) -> datetime:
        """When an account was last told of.

        Raises:
            NotFound: never.
        """
        with self._db.read() as tx:
            latest = accounts.latest(tx, by.service or service, account)
        if latest is None:
            raise NotFound("Nothing was told of this account.")
        return latest.taken_at
