"""What follows from alarms of a chat, on both databases: measures, cases, and what words cannot do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders

from breakwater.enforcement.chat_wishes import ChatWishes
from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.live.hearing import measures
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy
from breakwater.live.policy import DEFAULT
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatAlarm, ChatKind, KeptComment, Measure
from breakwater.model.comment import Explanation, Level, Step
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Broadcaster, Control, OrderState
from breakwater.recognition.hearing.accounts import Accounts
from breakwater.records import (
    accounts,
    audit,
    cases,
    chat_alarms,
    chat_measures,
    chat_orders,
    chats,
    identities,
    kept_comments,
    outbox,
    stream_orders,
    streams,
)

pytestmark = pytest.mark.usefixtures("keyring")

POLICIES = Policies(Policy(), DEFAULT)
KNOWN = Explanation(benign_hours=40.0, lang="en", band="10-100")


def moderator(*roles: Role) -> Principal:
    """A person; by default one who may stop broadcasts."""
    wanted = roles or (Role.LIVE_MODERATOR,)
    held = frozenset().union(*(role.permissions for role in wanted))
    person = new_id()
    return Principal(person, "Sam", held, person=person)


def service(name="clips"):
    return Principal(new_id(), name, frozenset({Permission.STREAM_WRITE}), service=name)


def talk(database, name="live/014", account="acct-17"):
    """A broadcast and its chat."""
    with database.transaction() as tx:
        sender = Sender(service="clips", account=account)
        stream = streams.start(tx, server="", name=name, sender=sender)
        chat = chats.begin(tx, About(ChatKind.STREAM, "clips", stream.id, stream.id))
    return stream, chat


def alarm(chat, level=Level.STREAM, over=0.0, why=KNOWN, at=builders.NOON):
    return ChatAlarm(new_id(), chat.id, level, 3.0 + over, 3.0, at, why)


def rings(database, chat, *alarms, policies=POLICIES):
    """What `live.hearing` does with alarms of a batch."""
    with database.transaction() as tx:
        tx.lock_changes()
        found = measures.follow(tx, policies, chats.get(tx, chat.id), alarms)
        for one in alarms:
            chat_alarms.add(tx, one)
        return found


def now(database, chat):
    with database.read() as tx:
        return chats.get(tx, chat.id)


def stream_now(database, stream):
    with database.read() as tx:
        return streams.get(tx, stream.id)


def wishes_of(database, chat):
    with database.read() as tx:
        return list(reversed(chat_measures.of_chat(tx, chat.id)))


def told(database):
    """Words to services, the first first."""
    with database.read() as tx:
        found = outbox.since(tx, 0, limit=1000, types=[EventType.CHAT_MEASURED])
        return [identities.opened(tx, event.subject, event.body["told"]) for event in found]


def test_an_alarm_restrains_the_chat_opens_a_case_and_raises_risk(database) -> None:
    stream, chat = talk(database)
    found = rings(database, chat, alarm(chat))
    assert found.measure is Measure.GATED
    now_chat, now_stream = now(database, chat), stream_now(database, stream)
    assert (now_chat.measure, now_chat.level) == (Measure.GATED, Level.STREAM)
    assert now_chat.case == found.case == now_stream.case
    assert now_stream.risks["comments"] == pytest.approx(0.6)
    assert now_stream.control is Control.WATCHED
    with database.read() as tx:
        case = cases.get(tx, found.case)
    assert (case.kind, case.priority) == (CaseKind.STREAM, Priority.NOW)
    (wish,) = wishes_of(database, chat)
    assert (wish.by, wish.why) == ("policy", "comments")


def test_measures_only_go_further_and_the_same_wish_is_one(database) -> None:
    _, chat = talk(database)
    for level in (Level.ACROSS, Level.MESSAGE, Level.ACROSS, Level.STREAM):
        rings(database, chat, alarm(chat, level))
    assert [one.to for one in wishes_of(database, chat)] == [Measure.NO_GIFTS]
    rings(database, chat, alarm(chat, over=30.0))
    assert [one.to for one in wishes_of(database, chat)] == [Measure.NO_GIFTS, Measure.PAUSED]


def test_words_alone_pause_hide_and_call_and_nothing_more(database) -> None:
    stream, chat = talk(database)
    for _ in range(5):
        rings(database, chat, *(alarm(chat, level, over=1e6) for level in Level))
    found = stream_now(database, stream)
    assert now(database, chat).measure is Measure.PAUSED
    assert found.control is Control.HIDDEN
    with database.read() as tx:
        assert cases.get(tx, found.case).priority is Priority.NOW
        orders = stream_orders.of_stream(tx, stream.id)
        assert all(one.to.rank <= Control.HIDDEN.rank for one in orders)
        assert stream_orders.denials(tx, stream.id) == []
        names = set(audit.actions(tx))
    assert not {name for name in names if "ban" in name or "account" in name}


def test_frames_beside_a_paused_chat_freeze_it_for_a_person(database) -> None:
    stream, chat = talk(database)
    with database.transaction() as tx:
        found = streams.get(tx, stream.id)
        streams.set_risk(tx, found, 0.7, {"frames": 0.7}, Priority.HIGH)
    rings(database, chat, alarm(chat))
    assert stream_now(database, stream).control.rank <= Control.HIDDEN.rank
    rings(database, chat, alarm(chat, over=30.0))
    found = stream_now(database, stream)
    assert found.control is Control.FROZEN
    with database.read() as tx:
        order = stream_orders.standing(tx, stream.id)
        assert (order.by, order.why, order.broadcaster) == (
            "policy",
            "comments",
            Broadcaster.UNKNOWN,
        )
        assert stream_orders.denials(tx, stream.id) == []


def test_evidence_that_goes_on_growing_goes_further_while_nobody_has_looked(database) -> None:
    stream, chat = talk(database)

    def grows(nats: float) -> measures.Followed:
        with database.transaction() as tx:
            tx.lock_changes()
            step = Step(Level.STREAM, nats, 3.0)
            return measures.follow(tx, POLICIES, chats.get(tx, chat.id), [], [step])

    assert grows(30.0).case is None, "nothing has alarmed yet"
    case = rings(database, chat, alarm(chat)).case
    assert grows(3.1).measure is Measure.GATED
    assert grows(7.0).measure is Measure.PAUSED
    assert grows(30.0).case == case
    assert now(database, chat).measure is Measure.PAUSED
    assert stream_now(database, stream).risks["comments"] == pytest.approx(0.95)
    assert len(wishes_of(database, chat)) == 2
    with database.transaction() as tx:
        cases.close(tx, case, by="sam", reason="not illegal")
        chats.set_risk(tx, chat.id, 0.1, Level.STREAM)
    assert grows(30.0).case is None, "a person has looked"


def test_what_is_written_to_a_profile_is_a_case_of_its_own(database) -> None:
    with database.transaction() as tx:
        chat = chats.begin(tx, About(ChatKind.PROFILE, "clips", "acct-3"))
    first = rings(database, chat, alarm(chat, Level.AUTHOR, why=Explanation()))
    again = rings(database, chat, alarm(chat, Level.STREAM))
    assert first.case == again.case
    with database.read() as tx:
        case = cases.get(tx, first.case)
    assert (case.kind, case.subject, case.priority) == (
        CaseKind.CONVERSATION, chat.id, Priority.NOW,
    )  # fmt: skip
    assert told(database)[-1]["subject"] == "acct-3"


def test_the_service_is_told_what_a_measure_means_and_never_what_was_written(database) -> None:
    stream, chat = talk(database)
    rings(database, chat, alarm(chat))
    (said,) = told(database)
    (wish,) = wishes_of(database, chat)
    assert said == {
        "chat": chat.id, "kind": "stream", "service": "clips", "stream": stream.id,
        "subject": None, "measure": "gated", "slow_s": 30, "age_days": 7, "gifts": True,
        "paused": False, "order": wish.id, "why": "comments", "automated": True,
        "since": said["since"],
    }  # fmt: skip


def test_single_messages_are_held_by_their_own_ids(database) -> None:
    _, chat = talk(database)
    with database.transaction() as tx:
        tx.lock_changes()
        assert measures.hold(tx, POLICIES, chats.get(tx, chat.id), ["m1"]) is Measure.HOLDING
        many = [f"n{number}" for number in range(450)]
        measures.hold(tx, POLICIES, chats.get(tx, chat.id), many)
        assert measures.hold(tx, POLICIES, chats.get(tx, chat.id), []) is Measure.HOLDING
    held = [one["hold"] for one in told(database) if "hold" in one]
    assert [len(one) for one in held] == [1, 200, 200, 50]
    assert [one for some in held[1:] for one in some] == many


def test_policy_lets_go_when_it_is_calm_and_a_person_stands(database, clock) -> None:
    _, chat = talk(database)
    _, other = talk(database, "live/015")
    rings(database, chat, alarm(chat, at=clock.now()))
    rings(database, other, alarm(other, at=clock.now()))
    wishes = ChatWishes(db=database, slow_s=30, age_days=7)
    wishes.want(moderator(), now(database, other).stream, Measure.PAUSED)
    clock.advance(29 * 60)
    assert measures.calm(database, POLICIES) == 0
    clock.advance(61)
    assert measures.calm(database, POLICIES) == 1
    assert now(database, chat).measure is Measure.OPEN
    assert now(database, other).measure is Measure.PAUSED
    assert wishes_of(database, chat)[-1].why == "calm"
    assert measures.calm(database, POLICIES) == 0


def test_chats_that_people_restrained_keep_no_other_from_being_opened(
    database, clock, monkeypatch
) -> None:
    monkeypatch.setattr(measures, "MOST", 1)
    _, first = talk(database)
    _, other = talk(database, "live/015")
    rings(database, first, alarm(first, at=clock.now()))
    rings(database, other, alarm(other, at=clock.now()))
    wishes = ChatWishes(db=database, slow_s=30, age_days=7)
    wishes.want(moderator(), now(database, first).stream, Measure.PAUSED)
    clock.advance(31 * 60)
    assert measures.calm(database, POLICIES) == 1
    assert now(database, first).measure is Measure.PAUSED
    assert now(database, other).measure is Measure.OPEN


def test_a_person_orders_undoes_and_is_not_overruled_at_once(database, clock) -> None:
    stream, chat = talk(database)
    wishes, sam = ChatWishes(db=database, slow_s=30, age_days=7), moderator()
    rings(database, chat, alarm(chat, at=clock.now()))
    paused = wishes.want(sam, stream.id, Measure.PAUSED, reason="Too much.")
    assert paused.state is OrderState.WANTED
    undone = wishes.undo(sam, stream.id, paused.wish.id)
    assert undone.wish.to is Measure.GATED
    with pytest.raises(Conflict):
        wishes.undo(sam, stream.id, paused.wish.id)
    wishes.want(sam, stream.id, Measure.OPEN)
    clock.advance(60)
    rings(database, chat, alarm(chat, at=clock.now()))
    assert now(database, chat).measure is Measure.OPEN, "a person has just looked at as much"
    rings(database, chat, alarm(chat, over=30.0, at=clock.now()))
    assert now(database, chat).measure is Measure.PAUSED, "this is more than they looked at"
    with database.read() as tx:
        steps = [one.what for one in cases.history(tx, now(database, chat).case)]
    assert steps.count("chat_ordered") == 3


def test_who_may_order_and_what_was_seen_counts(database) -> None:
    stream, chat = talk(database)
    wishes, sam = ChatWishes(db=database, slow_s=30, age_days=7), moderator()
    with pytest.raises(NotAllowed):
        wishes.want(moderator(Role.AUDITOR), stream.id, Measure.SLOW)
    with pytest.raises(NotFound):
        wishes.want(sam, new_id(), Measure.SLOW)
    with pytest.raises(BadInput):
        wishes.want(sam, stream.id, Measure.SLOW, reason="x" * 2_001)
    first = wishes.want(sam, stream.id, Measure.PAUSED, seen="")
    with pytest.raises(Conflict):
        wishes.want(moderator(), stream.id, Measure.OPEN, seen="")
    wishes.want(moderator(), stream.id, Measure.OPEN, seen=first.wish.id)
    assert now(database, chat).measure is Measure.OPEN
    with database.transaction() as tx:
        silent = streams.start(tx, server="", name="own", sender=Sender(service="clips"))
    with pytest.raises(NotFound):
        wishes.want(sam, silent.id, Measure.SLOW)


def test_a_service_answers_its_own_orders(database) -> None:
    stream, _ = talk(database)
    wishes = ChatWishes(db=database, slow_s=30, age_days=7)
    order = wishes.want(moderator(), stream.id, Measure.SLOW)
    said = wishes.obeyed(service(), stream.id, order.wish.id, done=False, detail="no such mode")
    assert said.state is OrderState.UNCONFIRMED
    said = wishes.obeyed(service(), stream.id, order.wish.id, done=True)
    assert (said.state, len(said.answers)) == (OrderState.CONFIRMED, 2)
    wishes.obeyed(service(), stream.id, order.wish.id, done=True)
    (shown,) = wishes.of_stream(service(), stream.id)
    assert len(shown.answers) == 2, "the same answer again is one"
    with pytest.raises(NotFound):
        wishes.obeyed(service("other"), stream.id, order.wish.id, done=True)
    with pytest.raises(BadInput):
        wishes.obeyed(service(), stream.id, new_id(), done=True)
    wishes.want(moderator(), stream.id, Measure.PAUSED)
    newest, older = wishes.of_stream(service(), stream.id)
    assert (newest.state, older.state) == (OrderState.WANTED, OrderState.CONFIRMED)


def test_a_held_message_is_let_go_by_a_person(database) -> None:
    stream, chat = talk(database)
    wishes, sam = ChatWishes(db=database, slow_s=30, age_days=7), moderator()
    comment = KeptComment(new_id(), chat.id, "m1", "ann", builders.NOON, "hello", 4.5, held=True)
    with database.transaction() as tx:
        kept_comments.keep(tx, "clips", [comment])
    assert wishes.let_go(sam, stream.id, [comment.id, comment.id]) == 1
    assert wishes.let_go(sam, stream.id, [comment.id]) == 0
    assert [one["release"] for one in told(database) if "release" in one] == [["m1"]]
    with pytest.raises(NotFound):
        wishes.let_go(sam, talk(database, "live/015")[0].id, [comment.id])


def test_orders_to_one_chat_are_fenced_by_the_newest(database) -> None:
    _, chat = talk(database)
    with database.transaction() as tx:
        first = chat_orders.order(tx, chat, POLICIES.rule(Measure.SLOW), by="policy", why="x")
        second = chat_orders.order(tx, chat, POLICIES.rule(Measure.OPEN), by="sam", why="person")
        assert not chat_orders.in_force(tx, first)
        assert chat_orders.in_force(tx, second)
        assert chat_orders.state(tx, first)[0] is OrderState.OVERTAKEN
        assert chat_orders.before(tx, chat.id) is Measure.SLOW
        with pytest.raises(NotFound):
            chat_orders.get(tx, Id(new_id()))


def test_it_is_known_since_when_somebody_has_an_account_and_who_was_cut(database, clock) -> None:
    made = (clock.now() - timedelta(days=3)).isoformat()
    with database.transaction() as tx:
        for name, facts in (
            ("new", {"created_at": made}),
            ("old", {"created_at": "2020-01-01T00:00:00Z"}),
            ("old", {"phones": []}),
            ("odd", {"created_at": "yesterday"}),
        ):
            clock.advance(1)
            accounts.put(tx, "clips", name, facts, taken_at=clock.now())
        for _ in range(6):
            accounts.put(tx, "clips", "old", {"phones": []}, taken_at=tx.now - timedelta(days=9))
        accounts.gap(tx, "clips", "gap", "no answer")
    for name, role in (
        ("suspect", Broadcaster.SUSPECT), ("child", Broadcaster.APPARENT_CHILD),
        ("somebody", Broadcaster.UNKNOWN),
    ):  # fmt: skip
        stream, _ = talk(database, f"live/{name}", name)
        with database.transaction() as tx:
            found = streams.get(tx, stream.id)
            stream_orders.want(tx, found, Control.CUT, by="sam", why="person", broadcaster=role)
    names = [
        "new",
        "old",
        "odd",
        "gap",
        "never",
        "suspect",
        "child",
        "somebody",
        "",
        "\x00",
        "\ud800",
    ]
    known = Accounts(most=4)
    for _ in range(2):
        with database.read() as tx:
            found = known.known(tx, "clips", names)
            assert known.known(tx, "other", names).sanctioned == frozenset()
        assert found.sanctioned == {"suspect"}
        assert set(found.ages) == {"new", "old"}
        assert found.ages["new"] == pytest.approx(3.0, abs=0.01)


def test_the_highest_level_that_alarmed_stays_until_somebody_decides(database):
    _, chat = talk(database)
    rings(database, chat, alarm(chat, Level.ACROSS))
    rings(database, chat, alarm(chat, Level.AUTHOR))
    assert now(database, chat).level is Level.ACROSS
