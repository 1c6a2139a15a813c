"""Texts of the last half hour: bounded, evidence last to go, gone when they are old."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from breakwater.recognition.hearing.texts import Text, Texts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(name: str, after_s: float = 0.0, text: str = "hello") -> Text:
    return Text(name, "ann", NOON + timedelta(seconds=after_s), text)


def test_texts_are_found_by_id_and_time_in_their_order():
    kept = Texts()
    kept.add("a", said("2", 20), nats=2.0)
    kept.add("a", said("1", 10), nats=0.0)
    kept.add("b", said("3", 30), nats=0.0)
    assert [one.message for one in kept.find("a")] == ["1", "2"]
    assert [one.message for one in kept.find("a", {"2"})] == ["2"]
    assert [one.message for one in kept.find("a", since=NOON + timedelta(seconds=15))] == ["2"]
    assert kept.find("c") == []


def test_half_an_hour_later_nothing_is_left():
    kept = Texts()
    kept.add("a", said("1"), nats=2.0)
    kept.add("b", said("2"), nats=0.0)
    kept.expire(NOON + timedelta(minutes=31))
    assert kept.find("a") == []
    assert kept.size == 0


def test_an_edited_message_keeps_all_it_was():
    kept = Texts()
    kept.add("a", said("1", 0, "one"), nats=2.0)
    kept.add("a", said("1", 5, "other"), nats=0.0)
    assert [one.text for one in kept.find("a", {"1"})] == ["one", "other"]


def test_a_flood_pushes_out_chatter_and_never_what_gave_evidence():
    kept = Texts(most_bytes=1 << 20)
    kept.add("quiet", said("q", 0), nats=0.0)
    kept.add("loud", said("evidence", 0), nats=2.0)
    for n in range(20_000):
        kept.add("loud", said(str(n), n / 1000, "x" * 300), nats=0.0)
        assert kept.size <= 1 << 20
    assert kept.find("loud", {"evidence"})
    assert kept.find("quiet", {"q"}), "another chat does not pay for the flood"


def test_a_fast_chat_keeps_half_an_hour_of_evidence_while_there_is_room():
    kept = Texts()
    for n in range(20_000):  # 667 a minute for half an hour, each of them evidence
        kept.add("a", said(str(n), n * 0.09), nats=0.5)
    assert len(kept.find("a")) == 20_000
    assert kept.let_go == [0, 0]


def test_without_room_the_lightest_of_the_largest_chat_goes_and_it_is_counted():
    kept = Texts(most_bytes=1 << 20)
    weights = (0.0, 0.2, 0.7, 1.5, 4.0)
    for n in range(5_000):
        kept.add("loud", said(f"{n % 5} {n}", n / 100, "x" * 100), nats=weights[n % 5])
        if n % 25 == 0:
            kept.add("quiet", said(str(n), n / 100), nats=0.0)
    found = [one.message for one in kept.find("loud")]
    left = [sum(name.startswith(f"{tier} ") for name in found) for tier in range(5)]
    assert left[4] > left[1], "the heaviest stay longest"
    assert left[0] < 300, "chatter goes first"
    assert len(kept.find("quiet")) == 200, "another chat does not pay for it"
    assert sum(kept.let_go) == 5_000 - len(found)
    assert kept.let_go[0] <= 1_000
    assert kept.size <= 1 << 20


def test_many_full_chats_cost_no_more_than_one():
    kept = Texts(most_bytes=4 << 20)
    began = time.process_time()
    for n in range(20_000):
        kept.add(f"chat-{n % 4_000}", said(str(n), n / 100), nats=0.0)
    assert time.process_time() - began < 5.0, "room is made for many at once"
    assert kept.size <= 4 << 20


def test_a_chat_that_ended_is_forgotten_and_a_repr_shows_nothing():
    kept = Texts()
    kept.add("a", said("canary-id", 0, "canary-text"), nats=1.0)
    assert "canary" not in repr(kept.find("a"))
    kept.forget("a")
    assert (kept.find("a"), kept.size) == ([], 0)
