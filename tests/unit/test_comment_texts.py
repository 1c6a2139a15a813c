"""Texts of the last half hour: bounded, evidence last to go, gone when they are old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from breakwater.recognition.hearing import texts as ring
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


def test_evidence_is_bounded_by_number(monkeypatch):
    kept = Texts()
    for n in range(ring.WEIGHTY + 50):
        kept.add("a", said(str(n), n / 100), nats=3.0)
    assert len(kept.find("a")) == ring.WEIGHTY


def test_a_chat_that_ended_is_forgotten_and_a_repr_shows_nothing():
    kept = Texts()
    kept.add("a", said("canary-id", 0, "canary-text"), nats=1.0)
    assert "canary" not in repr(kept.find("a"))
    kept.forget("a")
    assert (kept.find("a"), kept.size) == ([], 0)
