"""Comments that are evidence, on both databases: kept when found, gone when not, never others."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from tests import builders

from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.errors import Unavailable
from breakwater.live.hearing import captured, measures
from breakwater.live.hearing.captured import Captured
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy
from breakwater.live.policy import DEFAULT
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment, KeptState, Measure
from breakwater.model.comment import AuthorEvidence, Contribution, Explanation, Level
from breakwater.model.decision import DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control
from breakwater.recognition.hearing.capture import capture
from breakwater.records import (
    cases,
    chat_alarms,
    chats,
    decisions,
    identities,
    jobs,
    kept_comments,
    outbox,
    stream_orders,
    streams,
)
from breakwater.records.tables import metadata
from breakwater.review.deciding import broadcasts

pytestmark = pytest.mark.usefixtures("keyring")

POLICIES = Policies(Policy(), DEFAULT)
CANARY = "a polite canary sings"


class Engine:
    """Hears what people found, unless it is away."""

    def __init__(self) -> None:
        self.told = []
        self.away = False

    def __call__(self, chat, found) -> None:
        if self.away:
            raise Unavailable("It is away.")
        self.told.append((chat.id, found))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def after(database, engine) -> Captured:
    return Captured(db=database, policies=POLICIES, told=engine)


def comment(number, nats=3.0, text=CANARY):
    return KeptComment(new_id(), new_id(), f"m{number}", f"ann{number}", builders.NOON, text, nats)


def rang(database, *, count=3, held=(), kind=ChatKind.STREAM, reference=""):
    """A chat that alarmed, with what was captured."""
    with database.transaction() as tx:
        tx.lock_changes()
        stream = None
        if kind is ChatKind.STREAM:
            sender = Sender(service="clips")
            stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=sender).id
        chat = chats.begin(tx, About(kind, "clips", reference or str(stream), stream))
        said = [Contribution(f"m{n}", f"ann{n}", builders.NOON, 3.0) for n in range(count)]
        why = Explanation(
            messages=tuple(said), authors=(AuthorEvidence("ann0", 3, 6.0),), benign_hours=9.0
        )
        alarm = ChatAlarm(new_id(), chat.id, Level.STREAM, 4.0, 3.0, tx.now, why)
        found = measures.follow(tx, POLICIES, chat, [alarm])
        chat_alarms.add(tx, alarm)
        heard = [comment(n, nats=float(n)) for n in range(count)]
        capture(tx, chat, found.case, heard, held)
        return chats.get(tx, chat.id)


def decide(database, chat, kind):
    """What a person says, with what the decision itself does."""
    with database.transaction() as tx:
        tx.lock_changes()
        sam = builders.person(tx)
        said = decisions.add(tx, case=chat.case, kind=kind, by=sam.id, reason="looked")
        broadcasts.act(tx, cases.get(tx, chat.case), said)
        return said


def heard(after, database, chat, kind):
    said = decide(database, chat, kind)
    with database.read() as tx:
        at = tx.now
    event = Event(new_id(), EventType.CASE_DECIDED, chat.case, at, body={"decision": said.id})
    after.on_decided(event)
    after.on_decided(event)
    return said


def taught(database, after):
    """Run the jobs that tell the engine; answers how many are left."""
    kinds = {kind.name: kind for kind in after.job_kinds()}
    for job in jobs.claim(database, [captured.TEACH_JOB], owner="me", lease_s=0.0, limit=9):
        try:
            kinds[job.kind].run(job.payload, job.attempts, lambda _: None)
        except Unavailable:
            continue
        with database.transaction() as tx:
            jobs.finish(tx, job)
    with database.read() as tx:
        return sum(one.count for one in jobs.waiting(tx) if one.kind == captured.TEACH_JOB)


def kept(database, chat):
    with database.read() as tx:
        return kept_comments.of_chat(tx, chat.id)


def dump(database):
    """Every value of every row, as text."""
    with database.read() as tx:
        return "\n".join(
            repr(row) for table in metadata.sorted_tables for row in tx.execute(table.select())
        )


def test_ten_messages_of_an_alarm_are_kept_and_every_one_that_was_held(database) -> None:
    chat = rang(database, count=30, held={"m0", "m1"})
    found = kept(database, chat)
    assert {one.message for one in found if one.held} == {"m0", "m1"}
    told = [one for one in found if not one.held]
    assert sorted(one.nats for one in told) == [float(n) for n in range(20, 30)], "the heaviest"
    assert {one.case for one in found} == {chat.case}
    assert all(one.text == CANARY for one in found)
    assert CANARY not in dump(database), "sealed"
    with database.read() as tx:
        (event,) = outbox.since(tx, 0, limit=500, types=[EventType.CHAT_CAPTURED])
    assert dict(event.body) == {"comments": 12, "case": chat.case}


def test_nothing_found_empties_all_of_it_when_it_cannot_be_undone(
    database, clock, after, engine, vault
) -> None:
    chat = rang(database)
    ring = json.dumps({"comments": [{"text": CANARY}]}).encode()
    blob = vault.put(io.BytesIO(ring), purpose="evidence")
    with database.transaction() as tx:
        stream_orders.keep(tx, chat.stream, "comments", blob=blob, detail="1 comments")
    said = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    with database.read() as tx:
        assert chats.get(tx, chat.id).measure is Measure.OPEN, "at once"
    assert {one.text for one in kept(database, chat)} == {CANARY}, "for as long as undo is whole"
    assert jobs.claim(database, (captured.SETTLE_JOB,), owner="t", lease_s=9) == []
    clock.advance(31)
    (job,) = jobs.claim(database, (captured.SETTLE_JOB,), owner="t", lease_s=9)
    assert job.payload == {"decision": said.id}
    assert after.settle(said.id) == 4
    found = kept(database, chat)
    assert {one.state for one in found} == {KeptState.REMOVED}
    assert not any(one.text or one.author or one.message for one in found)
    with database.read() as tx:
        (alarm,) = chat_alarms.of_chat(tx, chat.id)
    assert alarm.why == Explanation()
    engine.away = True
    assert taught(database, after) == 1, "the engine is away: it is told later"
    engine.away = False
    assert taught(database, after) == 0
    assert engine.told == [(chat.id, False)]
    shreds = jobs.claim(database, (captured.SHRED_JOB,), owner="t", lease_s=9)
    assert [one.payload["blob"] for one in shreds] == [blob]


def test_what_an_earlier_case_preserved_is_never_destroyed_by_a_later_one(
    database, clock, after, vault
) -> None:
    chat = rang(database)

    def preserved() -> Id:
        blob = vault.put(io.BytesIO(b"{}"), purpose="evidence")
        with database.transaction() as tx:
            stream_orders.keep(tx, chat.stream, "comments", blob=blob, detail="1 comments")
        return blob

    first = preserved()
    heard(after, database, chat, DecisionKind.ESCALATE)
    clock.advance(3_600)
    with database.transaction() as tx:
        tx.lock_changes()
        later = cases.open(
            tx, kind=CaseKind.STREAM, subject=chat.stream, why="again", priority=Priority.LOW
        )
    second = preserved()
    clock.advance(3_600)
    with database.read() as tx:
        now = chats.get(tx, chat.id)
    said = heard(after, database, replace(now, case=later.id), DecisionKind.NOT_ILLEGAL)
    clock.advance(31)
    after.settle(said.id)
    shreds = jobs.claim(database, (captured.SHRED_JOB,), owner="t", lease_s=9)
    assert [one.payload["blob"] for one in shreds] == [second] != [first]


def test_a_decision_that_was_taken_back_empties_nothing(database, clock, after, engine) -> None:
    chat = rang(database)
    said = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    with database.transaction() as tx:
        sam = builders.person(tx)
        decisions.add(tx, case=chat.case, kind=said.kind, by=sam.id, reason="slip", undoes=said.id)
    clock.advance(60)
    assert after.settle(said.id) == 0
    assert {one.text for one in kept(database, chat)} == {CANARY}
    assert taught(database, after) == 0
    assert engine.told == []


def test_what_was_found_is_evidence_and_a_later_decision_still_empties_it(
    database, clock, after, engine
) -> None:
    chat = rang(database)
    said = heard(after, database, chat, DecisionKind.ILLEGAL)
    assert {one.state for one in kept(database, chat)} == {KeptState.PRESERVED}
    assert taught(database, after) == 0
    assert engine.told == [(chat.id, True)], "once, although the event came twice"
    with database.transaction() as tx:
        sam = builders.person(tx)
        decisions.add(tx, case=chat.case, kind=said.kind, by=sam.id, reason="slip", undoes=said.id)
        decisions.reopen(tx, chat.case, by=sam.id, what="reopened")
    anew = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    clock.advance(31)
    assert after.settle(anew.id) == 3
    assert {one.state for one in kept(database, chat)} == {KeptState.REMOVED}


def test_a_decision_on_one_case_leaves_what_another_found(database, clock, after) -> None:
    chat = rang(database)
    heard(after, database, chat, DecisionKind.ILLEGAL)
    first = {one.id for one in kept(database, chat)}
    with database.transaction() as tx:
        tx.lock_changes()
        chat = chats.get(tx, chat.id)
        why = Explanation(benign_hours=9.0)
        alarm = ChatAlarm(new_id(), chat.id, Level.ACROSS, 9.0, 3.0, tx.now, why)
        cases.close(tx, chat.case, by="sam", reason="illegal")
        found = measures.follow(tx, POLICIES, chat, [alarm])
        assert found.case != chat.case
        capture(tx, chat, found.case, [comment(77)])
        chat = chats.get(tx, chat.id)
    said = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    clock.advance(31)
    assert after.settle(said.id) == 1
    states = {one.id: one.state for one in kept(database, chat)}
    assert {states.pop(one) for one in first} == {KeptState.PRESERVED}
    assert set(states.values()) == {KeptState.REMOVED}


def test_what_was_held_is_shown_again_when_nothing_was_found(database, after) -> None:
    chat = rang(database, held={"m1", "m2"})
    said = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    assert not any(one.held for one in kept(database, chat))
    with database.read() as tx:
        events = outbox.since(tx, 0, limit=500, types=[EventType.CHAT_MEASURED])
        told = [identities.opened(tx, one.subject, one.body["told"]) for one in events]
    released = [one["release"] for one in told if "release" in one]
    assert released == [["m1", "m2"]], "once, although the event came twice"
    assert said.kind.releases


def test_what_was_held_and_led_to_no_case_goes_after_a_day(database, clock, after) -> None:
    with database.transaction() as tx:
        tx.lock_changes()
        chat = chats.begin(tx, About(ChatKind.POST, "clips", "post-1"))
        capture(tx, chat, None, [comment(1)], {"m1"})
        closed = cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=chat.id, why="x", priority=Priority.LOW
        )
        cases.close(tx, closed.id, by="sam", reason="not illegal")
        capture(tx, chat, closed.id, [comment(2)], {"m2"})
    after.expire()
    assert kept(database, chat)[0].text == CANARY
    clock.advance(24 * 3600 + 1)
    after.expire()
    assert {one.state for one in kept(database, chat)} == {KeptState.REMOVED}


def test_a_chat_of_its_own_is_settled_like_one_of_a_broadcast(
    database, clock, after, engine
) -> None:
    chat = rang(database, kind=ChatKind.PROFILE, reference="acct-3")
    said = heard(after, database, chat, DecisionKind.NOT_ILLEGAL)
    clock.advance(31)
    assert after.settle(said.id) == 3
    assert taught(database, after) == 0
    assert engine.told == [(chat.id, False)]


def test_a_second_opinion_changes_nothing(database, after, engine) -> None:
    chat = rang(database)
    heard(after, database, chat, DecisionKind.SECOND_OPINION)
    assert {one.state for one in kept(database, chat)} == {KeptState.CAPTURED}
    assert taught(database, after) == 0
    assert engine.told == []


class Ring:
    """What lanes hold of a chat in memory."""

    def __init__(self, *said) -> None:
        self.said = said
        self.away = False

    def since(self, stream, seconds):
        assert seconds == 1800.0
        if self.away:
            raise Unavailable("The lane does not answer.")
        return self.said


def test_a_stop_keeps_the_half_hour_or_says_that_it_is_gone(database, vault, tmp_path) -> None:
    said = {"id": "m1", "author": "ann", "at": "2026-01-01T12:00:00Z", "text": CANARY + " \ud800"}
    ring = Ring(said)
    nothing = NothingKept()
    keeping = Keeping(
        db=database, vault=vault, preroll=nothing, prints=nothing, spool=tmp_path, talk=ring
    )
    streams_ = []
    for told in ("kept", "gone", "away", "silent"):
        chat = rang(database)
        if told != "silent":
            with database.transaction() as tx:
                chats.count(tx, chat.id, messages=3, scored=3, unscored=0)
        ring.said = (said,) if told == "kept" else ()
        ring.away = told == "away"
        with database.transaction() as tx:
            stream = streams.get(tx, chat.stream)
            order = stream_orders.want(tx, stream, Control.FROZEN, by="sam", why="person")
        keeping.keep(order)
        keeping.keep(order)
        with database.read() as tx:
            rows = stream_orders.preserved(tx, chat.stream)
        streams_.append([one for one in rows if one.what == "comments"])
    kept_, gone, away, silent = streams_
    with vault.open(kept_[0].blob) as file:
        assert json.load(file) == {"comments": [said]}
    assert kept_[0].detail == "1 comments"
    assert [one.gap for one in gone] == ["What was written is held in memory, and was gone."]
    assert len(away) == 1
    assert silent[0].gap == "The service told no comments."
    assert all(one.blob is None for one in (*gone, *away, *silent))
