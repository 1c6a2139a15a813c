"""The engine's sums as rows, so that a restart loses none: numbers under keyed hashes, no text.

Sums of a chat and across chats are sealed, as they tell who was where; counts of ordinary
traffic tell nobody and are not. All are replaced. Fed and read by `recognition.hearing`.
Contract: `tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.chat_form import pack, unpack
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_across, chat_cells, chat_sums, chats

PURPOSE: Final = "comments"

_s, _x, _c = chat_sums.c, chat_across.c, chat_cells.c


@dataclass(frozen=True, slots=True)
class CellFigure:
    """What is known of one service, language and speed of chat.

    Attributes:
        hours: of ordinary traffic, from all processes together.
        messages: of which scores were counted.
    """

    service: str
    lang: str
    band: str
    hours: float
    messages: float
    at: datetime


def put(tx: Tx, chat: Id, packed: bytes) -> None:
    """Replace the sums of a chat by others, as `pack` made them."""
    sealed = tx.keys.seal(PURPOSE, packed, chat.encode())
    mine = sa.update(chat_sums).where(_s.chat_id == chat)
    if not tx.execute(mine.values(sealed=sealed, at=tx.now)).rowcount:
        known = sa.select(chats.c.id).where(chats.c.id == chat, chats.c.ended_at.is_(None))
        if tx.execute(known).first() is not None:
            row = {"chat_id": chat, "sealed": sealed, "at": tx.now}
            tx.execute(sa.insert(chat_sums), row)


def get(tx: Tx, chat: Id) -> bytes | None:
    """The sums of a chat, packed; None when none are kept."""
    sealed = tx.execute(sa.select(_s.sealed).where(_s.chat_id == chat)).scalar()
    return None if sealed is None else tx.keys.unseal(PURPOSE, sealed, chat.encode())


def forget_before(tx: Tx, moment: datetime) -> int:
    """Forget the sums of chats that were silent since a moment."""
    return tx.execute(sa.delete(chat_sums).where(_s.at < moment)).rowcount


def put_across(tx: Tx, lane: int, lanes: int, packed: bytes) -> None:
    """Replace the sums across chats of one process of several."""
    tx.execute(sa.delete(chat_across).where(_x.lane == lane))
    sealed = tx.keys.seal(PURPOSE, packed, b"across/%d" % lane)
    row = {"lane": lane, "lanes": lanes, "sealed": sealed, "at": tx.now}
    tx.execute(sa.insert(chat_across), row)


def across(tx: Tx, lane: int, lanes: int) -> bytes | None:
    """Sums across chats, packed; None when none are kept for so many processes."""
    mine = sa.select(_x.sealed).where(_x.lane == lane, _x.lanes == lanes)
    sealed = tx.execute(mine).scalar()
    return None if sealed is None else tx.keys.unseal(PURPOSE, sealed, b"across/%d" % lane)


def put_cells(tx: Tx, lane: int, cells: Sequence[Mapping[str, Any]]) -> None:
    """Replace the counts of one process, a row for each service, language and speed."""
    tx.execute(sa.delete(chat_cells).where(_c.lane == lane))
    for one in cells:
        tx.execute(
            sa.insert(chat_cells),
            {
                "lane": lane, "service": one["service"], "lang": one["lang"],
                "band": one["band"], "blocks": one["blocks"], "messages": one["messages"],
                "counts": pack(one), "at": tx.now,
            },
        )  # fmt: skip


def cells(tx: Tx, lane: int) -> list[dict[str, Any]]:
    """The counts of one process, as they were put."""
    rows = tx.execute(sa.select(_c.counts).where(_c.lane == lane).order_by(*chat_cells.primary_key))
    return [unpack(row.counts) for row in rows]


def forget_cells(tx: Tx, lanes: int) -> None:
    """Forget the counts of processes beyond so many: there are fewer now."""
    tx.execute(sa.delete(chat_cells).where(_c.lane >= lanes))


def figures(tx: Tx) -> list[CellFigure]:
    """What is known of each service, language and speed, over all processes."""
    summed = (sa.func.sum(_c.blocks), sa.func.sum(_c.messages), sa.func.max(_c.at))
    whose = (_c.service, _c.lang, _c.band)
    at = sa.type_coerce(summed[2], _c.at.type)
    wanted = sa.select(*whose, summed[0].label("blocks"), summed[1].label("n"), at.label("at"))
    rows = tx.execute(wanted.group_by(*whose).order_by(*whose))
    return [
        CellFigure(row.service, row.lang, row.band, float(row.blocks) / 6, float(row.n), row.at)
        for row in rows
    ]
