"""The audit log: an RFC 6962 tree that grows in the transactions it tells of.

Comes in: who did what to what, with facts of ids, counts and words (personal data only
sealed, so that crypto-shredding keeps the tree valid). Goes out: rows whose leaf hashes make
the tree. A bare chain is not tamper-evident; the signed checkpoints of
`records.checkpoints`, kept in a second place, are. No audit entry, no view: when the log
cannot be written, the transaction fails with `AuditUnavailable`.
Contract test: `tests/contract/test_records_core_audit.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from breakwater.errors import AuditUnavailable, BreakwaterError
from breakwater.records.merkle import Frontier, leaf_hash
from breakwater.records.tables import core
from breakwater.records.tables.columns import canonical

if TYPE_CHECKING:
    from breakwater.records.database import Tx

TOPIC: Final = "audit"


def leaf_data(
    *, number: int, at: datetime, actor: str, action: str, subject: str, facts: Mapping[str, Any]
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


def append(tx: Tx, actor: str, action: str, subject: str, facts: Mapping[str, Any]) -> int:
    """Append one entry in this transaction; answers its number, from 0.

    Raises:
        AuditUnavailable: the log cannot be written.
    """
    try:
        tx.lock_changes()
        head = tx.execute(_HEAD).one()
        edge = Frontier(head.size, head.frontier)
        number = edge.size
        leaf = leaf_hash(
            leaf_data(
                number=number, at=tx.now, actor=actor, action=action, subject=subject, facts=facts
            )
        )
        edge.append(leaf)
        tx.execute(
            _PUT,
            {
                "number": number,
                "at": tx.now,
                "actor": actor,
                "action": action,
                "subject": subject,
                "facts": facts,
                "leaf": leaf,
            },
        )
        tx.execute(_GROW, {"grown": edge.size, "edge": edge.packed(), "was": number})
    except (BreakwaterError, ValueError, sa.exc.NoResultFound) as error:
        reason = error.code if isinstance(error, BreakwaterError) else "head"
        raise AuditUnavailable(reason=reason) from error
    tx.after_commit(tx.db.tell_audit)
    return number


_HEAD: Final = sa.select(core.audit_head.c.size, core.audit_head.c.frontier).where(
    core.audit_head.c.id == 1
)
_PUT: Final = sa.insert(core.audit)
_GROW: Final = (
    sa.update(core.audit_head)
    .values(
        size=sa.bindparam("grown", type_=sa.BigInteger),
        frontier=sa.bindparam("edge", type_=sa.LargeBinary),
    )
    .where(core.audit_head.c.id == 1)
    .where(core.audit_head.c.size == sa.bindparam("was", type_=sa.BigInteger))
)
