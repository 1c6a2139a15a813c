"""Orders to a chat: the wish, the job that carries it out and the word to the service, together.

`order` and `hold` write all of it in the transaction of whoever decided: policy, a person, or a
decision that found nothing. Where an order stands follows from its answers alone: the newest one
counts, an older order is overtaken. Fed by `live.hearing`, `enforcement.chat_wishes` and
`review`; obeyed by `enforcement.chats`. A service's own names, of profiles and of messages, stand
sealed in events and jobs until they are sent. Contract: `tests/contract/test_chat_measures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.chat import Chat, Measure, MeasureAck, MeasureWish
from breakwater.model.chat_rule import ChatRule
from breakwater.model.clock import iso
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import OrderState
from breakwater.records import chat_measures, chats, identities, jobs, waiting_comments
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import chat_measures as _m
from breakwater.records.tables.nouns_chat import chats as _chats

OBEY_JOB: Final = "enforcement.chat"
"""Kind of the job that has a chat be as it was ordered."""

HOLD_JOB: Final = "enforcement.hold"
"""Kind of the job that takes single messages out of a chat, or shows them again."""

SELF: Final = "policy"
"""Who orders where no person did."""

AT_ONCE: Final = 200
"""Messages of one job and one webhook."""


def order(tx: Tx, chat: Chat, rule: ChatRule, *, by: str, why: str) -> MeasureWish:
    """Write down how a chat shall be; the same wish again is one.

    Args:
        tx: the transaction of whoever decided.
        chat: as read in it.
        rule: how it shall be.
        by: id of a person or key, or `policy`.
        why: one word.
    """
    tx.lock_changes()
    stands = chat_measures.last(tx, chat.id)
    if stands is not None and stands.to is rule.measure and by in {stands.by, SELF}:
        return stands
    made = chat_measures.want(tx, chat.id, rule.measure, by=by, why=why)
    jobs.enqueue(tx, OBEY_JOB, {"wish": made.id})
    tx.audit(by, "chat.order", chat.id, to=rule.measure.value, why=made.why, stream=chat.stream)
    tx.emit(
        EventType.CHAT_MEASURED, chat.id, order=made.id, to=rule.measure.value, why=made.why,
        service=chat.service, told=_told(tx, chat, made, rule),
    )  # fmt: skip
    if rule.measure.rank < chat.measure.rank and chat.measure.rank >= Measure.GATED.rank:
        free = waiting_comments.let_go(tx, chat.id, rule.measure)
        hold(tx, chats.get(tx, chat.id), free, by=by, held=False)
    return made


def hold(tx: Tx, chat: Chat, messages: Sequence[str], *, by: str, held: bool = True) -> None:
    """Have single messages taken out of a chat, or shown again; by the service's own ids.

    Args:
        tx: the transaction of whoever decided.
        chat: as read in it.
        messages: ids; none is nothing to do.
        by: id of a person or key, or `policy`.
        held: false lets them go.
    """
    word = "hold" if held else "release"
    for start in range(0, len(messages), AT_ONCE):
        ids = list(messages[start : start + AT_ONCE])
        if chat.stream is not None:
            sealed = identities.closed(tx, chat.id, {"messages": ids})
            jobs.enqueue(tx, HOLD_JOB, {"chat": chat.id, "held": held, **sealed})
        tx.audit(by, f"chat.{word}", chat.id, messages=len(ids), stream=chat.stream)
        tx.emit(
            EventType.CHAT_MEASURED, chat.id, to=chat.measure.value, service=chat.service,
            told={
                **_where(tx, chat, {word: ids}), "order": new_id(), "measure": chat.measure.value,
            },
        )  # fmt: skip


def get(tx: Tx, wish: Id) -> MeasureWish:
    """One order by id.

    Raises:
        NotFound: no such order.
    """
    found = chat_measures.get(tx, wish)
    if found is None:
        raise NotFound(f"chat order {wish}")
    return found


def in_force(tx: Tx, wish: MeasureWish) -> bool:
    """Whether no newer order to the same chat came after."""
    newest = chat_measures.last(tx, wish.chat)
    return newest is None or newest.change <= wish.change


def before(tx: Tx, chat: Id) -> Measure:
    """What stood before the order in force: undoing goes back there."""
    stood = chat_measures.of_chat(tx, chat, 2)
    return stood[1].to if len(stood) > 1 else Measure.OPEN


def again(tx: Tx, chat: Id) -> None:
    """Have the order in force asked once more: an older call may have come after it."""
    newest = chat_measures.last(tx, chat)
    if newest is not None:
        jobs.enqueue(tx, OBEY_JOB, {"wish": newest.id, "again": True})


def restrained(tx: Tx, limit: int = 200) -> list[Chat]:
    """Chats in which policy does something now, those of the oldest word first.

    Those that a person restrained are not among them: they stand, however many there are.
    """
    same = _m.alias()
    newest = sa.select(sa.func.max(same.c.change)).where(same.c.chat_id == _chats.c.id)
    by_policy = sa.select(_m.c.id).where(
        _m.c.chat_id == _chats.c.id, _m.c.by == SELF,
        _m.c.change == newest.correlate(_chats).scalar_subquery(),
    )  # fmt: skip
    is_restrained = _chats.c.measure != Measure.OPEN.value
    wanted = sa.select(_chats.c.id).where(is_restrained, by_policy.correlate(_chats).exists())
    ids = tx.execute(wanted.order_by(_chats.c.last_at, _chats.c.id).limit(limit)).scalars()
    return [chats.get(tx, Id(one)) for one in list(ids)]


def answered(tx: Tx, wish: MeasureWish, step: str, *, done: bool, detail: str = "") -> None:
    """Keep an answer, once while it stays the same."""
    said = [one for one in chat_measures.acks(tx, wish.id) if one.step == step]
    if said and (said[-1].done, said[-1].detail) == (done, detail[: chat_measures.DETAIL]):
        return
    ms = max(0, round((tx.now - wish.at).total_seconds() * 1000))
    chat_measures.ack(tx, wish.id, step, done=done, detail=detail, ms=ms)
    chat = chats.get(tx, wish.chat)
    if chat.stream is not None:
        tx.emit(EventType.STREAM_CHANGED, chat.stream, chat_order=wish.id, done=done)


def state(tx: Tx, wish: MeasureWish) -> tuple[OrderState, list[MeasureAck]]:
    """Where an order stands, with its answers, the first first.

    The newest answer counts; an order that nobody answered yet is `wanted`.
    """
    said = chat_measures.acks(tx, wish.id)
    if said and said[-1].done:
        return OrderState.CONFIRMED, said
    if not in_force(tx, wish):
        return OrderState.OVERTAKEN, said
    return OrderState.UNCONFIRMED if said else OrderState.WANTED, said


def messages_of(tx: Tx, payload: Mapping[str, Any]) -> list[str]:
    """The service's own ids of a hold job."""
    return list(identities.opened(tx, Id(payload["chat"]), payload)["messages"])


def _told(tx: Tx, chat: Chat, wish: MeasureWish, rule: ChatRule) -> dict[str, Any]:
    """What a service is told of an order: ids, words and numbers, nothing that was written."""
    return {
        **_where(tx, chat, {}), **rule.told, "order": wish.id, "why": wish.why,
        "automated": wish.by == SELF, "since": iso(wish.at),
    }  # fmt: skip


def _where(tx: Tx, chat: Chat, names: Mapping[str, Any]) -> dict[str, Any]:
    """Which chat; the service's own names in it stand sealed until they are sent."""
    here = {"chat": chat.id, "kind": chat.kind.value, "service": chat.service}
    if chat.stream is None:
        return here | {"stream": None} | _sealed(tx, chat, {"subject": chat.reference, **names})
    return here | {"stream": chat.stream, "subject": None} | _sealed(tx, chat, names)


def _sealed(tx: Tx, chat: Chat, names: Mapping[str, Any]) -> dict[str, Any]:
    return identities.closed(tx, chat.id, names) if names else {}
