"""Nouns of chats: measures have an order, and nothing written stands in a repr."""

from __future__ import annotations

from datetime import UTC, datetime

from breakwater.model.chat import (
    About,
    Chat,
    ChatAlarm,
    ChatKind,
    HeldMessage,
    KeptComment,
    Measure,
    Taken,
)
from breakwater.model.comment import Contribution, Explanation, Level
from breakwater.model.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_measures_are_ordered_from_open_to_paused():
    assert Measure.OPEN.rank == 0
    assert sorted(Measure, key=lambda one: one.rank) == list(Measure)
    assert Measure.PAUSED.rank > Measure.NO_GIFTS.rank > Measure.HOLDING.rank


def test_a_repr_holds_neither_what_was_written_nor_by_whom():
    chat = new_id()
    why = Explanation(messages=(Contribution("canary-id", "canary-author", NOON, 2.0),))
    nouns = (
        KeptComment(new_id(), chat, "canary-id", "canary-author", NOON, "canary-text", 2.0),
        HeldMessage(chat, "canary-id", "canary-author", NOON),
        ChatAlarm(new_id(), chat, Level.STREAM, 4.0, 3.0, NOON, why),
        About(ChatKind.PROFILE, "clips", "canary-profile"),
        Taken(1, 0, ("canary-id",), (ChatAlarm(new_id(), chat, Level.AUTHOR, 7, 6, NOON, why),)),
    )
    assert "canary" not in repr(nouns)


def test_a_chat_says_what_it_is_about():
    chat = Chat(
        id=new_id(), kind=ChatKind.POST, service="clips", reference="post-7", stream=None,
        messages=0, scored=0, unscored=0, risk=0.0, level=None, measure=Measure.OPEN,
        lang="und", band="", case=None, began_at=NOON, last_at=NOON, change=1,
    )  # fmt: skip
    assert chat.about == About(ChatKind.POST, "clips", "post-7")
    assert "post-7" not in repr(chat)
