"""Messages that are held and belong to no case, on both databases: listed, let go, made a case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import builders

from breakwater.enforcement.chat_wishes import ChatWishes
from breakwater.errors import NotAllowed, NotFound
from breakwater.live.hearing.alone import WHY, Alone
from breakwater.live.hearing.captured import WAITED
from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, CaseState
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.ids import new_id
from breakwater.recognition.hearing.capture import capture
from breakwater.records import audit, cases, chats, kept_comments, streams

pytestmark = pytest.mark.usefixtures("keyring")


def somebody(database, *roles):
    with database.transaction() as tx:
        person = builders.person(tx).id
    held = frozenset().union(*(role.permissions for role in roles))
    return Principal(person, "Sam", held, person=person)


def held(database, kind=ChatKind.POST, count=1):
    """A chat in which nothing alarmed and messages are held."""
    with database.transaction() as tx:
        tx.lock_changes()
        stream = None
        if kind is ChatKind.STREAM:
            stream = streams.start(tx, server="", name="live/1", sender=Sender(service="clips")).id
        chat = chats.begin(tx, About(kind, "clips", str(stream or "post-7"), stream))
        some = [
            KeptComment(new_id(), chat.id, f"m{n}", "ann", builders.NOON, f"words {n}", 4.5)
            for n in range(count)
        ]
        capture(tx, chat, None, some, {one.message for one in some})
    return chat


def listed(database):
    with database.read() as tx:
        some = kept_comments.alone(tx)
        assert kept_comments.count_alone(tx) == len(some)
        return some


@pytest.mark.parametrize("kind", [ChatKind.STREAM, ChatKind.POST])
def test_a_held_message_becomes_a_case_and_its_neighbours_come_along(database, kind):
    chat, sam = held(database, kind, 2), somebody(database, Role.REVIEWER)
    first, second = listed(database)
    case = Alone(db=database).make_case(sam, first.id)
    assert listed(database) == []
    assert Alone(db=database).make_case(sam, second.id) == case, "again is the same case"
    with database.read() as tx:
        opened = cases.get(tx, case)
        assert [one.text for one in kept_comments.of_case(tx, case)] == ["words 0", "words 1"]
        assert chats.get(tx, chat.id).case == case
        said = [one for one in audit.page(tx, limit=50) if one.action == "comment.case"]
    assert (opened.why, opened.state) == (WHY, CaseState.OPEN)
    wanted = CaseKind.STREAM if kind is ChatKind.STREAM else CaseKind.CONVERSATION
    assert opened.kind is wanted
    assert [one.actor for one in said] == [sam.person]


def test_a_held_message_of_a_chat_whose_case_waits_joins_that_case(database):
    chat, sam = held(database), somebody(database, Role.REVIEWER)
    case = Alone(db=database).make_case(sam, listed(database)[0].id)
    with database.transaction() as tx:
        tx.lock_changes()
        late = KeptComment(new_id(), chat.id, "late", "ann", builders.NOON, "words", 4.5)
        capture(tx, chat, None, [late], {"late"})
    (found,) = listed(database)
    assert Alone(db=database).make_case(sam, found.id) == case


def test_what_is_let_go_or_forgotten_is_listed_no_more(database, clock):
    chat, sam = held(database, count=2), somebody(database, Role.LIVE_MODERATOR)
    first, second = listed(database)
    wishes = ChatWishes(db=database, slow_s=30, age_days=7)
    wishes.let_go_of(sam, chat.id, [first.id])
    assert [one.id for one in listed(database)] == [second.id]
    with pytest.raises(NotFound):
        Alone(db=database).make_case(somebody(database, Role.REVIEWER), first.id)
    clock.advance((WAITED + timedelta(minutes=1)).total_seconds())
    with database.transaction() as tx:
        kept_comments.expire(tx, tx.now - WAITED)
    assert listed(database) == []


def test_only_who_decides_cases_opens_one(database):
    held(database)
    (one,) = listed(database)
    with pytest.raises(NotAllowed):
        Alone(db=database).make_case(somebody(database, Role.AUDITOR), one.id)
    assert listed(database) == [one]
