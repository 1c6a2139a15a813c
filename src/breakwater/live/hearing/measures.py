"""What follows from alarms of a chat: its risk, a case, measures in it; and how they end.

`follow` acts in the transaction of whoever heard the messages; `hold` has single messages taken
out; `calm` undoes what policy did where nothing further alarmed. What a person ordered stands
until a person changes it, or a new alarm goes further. Nothing here knows an account. Carried out
by `enforcement.chats`; tests: `tests/contract/test_chat_measures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.live import acting
from breakwater.live.hearing.policy import Graded, Policy, Rang, grade, weight_of
from breakwater.live.policy import Policy as StreamPolicy
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.chat import Chat, ChatAlarm, Measure
from breakwater.model.chat_rule import ChatRule
from breakwater.model.comment import Explanation, Level, Step
from breakwater.model.ids import Id
from breakwater.model.stream import Stream, StreamState
from breakwater.records import cases, chat_alarms, chat_measures, chat_orders, chats, streams
from breakwater.records.database import Database, Tx

COMMENTS: Final = "comments"
"""Source of a broadcast's risk, and why it is stopped because of that."""

RISES: Final = 0.05
"""Risk by which evidence has to grow before it is acted on again; ours."""

CALM: Final = "calm"
CALM_EVERY_S: Final = 60.0
MOST: Final = 200
"""Chats looked at in one turn."""

WHY: Final = {
    Level.MESSAGE: "A message weighs as much as an alarm takes.",
    Level.AUTHOR: "What one account writes adds up to an alarm.",
    Level.STREAM: "What several accounts write adds up to an alarm.",
    Level.ACROSS: "What accounts do across broadcasts adds up to an alarm.",
}
"""Why a case stands open, by the highest level that alarmed."""

_TOLD: Final = Explanation()


@dataclass(frozen=True, slots=True)
class Policies:
    """Both policies in force: of chats, and of broadcasts."""

    chats: Policy
    streams: StreamPolicy

    def rule(self, measure: Measure) -> ChatRule:
        """What a measure means here."""
        return ChatRule.of(measure, slow_s=self.chats.slow_s, age_days=self.chats.age_days)


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from alarms.

    Attributes:
        measure: in the chat from now on.
        case: that a person looks at; None: nothing alarmed.
        graded: what policy made of it.
    """

    measure: Measure
    case: Id | None
    graded: Graded


@dataclass(frozen=True, slots=True)
class _Risen:
    """A level that alarmed before and went on; its explanation stands with the alarm."""

    level: Level
    evidence: float
    threshold: float
    why: Explanation = _TOLD


def follow(
    tx: Tx,
    policies: Policies,
    chat: Chat,
    alarms: Sequence[ChatAlarm],
    steps: Sequence[Step] = (),
) -> Followed:
    """Act on alarms that one chat has just raised, and on evidence that went on growing since.

    Args:
        tx: the transaction that took the messages in.
        policies: in force.
        chat: as read in it.
        alarms: of one batch, not kept yet.
        steps: where each level stands now: a level alarms once in ten minutes, and what is
            written meanwhile counts too, while a person is still to look.
    """
    stream = None if chat.stream is None else streams.get(tx, chat.stream)
    rang: Sequence[Rang] = alarms or _risen(tx, policies.chats, chat, steps)
    graded = grade(policies.chats, rang, {} if stream is None else stream.risks)
    if not rang:
        return Followed(chat.measure, None, graded)
    level = max((one.level for one in rang), key=list(Level).index)
    highest = max(level, chat.level or level, key=list(Level).index)
    chats.set_risk(tx, chat.id, max(graded.weight, chat.risk), highest)
    case = _worry(tx, policies, stream, graded, level) if stream else _case(tx, chat, graded, level)
    chats.set_case(tx, chat.id, case.id)
    return Followed(_restrain(tx, policies, chat, graded.measure), case.id, graded)


def hold(tx: Tx, policies: Policies, chat: Chat, messages: Sequence[str]) -> Measure:
    """Have single messages taken out of a chat; answers what is done in it now."""
    if not messages:
        return chat.measure
    now = _restrain(tx, policies, chat, Measure.HOLDING)
    chat_orders.hold(tx, chats.get(tx, chat.id), messages, by=chat_orders.SELF)
    return now


def release(tx: Tx, policies: Policies, chat: Chat, *, by: str, why: str) -> None:
    """Open a chat again, whoever restrained it: a decision found nothing in it."""
    if chat.measure is not Measure.OPEN:
        chat_orders.order(tx, chat, policies.rule(Measure.OPEN), by=by, why=why)


def calm(db: Database, policies: Policies) -> int:
    """Undo what policy did in chats without a further alarm; answers how many were opened."""
    opened = 0
    with db.read() as tx:
        some = chat_orders.restrained(tx, MOST)
        due = [one.id for one in some if _is_calm(tx, policies.chats, one)]
    for one in due:
        with db.transaction() as tx:
            tx.lock_changes()
            chat = chats.get(tx, one)
            if not _is_calm(tx, policies.chats, chat):
                continue
            chat_orders.order(tx, chat, policies.rule(Measure.OPEN), by=chat_orders.SELF, why=CALM)
            opened += 1
    return opened


def _risen(tx: Tx, policy: Policy, chat: Chat, steps: Sequence[Step]) -> list[_Risen]:
    """Levels whose evidence is clearly more than what the waiting case was last raised for."""
    if chat.level is None or chat.case is None:
        return []
    over = [_Risen(one.level, one.evidence, one.threshold) for one in steps if one.alarms]
    more = [one for one in over if weight_of(policy, one) >= chat.risk + RISES]
    if not more or cases.get(tx, chat.case).state is CaseState.CLOSED:
        return []
    return more


def _worry(tx: Tx, policies: Policies, stream: Stream, graded: Graded, level: Level) -> Case:
    """Risk, sampling and priority of a broadcast; held from discovery or frozen where it follows."""
    weight = max(graded.weight, stream.risks.get(COMMENTS, 0.0))
    stream = acting.worry(tx, policies.streams, stream, COMMENTS, weight)
    if stream.state is not StreamState.ENDED:
        stream = acting.order(tx, stream, graded.control, why=COMMENTS)
    known = acting.waiting_case(tx, stream)
    urgent = min(graded.priority, stream.priority, key=lambda one: one.rank)
    _, case = acting.case_for(tx, stream, why=WHY[level], priority=urgent)
    if case.id == known:
        cases.note(tx, case.id, by=acting.SYSTEM, what="alerted", alert=COMMENTS, level=level.value)
    return case


def _case(tx: Tx, chat: Chat, graded: Graded, level: Level) -> Case:
    """The case about what is written to something that is no broadcast."""
    known = None if chat.case is None else cases.get(tx, chat.case)
    if known is None or known.state is CaseState.CLOSED:
        return cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=chat.id, why=WHY[level],
            priority=graded.priority, service=chat.service, account="", by=acting.SYSTEM,
        )  # fmt: skip
    if graded.priority.rank < known.priority.rank:
        return cases.set_priority(
            tx, known.id, graded.priority, by=acting.SYSTEM, reason=WHY[level]
        )
    return known


def _restrain(tx: Tx, policies: Policies, chat: Chat, to: Measure) -> Measure:
    """Go further, never back: letting go is a person's, a decision's, or the calm's."""
    if to.rank <= max(chat.measure.rank, _settled(tx, policies.chats, chat).rank):
        return chat.measure
    chat_orders.order(tx, chat, policies.rule(to), by=chat_orders.SELF, why=COMMENTS)
    return to


def _settled(tx: Tx, policy: Policy, chat: Chat) -> Measure:
    """How far a person found lately that the chat needs not to be restrained again."""
    stands = chat_measures.last(tx, chat.id)
    if stands is None or stands.by == chat_orders.SELF:
        return Measure.OPEN
    lately = tx.now - stands.at < timedelta(minutes=policy.calm_minutes)
    return chat_orders.before(tx, chat.id) if lately else Measure.OPEN


def _is_calm(tx: Tx, policy: Policy, chat: Chat) -> bool:
    """Whether policy restrained it and nothing alarmed since for long enough."""
    if chat.measure is Measure.OPEN:
        return False
    stands = chat_measures.last(tx, chat.id)
    if stands is None or stands.by != chat_orders.SELF:
        return False
    alarms = chat_alarms.of_chat(tx, chat.id, 1)
    last = max([stands.at, *(one.at for one in alarms)])
    return tx.now - last >= timedelta(minutes=policy.calm_minutes)
