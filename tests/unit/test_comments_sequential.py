"""Sums of one chat: the rule to the number, bounds, copies, floods, snapshots."""

from __future__ import annotations

import json
import math

import pytest

from breakwater.comments import sequential
from breakwater.comments.recent import Counts, Ids, Keys, Pace
from breakwater.comments.sequential import ChatSums, Seen, Sums
from breakwater.errors import BadInput


def said(
    chat: ChatSums, message: int, author: int, at: float, nats: float, *, text: int | None = None
) -> Sums:
    return chat.take(Seen(message, author, message if text is None else text, at, nats))


def test_two_messages_of_one_author_come_to_what_the_rule_says() -> None:
    chat = ChatSums()
    said(chat, 1, 7, 0.0, 1.0)
    said(chat, 2, 7, 60.0, 2.5)
    first = math.log(1 + 0.5 * (math.e - 1))
    second = first * math.exp(-60 / 1800) + math.log(1 + 0.5 * (math.exp(2.5) - 1))
    rate = math.exp(-60 / 600) + 1
    normed = second / math.sqrt(1 + rate / 2)
    assert chat.authors(60.0) == [(7, 2, pytest.approx(second, rel=1e-12))]
    chance = math.log(1 + 0.03 * (math.e - 1))
    assert chat.stream(60.0) == pytest.approx(
        math.log(1 + 0.03 * (math.exp(normed) - 1)) - chance, rel=1e-12
    )


def test_no_single_message_gives_more_than_the_bound() -> None:
    strong, bounded = ChatSums(), ChatSums()
    assert said(strong, 1, 7, 0.0, 50.0).author == said(bounded, 1, 7, 0.0, 3.0).author
    assert said(ChatSums(), 1, 7, 0.0, 50.0).message == 50.0


def test_copies_count_less_and_those_long_ago_count_as_new() -> None:
    chat = ChatSums()
    gains = [said(chat, n, n, 1.0 * n, 2.5, text=99).author for n in range(1, 5)]
    assert gains == sorted(gains, reverse=True)
    assert gains[3] < gains[0] / 2
    assert said(chat, 50, 50, 90_000.0, 2.5, text=99).author == pytest.approx(gains[0])


def test_a_message_sent_again_changes_nothing() -> None:
    chat, once = ChatSums(), ChatSums()
    for n in range(20):
        said(chat, n, n % 3, 5.0 * n, 1.5)
        said(once, n, n % 3, 5.0 * n, 1.5)
        again = said(chat, n, n % 3, 5.0 * n, 1.5)
        assert not again.new
    assert chat.snapshot() == once.snapshot()


def test_what_comes_late_counts_as_now_and_turns_no_clock_back() -> None:
    chat = ChatSums()
    said(chat, 1, 1, 1_000.0, 2.5)
    late = said(chat, 2, 2, 10.0, 2.5)
    assert late.new
    assert chat.stream(1_000.0) > 0


def test_many_authors_with_little_each_come_to_more_than_one_with_as_much() -> None:
    many, one = ChatSums(), ChatSums()
    for n in range(10):
        said(many, n, n % 5, 30.0 * n, 2.0)
        said(one, n, 1, 30.0 * n, 2.0)
    assert many.stream(300.0) > 1.2 * said(ChatSums(), 1, 1, 0.0, 2.0).stream
    assert one.authors(300.0)[0][2] > many.authors(300.0)[0][2]


def test_an_author_silent_for_half_an_hour_is_forgotten() -> None:
    chat = ChatSums()
    for n in range(6):
        said(chat, n, 1, 0.0, 3.0)
    assert chat.stream(1_799.0) > 0
    assert chat.stream(1_800.0) == 0
    assert chat.authors(1_800.0) == []


def test_what_an_author_comes_to_by_chance_is_noise_however_many_they_are() -> None:
    chat = ChatSums()
    for n in range(400):
        said(chat, n, 1_000 + n, 0.2 * n, 1.5)
    assert chat.stream(80.0) == 0
    said(chat, 5_001, 1, 80.0, 3.0)
    once = chat.stream(80.0)
    said(chat, 5_002, 1, 81.0, 3.0)
    assert chat.stream(81.0) > 2 * once > 0


def test_that_others_write_lowers_no_sum() -> None:
    quiet, loud = ChatSums(), ChatSums()
    for chat in (quiet, loud):
        for n in range(10):
            said(chat, n, n % 5, 30.0 * n, 2.5)
    for n in range(500):
        said(loud, 100 + n, 100 + n, 270.0 + 0.02 * n, -2.0)
    assert loud.stream(280.0) == quiet.stream(280.0)


def test_how_long_until_silence_clears_it() -> None:
    chat = ChatSums()
    for n in range(10):
        said(chat, n, n % 5, 30.0 * n, 2.5)
    threshold = chat.stream(270.0) / 2
    silence = chat.clears_in(threshold)
    assert 0 < silence <= sequential.SILENT_S + 15
    assert chat.stream(270.0 + silence) < threshold <= chat.stream(270.0 + silence - 15)
    assert chat.clears_in(1e9) == 0


def test_how_long_until_silence_clears_an_author() -> None:
    chat = ChatSums()
    for n in range(4):
        said(chat, n, 7, 10.0 * n, 2.5)
    ((_, _, evidence),) = chat.authors(30.0)
    silence = chat.author_clears_in(evidence / 2)
    assert chat.authors(30.0 + silence)[0][2] == pytest.approx(evidence / 2)
    assert chat.author_clears_in(2 * evidence) == 0


def test_a_flood_is_a_surprise_and_a_steady_chat_is_none() -> None:
    chat = ChatSums()
    steady = [said(chat, n, n % 40, 6.0 * n, -1.0).flood for n in range(200)]
    assert max(steady) < 6
    flood = [said(chat, 1_000 + n, n % 40, 1_200.0 + 0.1 * n, -1.0).flood for n in range(300)]
    assert flood[-1] > 100


def test_a_hundred_thousand_authors_do_not_hide_who_gave_evidence() -> None:
    chat = ChatSums()
    for n in range(6):
        said(chat, n, 1, 10.0 * n, 3.0)
    before = chat.authors(60.0)[0]
    for n in range(100_000):
        said(chat, 100 + n, 100 + n, 60.0 + n * 0.0006, 0.3)
    after = chat.authors(120.0)[0]
    assert after[0] == before[0] == 1
    assert after[2] == pytest.approx(before[2] * math.exp(-60 / 1800))
    kept = chat.snapshot()
    assert len(kept["authors"]) <= 2 * sequential.SUSPECTS + sequential.AUTHORS
    assert len(json.dumps(kept)) < 4_000_000


def test_sums_are_the_same_to_the_last_bit_after_a_restart() -> None:
    chat, other = ChatSums(), ChatSums()
    for n in range(2_000):
        nats = math.sin(n) * 3
        said(chat, n, n % 37, 1.7 * n, nats, text=n % 91)
        said(other, n, n % 37, 1.7 * n, nats, text=n % 91)
        if n % 250 == 0:
            other = ChatSums.restored(json.loads(json.dumps(other.snapshot())))
    assert other.snapshot() == chat.snapshot()
    assert other.stream(3_400.0) == chat.stream(3_400.0)


@pytest.mark.parametrize("kept", [{}, {"form": 9}, {"form": 2, "authors": 4}])
def test_what_is_no_snapshot_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        ChatSums.restored(kept)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_none_are_refused(bad: float) -> None:
    with pytest.raises(BadInput):
        said(ChatSums(), 1, 1, bad, 1.0)
    with pytest.raises(BadInput):
        said(ChatSums(), 1, 1, 1.0, bad)


def test_generations_forget_the_oldest_and_never_the_last() -> None:
    ids = Ids(size=10)
    assert all(ids.add(n) for n in range(25))
    assert not any(ids.add(n) for n in range(15, 25))
    assert ids.add(0)
    counts = Counts(600.0, size=10)
    assert [counts.add(n, 0.0) for n in range(25)] == [0.0] * 25
    assert counts.add(24, 0.0) == 1.0
    assert counts.add(0, 0.0) == 0.0


def test_a_hash_made_before_is_the_same_and_depends_on_secret_and_kind() -> None:
    keys, again = Keys(b"s" * 16, "author", 2), Keys(b"s" * 16, "author", 0)
    names = ["ann", "bob", "cy", "ann", "dee", "ann", "\ud800"]
    assert [keys.of(name) for name in names] == [again.of(name) for name in names]
    others = {Keys(b"t" * 16, "author").of("ann"), Keys(b"s" * 16, "stream").of("ann")}
    assert keys.of("ann") not in others
    assert len(others) == 2


def test_a_pace_is_surprised_only_by_what_its_own_past_does_not_say() -> None:
    steady, late = Pace(0.0), Pace(0.0)
    for n in range(100):
        steady.add(10.0 * n)
        late.add(10.0 * n)
    assert steady.surprise() < 1
    for _ in range(60):
        late.add(0.0)  # what comes late counts as now
    assert late.at == steady.at
    assert late.surprise() > 50
    assert Pace.restored(late.snapshot()).surprise() == late.surprise()
