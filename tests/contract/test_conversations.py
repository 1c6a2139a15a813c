"""Conversations on both databases: law and sums kept, replaced, forgotten; decisions empty them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders
from tests.integration.served import OPERATOR

from breakwater.comments.calibrate import Budget
from breakwater.conversations.sides import Sides
from breakwater.conversations.take import ConversationRules, Conversations
from breakwater.conversations.talk import Talk
from breakwater.errors import ScanningNotPermitted
from breakwater.live.hearing.captured import Captured
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy
from breakwater.live.policy import DEFAULT
from breakwater.model.case import CaseState
from breakwater.model.chat import About, ChatKind, KeptState
from breakwater.model.comment import Message, MessageKind
from breakwater.model.conversation import Ground, Party
from breakwater.model.decision import DecisionKind
from breakwater.observe import Metrics
from breakwater.recognition.hearing.lanes import LaneRules, Lanes
from breakwater.records import cases, chat_alarms, chats, conversations, decisions, kept_comments
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")

SECRET = b"0123456789abcdef"
US, GB = Ground("US", "18 USC 2258A(f)"), Ground("GB", "Online Safety Act")
TALK = About(ChatKind.CONVERSATION, "clips", "talk-1")
STEPS = (
    "how old are you", "are you home alone", "add me on telegram", "i will pay you",
    "do not tell anyone", "give me your phone number",
)  # fmt: skip


@pytest.fixture
def lanes(database, clock):
    made = Lanes(
        db=database, clock=clock, secret=SECRET, rules=LaneRules(count=1),
        budget_of=lambda _: Budget(4.0, 1.0, 10.0), metrics=Metrics(),
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def verb(database, lanes):
    rules = ConversationRules(permitted=("US", "GB"))
    return Conversations(db=database, lanes=lanes, rules=rules, metrics=Metrics(), secret=SECRET)


def talk(ground=US, ages=(None, None)):
    ann, ben = Party("ann", ages[0]), Party("ben", None, ages[1])
    return Talk("clips", "talk-1", ground, (ann, ben))


def messages(clock, count=6):
    begin = clock.now() - timedelta(days=count)
    return [
        Message(f"m{n}", "ann", begin + timedelta(days=n), STEPS[n], "en") for n in range(count)
    ]


def test_its_law_and_sums_are_kept_and_replaced(database):
    sums = Sides(SECRET).snapshot()
    with database.transaction() as tx:
        chat = chats.begin(tx, TALK)
        assert conversations.find(tx, chat.id) is None
        conversations.put(tx, chat.id, US, None)
        conversations.put(tx, chat.id, GB, sums, reports=1)
        known = conversations.find(tx, chat.id)
    assert (known.ground, known.reports, known.sums) == (GB, 1, sums)


def test_an_alarm_is_a_case_and_what_was_evidence_goes_when_nothing_is_found(database, clock, verb):
    taken = verb.take(OPERATOR, talk(ages=(30, 13)), messages(clock))
    (alarm,) = taken.alarms
    told = []
    after = Captured(
        db=database, policies=Policies(Policy(), DEFAULT), told=lambda *said: told.append(said)
    )
    with database.transaction() as tx:
        tx.lock_changes()
        chat = chats.find(tx, TALK)
        assert cases.get(tx, alarm.case).state is not CaseState.CLOSED
        assert {one.text for one in kept_comments.of_chat(tx, chat.id)} == set(STEPS)
        (rang,) = chat_alarms.of_case(tx, alarm.case)
        assert rang.why.sides == ((Party("ann", 30), Party("ben", None, 13)),)
        said = decisions.add(
            tx, case=alarm.case, kind=DecisionKind.NOT_ILLEGAL, by=builders.person(tx).id,
            reason="looked",
        )  # fmt: skip
    clock.advance(60 * 60)
    assert after.settle(said.id) == 6
    with database.read() as tx:
        kept = kept_comments.of_chat(tx, chat.id)
    assert {(one.text, one.author, one.state) for one in kept} == {("", "", KeptState.REMOVED)}


def test_without_a_basis_no_row_is_made(database, clock, verb):
    with pytest.raises(ScanningNotPermitted):
        verb.take(OPERATOR, talk(Ground("DE", "none")), messages(clock))
    with database.read() as tx:
        for name in ("chats", "conversations", "kept_comments", "chat_sums", "audit"):
            count = sa.select(sa.func.count()).select_from(metadata.tables[name])
            if name == "audit":
                count = count.where(metadata.tables[name].c.action.like("conversation.%"))
            assert tx.execute(count).scalar() == 0, name


def test_what_led_to_nothing_is_forgotten(database, clock, verb):
    verb.take(OPERATOR, talk(), messages(clock, 2))
    clock.advance(91 * 86_400)
    with database.transaction() as tx:
        tx.lock_changes()
        chat = chats.find(tx, TALK)
        assert chats.calm_before(tx, tx.now - timedelta(days=90)) == [chat.id]
        assert chats.forget(tx, [chat.id]) == 1
        assert conversations.find(tx, chat.id) is None


def test_a_change_of_law_is_in_the_audit_log_once(database, clock, verb):
    for ground in (US, US, GB):
        verb.take(OPERATOR, talk(ground), messages(clock, 1))
    audit = metadata.tables["audit"]
    with database.read() as tx:
        found = tx.execute(
            sa.select(audit.c.facts).where(audit.c.action == "conversation.weigh")
            .order_by(audit.c.number)
        ).scalars().all()  # fmt: skip
    assert [one["jurisdiction"] for one in found] == ["US", "GB"]


def test_each_form_of_a_message_counts_and_the_heaviest_is_evidence(database, clock, verb):
    told = [
        one
        for first in messages(clock)
        for one in (first, replace(first, text="good morning", kind=MessageKind.EDIT))
    ]
    (alarm,) = verb.take(OPERATOR, talk(), told).alarms
    with database.read() as tx:
        assert {one.text for one in kept_comments.of_case(tx, alarm.case)} >= set(STEPS)


def test_a_batch_that_could_not_be_kept_is_counted_when_it_is_sent_again(
    database, clock, verb, monkeypatch
):
    def fails(*_, **__):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(conversations, "put", fails)
        with pytest.raises(RuntimeError):
            verb.take(OPERATOR, talk(), messages(clock))
    taken = verb.take(OPERATOR, talk(), messages(clock))
    with database.read() as tx:
        chat = chats.find(tx, TALK)
    assert (chat.messages, chat.scored) == (6, 6)
    assert len(taken.alarms) == 1
