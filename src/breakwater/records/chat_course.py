"""How a chat went, as rows: what happened in each minute of our clock.

A minute is by when things came in, never by what a sender says of the time, so that no sender
makes rows; a chat has `MOST` at most. Fed by `live.hearing` and `conversations`; drawn on the
case page. Contract: `tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.chat import ChatMinute
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_events

MOST: Final = 10_080
"""Rows of a chat: a week in which every minute had something."""

_e = chat_events.c
_COUNTS: Final = ("messages", "unscored", "joins", "leaves", "gifts", "reports", "nats")


def add(tx: Tx, chat: Id, seen: ChatMinute) -> None:
    """Count what happened to its minute.

    Args:
        tx: a transaction that holds the counter of changes, so that no two begin one minute.
        chat: whose.
        seen: with any moment of the minute.
    """
    minute = seen.minute.replace(second=0, microsecond=0)
    mine = (_e.chat_id == chat, _e.minute == minute)
    counts = {name: getattr(seen, name) for name in _COUNTS}
    more = {name: _e[name] + value for name, value in counts.items()}
    if tx.execute(sa.update(chat_events).where(*mine).values(more)).rowcount:
        return
    rows = sa.select(sa.func.count()).select_from(chat_events).where(_e.chat_id == chat)
    if int(tx.execute(rows).scalar() or 0) < MOST:
        tx.execute(sa.insert(chat_events), {"chat_id": chat, "minute": minute, **counts})


def of_chat(
    tx: Tx, chat: Id, *, since: datetime | None = None, limit: int = MOST
) -> list[ChatMinute]:
    """The newest minutes of a chat, the first of them first."""
    wanted = sa.select(chat_events).where(_e.chat_id == chat)
    if since is not None:
        wanted = wanted.where(_e.minute >= since)
    rows = tx.execute(wanted.order_by(_e.minute.desc()).limit(limit)).all()
    return [
        ChatMinute(row.minute, *(getattr(row, name) for name in _COUNTS)) for row in reversed(rows)
    ]
