"""Protects plain words: numbers, moments and turns as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.model.signal import View
from breakwater.observe import Metrics
from breakwater.web.pages import words
from breakwater.web.pages.evidence import bits_of, spans_of, turn_of
from breakwater.web.pages.pulse import Pulse, median_s

NOW = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(240, "in 4 min"), (-240, "4 min ago"), (0, "now"), (45, "in 45 s"), (12_000, "in 3 h 20"),
     (-90_000, "1 day ago"), (200_000, "in 2 days")],
)  # fmt: skip
def test_a_due_time_is_relative_and_absolute_at_once(seconds, expected):
    due = words.due(NOW + timedelta(seconds=seconds), NOW)
    assert due.words == expected
    assert due.late == (seconds < 0)
    assert due.full.endswith("UTC")


@pytest.mark.parametrize(
    ("octets", "expected"), [(0, "0 bytes"), (999, "999 bytes"), (4_200_000, "4.2 MB")]
)
def test_a_size_is_short(octets, expected):
    assert words.size(octets) == expected


def test_only_the_bits_that_differ_are_drawn_for_those_who_see_no_hashes():
    known, own = bytes(32), bytes([0x80]) + bytes(31)
    shown = bits_of(known, own, known_too=False)
    assert shown is not None
    assert shown.known == ""
    assert shown.differ.count("M") == 1
    same = bits_of(bytes([0x7F]) + bytes(31), bytes([0xFF]) + bytes(31), known_too=False)
    assert same is not None
    assert same.differ == shown.differ


def test_hashes_of_different_lengths_are_not_drawn():
    assert bits_of(bytes(32), bytes(16)) is None
    assert bits_of(bytes(20), bytes(20)) is None


@pytest.mark.parametrize("view", View)
def test_every_turn_has_a_sign_and_words(view):
    sign, said = turn_of(view.value)
    assert bool(sign) == bool(said) == (view is not View.ORIGINAL)


def test_moments_near_one_another_are_one_span():
    spans = spans_of([(1, 7.0), (1, 8.0), (1, 9.0), (2, 30.0)])
    assert [span.words for span in spans] == ["0:07 to 0:10", "0:30 to 0:31"]
    assert all(span.x >= 0 and span.x + span.width <= 100.1 for span in spans)
    assert spans_of([]) == ()


def test_the_plot_is_full_after_a_restart_and_live_from_then_on():
    metrics, now = Metrics(), 1_000_000 * 60.0
    pulse = Pulse(metrics)
    minutes = {1_000_000 - n: {"allow": 600, "block": 60} for n in range(1, 16)}
    assert pulse.rate() == 0.0
    before = pulse.series(now, minutes)
    assert len(before.at) == 15
    assert before.allow == (10.0,) * 14 + (0.0,)
    assert before.block == (1.0,) * 14 + (0.0,)
    for second in range(0, 11, 2):
        pulse.sample(now + second)
        metrics.uploads.labels("allow", "no_match").inc(8)
    assert pulse.rate() == pytest.approx(4.0)
    live = pulse.series(now + 10, minutes)
    assert live.allow[-1] == pytest.approx(4.0)
    assert list(live.at) == sorted(live.at)


def test_the_minute_in_which_somebody_begins_to_look_is_counted_once():
    metrics, start = Metrics(), 1_000_000 * 60.0
    pulse = Pulse(metrics)
    ledger = {1_000_000: {"block": 120}}  # 100 before anybody looked, 20 since
    for second in (50, 52, 54):
        pulse.sample(start + second)
        if second < 54:
            metrics.uploads.labels("block", "bank.block").inc(10)
    block = pulse.series(start + 54, ledger).block
    assert block[-3] == pytest.approx(100 / 50)
    assert block[-2:] == (5.0, 5.0)


def test_a_pause_without_viewers_leaves_no_false_rate():
    metrics = Metrics()
    pulse = Pulse(metrics)
    for at in (0.0, 2.0):
        pulse.sample(at)
    metrics.uploads.labels("allow", "no_match").inc(1_000_000)
    pulse.sample(600.0)
    assert pulse.rate() == 0.0


def test_half_are_answered_within_a_bucket_of_the_histogram():
    metrics = Metrics()
    assert median_s(metrics) is None
    for seconds in (0.003, 0.015, 0.018, 2.0):
        metrics.upload_seconds.observe(seconds)
    assert median_s(metrics) == 0.02
