"""Conversations: messages from one to another come in, and what one side shows adds up over days.

First the law: where no basis is configured nothing is weighed or stored, only counted. Messages
are weighed in a lane (`recognition.hearing`); each side's stages are summed (`sides`) and kept
sealed; a side that reaches the threshold opens a case, and the messages that gave evidence now are
kept with it. Reports of recipients are believed by their proof (`franking`) and always seen by a
person. Nothing here restrains anybody. Tests: `tests/integration/test_conversations_api.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from breakwater.conversations.franking import Proof, verify
from breakwater.conversations.sides import Sides
from breakwater.conversations.talk import Talk, sent, timed, told_of
from breakwater.errors import (
    BadInput,
    NotAllowed,
    ProofRefused,
    ScanningNotPermitted,
    TooManyRequests,
)
from breakwater.model.access import Principal
from breakwater.model.case import Case, CaseKind, CaseState, Priority
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
    Taken,
)
from breakwater.model.comment import (
    AuthorEvidence,
    Contribution,
    Explanation,
    Level,
    Message,
)
from breakwater.model.conversation import permit
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.observe import Metrics
from breakwater.recognition.hearing.answers import Busy, LaneAnswer
from breakwater.recognition.hearing.capture import capture
from breakwater.recognition.hearing.lanes import Lanes
from breakwater.recognition.hearing.owed import Owed
from breakwater.records import cases, chat_alarms, chat_course, chats, conversations
from breakwater.records.database import Database, Tx

SELF: Final = "conversations"
"""Who acts, where nobody asked."""

NAMED: Final = 10
"""Messages that an explanation names."""

MOST_PARTIES: Final = 64
MOST_REPORTED: Final = 100
"""Messages of one report; all are kept."""
ADDS_UP: Final = "What one account writes adds up to an alarm."
REPORTED: Final = "Somebody reported what was written to them."
WHERE: Final = "BREAKWATER_CONVERSATIONS_JURISDICTIONS"


@dataclass(frozen=True, slots=True)
class ConversationRules:
    """What an operator settled.

    Attributes:
        on: off, nothing is taken.
        permitted: jurisdictions where private messages may be weighed; elsewhere nowhere.
        at_least: nats at which a side alarms.
        franking: keys of platforms by service.
    """

    on: bool = True
    permitted: tuple[str, ...] = ()
    at_least: float = 6.0
    franking: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What came in, and what it weighs with what is owed; `report`: a recipient showed it."""

    talk: Talk
    told: Sequence[Message]
    heard: LaneAnswer
    unscored: int
    report: bool = False


class Conversations:
    """Every conversation of the installation."""

    def __init__(
        self, *, db: Database, lanes: Lanes, rules: ConversationRules, metrics: Metrics,
        secret: bytes,
    ) -> None:  # fmt: skip
        """Take what it stands on.

        Args:
            db: the database.
            lanes: weigh.
            rules: of the operator.
            metrics: of this installation.
            secret: 16 to 64 bytes that key what stands for accounts and messages in the sums.
        """
        self._db, self._lanes, self._rules = db, lanes, rules
        self._metrics, self._secret = metrics, secret
        self._owed = Owed()

    def take(self, by: Principal, talk: Talk, messages: Sequence[Message]) -> Taken:
        """Weigh messages of one conversation, where the law allows it.

        Args:
            by: who tells.
            talk: which, between whom, and under which law.
            messages: at most a thousand, in their order.

        Raises:
            ScanningNotPermitted: no legal basis; nothing is stored.
            NotAllowed: comments are switched off.
            BadInput: too many, or from or to somebody who takes no part.
            TooManyRequests: lanes have enough to do; nothing of it was taken.
        """
        self._open(talk)
        self._permit(talk)
        return self._weigh(by, talk, messages, report=False)

    def report(self, by: Principal, talk: Talk, messages: Sequence[tuple[Message, Proof]]) -> Taken:
        """Take what a recipient reported, once the platform's proof of each message holds.

        Args:
            by: who tells.
            talk: which, between whom; the basis is the recipient's own act, and is named.
            messages: at most a hundred, each with its proof; none: only what a service counts.

        Raises:
            ProofRefused: of one of them; nothing is stored.
            ScanningNotPermitted: it comes with counts, which are no recipient's, without a basis.
            NotAllowed: comments are switched off, or the service has no franking key here.
            BadInput: as for `take`.
            TooManyRequests: as for `take`.
        """
        self._open(talk)
        if talk.signals is not None:
            self._permit(talk)
        if len(messages) > MOST_REPORTED:
            raise BadInput(f"At most {MOST_REPORTED} messages in a report.")
        told = [one for one, _ in messages]
        if messages:
            self._believe(talk, list(zip(sent(talk, told), [p for _, p in messages], strict=True)))
        return self._weigh(by, talk, told, report=True)

    def _open(self, talk: Talk) -> None:
        if not self._rules.on:
            raise NotAllowed("Comments are not weighed here: see comments_enabled.")
        if not 2 <= len({one.account for one in talk.parties}) == len(talk.parties) <= MOST_PARTIES:
            raise BadInput(f"Name 2 to {MOST_PARTIES} different participants.")

    def _permit(self, talk: Talk) -> None:
        try:
            permit(talk.ground.jurisdiction, self._rules.permitted, WHERE)
        except ScanningNotPermitted as refusal:
            self._metrics.refused_private.labels(str(refusal.facts.get("jurisdiction"))).inc()
            raise

    def _believe(self, talk: Talk, messages: Sequence[tuple[Message, Proof]]) -> None:
        key = self._rules.franking.get(talk.service)
        if key is None:
            raise NotAllowed("This service has no franking key: see conversations_franking_keys.")
        for message, proof in messages:
            try:
                verify(key, proof, talk.reference, message)
            except ProofRefused as refusal:
                self._metrics.proofs.labels("refused").inc()
                with self._db.transaction() as tx:
                    why = str(refusal.facts.get("why"))
                    tx.audit(SELF, "conversation.proof_refused", talk.service, why=why)
                raise
        self._metrics.proofs.labels("held").inc(len(messages))

    def _weigh(
        self, by: Principal, talk: Talk, messages: Sequence[Message], *, report: bool
    ) -> Taken:
        if len(messages) > MOST_MESSAGES:
            raise BadInput(f"At most {MOST_MESSAGES:,} messages at once.")
        checked = sent(talk, messages)
        with self._db.transaction() as tx:
            tx.lock_changes()
            chat = chats.begin(tx, About(ChatKind.CONVERSATION, talk.service, talk.reference))
            told = [timed(one, tx.now) for one in checked]
        heard = self._lanes.take(chat, told) if told else LaneAnswer()
        if isinstance(heard, Busy):
            self._metrics.comments.labels("busy").inc(len(messages))
            raise TooManyRequests(
                "There is more to weigh than can be weighed now; nothing of this was taken.",
                retry_after=heard.retry_s, taken=0, why="busy",
            )  # fmt: skip
        self._metrics.comments.labels("scored").inc(heard.scored)
        self._metrics.comments.labels("unscored").inc(heard.failed)
        unscored, heard = heard.failed, self._owed.with_what_is_due(chat.id, heard)
        batch = _Batch(talk, told, heard, unscored, report)
        try:
            with self._db.transaction() as tx:
                tx.lock_changes()
                return self._kept(tx, by, chats.get(tx, chat.id), batch)
        except BaseException:  # whatever it was, this was weighed and is not weighed again
            self._owed.keep(chat.id, heard)
            raise

    def _kept(self, tx: Tx, by: Principal, chat: Chat, batch: _Batch) -> Taken:
        """Count a batch, sum its sides, and act on those that alarm."""
        talk = batch.talk
        _count(tx, chat, batch)
        known = conversations.find(tx, chat.id)
        if known is None or known.ground != talk.ground:
            tx.audit(
                by.id, "conversation.weigh", chat.id, jurisdiction=talk.ground.jurisdiction,
                basis=talk.ground.basis, service=talk.service,
            )  # fmt: skip
        kept = None if known is None else known.sums
        sides = Sides(self._secret) if kept is None else Sides.restored(self._secret, kept)
        shown = _summed(sides, batch, tx.now)
        alarms = self._rang(tx, chat, batch, sides, shown)
        conversations.put(tx, chat.id, talk.ground, sides.snapshot(), reports=int(batch.report))
        case = self._case(tx, chat, batch, alarms)
        for alarm in alarms:
            self._ring(tx, by, chat, replace(alarm, case=case))
        if case is not None:
            some = _reported(batch) if batch.report else shown
            comments = [_comment(chat, one) for one in some]
            capture(tx, chat, case, comments, most=MOST_REPORTED if batch.report else NAMED)
        return Taken(
            len(batch.told), batch.unscored, (), tuple(replace(one, case=case) for one in alarms)
        )

    def _rang(
        self, tx: Tx, chat: Chat, batch: _Batch, sides: Sides, shown: Sequence[Heavy]
    ) -> list[ChatAlarm]:  # fmt: skip
        """Sides that reached the threshold with this batch."""
        to = {one.id: one.to or "" for one in batch.told}
        pairs = dict.fromkeys((one.author, to[one.message]) for one in shown)
        if batch.talk.signals is not None:
            pairs |= dict.fromkeys(told_of(batch.talk))
        parties = {one.account: one for one in batch.talk.parties}
        found = []
        for author, other in pairs:
            at_least = self._rules.at_least
            nats = sides.rings(parties[author], parties[other], tx.now, at_least)
            if not nats:
                continue
            mine = [one for one in shown if (one.author, to[one.message]) == (author, other)]
            why = Explanation(
                messages=tuple(
                    Contribution(one.message, one.author, one.at, one.nats, one.by)
                    for one in sorted(mine, key=lambda one: -one.nats)[:NAMED]
                ),
                authors=(AuthorEvidence(author, len(mine), nats),),
                lang=batch.heard.lang or "und",
                abstained=bool(batch.heard.abstained),
                sides=((parties[author], parties[other]),),
            )
            found.append(ChatAlarm(new_id(), chat.id, Level.AUTHOR, nats, at_least, tx.now, why))
        return found

    def _case(
        self, tx: Tx, chat: Chat, batch: _Batch, alarms: Sequence[ChatAlarm]
    ) -> Id | None:  # fmt: skip
        """The case a person looks at: of an alarm or a report."""
        if not alarms and not (batch.report and batch.told):
            return None
        if alarms:
            most = max(one.evidence for one in alarms)
            chats.set_risk(tx, chat.id, max(chat.risk, most / (most + 6.0)), Level.AUTHOR)
        why = REPORTED if batch.report else ADDS_UP
        urgent = Priority.HIGH if alarms else Priority.MEDIUM
        case = _waiting(tx, chat)
        if case is None:
            case = cases.open(
                tx, kind=CaseKind.CONVERSATION, subject=chat.id, why=why, priority=urgent,
                service=chat.service, account="", by=SELF,
            )  # fmt: skip
            chats.set_case(tx, chat.id, case.id)
        elif urgent.rank < case.priority.rank:
            case = cases.set_priority(tx, case.id, urgent, by=SELF, reason=why)
        return case.id

    def _ring(self, tx: Tx, by: Principal, chat: Chat, alarm: ChatAlarm) -> None:
        chat_alarms.add(tx, alarm)
        self._metrics.chat_alarms.labels(alarm.level.value).inc()
        facts = {"level": alarm.level.value, "alarm": alarm.id, "case": alarm.case}
        tx.audit(
            SELF, "chat.alarm", chat.id, **facts, evidence=round(alarm.evidence, 2),
            threshold=round(alarm.threshold, 2), told_by=by.id,
        )  # fmt: skip
        tx.emit(EventType.CHAT_ALARMED, chat.id, **facts, kind=chat.kind.value, stream=None)


def _summed(sides: Sides, batch: _Batch, now: datetime) -> list[Heavy]:
    """Add a batch to its sides; answers the forms that gave evidence for the first time."""
    heavy = {(one.message, one.text): one for one in batch.heard.loud}
    shown = []
    for one in batch.told:
        found = heavy.get((one.id, one.text))
        if found is not None and sides.take(one, found.by):
            shown.append(found)
    for _, to in told_of(batch.talk):
        if batch.talk.signals is not None:
            sides.signals(batch.talk.signals, to, now)
    return shown


def _count(tx: Tx, chat: Chat, batch: _Batch) -> None:
    """The conversation's counters, and its minute: what is sent again is in neither."""
    heard = batch.heard
    written = heard.scored + heard.failed
    chats.count(
        tx, chat.id, messages=written, scored=heard.scored, unscored=heard.failed,
        lang=heard.lang, band=heard.band,
    )  # fmt: skip
    seen = ChatMinute(
        tx.now, messages=written, unscored=heard.failed, reports=int(batch.report),
        nats=round(heard.nats, 3),
    )  # fmt: skip
    chat_course.add(tx, chat.id, seen)


def _waiting(tx: Tx, chat: Chat) -> Case | None:
    """The conversation's case, while somebody is still to look."""
    known = None if chat.case is None else cases.get(tx, chat.case)
    return None if known is None or known.state is CaseState.CLOSED else known


def _reported(batch: _Batch) -> list[Heavy]:
    """All of a report, with what each weighs."""
    heavy = {(one.message, one.text): one for one in batch.heard.loud}
    return [
        heavy.get((one.id, one.text)) or Heavy(one.id, one.author, one.at, one.text, 0.0)
        for one in batch.told
    ]


def _comment(chat: Chat, one: Heavy) -> KeptComment:
    return KeptComment(
        new_id(), chat.id, one.message, one.author, one.at, one.text[:LONGEST_TEXT], one.nats,
        one.by,
    )  # fmt: skip
