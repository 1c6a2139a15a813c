"""Chats: a batch of messages comes in; what it weighs is counted, judged and acted on.

Weighed in a lane first (`recognition.hearing`), then kept in one transaction: counters, the
minute, alarms with what follows from them (`measures`), the comments that are evidence
(`capture`), messages to hold. Re-sending counts nothing twice. What could not be weighed is
counted; where lanes have enough to do nothing is taken and the sender is told when to come back.
Tests: `tests/integration/test_comments_api.py`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, NotFound, TooManyRequests
from breakwater.live.hearing import measures
from breakwater.live.hearing.measures import Followed, Policies
from breakwater.live.hearing.policy import holds
from breakwater.model.access import Principal
from breakwater.model.chat import (
    LONGEST_TEXT,
    MOST_MESSAGES,
    About,
    Chat,
    ChatAlarm,
    ChatKind,
    ChatMinute,
    Heavy,
    KeptComment,
    Measure,
    Taken,
)
from breakwater.model.comment import Message, MessageKind
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.observe import Metrics
from breakwater.recognition.hearing.accounts import Accounts, Writers
from breakwater.recognition.hearing.answers import Busy, LaneAnswer
from breakwater.recognition.hearing.capture import capture
from breakwater.recognition.hearing.lanes import Lanes
from breakwater.recognition.hearing.texts import Text
from breakwater.records import chat_alarms, chat_course, chat_sums, chats, streams
from breakwater.records.database import Database, Tx

EARLIEST: Final = timedelta(minutes=30)
LATEST: Final = timedelta(seconds=0)
"""A message that says it is older, or from the future, counts as of when it came."""

OVER: Final = timedelta(minutes=30)
"""After the end of a broadcast its chat is over: until then people may look what was written."""

CALM_KEPT: Final = timedelta(days=90)
"""How long a chat without a broadcast that led to nothing is known, by pseudonyms."""

SUMS_KEPT: Final = timedelta(days=30)
"""How long sums of a chat are kept in which nobody writes: they have long faded by then."""

END_EVERY_S: Final = 60.0
MOST_OWED: Final = 1_000
"""Chats whose figures and alarms wait for a database that can be written to."""

READ: Final = 2 * LONGEST_TEXT
"""Characters that are handed on: the reader counts some of what it does not read."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What came in, and what it weighs with what is owed; `unscored`: of it alone."""

    told: Sequence[Message]
    heard: LaneAnswer
    writers: Writers
    unscored: int


class _Owed:
    """What was weighed and could not be kept: what is sent again is neither weighed nor rung anew.

    It goes with the chat's next batch, which its sender repeats where this one failed. In memory,
    bounded: a database that is away for long loses the oldest. For several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: OrderedDict[Id, LaneAnswer] = OrderedDict()

    def keep(self, chat: Id, heard: LaneAnswer) -> None:
        """Remember figures and alarms of a batch that was not kept."""
        with self._lock:
            self._due[chat] = heard
            self._due.move_to_end(chat)
            while len(self._due) > MOST_OWED:
                self._due.popitem(last=False)

    def with_what_is_due(self, chat: Id, heard: LaneAnswer) -> LaneAnswer:
        """What a batch weighs, with the figures and alarms that one before it left."""
        with self._lock:
            due = self._due.pop(chat, None)
        if due is None:
            return heard
        alarms = {one.level: one for one in (*due.alarms, *heard.alarms)}
        captured = {one.message: one for one in (*heard.captured, *due.captured)}
        return replace(
            heard, scored=heard.scored + due.scored, failed=heard.failed + due.failed,
            nats=heard.nats + due.nats, alarms=tuple(alarms.values()),
            captured=tuple(captured.values()),
        )  # fmt: skip


class Chats:
    """Every chat of the installation."""

    def __init__(
        self, *, db: Database, lanes: Lanes, policies: Policies, metrics: Metrics, on: bool = True
    ) -> None:
        """Take what it stands on.

        Args:
            db: the database.
            lanes: weigh.
            policies: how far chats and broadcasts are restrained without a person.
            metrics: of this installation.
            on: off, messages are refused.
        """
        self._db, self._lanes, self._policies = db, lanes, policies
        self._metrics, self._on = metrics, on
        self._accounts = Accounts()
        self._owed = _Owed()

    @property
    def lanes(self) -> Lanes:
        """That weigh."""
        return self._lanes

    def of_stream(self, by: Principal, stream: Id) -> About:
        """A broadcast as something that is written to.

        Raises:
            NotFound: no such stream of this service.
        """
        with self._db.read() as tx:
            found = streams.find(tx, stream)
        if found is None or by.service not in {"", found.service}:
            raise NotFound(f"stream {stream}")
        return About(ChatKind.STREAM, found.service, found.id, found.id)

    def of_reference(self, by: Principal, kind: ChatKind, reference: str, service: str) -> About:
        """Something of a service that is written to, by the service's own name of it.

        Raises:
            BadInput: no service is named, or the reference is a broadcast's.
        """
        whose = by.service or service
        if not whose or kind is ChatKind.STREAM or not reference:
            raise BadInput("Name the service and what is written to.")
        return About(kind, whose, reference)

    def take(self, by: Principal, about: About, messages: Sequence[Message]) -> Taken:
        """Weigh a batch of one chat and act on it.

        Args:
            by: who tells.
            about: what is written to; checked by `of_stream` or `of_reference`.
            messages: at most a thousand, in their order.

        Raises:
            NotAllowed: comments are switched off.
            BadInput: more than a thousand, or a name that cannot be stored.
            TooManyRequests: lanes have enough to do; nothing of it was taken.
        """
        if not self._on:
            raise NotAllowed("Comments are not weighed here: see comments_enabled.")
        if len(messages) > MOST_MESSAGES:
            raise BadInput(f"At most {MOST_MESSAGES:,} messages at once.")
        chat, writers, now = self._known(about, messages)
        told = [_timed(one, now) for one in messages]
        heard = self._lanes.take(chat, told, sanctioned=writers.sanctioned)
        if isinstance(heard, Busy):
            self._metrics.comments.labels("busy").inc(len(messages))
            raise TooManyRequests(
                "The chats have more before them than they can weigh; nothing of this was taken.",
                retry_after=heard.retry_s, taken=0, why="busy",
            )  # fmt: skip
        self._metrics.comments.labels("scored").inc(heard.scored)
        self._metrics.comments.labels("unscored").inc(heard.failed)
        unscored, heard = heard.failed, self._owed.with_what_is_due(chat.id, heard)
        batch = _Batch(told, heard, writers, unscored)
        try:
            with self._db.transaction() as tx:
                tx.lock_changes()
                return self._kept(tx, by, chats.get(tx, chat.id), batch)
        except BaseException:  # whatever it was, this was weighed and these alarms rang
            self._owed.keep(chat.id, heard)
            raise

    def unread(self, about: About, count: int) -> None:
        """Count messages that came and could not even be read."""
        chat, _, _ = self._known(about, ())
        self._metrics.comments.labels("unscored").inc(count)
        with self._db.transaction() as tx:
            tx.lock_changes()
            chats.count(tx, chat.id, messages=count, scored=0, unscored=count)
            chat_course.add(tx, chat.id, ChatMinute(tx.now, messages=count, unscored=count))

    def texts(
        self, chat: Chat, messages: Iterable[str] | None = None, since: datetime | None = None
    ) -> list[Text]:
        """What was written lately in a chat, from memory."""
        return self._lanes.texts(chat, None if messages is None else set(messages), since)

    def since(self, stream: Id, seconds: float) -> list[dict[str, Any]]:
        """What was written to a broadcast lately, as plain facts; for what a stop preserves."""
        with self._db.read() as tx:
            chat, begin = chats.of_stream(tx, stream), tx.now - timedelta(seconds=seconds)
        if chat is None:
            return []
        return [
            {"id": one.message, "author": one.author, "at": one.at.isoformat(), "text": one.text}
            for one in self._lanes.texts(chat, since=begin)
        ]

    def told(self, chat: Chat, found: bool) -> None:
        """People looked at a chat: what was ordinary teaches, durably when this returns.

        Raises:
            Unavailable: nobody hears it now.
        """
        if self._on:
            self._lanes.decided(chat, found=found)

    def end(self) -> None:
        """End the chats of broadcasts that are over, and forget those that led to nothing."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            over = chats.over(tx, tx.now - OVER)
            for chat in over:
                chats.end(tx, chat.id)
            chats.forget(tx, chats.calm_before(tx, tx.now - CALM_KEPT))
            chat_sums.forget_before(tx, tx.now - SUMS_KEPT)
        for chat in over:
            self._lanes.ended(chat)

    def _known(self, about: About, messages: Sequence[Message]) -> tuple[Chat, Writers, datetime]:
        """The chat, those who write, and now."""
        with self._db.read() as tx:
            chat = chats.find(tx, about)
            writers = self._accounts.known(tx, about.service, {one.author for one in messages})
            now = tx.now
        if chat is None:
            with self._db.transaction() as tx:
                chat = chats.begin(tx, about)
        return chat, writers, now

    def _kept(self, tx: Tx, by: Principal, chat: Chat, batch: _Batch) -> Taken:
        """Count a batch, and act on what it alarmed."""
        heard = batch.heard
        _count(tx, chat, batch)
        rang = [
            ChatAlarm(new_id(), chat.id, one.level, one.evidence, one.threshold, tx.now, one.why)
            for one in heard.alarms
        ]
        followed = measures.follow(tx, self._policies, chat, rang, heard.steps)
        alarms = tuple(replace(one, case=followed.case) for one in rang)
        for alarm in alarms:
            self._ring(tx, by, chat, alarm)
        held = self._held(chat, batch)
        measure = self._hold(tx, chat, held, heard, followed)
        return Taken(len(batch.told), batch.unscored, tuple(held), alarms, measure)

    def _hold(
        self, tx: Tx, chat: Chat, held: Sequence[str], heard: LaneAnswer, followed: Followed
    ) -> Measure:
        """Have messages taken out, and keep those that are evidence."""
        heavy = {one.message: one for one in reversed(heard.loud)}
        # A paused chat is paused: what came all the same waits, and only its evidence is told.
        paused = chat.measure is Measure.PAUSED
        ordered = [one for one in held if one in heavy or not paused]
        measure = followed.measure
        if ordered:
            now = measures.hold(tx, self._policies, chats.get(tx, chat.id), ordered)
            measure = max(measure, now, key=lambda one: one.rank)
        kept = [*heard.captured, *(heavy[one] for one in ordered if one in heavy)]
        if kept:
            comments = _once([_comment(chat, one) for one in kept])
            capture(tx, chat, followed.case or chat.case, comments, held=set(ordered))
        return measure

    def _ring(self, tx: Tx, by: Principal, chat: Chat, alarm: ChatAlarm) -> None:
        chat_alarms.add(tx, alarm)
        self._metrics.chat_alarms.labels(alarm.level.value).inc()
        facts = {"level": alarm.level.value, "alarm": alarm.id, "case": alarm.case}
        tx.audit(
            "live", "chat.alarm", chat.id, **facts, evidence=round(alarm.evidence, 2),
            threshold=round(alarm.threshold, 2), told_by=by.id,
        )  # fmt: skip
        tx.emit(EventType.CHAT_ALARMED, chat.id, **facts, kind=chat.kind.value, stream=chat.stream)

    def _held(self, chat: Chat, batch: _Batch) -> list[str]:
        """Ids of messages that wait, in their order."""
        nats: dict[str, float] = {}
        for one in batch.heard.loud:  # the heaviest form of one that was edited counts
            nats[one.message] = max(one.nats, nats.get(one.message, 0.0))
        ages, policy = batch.writers.ages, self._policies.chats
        found = [
            one.id
            for one in batch.told
            if one.kind.written
            and holds(policy, chat.measure, nats.get(one.id, 0.0), age_days=ages.get(one.author))
        ]
        return list(dict.fromkeys(found))


def _timed(one: Message, now: datetime) -> Message:
    """As it counts: no clock of a sender reaches far, and no text is longer than is read."""
    at = one.at if now - EARLIEST <= one.at <= now + LATEST else now
    if at == one.at and len(one.text) <= READ:
        return one
    return replace(one, at=at, text=one.text[:READ])


def _count(tx: Tx, chat: Chat, batch: _Batch) -> None:
    """The chat's counters, and its minute: what is sent again is in neither."""
    kinds, heard = [one.kind for one in batch.told], batch.heard
    written = heard.scored + heard.failed
    chats.count(
        tx, chat.id, messages=written, scored=heard.scored, unscored=heard.failed,
        lang=heard.lang, band=heard.band,
    )  # fmt: skip
    seen = ChatMinute(
        tx.now, messages=written, unscored=heard.failed, joins=kinds.count(MessageKind.JOIN),
        leaves=kinds.count(MessageKind.LEAVE), gifts=kinds.count(MessageKind.GIFT),
        reports=kinds.count(MessageKind.REPORT), nats=round(heard.nats, 3),
    )  # fmt: skip
    chat_course.add(tx, chat.id, seen)


def _comment(chat: Chat, one: Heavy) -> KeptComment:
    return KeptComment(
        new_id(), chat.id, one.message, one.author, one.at, one.text, one.nats, one.by
    )


def _once(comments: Sequence[KeptComment]) -> list[KeptComment]:
    """Each message once; an alarm's explanation comes before what is held."""
    found: dict[str, KeptComment] = {}
    for one in comments:
        found.setdefault(one.message, one)
    return list(found.values())
