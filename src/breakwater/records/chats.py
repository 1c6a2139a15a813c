"""Chats as rows: begun with their first message, counted, judged, forgotten.

A chat is found by the pseudonym of what is written to; its name stands sealed. What people write
never comes here. Fed by `live.hearing` and `conversations`; alarms stand in `records.chat_alarms`,
measures in `records.chat_measures`, the course in `records.chat_course`. Contract:
`tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.chat import About, Chat, ChatKind, Measure
from breakwater.model.comment import Level
from breakwater.model.ids import Id, new_id
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import (
    chat_alarms,
    chat_events,
    chat_measures,
    chat_reasons,
    chat_sums,
    chats,
    conversations,
    kept_comments,
)
from breakwater.records.tables.nouns_stream import streams
from breakwater.records.texts import storable

_c = chats.c


def reference_key(tx: Tx, about: About) -> bytes:
    """What stands for the thing that is written to."""
    storable(about.service, about.reference)
    said = (b"chat", about.kind.value.encode(), about.service.encode(), about.reference.encode())
    return tx.keys.mac(identities.PURPOSE, b"\0".join(said))


def begin(tx: Tx, about: About) -> Chat:
    """The chat about something: as it stands, or begun now.

    Raises:
        BadInput: a name that cannot be stored.
    """
    tx.lock_changes()
    known = find(tx, about)
    if known is not None:
        return known
    chat = new_id()
    tx.execute(
        sa.insert(chats),
        {
            "id": chat, "kind": about.kind.value, "service": about.service,
            "reference_key": reference_key(tx, about),
            "sealed": identities.seal(tx, chat, {"reference": about.reference}),
            "stream_id": about.stream, "messages": 0, "scored": 0, "unscored": 0, "risk": 0.0,
            "level": "", "measure": Measure.OPEN.value, "lang": "und", "band": "",
            "case_id": None, "began_at": tx.now, "last_at": tx.now, "ended_at": None,
            "change": tx.change(), "version": 1,
        },
    )  # fmt: skip
    return get(tx, chat)


def get(tx: Tx, chat: Id) -> Chat:
    """One chat by id.

    Raises:
        NotFound: no such chat.
    """
    row = tx.execute(sa.select(chats).where(_c.id == chat)).one_or_none()
    if row is None:
        raise NotFound(f"chat {chat}")
    return _noun(tx, row)


def some(tx: Tx, chat: Id) -> Chat | None:
    """One chat by id; None when it is forgotten."""
    row = tx.execute(sa.select(chats).where(_c.id == chat)).one_or_none()
    return None if row is None else _noun(tx, row)


def find(tx: Tx, about: About) -> Chat | None:
    """The chat about something; None when nobody wrote there."""
    wanted = sa.select(chats).where(_c.reference_key == reference_key(tx, about))
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _noun(tx, row)


def of_stream(tx: Tx, stream: Id) -> Chat | None:
    """The chat of a broadcast; None when nobody wrote."""
    row = tx.execute(sa.select(chats).where(_c.stream_id == stream)).one_or_none()
    return None if row is None else _noun(tx, row)


def of_streams(tx: Tx, wanted: Iterable[Id]) -> dict[Id, Chat]:
    """The chats of broadcasts, by broadcast."""
    rows = tx.execute(sa.select(chats).where(_c.stream_id.in_(list(wanted))))
    return {Id(row.stream_id): _noun(tx, row) for row in rows}


def of_case(tx: Tx, case: Id) -> list[Chat]:
    """Every chat that a case is about, the first first."""
    rows = tx.execute(sa.select(chats).where(_c.case_id == case).order_by(_c.id))
    return [_noun(tx, row) for row in rows]


def page(
    tx: Tx, *, kind: ChatKind | None = None, service: str = "", since: datetime | None = None,
    before: Id | None = None, limit: int = 50,
) -> list[Chat]:  # fmt: skip
    """Chats, the newest first.

    Args:
        tx: a snapshot.
        kind: only of this kind.
        service: only its own.
        since: in which somebody did something since then.
        before: older than this one.
        limit: at most so many.
    """
    wanted = sa.select(chats).order_by(_c.id.desc()).limit(limit)
    if kind is not None:
        wanted = wanted.where(_c.kind == kind.value)
    if service:
        wanted = wanted.where(_c.service == service)
    if since is not None:
        wanted = wanted.where(_c.last_at >= since)
    if before is not None:
        wanted = wanted.where(_c.id < before)
    return [_noun(tx, row) for row in tx.execute(wanted)]


def active(tx: Tx, since: datetime, service: str = "") -> int:
    """How many chats somebody wrote in since a moment: the budget's streams."""
    wanted = sa.select(sa.func.count()).select_from(chats).where(_c.last_at >= since)
    if service:
        wanted = wanted.where(_c.service == service)
    return int(tx.execute(wanted).scalar() or 0)


def count(
    tx: Tx, chat: Id, *, messages: int, scored: int, unscored: int, lang: str = "", band: str = ""
) -> None:
    """Count what came in; a language or speed that is not told stays as it is."""
    told = {name: said for name, said in (("lang", lang), ("band", band)) if said}
    _update(
        tx, chat, messages=_c.messages + messages, scored=_c.scored + scored,
        unscored=_c.unscored + unscored, last_at=tx.now, ended_at=None, **told,
    )  # fmt: skip


def set_risk(tx: Tx, chat: Id, risk: float, level: Level | None) -> None:
    """Keep how risky it is, and the highest level that alarmed."""
    _update(tx, chat, risk=round(risk, 4), level="" if level is None else level.value)


def set_measure(tx: Tx, chat: Id, to: Measure) -> None:
    """Keep what is done in it now; the wish stands in `records.chat_measures`."""
    _update(tx, chat, measure=to.value)


def set_case(tx: Tx, chat: Id, case: Id) -> None:
    """The case that is about it now."""
    _update(tx, chat, case_id=case)


def end(tx: Tx, chat: Id) -> None:
    """Nobody writes in it any more; its sums go."""
    tx.execute(sa.delete(chat_sums).where(chat_sums.c.chat_id == chat))
    _update(tx, chat, ended_at=tx.now)


def over(tx: Tx, moment: datetime, limit: int = 100) -> list[Chat]:
    """Chats that go on although their broadcast ended before a moment."""
    both = sa.select(chats).join_from(chats, streams, streams.c.id == _c.stream_id)
    mine = both.where(_c.ended_at.is_(None), _c.last_at < moment, streams.c.ended_at < moment)
    return [_noun(tx, row) for row in tx.execute(mine.limit(limit))]


def calm_before(tx: Tx, moment: datetime, limit: int = 500) -> list[Id]:
    """Chats without a broadcast that were silent since a moment and led to nothing."""
    calm = sa.select(_c.id).where(_c.stream_id.is_(None), _c.last_at < moment, ~_led_somewhere())
    return [Id(found) for found in tx.execute(calm.limit(limit)).scalars()]


def forget(tx: Tx, gone: Iterable[Id]) -> int:
    """Forget chats that led to nothing; answers how many."""
    some = list(gone)
    for table in (chat_events, chat_sums, chat_reasons, conversations):
        tx.execute(sa.delete(table).where(table.c.chat_id.in_(some)))
    return tx.execute(sa.delete(chats).where(_c.id.in_(some))).rowcount


def forget_streams(tx: Tx, gone: Iterable[Id]) -> None:
    """Forget the chats of broadcasts that led to nothing."""
    mine = sa.select(_c.id).where(_c.stream_id.in_(list(gone)))
    forget(tx, [Id(found) for found in tx.execute(mine).scalars()])


def heard(stream: sa.ColumnElement[Any]) -> sa.Exists:
    """Whether something is kept about the chat of a broadcast, as a condition on its row."""
    return sa.select(_c.id).where(_c.stream_id == stream, _led_somewhere()).exists()


def _led_somewhere() -> sa.ColumnElement[bool]:
    """A case, an alarm, a measure or a comment."""
    kept = (chat_alarms, chat_measures, kept_comments)
    named = [sa.select(one.c.chat_id).where(one.c.chat_id == _c.id).exists() for one in kept]
    return sa.or_(_c.case_id.is_not(None), *named)


def _update(tx: Tx, chat: Id, **values: Any) -> None:
    mine = sa.update(chats).where(_c.id == chat)
    done = tx.execute(mine.values(**values, change=tx.change(), version=_c.version + 1))
    if not done.rowcount:
        raise NotFound(f"chat {chat}")


def _noun(tx: Tx, row: sa.Row[Any]) -> Chat:
    return Chat(
        id=Id(row.id),
        kind=ChatKind(row.kind),
        service=row.service,
        reference=identities.unseal(tx, Id(row.id), row.sealed)["reference"],
        stream=None if row.stream_id is None else Id(row.stream_id),
        messages=row.messages,
        scored=row.scored,
        unscored=row.unscored,
        risk=row.risk,
        level=Level(row.level) if row.level else None,
        measure=Measure(row.measure),
        lang=row.lang,
        band=row.band,
        case=None if row.case_id is None else Id(row.case_id),
        began_at=row.began_at,
        last_at=row.last_at,
        change=row.change,
        ended_at=row.ended_at,
    )
