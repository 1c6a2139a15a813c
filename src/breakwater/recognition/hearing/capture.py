"""Comments that are evidence: kept, sealed, with the case they belong to.

In come the messages of an alarm's explanation and those that were held, with what was written;
out go rows. What becomes of them: `live.hearing.captured`. All that is not captured was never
written down. Tests: `tests/contract/test_chat_captured.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from breakwater.model.case import CaseState
from breakwater.model.chat import Chat, KeptComment
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import cases, kept_comments
from breakwater.records.database import Tx

MOST: Final = 10
"""Comments of one alarm that are kept, the heaviest."""

MOST_FORMS: Final = 10
"""Forms of one message that are kept, the heaviest."""

MOST_HELD: Final = 500
"""Comments that were held and are kept of one batch; the rest is held and not kept."""


def capture(
    tx: Tx,
    chat: Chat,
    case: Id | None,
    heard: Sequence[KeptComment],
    held: Collection[str] = (),
    *,
    most: int = MOST,
) -> int:
    """Keep comments that gave evidence; answers how many are new.

    Args:
        tx: the transaction that took the alarm in.
        chat: in which they were written.
        case: that they belong to; None, or one that is closed: they were held and nothing has
            alarmed since, so they go after a day.
        heard: the messages of the explanations, and the held ones, with their text.
        held: ids of those that are held.
        most: how many messages beside the held ones, the heaviest, with what each was before and
            after an edit.
    """
    mine = [replace(one, held=one.message in held) for one in heard]
    told: dict[str, list[KeptComment]] = {}
    for one in sorted(mine, key=lambda one: -one.nats):
        if not one.held:
            told.setdefault(one.message, []).append(one)
    some = [one for forms in list(told.values())[:most] for one in forms[:MOST_FORMS]]
    some += [one for one in mine if one.held][:MOST_HELD]
    if case is not None and cases.get(tx, case).state is CaseState.CLOSED:
        case = None
    made = kept_comments.keep(
        tx, chat.service, [replace(one, id=new_id(), chat=chat.id, case=case) for one in some]
    )
    if made:
        tx.audit("live", "chat.capture", chat.id, comments=made, case=case, stream=chat.stream)
        tx.emit(EventType.CHAT_CAPTURED, chat.id, comments=made, case=case)
    return made
