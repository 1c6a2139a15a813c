"""Measures in chats as rows: each wish before anybody is asked, with every answer to it.

Fed by `live.hearing`; what holds now also stands in the chat's row. Contract:
`tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.chat import Measure, MeasureAck, MeasureWish
from breakwater.model.ids import Id, new_id
from breakwater.records import chats
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_measure_acks, chat_measures

DETAIL: Final = 200
"""Characters that are kept of an answer."""

_m, _a = chat_measures.c, chat_measure_acks.c


def want(tx: Tx, chat: Id, to: Measure, *, by: str, why: str) -> MeasureWish:
    """Write down a wish; it holds in the chat's row from now on.

    Args:
        tx: the transaction.
        chat: whose.
        to: what shall be done in it.
        by: id of a person or key, or `policy`.
        why: one word.

    Raises:
        NotFound: no such chat.
    """
    tx.lock_changes()
    made = MeasureWish(new_id(), chat, to, by[:80], why[:40], tx.now, tx.change())
    tx.execute(
        sa.insert(chat_measures),
        {
            "id": made.id, "chat_id": chat, "to": to.value, "by": made.by, "why": made.why,
            "at": made.at, "change": made.change,
        },
    )  # fmt: skip
    chats.set_measure(tx, chat, to)
    return made


def of_chat(tx: Tx, chat: Id, limit: int = 50) -> list[MeasureWish]:
    """Wishes for a chat, the newest first."""
    wanted = sa.select(chat_measures).where(_m.chat_id == chat).order_by(_m.change.desc())
    return [_noun(row) for row in tx.execute(wanted.limit(limit))]


def last(tx: Tx, chat: Id) -> MeasureWish | None:
    """The newest wish; None when there was none."""
    return next(iter(of_chat(tx, chat, 1)), None)


def get(tx: Tx, wish: Id) -> MeasureWish | None:
    """One wish by id; None when there is none."""
    row = tx.execute(sa.select(chat_measures).where(_m.id == wish)).one_or_none()
    return None if row is None else _noun(row)


def ack(tx: Tx, wish: Id, step: str, *, done: bool, detail: str = "", ms: int = 0) -> None:
    """Write down one answer to a wish."""
    tx.execute(
        sa.insert(chat_measure_acks),
        {
            "change": tx.change(), "measure_id": wish, "step": step[:24], "done": done,
            "detail": detail[:DETAIL], "ms": ms, "at": tx.now,
        },
    )  # fmt: skip


def acks(tx: Tx, wish: Id) -> list[MeasureAck]:
    """Every answer to a wish, the first first."""
    wanted = sa.select(chat_measure_acks).where(_a.measure_id == wish).order_by(_a.change)
    return [
        MeasureAck(Id(row.measure_id), row.step, row.done, row.detail, row.ms, row.at)
        for row in tx.execute(wanted)
    ]


def _noun(row: sa.Row[Any]) -> MeasureWish:
    return MeasureWish(
        Id(row.id), Id(row.chat_id), Measure(row.to), row.by, row.why, row.at, row.change
    )
