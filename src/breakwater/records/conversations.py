"""What a conversation has beside its chat: the law it is weighed under, and what each side showed.

What each side showed stands sealed: numbers and dates under keyed hashes, never what was written.
Fed by `conversations`, forgotten with the chat. Contract: `tests/integration/test_conversations_api.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.chat_form import pack, unpack
from breakwater.model.conversation import Ground
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import conversations

PURPOSE: Final = "comments"

_c = conversations.c


@dataclass(frozen=True, slots=True)
class KnownConversation:
    """As it stands.

    Attributes:
        ground: the last that was named.
        reports: by people who received something in it.
        sums: of its sides, as `conversations.sides` takes them up; None: none yet.
    """

    chat: Id
    ground: Ground
    reports: int
    sums: dict[str, Any] | None


def find(tx: Tx, chat: Id) -> KnownConversation | None:
    """What is known of a conversation; None when nobody wrote in it."""
    row = tx.execute(sa.select(conversations).where(_c.chat_id == chat)).one_or_none()
    if row is None:
        return None
    sums = None
    if row.sealed is not None:
        sums = unpack(tx.keys.unseal(PURPOSE, row.sealed, chat.encode()))
    return KnownConversation(chat, Ground(row.jurisdiction, row.basis), row.reports, sums)


def put(tx: Tx, chat: Id, ground: Ground, sums: dict[str, Any] | None, *, reports: int = 0) -> None:
    """Keep its law and its sums, which replace those before; count reports."""
    sealed = None if sums is None else tx.keys.seal(PURPOSE, pack(sums), chat.encode())
    said = {
        "jurisdiction": ground.jurisdiction, "basis": ground.basis, "sealed": sealed, "at": tx.now
    }  # fmt: skip
    mine = sa.update(conversations).where(_c.chat_id == chat)
    if not tx.execute(mine.values(**said, reports=_c.reports + reports)).rowcount:
        tx.execute(sa.insert(conversations), said | {"chat_id": chat, "reports": reports})
