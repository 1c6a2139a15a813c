"""Chats on both databases: found again, counted, judged, explained, emptied, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.builders import NOON

from breakwater.errors import AppendOnly, BadInput, NotFound
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import (
    About,
    ChatAlarm,
    ChatKind,
    ChatMinute,
    KeptComment,
    KeptState,
    Measure,
)
from breakwater.model.chat_form import pack, unpack
from breakwater.model.comment import (
    AuthorEvidence,
    Contribution,
    Explanation,
    Level,
    Share,
    Source,
)
from breakwater.model.ids import new_id
from breakwater.model.stream import StreamState
from breakwater.records import (
    cases,
    chat_alarms,
    chat_course,
    chat_measures,
    chat_sums,
    chats,
    kept_comments,
    streams,
)
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")

POST = About(ChatKind.POST, "clips", "post-7")
BY = (Share(Source.CUE, 1.5, "move_service"), Share(Source.LEXICON, 3.0, "list/a1"))


def post(database, about=POST):
    with database.transaction() as tx:
        return chats.begin(tx, about)


def broadcast(database, name="live/014"):
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name=name, sender=Sender(service="clips"))
        return chats.begin(tx, About(ChatKind.STREAM, "clips", stream.id, stream.id))


def opened(database, subject):
    with database.transaction() as tx:
        return cases.open(
            tx, kind=CaseKind.STREAM, subject=subject, why="Chat.", priority=Priority.HIGH
        ).id


def kept(chat, message="m-1", **facts):
    known = {"author": "ann", "at": NOON, "text": "a polite canary", "nats": 4.5, "by": BY}
    return KeptComment(new_id(), chat.id, message, **known | facts)


def alarm(chat, **facts):
    why = Explanation(
        alarms_per_hour=0.02, messages=(Contribution("m-1", "ann", NOON, 4.5, BY),),
        authors=(AuthorEvidence("ann", 3, 6.5),), clears_in_s=90.0, lang="en", band="10-100",
        benign_hours=12.5, abstained=True, notes=("A sentence.",),
    )  # fmt: skip
    return ChatAlarm(new_id(), chat.id, Level.STREAM, 5.5, 3.0, NOON, why, **facts)


def everything(database):
    """All bytes and texts of the tables of chats."""
    with database.read() as tx:
        return repr(
            [
                tx.execute(sa.select(table)).all()
                for name, table in metadata.tables.items()
                if name.startswith("chat") or name == "kept_comments"
            ]
        )


def test_a_chat_is_begun_once_and_found_by_what_it_is_about(database):
    first = post(database)
    assert post(database) == first
    assert first.measure is Measure.OPEN
    assert first.level is None
    other = post(database, About(ChatKind.POST, "others", "post-7"))
    assert other.id != first.id
    with database.read() as tx:
        assert chats.find(tx, POST).id == first.id
        assert chats.find(tx, About(ChatKind.MEDIA, "clips", "post-7")) is None
        assert chats.get(tx, first.id).reference == "post-7"
        assert {one.id for one in chats.page(tx)} == {first.id, other.id}
        assert [one.id for one in chats.page(tx, service="clips")] == [first.id]
        with pytest.raises(NotFound):
            chats.get(tx, new_id())


def test_what_cannot_be_stored_is_bad_input(database):
    with pytest.raises(BadInput):
        post(database, About(ChatKind.POST, "clips", "half \ud800"))


def test_a_chat_of_a_broadcast_is_found_by_the_broadcast(database):
    chat = broadcast(database)
    with database.read() as tx:
        assert chats.of_stream(tx, chat.stream).id == chat.id
        assert chats.of_streams(tx, [chat.stream, new_id()]) == {chat.stream: chat}


def test_counts_add_up_and_what_is_not_told_stays(database, clock):
    chat = post(database)
    clock.advance(5)
    with database.transaction() as tx:
        chats.count(tx, chat.id, messages=9, scored=7, unscored=2, lang="en", band="1-10")
        chats.count(tx, chat.id, messages=1, scored=1, unscored=0)
        found = chats.get(tx, chat.id)
        assert chats.active(tx, tx.now - timedelta(seconds=1), "clips") == 1
        assert chats.active(tx, tx.now - timedelta(hours=1), "others") == 0
    assert (found.messages, found.scored, found.unscored) == (10, 8, 2)
    assert (found.lang, found.band) == ("en", "1-10")
    assert found.last_at - found.began_at == timedelta(seconds=5)
    assert found.change > chat.change


def test_risk_and_case_are_as_last_said(database):
    chat = post(database)
    case = opened(database, chat.id)
    with database.transaction() as tx:
        chats.set_risk(tx, chat.id, 0.71234, Level.AUTHOR)
        chats.set_case(tx, chat.id, case)
        (found,) = chats.of_case(tx, case)
    assert (found.risk, found.level, found.case) == (0.7123, Level.AUTHOR, case)
    with database.transaction() as tx:
        chats.set_risk(tx, chat.id, 0.0, None)
        assert chats.get(tx, chat.id).level is None


def test_an_alarm_keeps_why_and_names_nobody_in_clear(database):
    chat = post(database)
    case = opened(database, chat.id)
    made = alarm(chat, case=case)
    with database.transaction() as tx:
        tx.lock_changes()
        chat_alarms.add(tx, made)
    assert "ann" not in everything(database)
    with database.read() as tx:
        (found,) = chat_alarms.of_chat(tx, chat.id)
        assert chat_alarms.of_case(tx, case) == [found]
        assert chat_alarms.counted(tx, NOON) == 1
        assert chat_alarms.counted(tx, NOON + timedelta(seconds=1)) == 0
    assert found.why == made.why
    assert (found.level, found.evidence, found.threshold) == (Level.STREAM, 5.5, 3.0)


def test_a_reason_goes_when_nothing_was_found_and_the_alarm_stays(database):
    chat = post(database)
    with database.transaction() as tx:
        tx.lock_changes()
        mine = cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=chat.id, why="x", priority=Priority.LOW
        )
        other = cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=new_id(), why="x", priority=Priority.LOW
        )
        chat_alarms.add(tx, alarm(chat, case=other.id))
        chat_alarms.add(tx, alarm(chat, case=mine.id))
    with database.transaction() as tx:
        assert chat_alarms.clear(tx, chat.id, mine.id) == 1
        found, kept = chat_alarms.of_chat(tx, chat.id)
    assert kept.why != Explanation(), "evidence of another case"
    assert found.why == Explanation()
    assert found.evidence == 5.5
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.delete(metadata.tables["chat_alarms"]))


def test_a_wish_holds_from_the_moment_it_is_written_and_keeps_its_answers(database):
    chat = post(database)
    with database.transaction() as tx:
        first = chat_measures.want(tx, chat.id, Measure.SLOW, by="policy", why="risk")
        second = chat_measures.want(tx, chat.id, Measure.OPEN, by="policy", why="calm")
        chat_measures.ack(tx, first.id, "webhook", done=False, detail="x" * 900, ms=31)
        chat_measures.ack(tx, first.id, "webhook", done=True, ms=64)
    with database.read() as tx:
        assert chats.get(tx, chat.id).measure is Measure.OPEN
        assert chat_measures.last(tx, chat.id) == second
        assert chat_measures.of_chat(tx, chat.id) == [second, first]
        assert chat_measures.get(tx, first.id) == first
        answers = chat_measures.acks(tx, first.id)
    assert [(one.done, one.ms) for one in answers] == [(False, 31), (True, 64)]
    assert len(answers[0].detail) == chat_measures.DETAIL
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.update(metadata.tables["chat_measures"]).values(to="paused"))


def test_a_comment_is_kept_once_sealed_and_cut(database):
    chat = post(database)
    made = kept(chat, text="canary " * 2_000)
    with database.transaction() as tx:
        assert kept_comments.keep(tx, "clips", [made, kept(chat, "m-2", held=True)]) == 2
        assert kept_comments.keep(tx, "clips", [replace(made, id=new_id())]) == 0
    assert "canary" not in everything(database)
    assert "ann" not in everything(database)
    with database.read() as tx:
        found = kept_comments.get(tx, made.id)
        assert [one.message for one in kept_comments.held(tx, chat.id)] == ["m-2"]
        assert len(kept_comments.of_chat(tx, chat.id)) == 2
    assert found.text == made.text[:4_096]
    assert (found.author, found.by, found.state) == ("ann", BY, KeptState.CAPTURED)


def test_what_no_database_takes_is_kept_all_the_same(database):
    chat = post(database)
    odd = kept(chat, "id \ud800", text="half \udfff and \0", author="a\0\ud800")
    with database.transaction() as tx:
        kept_comments.keep(tx, "clips", [odd])
    with database.read() as tx:
        assert kept_comments.get(tx, odd.id).text == odd.text


def test_a_kept_comment_joins_the_case_that_comes_later(database):
    chat = post(database)
    case = opened(database, chat.id)
    with database.transaction() as tx:
        kept_comments.keep(tx, "clips", [kept(chat)])
        kept_comments.keep(tx, "clips", [kept(chat, case=case)])
        (found,) = kept_comments.of_case(tx, case)
    assert found.message == "m-1"


def test_what_was_found_is_preserved_and_what_was_not_is_emptied(database):
    chat = post(database)
    first, second = kept(chat), kept(chat, "m-2", held=True)
    with database.transaction() as tx:
        kept_comments.keep(tx, "clips", [first])
        assert kept_comments.preserve(tx, chat.id) == 1
        kept_comments.keep(tx, "clips", [second])
        assert kept_comments.remove(tx, chat.id) == 1
    with database.read() as tx:
        stays, gone = kept_comments.get(tx, first.id), kept_comments.get(tx, second.id)
        assert kept_comments.held(tx, chat.id) == []
        rows = tx.execute(sa.select(metadata.tables["kept_comments"])).all()
    assert (stays.state, stays.text) == (KeptState.PRESERVED, "a polite canary")
    assert (gone.state, gone.text, gone.author, gone.message) == (KeptState.REMOVED, "", "", "")
    assert [row.sealed is None for row in rows if row.state == "removed"] == [True]
    with database.transaction() as tx:
        kept_comments.hold(tx, first.id, held=True)
        assert kept_comments.get(tx, first.id).held


def test_a_minute_adds_up_and_a_week_is_the_most(database, monkeypatch):
    chat = post(database)
    seen = ChatMinute(NOON + timedelta(seconds=7), messages=3, gifts=1, nats=1.5)
    with database.transaction() as tx:
        tx.lock_changes()
        chat_course.add(tx, chat.id, seen)
        chat_course.add(tx, chat.id, seen)
        monkeypatch.setattr(chat_course, "MOST", 3)
        for n in range(1, 5):
            chat_course.add(tx, chat.id, ChatMinute(NOON + n * timedelta(minutes=1), joins=n))
    with database.read() as tx:
        course = chat_course.of_chat(tx, chat.id)
        later = chat_course.of_chat(tx, chat.id, since=NOON + timedelta(minutes=1), limit=1)
    assert course[0] == ChatMinute(NOON, messages=6, gifts=2, nats=3.0)
    assert [one.joins for one in course] == [0, 1, 2]
    assert [one.joins for one in later] == [2]


def test_sums_are_replaced_sealed_and_gone_with_the_chat(database, clock):
    chat = post(database)
    sums = {"form": 1, "sums": [1.5, -2.0], "note": "plain"}
    for said in ({"form": 0}, sums):
        with database.transaction() as tx:
            chat_sums.put(tx, chat.id, pack(said))
    with database.read() as tx:
        assert unpack(chat_sums.get(tx, chat.id)) == sums
        row = tx.execute(sa.select(metadata.tables["chat_sums"])).one()
        assert b"form" not in row.sealed
    with database.transaction() as tx:
        chats.end(tx, chat.id)
        assert chat_sums.get(tx, chat.id) is None
        chat_sums.put(tx, chat.id, pack(sums))
        assert chat_sums.get(tx, chat.id) is None, "an ended chat gets no sums anew"
    clock.advance(60)
    with database.transaction() as tx:
        chats.count(tx, chat.id, messages=1, scored=1, unscored=0)
        chat_sums.put(tx, chat.id, pack(sums))
    clock.advance(60)
    with database.transaction() as tx:
        assert chat_sums.forget_before(tx, tx.now) == 1


def test_sums_across_chats_are_for_so_many_processes(database):
    with database.transaction() as tx:
        chat_sums.put_across(tx, 0, 2, pack([1]))
        chat_sums.put_across(tx, 0, 2, pack([2]))
    with database.read() as tx:
        assert unpack(chat_sums.across(tx, 0, 2)) == [2]
        assert chat_sums.across(tx, 0, 1) is None
        assert chat_sums.across(tx, 1, 2) is None


def test_counts_of_ordinary_traffic_are_replaced_and_summed(database):
    def cell(lang, blocks):
        return {
            "service": "clips", "lang": lang, "band": "1-10", "blocks": blocks,
            "messages": 10.0 * blocks, "seen": [0.0, 1.0],
        }  # fmt: skip

    with database.transaction() as tx:
        chat_sums.put_cells(tx, 0, [cell("en", 60)])
        chat_sums.put_cells(tx, 0, [cell("en", 6), cell("de", 12)])
        chat_sums.put_cells(tx, 1, [cell("en", 3)])
    with database.read() as tx:
        assert [one["lang"] for one in chat_sums.cells(tx, 0)] == ["de", "en"]
        assert chat_sums.cells(tx, 1) == [cell("en", 3)]
        figures = chat_sums.figures(tx)
        assert [(one.lang, one.hours, one.messages) for one in figures] == [
            ("de", 2.0, 120.0), ("en", 1.5, 90.0),
        ]  # fmt: skip
        assert figures[0].at == tx.now


def test_a_chat_is_over_a_while_after_its_broadcast(database, clock):
    ended, running = broadcast(database), broadcast(database, "live/015")
    with database.transaction() as tx:
        streams.set_state(tx, ended.stream, StreamState.ENDED)
    clock.advance(60)
    with database.transaction() as tx:
        assert chats.over(tx, tx.now - timedelta(minutes=2)) == []
        assert [one.id for one in chats.over(tx, tx.now)] == [ended.id]
        chats.end(tx, ended.id)
        assert chats.over(tx, tx.now) == []
        assert chats.get(tx, ended.id).ended_at == tx.now
        assert chats.get(tx, running.id).ended_at is None


def test_a_calm_chat_is_forgotten_and_one_that_led_somewhere_is_not(database, clock):
    calm, running = post(database), broadcast(database)
    alarmed = post(database, About(ChatKind.PROFILE, "clips", "ann"))
    with database.transaction() as tx:
        tx.lock_changes()
        chat_alarms.add(tx, alarm(alarmed))
        chat_course.add(tx, calm.id, ChatMinute(NOON, messages=1))
        chat_sums.put(tx, calm.id, pack([]))
    clock.advance(10)
    with database.transaction() as tx:
        assert chats.calm_before(tx, tx.now) == [calm.id]
        assert chats.forget(tx, [calm.id]) == 1
        assert {one.id for one in chats.page(tx)} == {alarmed.id, running.id}


def test_a_chat_goes_with_a_broadcast_that_led_to_nothing_and_keeps_one_that_did(database, clock):
    calm, alarmed = broadcast(database), broadcast(database, "live/015")
    with database.transaction() as tx:
        tx.lock_changes()
        chat_alarms.add(tx, alarm(alarmed))
        chat_sums.put(tx, calm.id, pack([]))
        chat_course.add(tx, calm.id, ChatMinute(NOON, messages=1))
        for one in (calm, alarmed):
            streams.set_state(tx, one.stream, StreamState.ENDED)
    clock.advance(100 * 86_400)
    with database.transaction() as tx:
        assert streams.forget_before(tx, tx.now - timedelta(days=90)) == 1
        assert [one.id for one in chats.page(tx)] == [alarmed.id]
