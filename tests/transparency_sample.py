"""A report with something in every table, for papers, plots and pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

from breakwater.model.transparency import (
    DETECTORS,
    SURFACES,
    Count,
    Period,
    Prevalence,
    Report,
    StratumSums,
    Wait,
)
from breakwater.transparency import prevalence

STRATA = (
    StratumSums("v0-known", 90_000, 270_000, 900, 880, 88_000.0, 9e6, 100.0, 0.0, 264_000.0, 1e8,
                300.0, 0.0, 1, 0),
    StratumSums("v0-new", 20_000, 50_000, 610, 600, 19_700.0, 7e5, 66.0, 33.0, 49_000.0, 5e6, 150.0,
                80.0, 2, 1),
    StratumSums("v1000-known", 300, 900_000, 120, 118, 295.0, 740.0, 0.0, 0.0, 880_000.0, 7e9, 0.0,
                0.0, 0, 0),
)  # fmt: skip


def report() -> Report:
    """The same each time."""
    matches = tuple(
        Count((detector, surface), (7 * at + 3 * n) % 90 if surface != "profile" else 0)
        for at, detector in enumerate(DETECTORS)
        for n, surface in enumerate(SURFACES)
    )
    return Report(
        period=Period(date(2026, 10, 1), date(2026, 10, 31)),
        made_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
        version="1.0",
        services=("clips", "größer"),
        tables={
            "items": (Count(("broadcast", "live"), 41_200), Count(("upload", "public"), 1_203_400),
                      Count(("upload", "private"), 0)),
            "verdicts": (Count(("allow",), 1_203_000), Count(("hold",), 250), Count(("block",), 150)),
            "messages": (Count(("stream",), 9_120_000), Count(("conversation",), 0)),
            "matches": matches,
            "decisions": (Count(("illegal",), 120), Count(("not_illegal",), 214)),
            "overturned": (Count(("appeal", "overturned"), 3), Count(("appeal", "upheld"), 11),
                           Count(("undo", "taken_back"), 2)),
            "filings": (Count(("ncmec", "finished"), 118),),
            "requests": (Count(("incoming", "answered"), 4), Count(("outgoing", "refused"), 1)),
            "refusals": (Count(("scan", "scanning_not_permitted"), 40_120),),
            "countries": (Count(("DE", "certain"), 40), Count(("GB", "certain"), None),
                          Count(("PH", "certain"), None), Count(("all", "certain"), 52)),
            "outcomes": (Count(("identified",), 9), Count(("safeguarded",), None),
                         Count(("no_action",), None), Count(("children",), None)),
        },
        waits=(
            Wait(None, 340, 2, 95.0, 1_100.0),
            *(Wait(hour, 14, 0, 60.0 + 9 * abs(12 - hour), 300.0 + 80 * abs(14 - hour))
              if hour != 4 else Wait(4, 0, 0, None, None) for hour in range(24)),
        ),
        prevalence=Prevalence(
            basis=("Legitimate interest, assessed on 2026-09-30",), streams=prevalence.streams(STRATA),
            views=prevalence.views(STRATA), strata=STRATA, rounds=4_464, drawn=1_630, looked=1_598,
            found=3, undecided=1, left_out={"private": 900, "stopped": 12},
        ),
    )  # fmt: skip
