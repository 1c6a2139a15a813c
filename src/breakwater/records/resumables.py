"""Uploads that arrive in parts: announced, appended to, taken as a whole, or forgotten.

Fed and read by `intake.resumable`. The parts lie in the vault; a row says which bytes each
holds. Contract: tests/integration/test_api_media.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_resumable import resumable_parts, resumables

PURPOSE = "identifiers"


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `offset` to `offset + size` lie in `blob`."""

    offset: int
    size: int
    blob: Id


@dataclass(frozen=True, slots=True)
class Resumable:
    """An upload that is arriving.

    Attributes:
        size: bytes announced.
        submission: what the caller said of them, as JSON facts.
        parts: in order, without a gap.
    """

    id: Id
    principal: Id
    size: int
    submission: Mapping[str, Any]
    parts: tuple[Part, ...]

    @property
    def received(self) -> int:
        """Bytes so far; the next part starts here."""
        return sum(part.size for part in self.parts)


def start(
    tx: Tx, *, upload: Id, principal: Id, size: int, submission: Mapping[str, Any]
) -> Resumable:
    """Announce an upload."""
    sealed = tx.keys.seal(PURPOSE, json.dumps(submission).encode(), upload.encode())
    tx.execute(
        sa.insert(resumables),
        {
            "id": upload,
            "principal_id": principal,
            "size": size,
            "submission_sealed": sealed,
            "created_at": tx.now,
        },
    )
    return Resumable(upload, principal, size, submission, ())


def get(tx: Tx, upload: Id, *, principal: Id) -> Resumable:
    """Read one; another principal's is not found.

    Raises:
        NotFound: no such upload of this principal.
    """
    row = tx.execute(sa.select(resumables).where(resumables.c.id == upload)).one_or_none()
    if row is None or row.principal_id != principal:
        raise NotFound(f"resumable upload {upload}")
    parts = tx.execute(
        sa.select(resumable_parts)
        .where(resumable_parts.c.resumable_id == upload)
        .order_by(resumable_parts.c.offset)
    )
    facts = json.loads(tx.keys.unseal(PURPOSE, row.submission_sealed, upload.encode()))
    return Resumable(
        upload,
        principal,
        int(row.size),
        facts,
        tuple(Part(int(p.offset), int(p.size), Id(p.blob_id)) for p in parts),
    )


def append(tx: Tx, upload: Resumable, *, offset: int, size: int, blob: Id) -> None:
    """Add the next part.

    Raises:
        Conflict: it does not start where the last one ended.
    """
    tx.lock_changes()
    present = get(tx, upload.id, principal=upload.principal)
    if offset != present.received:
        raise Conflict(f"The next part starts at {present.received}.", offset=present.received)
    tx.execute(
        sa.insert(resumable_parts),
        {"resumable_id": upload.id, "offset": offset, "size": size, "blob_id": blob},
    )


def forget(tx: Tx, upload: Resumable) -> list[Id]:
    """Remove the rows; answers the blobs, for the caller to shred."""
    tx.execute(sa.delete(resumable_parts).where(resumable_parts.c.resumable_id == upload.id))
    tx.execute(sa.delete(resumables).where(resumables.c.id == upload.id))
    return [part.blob for part in upload.parts]


def older_than(tx: Tx, moment: datetime, limit: int = 100) -> list[tuple[Id, Id]]:
    """Announced before a moment: (upload, principal), for the sweep."""
    rows = tx.execute(
        sa.select(resumables.c.id, resumables.c.principal_id)
        .where(resumables.c.created_at < moment)
        .limit(limit)
    )
    return [(Id(row.id), Id(row.principal_id)) for row in rows]
