"""Messages that are held and belong to no case: a person makes one of them, or lets them go.

A message that weighs much by itself is held although nothing alarmed, so no case tells of it. People
find these in a list of their own (`web.pages.held`); letting go is `enforcement.chat_wishes`, and
what nobody looked at is emptied after a day (`captured`). Tests:
`tests/contract/test_chat_alone.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import NotAllowed, NotFound
from breakwater.live import acting
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.chat import Chat
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.records import cases, chats, kept_comments, streams
from breakwater.records.database import Database, Tx

WHY: Final = "A person found a message that was held, and wants it decided."


class Alone:
    """What people make of messages that are held and belong to no case."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def make_case(self, who: Principal, comment: Id) -> Id:
        """The case of a held message: the one that waits about its chat, or a new one.

        What else is held in that chat without a case comes along. Again answers the same case.

        Args:
            who: the person.
            comment: its id here.

        Raises:
            NotAllowed: not by this role.
            NotFound: it is not kept, or not held any more.
        """
        if who.person is None or not who.may(Permission.CASE_DECIDE):
            raise NotAllowed("Cases are opened by people whose role allows it.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            one = kept_comments.get(tx, comment)
            if one.case is not None:
                return one.case
            if not one.held:
                raise NotFound("This message is not held any more.")
            chat = chats.get(tx, one.chat)
            case = _case(tx, chat, by=who.person)
            chats.set_case(tx, chat.id, case.id)
            joined = kept_comments.join(tx, chat.id, case.id)
            tx.audit(who.person, "comment.case", chat.id, case=case.id, comments=joined)
            tx.emit(EventType.CHAT_CAPTURED, chat.id, comments=joined, case=case.id)
        return case.id


def _case(tx: Tx, chat: Chat, *, by: Id) -> Case:
    if chat.stream is not None:
        stream = streams.get(tx, chat.stream)
        return acting.case_for(tx, stream, why=WHY, priority=Priority.HIGH, by=by)[1]
    known = None if chat.case is None else cases.get(tx, chat.case)
    if known is not None and known.state is not CaseState.CLOSED:
        return known
    return cases.open(
        tx, kind=CaseKind.CONVERSATION, subject=chat.id, why=WHY, priority=Priority.HIGH,
        service=chat.service, account="", by=by,
    )  # fmt: skip
