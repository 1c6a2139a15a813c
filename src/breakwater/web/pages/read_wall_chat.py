"""Chats on the live wall: whether one alarmed, what is done in it, what can be ordered of it.

Words and marks only: nothing that was written, and nobody who wrote. Read by `read_wall`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from breakwater.model.chat import Chat, Measure
from breakwater.model.ids import Id
from breakwater.model.stream import Stream
from breakwater.records import chat_measures, chat_orders, chats
from breakwater.records.database import Tx
from breakwater.web.pages import chat_words, words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_wall import TileChat, WallChat

ACTS: Final = (Measure.SLOW, Measure.PAUSED, Measure.OPEN)
"""What the wall orders; the chat's own page has every step."""


def lines(tx: Tx, shown: Sequence[Stream]) -> dict[Id, TileChat]:
    """What tiles say of their chats; a chat without an alarm or a measure says nothing."""
    heard = chats.of_streams(tx, [one.id for one in shown])
    loud = {id_: one for id_, one in heard.items() if one.level or one.measure is not Measure.OPEN}
    return {
        id_: TileChat(
            why=_why(one), measure=None if one.measure is Measure.OPEN else _measure(tx, one)
        )
        for id_, one in loud.items()
    }


def panel(tx: Tx, stream: Stream, *, may: bool) -> WallChat | None:
    """The chat of the target; None where nobody has written.

    Args:
        tx: a snapshot.
        stream: the target.
        may: the viewer may order something.
    """
    chat = chats.of_stream(tx, stream.id)
    if chat is None:
        return None
    newest = chat_measures.last(tx, chat.id)
    case = stream.case or chat.case
    return WallChat(
        why=_why(chat),
        measure=_measure(tx, chat),
        messages=words.count(chat.messages),
        unscored=words.count(chat.unscored) if chat.unscored else "",
        acts=tuple((to.value, chat_words.ACTS[to], to is chat.measure) for to in ACTS)
        if may else (),
        seen=newest.id if newest else "",
        url=f"/cases/{case}/chat" if case else "",
    )  # fmt: skip


def _why(chat: Chat) -> str:
    return chat_words.ALARMED[chat.level] if chat.level else ""


def _measure(tx: Tx, chat: Chat) -> Mark:
    newest = chat_measures.last(tx, chat.id)
    return chat_words.measure(chat.measure, chat_orders.state(tx, newest)[0] if newest else None)
