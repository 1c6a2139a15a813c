"""Comments over real HTTP: batches and streams of lines, back-pressure, odd input, nothing shown."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import BadInput
from breakwater.live.hearing import chats as module
from breakwater.live.hearing.chats import Chats
from breakwater.model.chat import About, ChatKind, Measure
from breakwater.model.chat_form import unpack
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.stream import StreamState
from breakwater.records import (
    chat_alarms,
    chat_course,
    chat_measures,
    chat_sums,
    chats,
    kept_comments,
    streams,
)
from breakwater.records.tables import core
from breakwater.web.api import lines as line_reader
from tests.integration.commenting import LURE, NDJSON, begun, body, chat_of, episode, said
from tests.integration.served import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("comments"), comments_pages_per_hour=6) as running:
        yield running


@pytest.fixture(scope="module")
def client(served):
    return served.client(served.key("stream:write", "stream:read", service="clips"))


@pytest.fixture
def stream(served):
    return begun(served)


def test_a_batch_is_counted_and_answered(served, client, stream):
    sent = [said(n) for n in range(50)] + [
        said(60, kind="join", text=""), said(61, kind="gift", text="", amount=5),
        said(62, kind="report", text=""), said(63, kind="leave", text=""),
        said(3, kind="edit", text="good evening all"), said(4, kind="delete", text=""),
    ]  # fmt: skip
    answer = client.post(f"/v1/streams/{stream}/comments", json={"messages": sent})
    assert answer.status_code == 200
    assert answer.json() == {
        "taken": 56, "unscored": 0, "refused": 0, "refused_lines": [], "held": [],
        "measure": "open", "alarms": [],
    }  # fmt: skip
    chat = chat_of(served, stream)
    assert (chat.messages, chat.scored, chat.unscored, chat.lang) == (51, 51, 0, "en")
    with served.app.db.read() as tx:
        (minute,) = chat_course.of_chat(tx, chat.id)[-1:]
    assert (minute.joins, minute.leaves, minute.gifts, minute.reports) == (1, 1, 1, 1)


def test_an_episode_alarms_restrains_the_chat_and_keeps_what_is_evidence(served, client, stream):
    answer = client.post(f"/v1/streams/{stream}/comments", json={"messages": episode()}).json()
    assert {one["level"] for one in answer["alarms"]} >= {"author"}
    assert Measure(answer["measure"]).rank > Measure.OPEN.rank
    chat = chat_of(served, stream)
    with served.app.db.read() as tx:
        found = streams.get(tx, Id(stream))
        alarms = chat_alarms.of_chat(tx, chat.id)
        kept = kept_comments.of_chat(tx, chat.id)
        events = tx.execute(
            sa.select(core.outbox.c.type).where(core.outbox.c.subject == chat.id)
        ).scalars().all()  # fmt: skip
    assert found.case is not None
    assert {one["case"] for one in answer["alarms"]} == {found.case}
    assert chat.case == found.case
    assert found.risks["comments"] > 0
    assert alarms[0].why.messages
    assert 0 < len(kept) <= 40
    assert all(LURE in one.text for one in kept)
    assert EventType.CHAT_ALARMED.value in events
    assert EventType.CHAT_CAPTURED.value in events


def test_what_is_sent_twice_counts_once(served, client, stream):
    sent = {"messages": episode()[:6]}
    client.post(f"/v1/streams/{stream}/comments", json=sent)
    before = peaks(served, stream)
    assert before["author"] > 0
    again = client.post(f"/v1/streams/{stream}/comments", json=sent).json()
    assert again["alarms"] == []
    assert peaks(served, stream) == before
    chat = chat_of(served, stream)
    assert (chat.messages, chat.scored, chat.unscored) == (6, 6, 0)


def peaks(served, stream):
    """The highest each level of evidence was."""
    served.app.hearing.lanes.snapshot()
    with served.app.db.read() as tx:
        found = unpack(chat_sums.get(tx, chats.of_stream(tx, Id(stream)).id))
    return {level: found["peaks"][level] for level in ("message", "author", "stream")}


def test_lines_are_taken_as_they_come_and_answered_at_the_end(served, client, stream):
    def lines():
        for n in range(2_500):
            yield (json.dumps(said(n)) + "\n").encode()

    answer = client.post(f"/v1/streams/{stream}/comments", content=lines(), headers=NDJSON)
    assert answer.status_code == 200
    assert (answer.json()["taken"], answer.json()["refused"]) == (2_500, 0)
    assert chat_of(served, stream).scored == 2_500


def test_a_line_is_taken_although_the_body_goes_on(served, client, stream):
    go_on = threading.Event()

    def lines():
        yield body(said(1)).encode()
        assert go_on.wait(30)
        yield body(said(2)).encode()

    answers = []
    sender = threading.Thread(
        target=lambda: answers.append(
            client.post(f"/v1/streams/{stream}/comments", content=lines(), headers=NDJSON)
        )
    )
    sender.start()
    until(lambda: (chat_of(served, stream) or NOBODY).scored == 1)
    go_on.set()
    sender.join(30)
    assert answers[0].json()["taken"] == 2


class NOBODY:
    scored = 0


def test_lines_that_are_no_message_are_counted_by_number_and_the_rest_is_taken(
    served, client, stream, monkeypatch
):
    monkeypatch.setattr(line_reader, "LINE", 2_000)
    wrong = ["{", "7", json.dumps({"id": "m", "author": ""}), json.dumps(said(5, more=1))]
    long = json.dumps(said(6, "x" * 9_000))
    text = body(said(1)) + "\n".join(wrong) + "\n\n" + long + "\n" + body(said(2))
    answer = client.post(
        f"/v1/streams/{stream}/comments", content=text, headers=NDJSON
    ).json()  # fmt: skip
    assert (answer["taken"], answer["refused"]) == (2, 5)
    assert answer["refused_lines"] == [2, 3, 4, 5]
    chat = chat_of(served, stream)
    assert (chat.messages, chat.scored, chat.unscored) == (3, 2, 1), "too long: counted, unscored"


def test_posts_profiles_and_uploads_have_chats_of_their_own(served, client):
    for kind in ("post", "profile", "media"):
        answer = client.post("/v1/comments", json={kind: "x-1", "messages": [said(1)]})
        assert answer.json()["taken"] == 1
    with served.app.db.read() as tx:
        found = {one.kind for one in chats.page(tx, service="clips") if one.stream is None}
        assert chats.find(tx, About(ChatKind.POST, "clips", "x-1")).scored == 1
    assert found >= {ChatKind.POST, ChatKind.PROFILE, ChatKind.MEDIA}


def test_a_mixed_stream_is_sorted_by_what_was_written_to(served, client, stream):
    text = body(
        said(1, stream=stream), said(2, post="p-9"), said(3, stream=stream),
        said(4, stream="0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11"), said(5),
        said(6, post="p-9", profile="q"),
    )  # fmt: skip
    answer = client.post("/v1/comments", content=text, headers=NDJSON).json()
    assert (answer["taken"], answer["refused"]) == (3, 3)
    assert sorted(answer["refused_lines"]) == [4, 5, 6]
    assert chat_of(served, stream).scored == 2


def test_a_service_reads_why_its_chat_alarmed_by_ids_alone(served, client, stream):
    assert client.get(f"/v1/streams/{stream}/chat").status_code == 404, "nobody wrote"
    client.post(f"/v1/streams/{stream}/comments", json={"messages": episode()})
    answer = client.get(f"/v1/streams/{stream}/chat")
    body = answer.json()
    assert (body["messages"], body["unscored"]) == (30, 0)
    newest = body["alarms"][0]
    assert newest["evidence"] >= newest["threshold"]
    assert newest["abstained"]
    assert newest["messages"][0]["by"], "each says from which source"
    assert {one["author"] for one in newest["authors"]} <= {f"x-{n}" for n in range(5)}
    assert "telegram" not in answer.text
    other = served.client(served.key("stream:read", service="another"))
    assert other.get(f"/v1/streams/{stream}/chat").status_code == 404


def test_an_alarm_of_a_post_opens_a_case_of_its_own(served, client):
    sent = {"post": "p-alarm", "messages": episode()}
    answer = client.post("/v1/comments", json=sent).json()
    assert answer["alarms"]
    assert answer["alarms"][0]["case"]


def test_whose_it_is_counts(served, client, stream):
    other = served.client(served.key("stream:write", service="others"))
    assert other.post(f"/v1/streams/{stream}/comments", json={"messages": []}).status_code == 404
    anybody = served.client(served.key("stream:write"))
    assert anybody.post("/v1/comments", json={"post": "p", "messages": []}).status_code == 422
    named = {"post": "p", "service": "clips", "messages": []}
    assert anybody.post("/v1/comments", json=named).status_code == 200
    many = {"messages": [said(n) for n in range(1_001)]}
    assert client.post(f"/v1/streams/{stream}/comments", json=many).status_code == 422


def test_too_much_at_once_is_said_and_nothing_of_it_is_taken(served, client, stream):
    lanes = served.app.hearing.lanes
    client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(0)]})
    (child,) = lanes.processes()
    os.kill(child, signal.SIGSTOP)
    try:
        slot = lanes._slots[0]
        first = threading.Thread(
            target=client.post, args=(f"/v1/streams/{stream}/comments",),
            kwargs={"json": {"messages": [said(n) for n in range(1, 900)]}},
        )  # fmt: skip
        first.start()
        until(lambda: slot.waiting == 899)
        slot.waiting += lanes._rules.waiting
        busy = client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(1_000)]})
        slot.waiting -= lanes._rules.waiting
    finally:
        os.kill(child, signal.SIGCONT)
    first.join(30)
    assert busy.status_code == 429
    assert busy.json()["taken"] == 0
    assert busy.json()["why"] == "busy"
    assert int(busy.headers["Retry-After"]) >= 1
    assert chat_of(served, stream).messages == 900


def test_a_lane_that_falls_leaves_its_messages_counted_as_unscored(served, client, stream):
    lanes = served.app.hearing.lanes
    client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(0)]})
    (child,) = lanes.processes()
    os.kill(child, signal.SIGSTOP)
    answers = []
    sender = threading.Thread(
        target=lambda: answers.append(
            client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(1), said(2)]})
        )
    )
    sender.start()
    until(lambda: lanes._slots[0].waiting == 2)
    os.kill(child, signal.SIGKILL)
    sender.join(30)
    assert (answers[0].json()["taken"], answers[0].json()["unscored"]) == (2, 2)
    assert chat_of(served, stream).unscored == 2
    figures = served.client(served.key("metrics:read")).get("/metrics").text
    assert 'breakwater_comments_total{outcome="unscored"}' in figures
    lanes._slots[0].tried = -1e9


def test_what_is_held_is_named_and_a_paused_chat_holds_all(served, client, stream):
    answer = client.post(
        f"/v1/streams/{stream}/comments",
        json={"messages": [said(1, LURE, author="x-1"), said(2)]},
    ).json()  # fmt: skip
    assert "m-2" not in answer["held"]
    with served.app.db.transaction() as tx:
        chat_measures.want(
            tx, chat_of(served, stream).id, Measure.PAUSED, by="person", why="person"
        )
    answer = client.post(
        f"/v1/streams/{stream}/comments", json={"messages": [said(3), said(4, kind="join")]}
    ).json()  # fmt: skip
    assert answer["held"] == ["m-3"]
    assert answer["measure"] == "paused"


def test_a_chat_ends_with_its_broadcast_and_its_texts_and_sums_go(
    served, client, stream, monkeypatch
):
    monkeypatch.setattr(module, "OVER", timedelta(0))
    client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(1)]})
    hearing = served.app.hearing
    hearing.lanes.snapshot()
    chat = chat_of(served, stream)
    with served.app.db.transaction() as tx:
        assert chat_sums.get(tx, chat.id) is not None
        streams.set_state(tx, Id(stream), StreamState.ENDED)

    def over():
        hearing.chats.end()
        return chat_of(served, stream).ended_at is not None

    until(over)
    assert hearing.chats.texts(chat) == []
    with served.app.db.read() as tx:
        assert chat_sums.get(tx, chat.id) is None


def test_switched_off_it_says_so(tmp_path):
    with serving(tmp_path / "off", comments_enabled=False) as running:
        key = running.key("stream:write", service="clips")
        answer = running.client(key).post("/v1/comments", json={"post": "p", "messages": [said(1)]})
        assert answer.status_code == 403
        assert "comments_enabled" in answer.json()["detail"]


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def test_what_one_subject_refuses_costs_no_other(served, client, monkeypatch):
    """What is refused is counted by line; what comes after it is taken."""
    take = Chats.take

    def refuses(self, by, about, messages):
        if about.reference == "bad":
            raise BadInput("no")
        return take(self, by, about, messages)

    monkeypatch.setattr(Chats, "take", refuses)
    text = body(
        said(1, post="p-1"), said(2, post="bad"), said(3, profile="p-2"), said(4, post="bad"),
        said(5, post="p-3"),
    )  # fmt: skip
    answer = client.post("/v1/comments", content=text, headers=NDJSON)
    assert answer.status_code == 200
    assert (answer.json()["taken"], answer.json()["refused"]) == (3, 2)
    assert answer.json()["refused_lines"] == [2, 4]
