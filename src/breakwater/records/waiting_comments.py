"""Comments that wait because their chat is paused or gated: they gave no evidence, so no text is kept.

A row tells which message of whom waits, sealed, until the chat is opened so far again; then it
tells for a day that it was shown, so that what is sent again does not wait again. Fed by
`live.hearing`, let go by `records.chat_orders`. Contract: `tests/contract/test_chat_waiting.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.chat import KeptComment, KeptState, Measure
from breakwater.model.ids import Id
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.kept_comments import message_key
from breakwater.records.tables.nouns_chat import kept_comments

MOST: Final = 5_000
"""Messages of one chat that are known to wait; those beyond are held and not known here."""

AT_ONCE: Final = 500
"""Values of one query."""

_k = kept_comments.c
_WAITS: Final = _k.state == KeptState.WAITING.value


def add(tx: Tx, some: Sequence[KeptComment], *, young: frozenset[str] = frozenset()) -> int:
    """Keep which messages of one chat wait; answers how many there was no room for.

    Args:
        tx: the transaction that tells the service to hold them.
        some: with what was written, which is not kept.
        young: authors among them who may not write while the chat is gated.
    """
    if not some:
        return 0
    tx.lock_changes()
    keys = {message_key(tx, one.chat, one.message, one.text): one for one in some}
    known = _known(tx, some[0].chat, list(keys))
    fresh = [key for key in keys if key not in known]
    room = max(0, MOST - count(tx, some[0].chat))
    rows = [_row(tx, keys[key], key, young) for key in fresh[:room]]
    if rows:
        tx.execute(sa.insert(kept_comments), rows)
    return max(0, len(fresh) - room)


def count(tx: Tx, chat: Id) -> int:
    """How many messages of a chat wait."""
    mine = sa.select(sa.func.count()).select_from(kept_comments)
    return int(tx.execute(mine.where(_k.chat_id == chat, _WAITS, _k.held)).scalar() or 0)


def let_go(tx: Tx, chat: Id, to: Measure) -> list[str]:
    """Those that wait no more when a chat is to be so: the service's own ids, the first first."""
    gated = to.rank >= Measure.GATED.rank
    mine = sa.select(_k.id, _k.sealed).where(_k.chat_id == chat, _WAITS, _k.held)
    told = [
        (Id(row.id), identities.unseal(tx, Id(row.id), row.sealed))
        for row in tx.execute(mine.order_by(_k.at, _k.id))
    ]
    free = [(row, said) for row, said in told if not (gated and said["young"])]
    tx.lock_changes()
    for start in range(0, len(free), AT_ONCE):
        ids = [row for row, _ in free[start : start + AT_ONCE]]
        gone = sa.update(kept_comments).where(_k.id.in_(ids))
        tx.execute(gone.values(held=False, sealed=None, author_key=None, change=tx.change()))
    return list(dict.fromkeys(str(said["message"]) for _, said in free))


def forget(tx: Tx, shown_before: datetime, held_before: datetime) -> int:
    """Forget those that were shown, or that still wait, since a moment; answers how many."""
    old = sa.or_(sa.and_(_k.held.is_(False), _k.kept_at < shown_before), _k.kept_at < held_before)
    return tx.execute(sa.delete(kept_comments).where(_WAITS, old)).rowcount


def _known(tx: Tx, chat: Id, keys: list[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        mine = sa.select(_k.message_key).where(_k.chat_id == chat, _k.message_key.in_(some))
        found |= {bytes(key) for key in tx.execute(mine).scalars()}
    return found


def _row(tx: Tx, one: KeptComment, key: bytes, young: frozenset[str]) -> dict[str, object]:
    facts = {
        "message": one.message, "author": one.author, "text": "", "by": [],
        "young": one.author in young,
    }  # fmt: skip
    return {
        "id": one.id, "chat_id": one.chat, "message_key": key, "author_key": None,
        "sealed": identities.seal(tx, one.id, facts), "nats": one.nats, "at": one.at,
        "kept_at": tx.now, "state": KeptState.WAITING.value, "held": True, "case_id": None,
        "change": tx.change(),
    }  # fmt: skip
