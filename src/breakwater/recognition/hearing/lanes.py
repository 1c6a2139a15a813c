"""Lanes: child processes that weigh what people write, each with its own share of the chats.

A batch of one chat goes in, in order; what it weighs comes out, or `Busy` when the lane has
enough to do. A chat is always in the same lane, chosen by a keyed hash. Sums go to rows every
minute and at the end, never what was written; a lane that falls is started again from the rows,
and what it had not answered counts as unscored. Used by `live.hearing` and `conversations`.
Tests: tests/integration/test_comment_lanes.py.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from breakwater.comments.calibrate import Budget
from breakwater.errors import Unavailable, Unfit
from breakwater.model.chat import Chat
from breakwater.model.clock import Clock
from breakwater.model.comment import Message
from breakwater.model.ids import Id
from breakwater.observe import Metrics, logger
from breakwater.recognition.hearing import rows
from breakwater.recognition.hearing.answers import (
    Busy,
    LaneAnswer,
    answered,
    engine_of,
    taken,
    unscored,
)
from breakwater.recognition.hearing.link import Link
from breakwater.recognition.hearing.texts import Text
from breakwater.recognition.hearing.wire import Broken
from breakwater.records import chat_sums
from breakwater.records.database import Database

WAITING: Final = 8_000
"""Messages that one lane may have before it: a second of its work. More is told to come later."""

ANSWER_S: Final = 20.0
"""A lane that is silent for so long is ended."""

AGAIN_S: Final = 5.0
"""Between two starts of a lane that falls."""

KNOWN: Final = 8_000
"""Chats of a lane; the one that was silent longest goes to its row."""

_log = logger("comments")


@dataclass(frozen=True, slots=True)
class LaneRules:
    """What lanes stand on.

    Attributes:
        count: processes.
        package: folder of the model; empty: none.
        lexicons: operators' lists, by path.
        waiting: messages that one lane may have before it.
        encoder: folder of an encoder for what stands out; empty: none.
        challenger: folder of a model that is only counted; empty: none.
    """

    count: int = 1
    package: str = ""
    lexicons: tuple[str, ...] = ()
    waiting: int = WAITING
    encoder: str = ""
    challenger: str = ""


@dataclass(slots=True)
class _Slot:
    """One lane's place."""

    number: int
    link: Link | None = None
    known: OrderedDict[Id, str] = field(default_factory=OrderedDict)
    budgets: set[str] = field(default_factory=set)
    waiting: int = 0
    tried: float = -1e9
    lock: threading.RLock = field(default_factory=threading.RLock)
    keeping: threading.Lock = field(default_factory=threading.Lock)


class Lanes:
    """All lanes of one process of the server."""

    def __init__(
        self, *, db: Database, clock: Clock, secret: bytes, rules: LaneRules,
        budget_of: Callable[[str], Budget], metrics: Metrics,
    ) -> None:  # fmt: skip
        """Take what they stand on; no process is started before somebody writes.

        Args:
            db: keeps the sums.
            clock: for the expiry of lists.
            secret: 16 to 64 bytes that key the hashes of ids and accounts; the same after a
                restart, or sums mean nothing.
            rules: how many, and what they weigh with.
            budget_of: how many alarms the people of a service can answer.
            metrics: of this installation.
        """
        self._db, self._clock, self._secret = db, clock, secret
        self._rules, self._budget_of, self._metrics = rules, budget_of, metrics
        self._slots = [_Slot(number) for number in range(rules.count)]
        self._closed = False
        self.fault = ""

    def take(
        self, chat: Chat, messages: Sequence[Message], *,
        sanctioned: Collection[str] = frozenset(),
    ) -> LaneAnswer | Busy:  # fmt: skip
        """Weigh a batch of one chat, in its order; what fails is counted, not raised.

        Args:
            chat: which.
            messages: at most a thousand.
            sanctioned: authors among them who were stopped before, or evade a ban.
        """
        slot = self._slot(chat.id)
        with slot.lock:
            if slot.waiting and slot.waiting + len(messages) > self._rules.waiting:
                return Busy(retry_s=1.0)
            slot.waiting += len(messages)
        try:
            with slot.lock:
                link = self._running(slot)
                if link is not None:
                    self._restore(slot, link, chat)
                    answer = link.ask(taken(chat, messages, sanctioned))
            if link is None:
                return unscored(messages)
            return answered(answer.result(timeout=ANSWER_S).said, link.about)
        except Broken:
            return unscored(messages)
        except Late:
            _log.error("lane_silent", lane=slot.number)
            link.kill() if link is not None else None
            return unscored(messages)
        finally:
            with slot.lock:
                slot.waiting -= len(messages)

    def texts(
        self, chat: Chat, messages: Collection[str] | None = None, since: datetime | None = None
    ) -> list[Text]:
        """What was written in a chat in the last half hour, the first first; from memory only."""
        slot = self._slot(chat.id)
        if slot.link is None or chat.id not in slot.known:
            return []
        asked = {
            "do": "texts", "chat": chat.id,
            "messages": None if messages is None else sorted(messages),
            "since": None if since is None else since.timestamp(),
        }  # fmt: skip
        try:
            said = slot.link.ask(asked).result(timeout=ANSWER_S).said
        except (Broken, Late):
            return []
        return [
            Text(message, author, datetime.fromtimestamp(at, UTC), text)
            for message, author, at, text in said["texts"]
        ]

    def decided(self, chat: Chat, *, found: bool) -> None:
        """People looked at a chat: what was ordinary teaches, durably when this returns.

        Raises:
            Unavailable: its lane cannot hear it now.
        """
        slot = self._slot(chat.id)
        said = {"chat": chat.id, "service": engine_of(chat), "found": found}
        try:
            with slot.keeping:
                with slot.lock:
                    if not self._waits(slot, chat):
                        return
                    link = self._running(slot)
                    if link is None:
                        raise Unavailable("The lane of this chat does not run.")
                    self._restore(slot, link, chat)
                rows.keep_decided(
                    self._db, link, said, number=slot.number, lanes=len(self._slots),
                    wait_s=ANSWER_S,
                )  # fmt: skip
        except (Broken, Late):
            raise Unavailable("The lane of this chat does not answer.") from None

    def _waits(self, slot: _Slot, chat: Chat) -> bool:
        """Whether anything may wait for a decision: a lane is not started for nothing."""
        if slot.link is not None and slot.link.alive:
            return True
        with self._db.read() as tx:
            across = chat_sums.across(tx, slot.number, len(self._slots))
            return across is not None or chat_sums.get(tx, chat.id) is not None

    def ended(self, chat: Chat) -> None:
        """Nobody writes there any more; its sums go."""
        slot = self._slot(chat.id)
        with slot.lock:
            if slot.link is not None and slot.known.pop(chat.id, None) is not None:
                slot.link.say({"do": "ended", "chat": chat.id, "service": engine_of(chat)})

    def snapshot(self) -> None:
        """Write what changed to rows, and let budgets follow the people; every minute.

        One lane that cannot be kept keeps no other; then the first fault of a database is raised.
        """
        faults = []
        for slot in self._slots:
            link = slot.link
            if link is None or not link.alive:
                continue
            try:
                with slot.keeping:
                    rows.keep(
                        self._db, link, self._metrics, number=slot.number,
                        lanes=len(self._slots), wait_s=ANSWER_S,
                    )  # fmt: skip
                with slot.lock:
                    for service in slot.budgets:
                        self._budget(link, service)
            except (Broken, Late):
                _log.warning("lane_snapshot_failed", lane=slot.number)
            except Exception as fault:  # noqa: BLE001 - whatever a database says, others are kept
                _log.error("lane_not_kept", lane=slot.number, why=type(fault).__name__)
                faults.append(fault)
        if faults:
            raise faults[0]

    def processes(self) -> list[int]:
        """Ids of the processes that run."""
        return [
            slot.link.process.pid
            for slot in self._slots
            if slot.link is not None and slot.link.alive
        ]

    def close(self) -> None:
        """Write the sums a last time, and end the processes."""
        if self._closed:
            return
        self._closed = True
        try:
            self.snapshot()
        finally:
            for slot in self._slots:
                with slot.lock:
                    if slot.link is not None:
                        slot.link.close()

    def _slot(self, chat: Id) -> _Slot:
        digest = hashlib.blake2b(chat.encode(), key=self._secret, digest_size=8).digest()
        return self._slots[int.from_bytes(digest, "big") % len(self._slots)]

    def _running(self, slot: _Slot) -> Link | None:
        """The lane's process, started if need be; None while it cannot be."""
        if slot.link is not None and slot.link.alive:
            return slot.link
        if self._closed or time.monotonic() - slot.tried < AGAIN_S:
            return None
        if slot.link is not None:
            _log.error("lane_fell", lane=slot.number)
            slot.link.close()
        slot.tried, slot.link = time.monotonic(), None
        slot.known.clear()
        slot.budgets.clear()
        begin = rows.begin(
            self._db, self._clock, self._rules, self._secret, number=slot.number,
            lanes=len(self._slots),
        )  # fmt: skip
        try:
            slot.link = Link(begin.said, begin.block)
        except Unfit as error:
            self.fault = error.detail
            _log.error("lane_unfit", lane=slot.number, why=error.detail)
            return None
        self.fault = ""
        if begin.across is not None:
            slot.link.say({"do": "restore", "what": "across"}, begin.across)
        return slot.link

    def _restore(self, slot: _Slot, link: Link, chat: Chat) -> None:
        """Give the lane a chat's sums, and its service's budget, before its first message."""
        if engine_of(chat) not in slot.budgets:
            slot.budgets.add(engine_of(chat))
            self._budget(link, engine_of(chat))
        if chat.id in slot.known:
            slot.known.move_to_end(chat.id)
            return
        with self._db.read() as tx:
            packed = chat_sums.get(tx, chat.id)
        if packed is not None:
            said = {"do": "restore", "what": "chat", "chat": chat.id, "service": engine_of(chat)}
            link.say(said, packed)
        slot.known[chat.id] = engine_of(chat)
        if len(slot.known) > KNOWN:
            self._set_aside(slot, link)

    def _set_aside(self, slot: _Slot, link: Link) -> None:
        """The chat that was silent longest goes to its row."""
        chat, service = slot.known.popitem(last=False)
        asked = {"do": "forget", "chat": chat, "service": service}
        answer = link.ask(asked).result(timeout=ANSWER_S)
        if not answer.said["kept"]:
            return
        try:
            with self._db.transaction() as tx:
                chat_sums.put(tx, chat, answer.block)
        except BaseException:  # nothing is lost: it goes back to where it was
            link.say(
                {"do": "restore", "what": "chat", "chat": chat, "service": service}, answer.block
            )
            slot.known[chat] = service
            raise

    def _budget(self, link: Link, service: str) -> None:
        one = self._budget_of(service)
        link.say(
            {
                "do": "budget", "service": service, "pages": one.pages, "people": one.people,
                "streams": one.streams,
            }
        )  # fmt: skip
