"""Chats: a batch of messages comes in; what it weighs is counted, judged and acted on.

Weighed in a lane first (`recognition.hearing`), then kept in one transaction: counters, the
minute, alarms with what follows from them (`measures`), the comments that are evidence
(`capture`), messages to hold. Re-sending counts nothing twice. What could not be weighed is
counted; where lanes have enough to do nothing is taken and the sender is told when to come back.
Tests: `tests/integration/test_comments_api.py`.
"""

from __future__ import annotations

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
from breakwater.recognition.hearing.owed import Owed
from breakwater.recognition.hearing.texts import Text
from breakwater.records import (
    chat_alarms,
    chat_course,
    chat_sums,
    chats,
    kept_comments,
    streams,
    waiting_comments,
)
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

FULL: Final = timedelta(seconds=30)
"""A chat of which no more messages are known to wait is not asked again for so long: a flood into a
paused chat costs little."""

MOST_FULL: Final = 1_000

END_EVERY_S: Final = 60.0

READ: Final = 2 * LONGEST_TEXT
"""Characters that are handed on: the reader counts some of what it does not read."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What came in, and what it weighs with what is owed; `unscored`: of it alone."""

    told: Sequence[Message]
    heard: LaneAnswer
    writers: Writers
    unscored: int


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
        self._owed = Owed()
        self._full: dict[Id, datetime] = {}

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
        with self._db.transaction() as tx:
            tx.lock_changes()
            chats.count(tx, chat.id, messages=count, scored=0, unscored=count)
            chat_course.add(tx, chat.id, ChatMinute(tx.now, messages=count, unscored=count))
        self._metrics.comments.labels("unscored").inc(count)

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
        held = self._held(tx, chat, batch)
        measure = self._hold(tx, chat, held, batch, followed)
        ids = tuple(dict.fromkeys(one.id for one in held))
        return Taken(len(batch.told), batch.unscored, ids, alarms, measure)

    def _hold(
        self, tx: Tx, chat: Chat, held: Sequence[Message], batch: _Batch, followed: Followed
    ) -> Measure:
        """Have messages taken out, and keep those that are evidence."""
        heard = batch.heard
        heavy = {(one.message, one.text): one for one in heard.loud}
        loud = {one.message for one in heard.loud}
        # A paused chat is paused: what came all the same waits, and only its evidence is told.
        paused = chat.measure is Measure.PAUSED
        ordered = dict.fromkeys(one.id for one in held if one.id in loud or not paused)
        measure = followed.measure
        if ordered:
            now = measures.hold(tx, self._policies, chats.get(tx, chat.id), list(ordered))
            measure = max(measure, now, key=lambda one: one.rank)
        kept = [*heard.captured, *(one for one in heard.loud if one.message in ordered)]
        if kept:
            comments = _once([_comment(chat, one) for one in kept])
            capture(tx, chat, followed.case or chat.case, comments, held=set(ordered))
        self._wait(tx, chat, [one for one in held if (one.id, one.text) not in heavy], batch)
        return measure

    def _wait(self, tx: Tx, chat: Chat, light: Sequence[Message], batch: _Batch) -> None:
        """Know which messages wait until the chat is opened again; their text is not kept."""
        if light and self._full.get(chat.id, tx.now) <= tx.now:
            ages, policy = batch.writers.ages, self._policies.chats
            young = frozenset(name for name, days in ages.items() if days < policy.age_days)
            none = [Heavy(one.id, one.author, one.at, one.text, 0.0) for one in light]
            beyond = waiting_comments.add(tx, [_comment(chat, one) for one in none], young=young)
            if beyond:
                self._full[chat.id] = tx.now + FULL
        else:
            beyond = len(light)
        if beyond:
            self._metrics.comments.labels("waits_unknown").inc(beyond)
        while len(self._full) > MOST_FULL:
            self._full.pop(next(iter(self._full)), None)

    def _ring(self, tx: Tx, by: Principal, chat: Chat, alarm: ChatAlarm) -> None:
        chat_alarms.add(tx, alarm)
        self._metrics.chat_alarms.labels(alarm.level.value).inc()
        facts = {"level": alarm.level.value, "alarm": alarm.id, "case": alarm.case}
        tx.audit(
            "live", "chat.alarm", chat.id, **facts, evidence=round(alarm.evidence, 2),
            threshold=round(alarm.threshold, 2), told_by=by.id,
        )  # fmt: skip
        tx.emit(EventType.CHAT_ALARMED, chat.id, **facts, kind=chat.kind.value, stream=chat.stream)

    def _held(self, tx: Tx, chat: Chat, batch: _Batch) -> list[Message]:
        """Messages that wait, in their order; what was let go, sent again, does not."""
        nats = {(one.message, one.text): one.nats for one in batch.heard.loud}
        ages, policy = batch.writers.ages, self._policies.chats
        written = [one for one in batch.told if one.kind.written]
        forms = {
            (one.id, one.text)
            for one in written
            if holds(
                policy, chat.measure, nats.get((one.id, one.text), 0.0),
                age_days=ages.get(one.author),
            )
        }  # fmt: skip
        # One form of a message that was edited is enough for all of it to wait.
        waits = {message for message, _ in forms - kept_comments.shown(tx, chat.id, forms)}
        return [one for one in written if one.id in waits]


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
    """Each form of a message once, with what it weighs most."""
    found: dict[tuple[str, str], KeptComment] = {}
    for one in comments:
        known = found.get((one.message, one.text))
        if known is None or known.nats < one.nats:
            found[one.message, one.text] = one
    return list(found.values())
