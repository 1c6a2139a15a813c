"""Leaves of the audit log: written in the transaction they tell of, or the transaction fails.

Comes in: who did what to what, with facts of ids, counts and words (personal data only
sealed, so that crypto-shredding keeps the tree valid). Goes out: a row whose leaf hash is
the next of an RFC 6962 tree, and the tree's right edge, sealed so that nobody without the
audit key can shorten it. No audit entry, no view: when the log cannot be written, nothing
of the transaction happens. Read by `records.audit`, where the contract test is named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from breakwater.errors import AuditUnavailable, BreakwaterError
from breakwater.records.merkle import Frontier, leaf_hash
from breakwater.records.tables.columns import canonical

if TYPE_CHECKING:
    from breakwater.records.database import Tx

TOPIC: Final = "audit"
PURPOSE: Final = "audit"


def leaf_data(
    *, number: int, at: datetime, actor: str, action: str, subject: str, facts: Any
) -> bytes:
    """The bytes that are hashed: canonical JSON of everything the row says."""
    return canonical(
        {
            "number": number,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": actor,
            "action": action,
            "subject": subject,
            "facts": facts,
        }
    ).encode()


def head_data(edge: Frontier) -> bytes:
    """The bytes that seal the tree's right edge."""
    return b"breakwater audit head\x00" + edge.size.to_bytes(8, "big") + edge.packed()


def append(tx: Tx, actor: str, action: str, subject: str, facts: Mapping[str, Any]) -> int:
    """Append one entry in this transaction; answers its number, from 0.

    Raises:
        AuditUnavailable: the log cannot be written.
    """
    try:
        tx.lock_changes()
        ((size, packed),) = tx.run(_HEAD)
        edge = Frontier(size, packed)
        spelled = canonical(dict(facts))
        leaf = leaf_hash(
            leaf_data(
                number=size, at=tx.now, actor=actor, action=action, subject=subject,
                facts=json.loads(spelled),
            )
        )  # fmt: skip
        edge.append(leaf)
        seal = tx.keys.mac(PURPOSE, head_data(edge))
        tx.run(_PUT, size, tx.now, actor, action, subject, spelled, leaf)
        grown = tx.run(_GROW, edge.size, edge.packed(), seal, size)
    except (BreakwaterError, TypeError, ValueError) as error:
        reason = error.code if isinstance(error, BreakwaterError) else type(error).__name__
        raise AuditUnavailable(reason=reason) from error
    if len(grown) != 1:
        raise AuditUnavailable(reason="head")
    tx.after_commit(tx.db.tell_audit)
    return int(size)


_HEAD: Final = "SELECT size, frontier FROM audit_head WHERE id = 1"
_PUT: Final = (
    "INSERT INTO audit (number, at, actor, action, subject, facts, leaf) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_GROW: Final = (
    "UPDATE audit_head SET size = ?, frontier = ?, seal = ? WHERE id = 1 AND size = ? "
    "RETURNING size"
)
