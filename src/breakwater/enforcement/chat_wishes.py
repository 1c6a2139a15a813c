"""What people order of chats: slow, gate, pause, open again; single messages let go; undone.

In comes who wants what of which broadcast's chat; out goes the order, written in one transaction
and obeyed at once. A person's order stands until a person changes it, or something new alarms.
Used by `web.api.chat_orders` and the live wall; tests: `tests/integration/test_chat_orders.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.chat import Chat, ChatAlarm, Measure, MeasureAck, MeasureWish
from breakwater.model.chat_rule import ChatRule
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.stream import OrderState
from breakwater.records import (
    cases,
    chat_alarms,
    chat_measures,
    chat_orders,
    chats,
    kept_comments,
    streams,
)
from breakwater.records.database import Database, Tx

LONGEST: Final = 2_000
"""Characters of a reason."""

WHY: Final = "person"
UNDONE: Final = "undone"
SERVICE: Final = "service"
LET_GO: Final = "comments_released"
"""Step in a case's history: what a person let go is no example of what is looked for."""


@dataclass(frozen=True, slots=True)
class ChatOrder:
    """An order to a chat and where it stands.

    Attributes:
        answers: the first first.
    """

    wish: MeasureWish
    stream: Id | None
    state: OrderState
    answers: tuple[MeasureAck, ...]


class ChatWishes:
    """What people want done in chats."""

    def __init__(self, *, db: Database, slow_s: int, age_days: int) -> None:
        """`slow_s` and `age_days` say what slow mode and the gate mean here."""
        self._db = db
        self._slow_s, self._age_days = slow_s, age_days

    def want(
        self,
        who: Principal,
        stream: Id,
        to: Measure,
        *,
        reason: str = "",
        seen: str | None = None,
    ) -> ChatOrder:
        """Order how the chat of a broadcast shall be.

        Args:
            who: the person, or the operator of this host.
            stream: whose chat.
            to: how it shall be.
            reason: in their words.
            seen: id of the order that the person saw in force, empty for none. Letting go of
                what somebody ordered meanwhile is refused; restraining never waits.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such broadcast, or nobody wrote in it.
            Conflict: another order came meanwhile.
            BadInput: too many words.
        """
        with self._db.transaction() as tx:
            chat = self._chat(tx, who, stream, reason)
            stands = chat_measures.last(tx, chat.id)
            newer = seen is not None and seen != (stands.id if stands else "")
            if newer and to.rank < chat.measure.rank:
                raise Conflict("Somebody ordered something else meanwhile. Look at it again.")
            return self._order(tx, who.person or who.id, chat, to, why=WHY, words=reason)

    def undo(self, who: Principal, stream: Id, order: Id, *, reason: str = "") -> ChatOrder:
        """Take back the order in force: the chat is as it was before it.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such broadcast, chat or order.
            Conflict: it is not in force any more.
        """
        with self._db.transaction() as tx:
            chat = self._chat(tx, who, stream, reason)
            stands = chat_measures.last(tx, chat.id)
            if chat_orders.get(tx, order).chat != chat.id:
                raise NotFound(f"chat order {order}")
            if stands is None or stands.id != order:
                raise Conflict("Another order is in force by now. Look at it again.")
            to = chat_orders.before(tx, chat.id)
            return self._order(tx, who.person or who.id, chat, to, why=UNDONE, words=reason)

    def let_go(self, who: Principal, stream: Id, comments: Sequence[Id]) -> int:
        """Show held messages of a broadcast's chat again, by their ids here; answers how many.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such broadcast, or a comment that is not kept of its chat.
        """
        with self._db.transaction() as tx:
            return self._let_go(tx, who, self._chat(tx, who, stream, ""), comments)

    def let_go_of(self, who: Principal, chat: Id, comments: Sequence[Id]) -> int:
        """The same in any chat, of a post or profile too.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such chat, or a comment that is not kept of it.
        """
        _may(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            return self._let_go(tx, who, chats.get(tx, chat), comments)

    def _let_go(self, tx: Tx, who: Principal, chat: Chat, comments: Sequence[Id]) -> int:
        found = [kept_comments.get(tx, one) for one in dict.fromkeys(comments)]
        if any(one.chat != chat.id for one in found):
            raise NotFound("This comment is not of this chat.")
        held = [one for one in found if one.held]
        by = who.person or who.id
        ids = kept_comments.let_go(tx, chat.id, held)
        chat_orders.hold(tx, chat, ids, by=by, held=False)
        for case in dict.fromkeys(one.case for one in held if one.case is not None):
            mine = [one.id for one in held if one.case == case]
            cases.note(tx, case, by=by, what=LET_GO, comments=mine)
        return len(held)

    def of_stream(self, who: Principal, stream: Id, limit: int = 50) -> list[ChatOrder]:
        """Orders to the chat of a broadcast, the newest first; a service sees its own.

        Raises:
            NotFound: no such broadcast of this service.
        """
        with self._db.read() as tx:
            found = streams.get(tx, stream)
            if who.service not in {"", found.service}:
                raise NotFound(f"stream {stream}")
            chat = chats.of_stream(tx, stream)
            wishes = [] if chat is None else chat_measures.of_chat(tx, chat.id, limit)
            return [_seen(tx, one, stream) for one in wishes]

    def standing(self, who: Principal, stream: Id, limit: int = 20) -> tuple[Chat, list[ChatAlarm]]:
        """The chat of a broadcast as it stands, with its alarms, the newest first.

        A service knows its own accounts; to people without `account:read` they are numbers.

        Raises:
            NotFound: no such broadcast of this service, or nobody wrote in it.
        """
        with self._db.read() as tx:
            found = streams.get(tx, stream)
            chat = chats.of_stream(tx, stream)
            if chat is None or who.service not in {"", found.service}:
                raise NotFound("Nobody has written in the chat of such a broadcast.")
            alarms = chat_alarms.of_chat(tx, chat.id, limit)
        named = who.person is None or who.may(Permission.ACCOUNT_READ)
        return chat, alarms if named else _numbered(alarms)

    def obeyed(
        self, who: Principal, stream: Id, order: Id, *, done: bool, detail: str = ""
    ) -> ChatOrder:
        """A service says that it did, or could not do, what an order asks.

        Raises:
            NotFound: no such broadcast of this service.
            BadInput: an order that is not of this broadcast's chat.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = streams.get(tx, stream)
            if who.service not in {"", found.service}:
                raise NotFound(f"stream {stream}")
            chat, wish = chats.of_stream(tx, stream), chat_measures.get(tx, order)
            if chat is None or wish is None or wish.chat != chat.id:
                raise BadInput("Name the order of this chat that was obeyed.")
            chat_orders.answered(tx, wish, SERVICE, done=done, detail=detail)
            tx.audit(who.id, "chat.obeyed", chat.id, order=order, done=done)
            return _seen(tx, wish, stream)

    def _chat(self, tx: Tx, who: Principal, stream: Id, reason: str) -> Chat:
        _may(who)
        if len(reason) > LONGEST:
            raise BadInput(f"A reason has at most {LONGEST:,} characters.")
        tx.lock_changes()
        streams.get(tx, stream)
        chat = chats.of_stream(tx, stream)
        if chat is None:
            raise NotFound("Nobody has written in this broadcast's chat.")
        return chat

    def _order(
        self, tx: Tx, by: str, chat: Chat, to: Measure, *, why: str, words: str
    ) -> ChatOrder:
        rule = ChatRule.of(to, slow_s=self._slow_s, age_days=self._age_days)
        wish = chat_orders.order(tx, chat, rule, by=by, why=why)
        if chat.case is not None:
            cases.note(
                tx, chat.case, by=by, what="chat_ordered", words=words.strip(), to=to.value,
                order=wish.id,
            )  # fmt: skip
            tx.emit(EventType.CASE_CHANGED, chat.case, chat=to.value)
        return _seen(tx, wish, chat.stream)


def _may(who: Principal) -> None:
    if not who.may(Permission.STREAM_CONTROL):
        raise NotAllowed("Chats are restrained by people whose role allows it.")


def _seen(tx: Tx, wish: MeasureWish, stream: Id | None) -> ChatOrder:
    state, answers = chat_orders.state(tx, wish)
    return ChatOrder(wish, stream, state, tuple(answers))


def _numbered(alarms: Sequence[ChatAlarm]) -> list[ChatAlarm]:
    """Alarms with numbers for accounts, the same in all of them."""
    said: dict[str, None] = {}
    for alarm in alarms:
        said |= dict.fromkeys(one.author for one in alarm.why.authors)
        said |= dict.fromkeys(one.author for one in alarm.why.messages)
    names = {name: f"account {n}" for n, name in enumerate(said, start=1)}
    return [
        replace(
            alarm,
            why=replace(
                alarm.why,
                authors=tuple(replace(one, author=names[one.author]) for one in alarm.why.authors),
                messages=tuple(
                    replace(one, author=names[one.author]) for one in alarm.why.messages
                ),
            ),
        )
        for alarm in alarms
    ]
