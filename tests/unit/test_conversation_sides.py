"""Sides of a conversation: one direction at a time, stages over days, ages, nothing counted twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import NOON

from breakwater.conversations import sides as module
from breakwater.conversations.sides import BOUND, MORE, MOST_AGE, Sides, weight
from breakwater.errors import BadInput, ScanningNotPermitted
from breakwater.model.comment import Cue, Message, Share, Source
from breakwater.model.conversation import Party, Signals, permit

SECRET = b"0123456789abcdef"
ANN, BEN = Party("ann"), Party("ben")
DAY = timedelta(days=1)


def cue(name=Cue.MOVE_SERVICE, nats=1.5):
    return Share(Source.CUE, nats, name.value)


def said(name, author="ann", to="ben", at=NOON, text="hello"):
    return Message(name, author, at, text, to=to)


def told(*cues, author="ann", to="ben", held=None, at=NOON):
    held = held or Sides(SECRET)
    for n, one in enumerate(cues):
        held.take(said(f"{author}-{n}-{at}", author, to, at + n * DAY), (cue(one),))
    return held


def test_what_one_side_shows_is_not_counted_for_the_other():
    held = told(Cue.ASKS_AGE, author="ann", to="ben")
    told(Cue.SECRECY, author="ben", to="ann", held=held)
    assert held.evidence(ANN, BEN, NOON) == held.evidence(BEN, ANN, NOON) == pytest.approx(1.5)
    assert held.evidence(ANN, Party("cas"), NOON) == 0
    assert [one.name for one in held.stages("ann", "ben", NOON)] == ["asks_age"]


def test_a_kind_gives_only_so_much_and_kinds_add_up():
    many = told(*[Cue.MOVE_SERVICE] * 50)
    assert many.evidence(ANN, BEN, NOON + 50 * DAY) <= BOUND
    each = told(Cue.ASKS_AGE, Cue.ASKS_ALONE, Cue.MOVE_SERVICE, Cue.SECRECY)
    assert each.evidence(ANN, BEN, NOON + 3 * DAY) > 2 * BOUND


def test_stages_have_dates_and_fall_over_weeks():
    held = told(Cue.ASKS_AGE, Cue.SECRECY)
    first, second = held.stages("ann", "ben", NOON + DAY)
    assert (first.first_at, second.first_at) == (NOON, NOON + DAY)
    later = held.evidence(ANN, BEN, NOON + 15 * DAY)
    assert later < held.evidence(ANN, BEN, NOON + DAY) / 2


def test_the_same_message_twice_changes_nothing():
    held = Sides(SECRET)
    assert held.take(said("m"), (cue(),))
    assert not held.take(said("m", at=NOON + DAY), (cue(),))
    assert not held.take(said("m", text=" Hello "), (cue(),)), "it says the same"
    assert held.stages("ann", "ben", NOON)[0].messages == 1


def test_an_edit_that_says_something_else_counts_and_never_lowers_a_sum():
    held = Sides(SECRET)
    assert held.take(said("m"), (cue(nats=1.0),))
    before = held.evidence(ANN, BEN, NOON)
    assert held.take(said("m", text="another"), (cue(Cue.SECRECY),))
    assert held.evidence(ANN, BEN, NOON) == pytest.approx(before + 1.5)
    assert not held.take(said("m", text="a third"), ())
    assert held.evidence(ANN, BEN, NOON) == pytest.approx(before + 1.5)


def test_more_evidence_never_lowers_a_sum():
    for less, more in ((0.2, 0.3), (1.0, 2.0), (2.4, 9.0)):
        sums = []
        for nats in (less, more):
            held = told(Cue.ASKS_AGE)
            held.take(said("x", at=NOON + DAY), (cue(nats=nats),))
            sums.append(held.evidence(ANN, BEN, NOON + DAY))
        assert sums[0] <= sums[1]


def test_ages_weigh_only_where_an_adult_writes_to_a_child_and_within_bounds():
    child, adult = Party("ben", 13, 15), Party("ann", 40, 45)
    assert weight(adult, child) == MOST_AGE
    assert weight(Party("ann", 18, 24), child) == pytest.approx(1.15)
    assert weight(child, adult) == weight(ANN, child) == weight(adult, BEN) == 1
    assert weight(Party("ann", 16, 17), child) == 1


def test_a_side_alarms_once_until_it_has_grown():
    held = told(Cue.ASKS_AGE, Cue.ASKS_ALONE, Cue.SECRECY)
    now = NOON + 2 * DAY
    first = held.rings(ANN, BEN, now, 3.0)
    assert first >= 3
    assert held.rings(ANN, BEN, now, 3.0) == 0
    held.take(said("y", at=now), (cue(Cue.CONTACT), cue(Cue.PAYMENT)))
    assert held.rings(ANN, BEN, now, 3.0) >= first + MORE


def test_counts_of_a_service_never_alarm_alone():
    held = Sides(SECRET)
    for _ in range(9):
        held.signals(Signals("ann", 10**6, 10**6, 10**6), "ben", NOON)
    assert 0 < held.evidence(ANN, BEN, NOON) <= module.MOST_CONTACTS


def test_sums_are_the_same_after_a_restart_and_name_nobody():
    held = told(Cue.ASKS_AGE, Cue.SECRECY)
    kept = held.snapshot()
    assert "ann" not in str(kept)
    again = Sides.restored(SECRET, kept)
    assert again.snapshot() == kept
    assert again.evidence(ANN, BEN, NOON) == held.evidence(ANN, BEN, NOON)
    for broken in ({}, kept | {"form": 9}, kept | {"sides": {"a": {}}}):
        with pytest.raises(BadInput):
            Sides.restored(SECRET, broken)


def test_the_heaviest_side_is_told_without_a_name():
    held = told(Cue.ASKS_AGE, Cue.SECRECY)
    told(Cue.CONTACT, author="ben", to="ann", held=held)
    now = NOON + DAY
    assert module.heaviest(held.snapshot(), now) == held.stages("ann", "ben", now)
    assert module.heaviest(Sides(SECRET).snapshot(), now) == ()


def test_memory_is_bounded(monkeypatch):
    held = Sides(SECRET)
    for n in range(module.MOST_IDS + 50):
        held.take(said(f"m{n}", f"a{n}"), (cue(),))
    kept = held.snapshot()
    assert len(kept["ids"]) == module.MOST_IDS
    assert len(kept["sides"]) == module.MOST_SIDES


@pytest.mark.parametrize(
    ("place", "named", "allowed"),
    [("US", ["US"], True), ("us-ca", ["US"], True), ("DE", ["US"], False), ("", ["US"], False),
     ("DE", [], False), ("USX", ["US"], False)],
)  # fmt: skip
def test_a_place_without_a_basis_is_refused(place, named, allowed):
    if allowed:
        permit(place, named, "A_SETTING")
    else:
        with pytest.raises(ScanningNotPermitted, match="A_SETTING"):
            permit(place, named, "A_SETTING")
