"""Who told a broadcaster what to do: from kept comments that the engine called directive.

A comment is kept only because an alarm rang or a person kept it, and goes when a decision finds
nothing; with it goes what is told here. Each is an act of its author like one that a service told,
so that tiers of viewers follow from it. Read by `viewers.seeing`; contract:
`tests/contract/test_directing.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.chat import KeptComment, KeptState
from breakwater.model.comment import Cue, Source
from breakwater.model.stream import Stream
from breakwater.model.watch import Act, ActKind, ActSeen
from breakwater.records import chats, kept_comments
from breakwater.records.database import Tx

BY: Final = "comments"
"""Who said it: the engine that weighs comments."""

MOST: Final = 5_000
"""Kept comments that are read of one broadcast."""


def of_stream(tx: Tx, stream: Stream, *, clear: bool = False) -> list[ActSeen]:
    """Directive comments of a broadcast as acts of their authors, the first first.

    Args:
        tx: a snapshot.
        stream: whose chat.
        clear: with the account's name and the service's own id of the message.
    """
    chat = chats.of_stream(tx, stream.id)
    if chat is None:
        return []
    found = []
    for one in kept_comments.of_chat(tx, chat.id, MOST):
        if not directs(one):
            continue
        person = kept_comments.author_key(tx, stream.service, one.author) or b""
        act = Act(ActKind.DIRECTED, one.author, one.at, one.message) if clear else None
        found.append(ActSeen(ActKind.DIRECTED, person.hex(), one.at, by=BY, act=act))
    return found


def directs(comment: KeptComment) -> bool:
    """Whether what the engine found in a comment is that it tells somebody what to do."""
    if comment.state is KeptState.REMOVED or not comment.author:
        return False
    return any(
        share.source is Source.CUE and share.ref == Cue.DIRECTIVE.value and share.nats > 0
        for share in comment.by
    )
