"""Evidence across streams: groups, audiences that move, gifts, reports, bounds."""

from __future__ import annotations

import json

import pytest

from breakwater.comments.across import CAPS, PER_REPORT, PER_SANCTIONED, About, Across
from breakwater.errors import BadInput


def crowd(across: Across, streams: int = 20, each: int = 200) -> None:
    """An ordinary service: every account in one stream."""
    for stream in range(100, 100 + streams):
        for n in range(each):
            across.arrived(stream, stream * 10_000 + n, n * 3.0)


def visit(across: Across, streams: list[int], accounts: range, at: float) -> None:
    for k, stream in enumerate(streams):
        for account in accounts:
            across.arrived(stream, account, at + 60.0 * k)


def test_a_small_group_in_several_streams_is_seen_and_one_partner_is_not() -> None:
    across = Across()
    crowd(across)
    visit(across, [1, 2], range(6), 600.0)
    assert across.evidence(2, 700.0)[About.TOGETHER] == 0
    visit(across, [3], range(6), 720.0)
    assert across.evidence(3, 730.0)[About.TOGETHER] > 2
    assert across.evidence(1, 730.0)[About.TOGETHER] > 2


def test_two_accounts_or_a_whole_audience_are_no_group() -> None:
    for accounts in (range(2), range(400)):
        across = Across()
        crowd(across)
        visit(across, [1, 2, 3], accounts, 600.0)
        assert across.evidence(3, 730.0)[About.TOGETHER] == 0


def test_strangers_who_meet_by_chance_say_nothing() -> None:
    across = Across()
    for stream in (1, 2, 3):  # a small service: all of it is everywhere
        for account in range(12):
            across.arrived(stream, account, 10.0 * stream + account)
    assert across.evidence(3, 60.0)[About.TOGETHER] == 0


def test_a_group_of_an_hour_ago_is_forgotten() -> None:
    across = Across()
    crowd(across)
    visit(across, [1, 2, 3], range(6), 600.0)
    assert across.evidence(3, 600.0 + 7_200)[About.TOGETHER] == 0


def test_sanctioned_accounts_count_once_each_and_are_bounded() -> None:
    across = Across()
    for _ in range(3):
        across.arrived(1, 7, 0.0, sanctioned=True)
    assert across.evidence(1, 0.0)[About.SANCTIONED] == PER_SANCTIONED
    for account in range(50):
        across.arrived(1, account, 0.0, sanctioned=True)
    assert across.evidence(1, 0.0)[About.SANCTIONED] == CAPS[About.SANCTIONED]


def test_gifts_right_after_directives_say_more_where_directives_are_rare() -> None:
    rare, common = Across(), Across()
    for n in range(60):
        common.directive(1, n, 10.0 * n)
    rare.directive(1, 5, 595.0)
    for across in (rare, common):
        across.gift(1, 9, 600.0)
    assert rare.evidence(1, 600.0)[About.GIFTS] > 1
    assert common.evidence(1, 600.0)[About.GIFTS] == 0


def test_a_gift_alone_says_nothing_and_one_then_a_directive_by_the_same_does() -> None:
    across = Across()
    across.gift(1, 9, 0.0)
    across.directive(1, 8, 20.0)
    assert across.evidence(1, 30.0)[About.GIFTS] == 0
    across.directive(1, 9, 30.0)
    assert across.evidence(1, 30.0)[About.GIFTS] > 0


def test_each_reporter_counts_once_by_reliability_and_reports_fade() -> None:
    across = Across()
    for _ in range(5):
        across.reported(1, 1, 0.0, reliability=1.0)
    assert across.evidence(1, 0.0)[About.REPORTS] == PER_REPORT
    across.reported(1, 2, 0.0, reliability=0.0)
    assert across.evidence(1, 0.0)[About.REPORTS] == PER_REPORT
    assert across.evidence(1, 1_800.0)[About.REPORTS] == pytest.approx(PER_REPORT / 2.718281828)
    for reporter in range(10_000):
        across.reported(1, reporter, 0.0, reliability=1.0)
    assert across.evidence(1, 0.0)[About.REPORTS] == CAPS[About.REPORTS]


def test_a_burst_of_arrivals_stands_out_from_the_streams_own_usual() -> None:
    across = Across()
    for n in range(100):
        across.arrived(1, n, 10.0 * n)
    assert across.evidence(1, 1_000.0)[About.ARRIVALS] < 0.5
    for n in range(200):
        across.arrived(1, 1_000 + n, 1_000.0 + 0.1 * n)
    assert across.evidence(1, 1_020.0)[About.ARRIVALS] == pytest.approx(
        CAPS[About.ARRIVALS], rel=1e-3
    )


def test_a_restart_changes_nothing() -> None:
    across = Across()
    crowd(across, streams=4, each=40)
    visit(across, [1, 2, 3], range(6), 600.0)
    across.directive(3, 5, 740.0)
    across.gift(3, 5, 750.0)
    across.reported(3, 9, 760.0)
    again = Across.restored(json.loads(json.dumps(across.snapshot())))
    for made in (across, again):
        visit(made, [2, 4], range(3, 9), 780.0)
    assert again.evidence(3, 900.0) == across.evidence(3, 900.0)
    assert again.snapshot() == across.snapshot()


@pytest.mark.parametrize("kept", [{}, {"form": 5}, {"form": 1, "streams": [[1, {}]]}])
def test_what_is_no_snapshot_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Across.restored(kept)


def test_what_is_not_known_or_has_ended_says_nothing() -> None:
    across = Across()
    assert across.total(1, 0.0) == 0
    across.reported(1, 1, 0.0)
    across.ended(1)
    assert across.total(1, 0.0) == 0
