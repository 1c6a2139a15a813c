"""Alarms of chats as rows: numbers that are only ever added, reasons that go with the suspicion.

The reason of an alarm names accounts and messages; it is sealed, apart from the alarm, and deleted
when a person found nothing. Fed by `live.hearing` and `conversations`; read by the case page.
Contract: `tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.model.chat import ChatAlarm
from breakwater.model.chat_form import read, written
from breakwater.model.comment import Explanation, Level
from breakwater.model.ids import Id
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_alarms, chat_reasons

_a, _r = chat_alarms.c, chat_reasons.c


def add(tx: Tx, alarm: ChatAlarm) -> None:
    """Keep an alarm with its reason."""
    tx.execute(
        sa.insert(chat_alarms),
        {
            "id": alarm.id, "chat_id": alarm.chat, "case_id": alarm.case,
            "level": alarm.level.value, "evidence": alarm.evidence,
            "threshold": alarm.threshold, "at": alarm.at, "change": tx.change(),
        },
    )  # fmt: skip
    sealed = identities.seal(tx, alarm.id, written(alarm.why))
    row = {"alarm_id": alarm.id, "chat_id": alarm.chat, "sealed": sealed}
    tx.execute(sa.insert(chat_reasons), row)


def of_chat(tx: Tx, chat: Id, limit: int = 50) -> list[ChatAlarm]:
    """Alarms of a chat, the newest first."""
    return _some(tx, _wanted().where(_a.chat_id == chat), limit)


def of_case(tx: Tx, case: Id, limit: int = 50) -> list[ChatAlarm]:
    """Alarms that a case is about, the newest first."""
    return _some(tx, _wanted().where(_a.case_id == case), limit)


def counted(tx: Tx, since: datetime) -> int:
    """How many alarms of any chat rang since a moment."""
    wanted = sa.select(sa.func.count()).select_from(chat_alarms).where(_a.at >= since)
    return int(tx.execute(wanted).scalar() or 0)


def clear(tx: Tx, chat: Id, case: Id) -> int:
    """Delete why a chat alarmed in a case in which nothing was found, or in none; how many.

    The alarms stay, as numbers; reasons of other cases of the chat are evidence of those.
    """
    mine = sa.select(_a.id).where(
        _a.chat_id == chat, sa.or_(_a.case_id == case, _a.case_id.is_(None))
    )
    return tx.execute(sa.delete(chat_reasons).where(_r.alarm_id.in_(mine))).rowcount


def _wanted() -> sa.Select[Any]:
    both = sa.outerjoin(chat_alarms, chat_reasons, _r.alarm_id == _a.id)
    return sa.select(chat_alarms, _r.sealed).select_from(both)


def _some(tx: Tx, wanted: sa.Select[Any], limit: int) -> list[ChatAlarm]:
    rows = tx.execute(wanted.order_by(_a.change.desc()).limit(limit))
    return [_noun(tx, row) for row in rows]


def _noun(tx: Tx, row: sa.Row[Any]) -> ChatAlarm:
    why = Explanation()
    if row.sealed is not None:
        why = read(identities.unseal(tx, Id(row.id), row.sealed))
    return ChatAlarm(
        id=Id(row.id), chat=Id(row.chat_id), level=Level(row.level), evidence=row.evidence,
        threshold=row.threshold, at=row.at, why=why,
        case=None if row.case_id is None else Id(row.case_id), change=row.change,
    )  # fmt: skip
