"""Orders to chats carried out: by the media server that carries the chat, or by the service itself.

In come orders with the job that obeys each; out go calls to the server, or the word of the
webhook that took it, every answer stored. Each call says how the chat shall be, so twice is as
good as once; who finds a newer order does nothing more. What is not so is tried again and shown
as not confirmed. Tests: `tests/integration/test_chat_orders.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from breakwater.enforcement.ports import ChatControl
from breakwater.errors import BreakwaterError, NotFound, Unavailable
from breakwater.model.chat import Chat, MeasureWish
from breakwater.model.chat_rule import ChatRule
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.stream import OrderState, Stream, StreamState
from breakwater.model.webhook import DeliveryState
from breakwater.model.work import Beat, JobKind
from breakwater.observe import Metrics
from breakwater.records import chat_orders, chats, streams, webhooks
from breakwater.records.database import Database, Tx

CHAT: Final = "chat"
ADAPTER: Final = "adapter"
NOBODY: Final = "No webhook of this service takes chat.measured, and no server of it has a chat."
HOLD_TRIES: Final = 5
"""Passes after which a message that cannot be taken out is left: the chat has moved on."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An order as a pass finds it."""

    wish: MeasureWish
    chat: Chat
    stream: Stream | None


class ChatOrders:
    """Carries orders to chats out."""

    def __init__(
        self,
        *,
        db: Database,
        metrics: Metrics,
        server: Callable[[str], ChatControl],
        slow_s: int,
        age_days: int,
        voices: Callable[[Stream], Sequence[ChatControl]] = lambda _: (),
    ) -> None:
        """Take what it needs; its jobs do the work.

        Args:
            db: the database.
            metrics: for alarms.
            server: the media server of a name; raises `NotFound` where there is none.
            slow_s: of slow mode.
            age_days: of the gate.
            voices: who else carries a broadcast's chat, such as an IRC server.
        """
        self._db = db
        self._metrics = metrics
        self._server = server
        self._slow_s, self._age_days = slow_s, age_days
        self._voices = voices

    def rule(self, wish: MeasureWish) -> ChatRule:
        """What an order means here."""
        return ChatRule.of(wish.to, slow_s=self._slow_s, age_days=self._age_days)

    def obey(self, order: Id, *, again: bool = False) -> OrderState:
        """Have a chat be as it was ordered; again is harmless.

        Args:
            order: id of the order.
            again: ask even though it was so: an older call came after.

        Raises:
            NotFound: no such order.
            Unavailable: it is not so yet; the answers say why.
        """
        with self._db.read() as tx:
            found = self._find(tx, order)
            state, _ = chat_orders.state(tx, found.wish)
        held = state is OrderState.CONFIRMED and not again
        if held or state is OrderState.OVERTAKEN or _over(found.stream):
            return state
        controls = list(self._controls(found.stream))
        if not controls:
            return self._told(found)
        rule, name = self.rule(found.wish), found.stream.name if found.stream else ""
        said = [one.chat(name, rule) for one in controls]
        done = all(one.done for one in said)
        detail = next((one.detail for one in said if not one.done), said[-1].detail)
        if not done and self._word(found) is DeliveryState.DELIVERED:
            return self._told(found)
        return self._settle(found, ADAPTER, done=done, detail=detail)

    def hold(self, chat: Id, messages: Sequence[str], *, held: bool) -> None:
        """Take messages out of a chat, or show them again, where a server of ours carries it.

        Raises:
            NotFound: no such chat.
            Unavailable: not done yet.
        """
        with self._db.read() as tx:
            found = chats.get(tx, chat)
            stream = streams.find(tx, found.stream) if found.stream else None
        if stream is None or _over(stream):
            return
        for one in self._server_of(stream):
            said = one.hold(stream.name, messages, held=held)
            if not said.done:
                raise Unavailable(said.detail)

    def job_kinds(self) -> tuple[JobKind, ...]:
        """What the worker runs."""

        def obey(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
            self.obey(Id(payload["wish"]), again=bool(payload.get("again")))

        def hold(payload: Mapping[str, Any], attempt: int, _beat: Beat) -> None:
            try:
                with self._db.read() as tx:
                    messages = chat_orders.messages_of(tx, payload)
                self.hold(Id(payload["chat"]), messages, held=payload["held"])
            except BreakwaterError:
                if attempt < HOLD_TRIES:
                    raise
                self._metrics.alarms.labels("chat_not_held").inc()

        return (JobKind(chat_orders.OBEY_JOB, obey), JobKind(chat_orders.HOLD_JOB, hold))

    def _find(self, tx: Tx, order: Id) -> _Found:
        wish = chat_orders.get(tx, order)
        chat = chats.get(tx, wish.chat)
        return _Found(wish, chat, streams.find(tx, chat.stream) if chat.stream else None)

    def _controls(self, stream: Stream | None) -> Iterator[ChatControl]:
        """Whoever carries the chat of a broadcast and can be asked."""
        if stream is not None:
            yield from self._server_of(stream)
            yield from self._voices(stream)

    def _server_of(self, stream: Stream) -> list[ChatControl]:
        """Its media server, where that carries a chat."""
        if not stream.server:
            return []
        try:
            server = self._server(stream.server)
        except NotFound:  # removed meanwhile: the webhook remains
            return []
        return [server] if CHAT in server.can else []

    def _told(self, found: _Found) -> OrderState:
        """Nobody to ask: it is so when a webhook took it, or the service said so."""
        word = self._word(found)
        if word is DeliveryState.WAITING:
            raise Unavailable("No service has taken it yet.")
        if word is DeliveryState.DELIVERED:
            return self._settle(found, "webhook", done=True, detail="A webhook took it.")
        with suppress(Unavailable):  # nobody listens: there is nothing to try again
            self._settle(found, "webhook", done=False, detail=NOBODY)
        return OrderState.UNCONFIRMED

    def _word(self, found: _Found) -> DeliveryState:
        with self._db.read() as tx:
            return webhooks.taken(
                tx, EventType.CHAT_MEASURED, order=found.wish.id, service=found.chat.service,
                since=found.wish.at,
            )  # fmt: skip

    def _settle(self, found: _Found, step: str, *, done: bool, detail: str) -> OrderState:
        with self._db.transaction() as tx:
            tx.lock_changes()
            if not chat_orders.in_force(tx, found.wish):
                if step == ADAPTER:
                    chat_orders.again(tx, found.chat.id)
                return OrderState.OVERTAKEN
            was, _ = chat_orders.state(tx, found.wish)
            chat_orders.answered(tx, found.wish, step, done=done, detail=detail)
        if done:
            return OrderState.CONFIRMED
        if was is not OrderState.UNCONFIRMED:
            self._metrics.alarms.labels("chat_not_confirmed").inc()
        raise Unavailable("The chat is not as it was ordered to be.")


def _over(stream: Stream | None) -> bool:
    return stream is not None and stream.state is StreamState.ENDED
