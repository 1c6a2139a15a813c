"""Comments that are evidence: captured with their case, preserved when found, else emptied.

What is kept, and how: `recognition.hearing.capture`. When a person finds nothing, text, author and ids go when the decision can no longer
be taken back whole (`Decision.media_until`), with the reasons of the alarms and the half hour
that a freeze preserved; the chat is opened and the engine is told that it was ordinary. All that
is not captured was never written down. Tests: `tests/contract/test_chat_captured.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from breakwater.live.hearing import measures
from breakwater.live.hearing.measures import Policies
from breakwater.model.case import Case, CaseKind
from breakwater.model.chat import Chat
from breakwater.model.decision import Decision
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Subscription, Turn
from breakwater.records import (
    cases,
    chat_alarms,
    chat_orders,
    chats,
    decisions,
    holds,
    jobs,
    kept_comments,
    stream_orders,
    streams,
    waiting_comments,
)
from breakwater.records.database import Database, Tx

SETTLE_JOB: Final = "live.comments_settle"
"""Kind of the job that empties what was captured, when its decision can no longer be undone."""

TEACH_JOB: Final = "live.comments_teach"
"""Kind of the job that tells the engine what people found, until it has learned it."""

SHRED_JOB: Final = "vault.shred"
"""Kind of the job, run by `intake`, that destroys a blob's key and bytes."""

WAITED: Final = timedelta(hours=24)
"""What was held and led to no case is emptied after this."""

PAUSED: Final = timedelta(days=30)
"""What waits in a chat that stays paused or gated is forgotten after this."""

EXPIRE_EVERY_S: Final = 300.0
DECIDED: Final = "decided"
COMMENTS: Final = "comments"

Told = Callable[[Chat, bool], None]
"""Hears what people found in a chat: the engine has learned it when this returns."""


class Captured:
    """What decisions make of what was captured."""

    def __init__(self, *, db: Database, policies: Policies, told: Told) -> None:
        """Take what it stands on.

        Args:
            db: the database.
            policies: in force.
            told: hears what was found.
        """
        self._db = db
        self._policies = policies
        self._told = told

    def on_decided(self, event: Event) -> None:
        """A person decided a case about a chat, or about a broadcast that has one. Idempotent."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            said = _stands(tx, Id(event.body["decision"]))
            if said is None or not said.kind.ends:
                return
            case = cases.get(tx, said.case)
            mine = _chats(tx, case)
            for chat in mine:
                if said.kind.keeps:
                    kept = kept_comments.settle(tx, chat.id, case.id, found=True)
                    tx.audit(said.by, "chat.preserve", chat.id, comments=kept, case=case.id)
                    _teach(tx, chat, said, found=True)
                else:
                    measures.release(tx, self._policies, chat, by=said.by, why=DECIDED)
                    _let_go(tx, chat, case, said.by)
                    chats.set_risk(tx, chat.id, 0.0, None)
            if said.kind.releases and mine:
                jobs.enqueue(
                    tx, SETTLE_JOB, {"decision": said.id}, dedup_key=f"comments:{said.id}",
                    run_at=said.media_until,
                )  # fmt: skip

    def settle(self, decision: Id) -> int:
        """Empty what was captured, unless the decision was taken back; answers how many."""
        emptied = 0
        with self._db.transaction() as tx:
            tx.lock_changes()
            said = _stands(tx, decision)
            if said is None or not said.kind.releases:
                return 0
            case = cases.get(tx, said.case)
            if holds.held_cases(tx, [case.id]):
                return 0  # it is done when the hold ends
            mine = _chats(tx, case)
            for chat in mine:
                gone = kept_comments.settle(tx, chat.id, case.id, found=False)
                chat_alarms.clear(tx, chat.id, case.id)
                gone += _shred(tx, chat, case)
                tx.audit("system", "chat.empty", chat.id, comments=gone, case=case.id)
                _teach(tx, chat, said, found=False)
                emptied += gone
        return emptied

    def teach(self, chat: Id, *, found: bool) -> None:
        """Tell the engine what people found in a chat.

        Raises:
            Unavailable: it has not learned it yet.
        """
        with self._db.read() as tx:
            known = chats.some(tx, chat)
        if known is not None:
            self._told(known, found)

    def expire(self) -> None:
        """Empty what was held and led to nothing."""
        with self._db.transaction() as tx:
            kept_comments.expire(tx, tx.now - WAITED)
            waiting_comments.forget(tx, tx.now - WAITED, tx.now - PAUSED)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """What it reacts to."""
        heard = frozenset({EventType.CASE_DECIDED})
        return (Subscription("live.comments", heard, self.on_decided),)

    def job_kinds(self) -> tuple[JobKind, ...]:
        """What it does later."""

        def settle(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
            self.settle(Id(payload["decision"]))

        def teach(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
            self.teach(Id(payload["chat"]), found=bool(payload["found"]))

        return (JobKind(SETTLE_JOB, settle), JobKind(TEACH_JOB, teach))

    def turns(self) -> tuple[Turn, ...]:
        """What it does regularly: measures end where it is calm, held messages are forgotten."""

        def calm() -> None:
            measures.calm(self._db, self._policies)

        return (
            Turn("live.comments_calm", measures.CALM_EVERY_S, calm),
            Turn("live.comments_expire", EXPIRE_EVERY_S, self.expire),
        )


def _stands(tx: Tx, decision: Id) -> Decision | None:
    """The decision, unless it was taken back or is one that takes back."""
    said = decisions.get(tx, decision)
    return said if said.stands else None


def _chats(tx: Tx, case: Case) -> list[Chat]:
    """Chats that a case is about: named by it, and that of its broadcast."""
    found = {one.id: one for one in chats.of_case(tx, case.id)}
    if case.kind is CaseKind.STREAM:
        stream = streams.find(tx, case.subject)
        chat = None if stream is None else chats.of_stream(tx, stream.id)
        if chat is not None:
            found[chat.id] = chat
    return list(found.values())


def _teach(tx: Tx, chat: Chat, said: Decision, *, found: bool) -> None:
    """Have the engine told, in a job of its own: it may be away for a while."""
    jobs.enqueue(
        tx, TEACH_JOB, {"chat": chat.id, "found": found}, dedup_key=f"teach:{said.id}:{chat.id}"
    )


def _let_go(tx: Tx, chat: Chat, case: Case, by: str) -> None:
    """Show the messages again that were held because of this case: they were ordinary."""
    held = [one for one in kept_comments.held(tx, chat.id) if one.case in {case.id, None}]
    ids = kept_comments.let_go(tx, chat.id, held)
    chat_orders.hold(tx, chats.get(tx, chat.id), ids, by=by, held=False)


def _shred(tx: Tx, chat: Chat, case: Case) -> int:
    """Have the half hour destroyed that a freeze or cut preserved for this case; answers how many.

    What was preserved before the case was opened belongs to another one, which may be evidence.
    """
    if chat.stream is None:
        return 0
    stream = streams.get(tx, chat.stream)
    if stream.stopped:
        return 0
    blobs = [
        one.blob for one in stream_orders.preserved(tx, stream.id)
        if one.what == COMMENTS and one.blob is not None and one.at >= case.opened_at
    ]  # fmt: skip
    for blob in blobs:
        jobs.enqueue(tx, SHRED_JOB, {"blob": blob}, dedup_key=f"shred:{blob}")
    return len(blobs)
