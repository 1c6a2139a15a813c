"""Held, let go, edited, sent again: what waits in a chat and what is kept of it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import builders
from tests.integration.served import OPERATOR

from breakwater.comments.calibrate import Budget
from breakwater.enforcement.chat_wishes import ChatWishes
from breakwater.live.hearing.captured import Captured
from breakwater.live.hearing.chats import Chats
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy
from breakwater.live.policy import DEFAULT
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.chat import About, ChatKind, KeptComment, KeptState, Measure
from breakwater.model.comment import Message, MessageKind
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.observe import Metrics
from breakwater.recognition.hearing.lanes import LaneRules, Lanes
from breakwater.records import (
    accounts,
    chat_orders,
    chats,
    identities,
    kept_comments,
    outbox,
    streams,
    waiting_comments,
)
from breakwater.records.database import Tx
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")

POLICIES = Policies(Policy(hold_nats=1.4), DEFAULT)
LOUD = "buy cheap followers, add me on telegram, i pay you, do not tell anyone"


@pytest.fixture
def heard(database, clock):
    """Chats with a real lane."""
    lanes = Lanes(
        db=database, clock=clock, secret=b"s" * 32, rules=LaneRules(count=1),
        budget_of=lambda _: Budget(4.0, 1.0, 10.0), metrics=Metrics(),
    )  # fmt: skip
    yield Chats(db=database, lanes=lanes, policies=POLICIES, metrics=Metrics())
    lanes.close()


def moderator() -> Principal:
    person = new_id()
    return Principal(person, "Sam", Role.LIVE_MODERATOR.permissions, person=person)


def wishes(database):
    return ChatWishes(db=database, slow_s=30, age_days=7)


def broadcast(database):
    with database.transaction() as tx:
        stream = streams.start(tx, server="", name=f"live/{new_id()}", sender=Sender("clips"))
        chats.begin(tx, About(ChatKind.STREAM, "clips", stream.id, stream.id))
    return About(ChatKind.STREAM, "clips", stream.id, stream.id)


def said(clock, n, text, author="ann", kind=MessageKind.COMMENT):
    return Message(f"m-{n}", author, clock.now(), text, "en", kind)


def known(database, about):
    with database.read() as tx:
        return chats.find(tx, about)


def kept(database, about):
    with database.read() as tx:
        return kept_comments.of_chat(tx, chats.find(tx, about).id)


def released(database):
    with database.read() as tx:
        found = outbox.since(tx, 0, limit=999, types=[EventType.CHAT_MEASURED])
        told = [identities.opened(tx, one.subject, one.body["told"]) for one in found]
    return [name for one in told for name in one.get("release", [])]


def test_what_was_let_go_is_not_held_again_and_each_form_of_it_is_kept(
    database, clock, heard
) -> None:
    about = About(ChatKind.POST, "clips", "post-1")
    loud, calm = said(clock, 1, LOUD), said(clock, 1, "good morning", kind=MessageKind.EDIT)
    louder = said(clock, 1, f"{LOUD} now", kind=MessageKind.EDIT)
    assert heard.take(OPERATOR, about, [loud]).held == ("m-1",)
    assert heard.take(OPERATOR, about, [loud]).held == ("m-1",), "the answer was lost: the same"
    (row,) = kept(database, about)
    chat = known(database, about)
    assert wishes(database).let_go_of(moderator(), chat.id, [row.id]) == 1
    assert heard.take(OPERATOR, about, [loud, calm]).held == ()
    assert heard.take(OPERATOR, about, [louder]).held == ("m-1",), "it says something else now"
    assert {(one.text, one.held) for one in kept(database, about)} == {
        (LOUD, False), (f"{LOUD} now", True),
    }  # fmt: skip
    heavy = [one for one in kept(database, about) if one.held]
    assert wishes(database).let_go_of(moderator(), chat.id, [heavy[0].id]) == 1
    assert heard.take(OPERATOR, about, [loud, louder]).held == ()
    assert released(database) == ["m-1", "m-1"]


def test_an_alarm_keeps_what_a_message_was_before_and_after_its_edit(
    database, clock, heard
) -> None:
    about = broadcast(database)
    begin = clock.now() - timedelta(minutes=4)
    told = []
    for n in range(24):
        at = begin + timedelta(seconds=10 * n)
        told.append(Message(f"m-{n}", f"x-{n % 3}", at, f"{LOUD} {n}", "en"))
        edited = (f"m-{n}", f"x-{n % 3}", at + timedelta(seconds=1), "good morning", "en")
        told.append(Message(*edited, MessageKind.EDIT))
    assert heard.take(OPERATOR, about, told).alarms
    forms = {}
    for one in kept(database, about):
        forms.setdefault(one.message, set()).add(one.text)
    both = {name: {f"{LOUD} {name[2:]}", "good morning"} for name in forms}
    assert len(forms) >= 10
    assert sum(forms[name] == both[name] for name in forms) >= 10, "what was shown is kept"
    assert all(f"{LOUD} {name[2:]}" in texts for name, texts in forms.items())


def test_what_waits_in_a_gated_or_paused_chat_is_shown_when_it_opens(
    database, clock, heard
) -> None:
    about, rule = broadcast(database), POLICIES.rule
    with database.transaction() as tx:
        made = (clock.now() - timedelta(days=2)).isoformat()
        accounts.put(tx, "clips", "new", {"created_at": made}, taken_at=clock.now())
        chat_orders.order(tx, chats.find(tx, about), rule(Measure.PAUSED), by="sam", why="person")
    light = [said(clock, 1, "a canary"), said(clock, 2, "another canary", author="new")]
    assert heard.take(OPERATOR, about, light).held == ("m-1", "m-2")
    assert heard.take(OPERATOR, about, light).held == ("m-1", "m-2")
    chat = known(database, about)
    with database.read() as tx:
        assert waiting_comments.count(tx, chat.id) == 2
        assert kept_comments.of_chat(tx, chat.id) == [], "they are no evidence"
        rows = tx.execute(metadata.tables["kept_comments"].select()).all()
        facts = [identities.unseal(tx, row.id, row.sealed) for row in rows]
    assert {one["text"] for one in facts} == {""}, "what was written is not kept"
    for to, free in ((Measure.GATED, ["m-1"]), (Measure.OPEN, ["m-1", "m-2"])):
        wishes(database).want(moderator(), about.stream, to)
        assert released(database) == free
    assert heard.take(OPERATOR, about, light).held == ()
    wishes(database).want(moderator(), about.stream, Measure.PAUSED)
    assert heard.take(OPERATOR, about, light).held == (), "they were shown: sent again, they stay"
    assert heard.take(OPERATOR, about, [said(clock, 3, "a third")]).held == ("m-3",)
    after = Captured(db=database, policies=POLICIES, told=lambda *_: None)
    for passed, left in ((timedelta(hours=25), 1), (timedelta(days=31), 0)):
        clock.advance(passed.total_seconds())
        after.expire()
        with database.read() as tx:
            rows = tx.execute(metadata.tables["kept_comments"].select()).all()
        assert len(rows) == left


def test_a_flood_into_a_paused_chat_is_held_and_asks_for_room_once(
    database, clock, heard, monkeypatch
) -> None:
    monkeypatch.setattr(waiting_comments, "MOST", 3)
    about, add, asked = broadcast(database), waiting_comments.add, []

    def counted(tx, some, **facts):
        asked.append(len(some))
        return add(tx, some, **facts)

    monkeypatch.setattr(waiting_comments, "add", counted)
    with database.transaction() as tx:
        rule = POLICIES.rule(Measure.PAUSED)
        chat_orders.order(tx, chats.find(tx, about), rule, by="sam", why="person")
    for first in range(0, 30, 10):
        told = [said(clock, n, f"hello {n}") for n in range(first, first + 10)]
        assert len(heard.take(OPERATOR, about, told).held) == 10
    assert asked == [10]
    told = heard._metrics.comments.labels("waits_unknown")._value.get()
    assert told == 27, "those beyond are counted"
    clock.advance(31)
    heard.take(OPERATOR, about, [said(clock, 99, "again")])
    assert asked == [10, 1]


def test_a_chat_knows_only_so_many_that_wait_and_counts_the_others(
    database, clock, monkeypatch
) -> None:
    monkeypatch.setattr(waiting_comments, "MOST", 3)
    about = broadcast(database)
    chat, statements, execute = known(database, about), [], Tx.execute

    def counted(tx, statement, *values):
        statements.append(statement)
        return execute(tx, statement, *values)

    monkeypatch.setattr(Tx, "execute", counted)
    some = [
        KeptComment(new_id(), chat.id, f"m{n}", "ann", builders.NOON, "hello", 0.0)
        for n in range(5)
    ]
    with database.transaction() as tx:
        assert waiting_comments.add(tx, some) == 2
        assert waiting_comments.add(tx, some[:3]) == 0
        before = len(statements)
        flood = [replace(some[0], id=new_id(), message=f"f{n}") for n in range(1_000)]
        assert waiting_comments.add(tx, flood) == 1_000
        assert len(statements) - before < 9, "a batch costs few statements, however large"
        assert waiting_comments.count(tx, chat.id) == 3
        assert kept_comments.held(tx, chat.id) == []
        kept_comments.keep(tx, "clips", [some[0]])
        (row,) = kept_comments.of_chat(tx, chat.id)
    assert (row.text, row.held, row.state) == ("hello", True, KeptState.CAPTURED), "evidence now"
