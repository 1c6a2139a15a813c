"""Holds: what ends them, what shows something, and where they stand at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.model.hold import TERM, HoldKind, HoldState, Kept, Preservation, state_of
from breakwater.model.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ends", "ended", "state"),
    [
        (NOON + SECOND, None, HoldState.STANDS),
        (NOON, None, HoldState.DUE),
        (None, None, HoldState.STANDS),
        (NOON + SECOND, NOON, HoldState.ENDED),
    ],
)
def test_a_hold_is_due_when_its_time_is_over_and_ends_only_when_somebody_ends_it(
    ends, ended, state
):
    assert state_of(ends, ended, NOON) is state


def test_the_report_duty_is_a_year_and_nobody_outside_ordered_it():
    assert timedelta(days=365) == TERM
    assert [one for one in HoldKind if not one.ordered] == [HoldKind.REPORT]


def test_only_what_shows_something_falls_under_the_seats_law():
    assert {one for one in Kept if one.pictures} == {
        Kept.MEDIA, Kept.RECORDING, Kept.PREROLL, Kept.STILL,
    }  # fmt: skip


def test_what_failed_is_not_done_whatever_was_kept_before():
    case = new_id()
    assert not Preservation(case, NOON).done
    assert Preservation(case, NOON, done_at=NOON, next_at=NOON + SECOND).done
    assert not Preservation(case, NOON, done_at=NOON, fault="disk_full").done
