"""Wires conversations: the operator's rules, and the lanes that weigh chats too."""

from __future__ import annotations

from breakwater.app.ground import Ground
from breakwater.conversations.franking import keys_of
from breakwater.conversations.take import ConversationRules, Conversations
from breakwater.recognition.hearing.lanes import Lanes
from breakwater.settings import Settings


def wire_conversations(settings: Settings, on: Ground, lanes: Lanes) -> Conversations:
    """Put the part together.

    Raises:
        BadInput: a franking key is not one.
    """
    rules = ConversationRules(
        on=settings.comments_enabled,
        permitted=tuple(one.upper() for one in settings.conversations_jurisdictions),
        at_least=settings.conversations_alarm_nats,
        franking=keys_of(settings.conversations_franking_keys.get_secret_value()),
    )
    return Conversations(
        db=on.db, lanes=lanes, rules=rules, metrics=on.metrics,
        secret=on.keys.mac("comments", b"conversations"),
    )  # fmt: skip
