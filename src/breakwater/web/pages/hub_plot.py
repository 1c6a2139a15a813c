"""How a member followed in the last three days, drawn: rows as bars, changes behind as a line, errors.

One drawing for each way, in a frame of 72 by 40, an hour wide each; its words say the same. Read by
`read_hub`, drawn by `parts/hub_bits.html`. Tests: `tests/unit/test_hub_plot.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from breakwater.hub.members import PLOTTED
from breakwater.model.hub import PullHour
from breakwater.web.pages.models_hub import PullPlot
from breakwater.web.pages.speech import figure, say

HOURS: Final = int(PLOTTED / timedelta(hours=1))
HIGH: Final = 40.0


def plots(hours: Iterable[PullHour], now: datetime) -> tuple[PullPlot, ...]:
    """One of each way by which anything was asked; `hours` as `records.hub_hours` gives them."""
    return tuple(
        _plot(way, list(some), now) for way, some in groupby(hours, key=lambda one: one.dialect)
    )


def _plot(way: str, hours: list[PullHour], now: datetime) -> PullPlot:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    at = {round((one.hour - first) / timedelta(hours=1)): one for one in hours}
    at = {n: one for n, one in at.items() if 0 <= n < HOURS}
    rows = max((one.rows for one in at.values()), default=0)
    told = {n: one.behind for n, one in at.items() if one.behind is not None}
    behind = max(told.values(), default=0)
    line = [f"{n + 0.5:g} {_down(value, behind):.3g}" for n, value in sorted(told.items())]
    return PullPlot(
        way=way,
        words=_words(list(at.values()), behind if told else None),
        bars="".join(
            f"M{n + 0.5:g} {HIGH:g}V{_down(one.rows, rows):.3g}"
            for n, one in sorted(at.items()) if one.rows
        ),
        line=("M" + "L".join(line) if len(line) > 1 else f"M{line[0]}h0") if line else "",
        errors="".join(f"M{n + 0.5:g} 0V4" for n, one in sorted(at.items()) if one.errors),
        rows=figure(rows), behind=figure(behind) if told else "",
    )  # fmt: skip


def _down(value: int, most: int) -> float:
    """From the top: nothing is at the foot, the most just under the edge."""
    return HIGH - (HIGH - 2) * value / max(1, most)


def _words(hours: list[PullHour], behind: int | None) -> str:
    rows, errors = sum(one.rows for one in hours), sum(one.errors for one in hours)
    said = say("%(rows)s rows and %(errors)s errors in three days.", rows=figure(rows), errors=figure(errors))  # fmt: skip
    if behind is None:
        return said
    return f"{said} {_behind(behind)}"


def _behind(most: int) -> str:
    return say("At most %(n)s changes behind.", n=figure(most))
